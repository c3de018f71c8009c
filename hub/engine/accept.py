"""Second stop: records become deliveries and the cursor moves, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog
from django.db import DataError, transaction
from django.db import connection as database
from django.db.models.functions import Collate

from connectors.base import Record, Stream
from connectors.registry import connector
from hub.core.lanes import Lane
from hub.core.policy import advice
from hub.engine import known
from hub.engine.aliases import ELSEWHERE, owned_elsewhere
from hub.engine.doubt import doubted, unreadable
from hub.engine.draft import drafts
from hub.engine.page import Latest, Page, latest_of, page_of, taken
from hub.engine.statements import insert
from hub.models import Delivery, ErrorRecord, Flow, SyncRun
from hub.wake import wake

log = structlog.get_logger(__name__)
FAULTS_OF_A_RECORD = (DataError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What a single odd record can raise on its way in."""


@dataclass(slots=True, kw_only=True)
class Accepted:
    """How many records became deliveries, and what became of the others."""

    read: int = 0
    accepted: int = 0
    unchanged: int = 0
    skipped: int = 0
    unreadable: int = 0

    def __add__(self, other: Accepted) -> Accepted:
        return Accepted(**{name: getattr(self, name) + getattr(other, name) for name in self.__slots__})


def accept(
    flow: Flow,
    records: Sequence[Record],
    *,
    run: SyncRun | None = None,
    now: datetime,
    cursor: bool = True,
    force: bool = False,
    lane: Lane | None = None,
) -> Accepted:
    """Writes the deliveries of a page and moves the cursor, in one transaction; also for the flows whose records derive from these.

    `force`: also what has not changed becomes a delivery (a resync). `lane`: by which they travel, if not by that of the run. Wakes the
    sender after the commit. A record that the database or our own code cannot take in becomes an unreadable one, alone; the others go on.
    """
    if lane is None:
        lane = run.lane if run else Lane.NORMAL
    checked = [doubted(record) for record in records]
    try:
        return _accept(flow, checked, run=run, now=now, cursor=cursor, force=force, lane=lane)
    except FAULTS_OF_A_RECORD as error:
        log.warning("a page holds a record that cannot be taken in", flow=flow.slug, error=type(error).__name__)
        if len(checked) == 1:
            return _accept(flow, [unreadable(checked[0])], run=run, now=now, cursor=cursor, force=force, lane=lane)
        one_by_one = (accept(flow, [record], run=run, now=now, cursor=cursor, force=force, lane=lane) for record in checked)
        return sum(one_by_one, Accepted())


def _accept(
    flow: Flow, records: Sequence[Record], *, run: SyncRun | None, now: datetime, cursor: bool, force: bool, lane: Lane
) -> Accepted:
    page = page_of(flow, records, now=now, force=force, lane=lane)
    derived = [page_of(other, made, now=now, lane=lane) for other, made in _derived(flow, records)]
    with transaction.atomic():
        _lock([page, *derived])
        counts = _accept_page(page, run=run, now=now)
        for other in derived:
            _accept_page(other, run=run, now=now)
        if cursor:
            _move_cursor(flow, records, now)
    return counts


def accept_derived(flow: Flow, records: Sequence[Record], *, now: datetime) -> None:
    """Takes in only what other flows derive from these records of a flow."""
    for other, made in _derived(flow, records):
        accept(other, made, now=now, cursor=False)


def _derived(flow: Flow, records: Sequence[Record]) -> list[tuple[Flow, list[Record]]]:
    """The flows whose records are made from these, each with its records."""
    if flow.source is None or not flow.stream:
        return []
    declared = {stream.id: stream for stream in connector(flow.source.connector).streams if stream.derived_from == flow.stream}
    if not declared:
        return []
    rows = Flow.objects.filter(source=flow.source, stream__in=declared, enabled=True).select_related("source", "target")
    return [(row, _made(declared[row.stream], records)) for row in rows]


def _made(stream: Stream, records: Sequence[Record]) -> list[Record]:
    found = (stream.derive(record.payload) for record in records if stream.derive and not record.problem)
    return [replace(record, version="") for record in found if record]


def _lock(pages: Sequence[Page]) -> None:
    """One page of a flow at a time, and always in the order of ids, so that two never wait for each other."""
    if database.features.has_select_for_update:
        ids = sorted(page.flow.pk for page in pages)
        list(Flow.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk"))


def _move_cursor(flow: Flow, records: Sequence[Record], now: datetime) -> None:
    furthest = max((record.cursor for record in records), default="")
    if furthest:
        # As Python compares text: a database may sort by the rules of a language, which leave out signs such as "~".
        own = Collate("cursor", "C" if database.vendor == "postgresql" else "BINARY")
        Flow.objects.alias(own=own).filter(pk=flow.pk, own__lt=furthest).update(cursor=furthest, cursor_moved_at=now)


def _accept_page(page: Page, *, run: SyncRun | None, now: datetime) -> Accepted:
    flow, counts = page.flow, Accepted(read=page.read)
    if not page.newest:
        return counts
    if not flow.operation:
        known.remember(flow, list(page.newest.values()), now=now)
        counts.accepted = len(page.newest)
        return counts
    latest = latest_of(flow, page.newest)
    changed = page.news(latest)
    news = changed if page.force or _is_counted(run) else taken(flow, changed, latest)
    counts.unchanged, counts.skipped = len(page.newest) - len(changed), len(changed) - len(news)
    if not news:
        return counts
    page.drafts |= drafts(flow, [record for record in news if record.key not in page.drafts], now=now)
    elsewhere = owned_elsewhere(flow, news)
    unsure = _supersede(news, latest, now)
    since = {key: one.due_at for key, one in latest.items() if one.open and one.state in Delivery.DUE}
    rows = [
        _row(page, record, elsewhere, latest, run=run, now=now, due=since.get(record.key, now), unsure=record.key in unsure)
        for record in news
    ]
    insert(Delivery, rows)
    stopped = [row["key"] for row in rows if row["state"] == Delivery.State.FAILED]
    if stopped:
        _report_unreadable(flow, stopped, now)
    counts.unreadable = len(stopped)
    skipped = sum(row["state"] == Delivery.State.SKIPPED for row in rows)
    counts.skipped += skipped
    counts.accepted = len(rows) - skipped - counts.unreadable
    if counts.accepted and flow.target_id:
        target = flow.target_id
        transaction.on_commit(lambda: wake("deliver", target))
    return counts


def _is_counted(run: SyncRun | None) -> bool:
    """Whether a completeness check has these records fetched: each leaves a line, or the next one would call it missing again."""
    return run is not None and run.trigger == SyncRun.Trigger.CHECK


def _supersede(records: Sequence[Record], latest: dict[str, Latest], now: datetime) -> set[str]:
    """Closes what still waits in favour of the newer version; answers the keys whose earlier attempt may have acted."""
    unsure = {r.key for r in records if r.key in latest and latest[r.key].unknown}
    old = {latest[r.key].pk: r.key for r in records if r.key in latest and latest[r.key].open}
    if not old:
        return unsure
    Delivery.objects.filter(pk__in=old, state__in=Delivery.OPEN, ticket="").update(
        state=Delivery.State.SUPERSEDED, changed_at=now, reason="A newer version of the record arrived.", waits_for=""
    )
    ErrorRecord.objects.filter(delivery__in=old, state=ErrorRecord.State.OPEN).update(state=ErrorRecord.State.SUPERSEDED, closed_at=now)
    return unsure


def _row(
    page: Page,
    record: Record,
    elsewhere: dict[str, str],
    latest: dict[str, Latest],
    *,
    run: SyncRun | None,
    now: datetime,
    due: datetime,
    unsure: bool,
) -> dict[str, Any]:
    """The columns of a new delivery. `due`: what takes the place of one that still waits keeps its place in the order."""
    state, code, reason = _first_state(record, elsewhere)
    draft = page.drafts[record.key]
    return {
        "flow_id": page.flow.pk, "key": record.key, "state": state, "reason_code": code, "reason": reason, "title": draft.title,
        "amount": draft.amount, "currency": draft.currency, "sequence": draft.sequence,
        "placed_at": draft.placed_at, "fingerprint": page.contents[record.key],
        "version": record.version[:60], "masked": draft.masked, "sealed": draft.sealed, "seal_id": draft.seal.pk if draft.seal else None,
        "priority": page.priority(record.key, latest.get(record.key)), "due_at": due, "unknown": unsure, "fresh": page.force,
        "alias": elsewhere.get(record.key, "") if code == ELSEWHERE else "", "run_id": run.pk if run else None, "created_at": now,
        "changed_at": now,
    }  # fmt: skip


def _first_state(record: Record, elsewhere: dict[str, str]) -> tuple[str, str, str]:
    if record.problem:
        return Delivery.State.FAILED, "unreadable", record.problem[:400]
    if record.key in elsewhere:
        alias = elsewhere[record.key]
        return Delivery.State.SKIPPED, ELSEWHERE, f"{alias} already travels to the same system by another road."[:400]
    return Delivery.State.PENDING, "", ""


def _report_unreadable(flow: Flow, keys: Sequence[str], now: datetime) -> None:
    stopped = Delivery.objects.filter(flow=flow, key__in=keys, state=Delivery.State.FAILED)
    ErrorRecord.objects.bulk_create(
        ErrorRecord(
            delivery_id=pk,
            flow=flow,
            category="unreadable",
            cause="unreadable",
            message=reason,
            advice=advice("unreadable"),
            created_at=now,
        )
        for pk, reason in stopped.values_list("pk", "reason")
    )
