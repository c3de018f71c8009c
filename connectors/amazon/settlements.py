"""Settlement reports: listed, never asked for; reconciliation downloads and reads each once (Amazon SP-API reference, 12.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.amazon import reports, times
from connectors.amazon.reports import Report
from connectors.base import Payload, Record, Stream, Summary
from connectors.errors import MissingError, TransientError
from connectors.http import JsonClient

TYPE = "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"
SETTLEMENT_ID = re.compile(rb"settlement.?id", re.IGNORECASE)
"""In the first line of every such file."""
OVERLAP = timedelta(days=7)
"""A report may turn up later than others that were created after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a cursor says: the latest creation of a report that was taken, and the ids taken shortly before it.

    Written `2026-11-15T01:00:00Z~51234,51300`.
    """

    at: datetime | None
    taken: tuple[str, ...] = ()

    @classmethod
    def of(cls, cursor: str) -> Place:
        at, _, taken = cursor.partition("~")
        return cls(at=times.parsed(at), taken=tuple(filter(None, taken.split(","))))

    def behind(self, report: Report, known: dict[str, Report]) -> Place:
        """The place once this report is taken. It never moves back; ids older than the overlap are forgotten."""
        taken = (*self.taken, report.id)
        if self.at and report.created <= self.at:
            return Place(at=self.at, taken=taken)
        kept = (one for one in taken if one in known and known[one].created >= report.created - OVERLAP)
        return Place(at=report.created, taken=tuple(kept))

    def __str__(self) -> str:
        return f"{times.written(self.at)}~{','.join(self.taken)}" if self.at else ""


def read(client: JsonClient, cursor: str) -> Iterator[Record]:
    """Every report that is not taken yet, oldest first; at first all that Amazon still lists (90 days)."""
    place, now = Place.of(cursor), times.now()
    since = max(place.at - OVERLAP, now - reports.KEPT) if place.at else now - reports.KEPT
    known = {one.id: one for one in reports.listed(client, [TYPE], since=since, statuses=["DONE"])}
    for report in sorted(known.values(), key=lambda one: (one.created, one.id)):
        if report.id not in place.taken:
            place = place.behind(report, known)
            yield record(report, str(place))


def read_one(client: JsonClient, key: str) -> Record | None:
    """A report by its id. None when it does not exist, is of another type or is not done."""
    report = _done(client, key)
    return record(report) if report else None


def _done(client: JsonClient, key: str) -> Report | None:
    report = reports.one(client, key)
    return report if report and report.type == TYPE and report.status == "DONE" else None


def read_many(client: JsonClient, keys: Sequence[str]) -> list[Record]:
    """Several reports by their ids."""
    return [one for one in (read_one(client, key) for key in keys) if one]


def record(report: Report, cursor: str = "") -> Record:
    """What is known of the report without its file."""
    payload: Payload = {
        "reportId": report.id,
        "reportType": report.type,
        "createdTime": times.written(report.created),
        "dataStartTime": times.written(report.start) if report.start else None,
        "dataEndTime": times.written(report.end) if report.end else None,
        "reportDocumentId": report.document,
    }
    return Record(key=report.id, payload=payload, cursor=cursor, version=times.written(report.created))


def document(client: JsonClient, key: str) -> Iterator[bytes]:
    """The report's file, unzipped and byte for byte, while it arrives.

    Raises MissingError when Amazon no longer has it, TransientError when what came is no settlement report.
    """
    report = _done(client, key)
    if report is None:
        raise MissingError(f"Amazon no longer has the settlement report {key}. Ask for it in Seller Central and upload the file.")
    found = reports.chunks(client, report)
    first = next(found)
    if not SETTLEMENT_ID.search(first.replace(b"\x00", b"").partition(b"\n")[0]):
        raise TransientError(f"What Amazon handed out as settlement report {key} is none; it is fetched again.")
    yield first
    yield from found


def summary(row: Payload) -> Summary:
    """Which report, and when Amazon made it."""
    return Summary(title=f"Settlement report {row.get('reportId')}", placed_at=str(row.get("createdTime") or ""))


SETTLEMENTS = Stream(
    id="settlements",
    label="Settlement reports",
    schema="settlement",
    read=read,
    read_one=read_one,
    read_many=read_many,
    summary=summary,
    document=document,
    limit="getReports",
    keys_limit="getReport",
)
