"""Reports: found or asked for, waited for, and downloaded (Amazon SP-API reference, 12)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from connectors.amazon import documents, times
from connectors.amazon.account import open_marketplaces, shut_out
from connectors.amazon.documents import Document
from connectors.amazon.regions import BY_COUNTRY, chosen
from connectors.errors import CredentialsError, MissingError, NotReadyError, RejectedError, TransientError
from connectors.http import JsonClient

PATH = "reports/2021-06-30"
KEPT = timedelta(days=90) - timedelta(minutes=10)
"""How far back reports are listed."""
WAIT = 90.0
"""Seconds between two looks at a report that is being made; Amazon lets us list reports every 45 s."""
STUCK = timedelta(hours=24)
AFTER_FATAL = timedelta(hours=1)
PENDING = ("IN_QUEUE", "IN_PROGRESS")
MOST_MARKETPLACES = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A type of report that may be asked for. `every`: asked for sooner than that after the last one, Amazon cancels it."""

    type: str
    label: str
    every: timedelta = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The time a report is about. `asked_since`: no report about it was asked for earlier than that."""

    start: datetime
    end: datetime
    asked_since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One report as Amazon lists it; `document` is empty until it is done."""

    id: str
    type: str
    status: str
    created: datetime
    start: datetime | None
    end: datetime | None
    marketplaces: frozenset[str]
    document: str

    @property
    def empty(self) -> bool:
        """Amazon cancelled it because there is nothing to report."""
        return self.status == "CANCELLED"


def listed(client: JsonClient, types: Sequence[str], *, since: datetime, statuses: Sequence[str] = ()) -> Iterator[Report]:
    """All reports of these types created since then, in no promised order. The page token goes alone (Amazon SP-API reference, 5)."""
    query: dict[str, Any] = {"reportTypes": ",".join(types), "createdSince": times.written(since), "pageSize": 100}
    if statuses:
        query["processingStatuses"] = ",".join(statuses)
    seen: set[str] = set()
    while True:
        page = client.call("GET", f"{PATH}/reports", query=query, limit="getReports").body or {}
        yield from map(_report, page.get("reports") or ())
        token = str(page.get("nextToken") or "")
        if not token or token in seen:
            return
        seen.add(token)
        query = {"nextToken": token}


def one(client: JsonClient, report_id: str) -> Report | None:
    """A report by its id; None when there is none (any more)."""
    try:
        body = client.call("GET", f"{PATH}/reports/{quote(report_id, safe='')}", limit="getReport").body
    except MissingError:
        return None
    except RejectedError as error:
        if error.status == 400:
            return None
        raise
    return _report(body)


def download(client: JsonClient, report: Report) -> Document:
    """A finished report's document. Its address lives five minutes: one that has ended is replaced once. Raises TransientError."""
    try:
        return documents.download(client, _address(client, report))
    except TransientError as error:
        if error.code != documents.EXPIRED:
            raise
        return documents.download(client, _address(client, report))


def chunks(client: JsonClient, report: Report) -> Iterator[bytes]:
    """As `download`, of any size and while it arrives."""
    try:
        found = documents.chunks(client, _address(client, report))
        first = next(found, b"")
    except TransientError as error:
        if error.code != documents.EXPIRED:
            raise
        found = documents.chunks(client, _address(client, report))
        first = next(found, b"")
    yield first
    yield from found


def text_of(client: JsonClient, document: Document) -> str:
    """A report's text; without a named charset strictly UTF-8, else the region's code page (Amazon SP-API reference, 12)."""
    return document.text(fallback="cp932" if BY_COUNTRY["JP"].id in chosen(client.settings) else "cp1252")


def made(client: JsonClient, kind: Kind, window: Window, *, now: datetime) -> Report:
    """The newest finished report that begins with the window; it may end before the window does. `empty` = there is nothing to report.

    It is looked for first and asked for only when there is none, so that a run that goes on later finds it again. Raises NotReadyError
    while Amazon is making it, RejectedError when Amazon gave it up or refuses it.
    """
    reports = list(listed(client, [kind.type], since=max(window.asked_since, now - KEPT)))
    places = {frozenset(), *(frozenset(some[:MOST_MARKETPLACES]) for some in (chosen(client.settings), open_marketplaces(client)))}
    mine = [one for one in reports if one.start == window.start and one.marketplaces in places]
    last = max(mine, key=lambda one: one.created, default=None)
    if last is None or _is_stale(last, now):
        return ask(client, kind, window)
    if last.empty and _too_soon(last, reports, kind):
        if now >= last.created + kind.every:
            return ask(client, kind, window)
        raise _not_ready(kind, (last.created + kind.every - now).total_seconds())
    return _finished(client, last, kind)


def ask(client: JsonClient, kind: Kind, window: Window) -> Report:
    """Asks for a report. Raises NotReadyError unless it is done at once, else as `made`."""
    try:
        answer = _asked(client, kind, window)
    except CredentialsError as error:
        if not shut_out(client, error):
            raise
        answer = _asked(client, kind, window)
    report = one(client, str(answer.get("reportId") or ""))
    if report is None:
        raise _not_ready(kind)
    return _finished(client, report, kind)


def _asked(client: JsonClient, kind: Kind, window: Window) -> dict[str, Any]:
    wish = {
        "reportType": kind.type,
        "marketplaceIds": list(open_marketplaces(client)[:MOST_MARKETPLACES]),
        "dataStartTime": times.written(window.start),
        "dataEndTime": times.written(window.end),
    }
    return client.call("POST", f"{PATH}/reports", body=wish, limit="createReport", safe=True).body or {}


def _address(client: JsonClient, report: Report) -> str:
    found = client.call("GET", f"{PATH}/documents/{quote(report.document, safe='')}", limit="getReportDocument").body or {}
    return str(found.get("url") or "")


def _finished(client: JsonClient, report: Report, kind: Kind) -> Report:
    if report.status == "DONE" or report.empty:
        return report
    if report.status == "FATAL":
        raise RejectedError(
            f"Amazon gave up making its report of {kind.label} ({report.id}){_reason(client, report)}. "
            "It is asked for again in an hour; if that happens for a day, open a case at Amazon.",
            code="report_fatal",
        )
    raise _not_ready(kind)


def _reason(client: JsonClient, report: Report) -> str:
    """The first line of the document that explains a failure, where there is one."""
    if not report.document:
        return ""
    try:
        first = text_of(client, download(client, report)).strip().partition("\n")[0]
    except (TransientError, RejectedError, MissingError):
        return ""
    return f": {first[:200]}" if first else ""


def _is_stale(report: Report, now: datetime) -> bool:
    """One that hangs, or that failed some time ago, is asked for again."""
    age = now - report.created
    return (report.status in PENDING and age > STUCK) or (report.status == "FATAL" and age > AFTER_FATAL)


def _too_soon(report: Report, reports: Sequence[Report], kind: Kind) -> bool:
    """Amazon also cancels what was asked for too soon after another report of the type."""
    return any(timedelta(0) < report.created - other.created < kind.every for other in reports if other.status == "DONE")


def _not_ready(kind: Kind, seconds: float = WAIT) -> NotReadyError:
    return NotReadyError(f"Amazon is making the report of {kind.label}; reading goes on when it is ready.", retry_after=seconds)


def _report(body: Any) -> Report:
    row = body if isinstance(body, dict) else {}
    return Report(
        id=str(row.get("reportId") or ""),
        type=str(row.get("reportType") or ""),
        status=str(row.get("processingStatus") or ""),
        created=times.parsed(row.get("createdTime")) or times.now(),
        start=times.parsed(row.get("dataStartTime")),
        end=times.parsed(row.get("dataEndTime")),
        marketplaces=frozenset(row.get("marketplaceIds") or ()),
        document=str(row.get("reportDocumentId") or ""),
    )
