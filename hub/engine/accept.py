"""Second stop: records become deliveries and the cursor moves, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.conf import settings
from django.db import connection as database
from django.db import transaction
from django.db.models import Max
from django.utils.dateparse import parse_datetime

from connectors.base import Record, Stream
from connectors.registry import connector
from connectors.wire import encode
from hub import vault
from hub.core.policy import advice
from hub.engine import known
from hub.engine.records import content_hash, masked_text, stream_of, summary_of
from hub.models import Delivery, ErrorRecord, Flow, RecordAlias, Seal, SyncRun
from hub.wake import wake


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest:
    """The last delivery of a record."""

    pk: int
    state: str
    fingerprint: str
    version: str
    unknown: bool


def is_news(latest: Latest | None, *, version: str, content: str) -> bool:
    """False for a record that has not changed since its latest delivery, or that is older than it."""
    if latest is None:
        return True
    if version and latest.version and version < latest.version:
        return False
    return content != latest.fingerprint


def accept(
    flow: Flow, records: Sequence[Record], *, run: SyncRun | None = None, now: datetime, cursor: bool = True, force: bool = False
) -> Accepted:
    """Writes the deliveries of a page and moves the cursor, in one transaction; also for the flows whose records derive from these.

    `force`: also what has not changed becomes a delivery (a resync). Wakes the sender after the commit.
    """
    with transaction.atomic():
        derived = _derived_flows(flow)
        _lock(flow, derived)
        counts = _accept_page(flow, records, run=run, now=now, force=force)
        for other, stream in derived:
            made = (stream.derive(record.payload) for record in records if stream.derive and not record.problem)
            _accept_page(other, [replace(record, version="") for record in made if record], run=run, now=now, force=False)
        if cursor:
            _move_cursor(flow, records, now)
    return counts


def _derived_flows(flow: Flow) -> list[tuple[Flow, Stream]]:
    if flow.source is None or not flow.stream:
        return []
    declared = {stream.id: stream for stream in connector(flow.source.connector).streams if stream.derived_from == flow.stream}
    if not declared:
        return []
    rows = Flow.objects.filter(source=flow.source, stream__in=declared, enabled=True).select_related("source", "target")
    return [(row, declared[row.stream]) for row in rows]


def _lock(flow: Flow, derived: Sequence[tuple[Flow, Stream]]) -> None:
    """One page of a flow at a time, and always in the order of ids, so that two never wait for each other."""
    if database.features.has_select_for_update:
        ids = sorted([flow.pk, *(other.pk for other, _ in derived)])
        list(Flow.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk"))


def _move_cursor(flow: Flow, records: Sequence[Record], now: datetime) -> None:
    furthest = max((record.cursor for record in records), default="")
    if furthest:
        Flow.objects.filter(pk=flow.pk, cursor__lt=furthest).update(cursor=furthest, cursor_moved_at=now)


def _accept_page(flow: Flow, records: Sequence[Record], *, run: SyncRun | None, now: datetime, force: bool) -> Accepted:
    counts = Accepted(read=len(records))
    if not records:
        return counts
    newest = _newest(records)
    if not flow.operation:
        known.remember(flow, list(newest.values()), now=now)
        counts.accepted = len(newest)
        return counts
    contents = {key: content_hash(flow, record.payload) for key, record in newest.items()}
    latest = latest_of(flow, newest)
    news = [r for key, r in newest.items() if force or is_news(latest.get(key), version=r.version, content=contents[key])]
    counts.unchanged = len(newest) - len(news)
    if not news:
        return counts
    elsewhere = _owned_elsewhere(flow, news)
    unsure = _supersede(news, latest, now)
    rows = _rows(flow, news, contents, run=run, now=now, elsewhere=elsewhere, unsure=unsure, force=force)
    Delivery.objects.bulk_create(rows)
    _report_unreadable(flow, rows, now)
    counts.unreadable = sum(row.state == Delivery.State.FAILED for row in rows)
    counts.skipped = sum(row.state == Delivery.State.SKIPPED for row in rows)
    counts.accepted = len(rows) - counts.skipped - counts.unreadable
    if counts.accepted and flow.target_id:
        target = flow.target_id
        transaction.on_commit(lambda: wake("deliver", target))
    return counts


def _newest(records: Sequence[Record]) -> dict[str, Record]:
    """The newest version of each key; of equal ones the later read."""
    newest: dict[str, Record] = {}
    for record in records:
        before = newest.get(record.key)
        if before is None or record.version >= before.version:
            newest[record.key] = record
    return newest


def latest_of(flow: Flow, keys: Any) -> dict[str, Latest]:
    """The last delivery of each key in this flow, in one query."""
    last = Delivery.objects.filter(flow=flow, key__in=list(keys)).order_by().values("key").annotate(last=Max("pk")).values("last")
    rows = Delivery.objects.filter(pk__in=last).values_list("key", "pk", "state", "fingerprint", "version", "unknown")
    return {
        key: Latest(pk=pk, state=state, fingerprint=content, version=version, unknown=unknown)
        for key, pk, state, content, version, unknown in rows
    }


def _owned_elsewhere(flow: Flow, records: Sequence[Record]) -> dict[str, str]:
    """Records that another flow already brings to the same target, with the alias that tells it."""
    wanted = {alias: record.key for record in records for alias in record.aliases}
    if not wanted or not flow.target_id:
        return {}
    owners = RecordAlias.objects.filter(target_id=flow.target_id, operation=flow.operation)
    RecordAlias.objects.bulk_create(
        [RecordAlias(target_id=flow.target_id, operation=flow.operation, alias=alias, flow=flow, key=key) for alias, key in wanted.items()],
        ignore_conflicts=True,
    )
    rows = owners.filter(alias__in=wanted).values_list("alias", "flow_id", "key")
    return {wanted[alias]: alias for alias, owner, key in rows if owner != flow.pk}


def _supersede(records: Sequence[Record], latest: dict[str, Latest], now: datetime) -> set[str]:
    """Closes what still waits in favour of the newer version; answers the keys whose earlier attempt may have acted."""
    old = {latest[r.key].pk: r.key for r in records if r.key in latest and latest[r.key].state in Delivery.OPEN}
    if not old:
        return set()
    Delivery.objects.filter(pk__in=old, state__in=Delivery.OPEN).update(
        state=Delivery.State.SUPERSEDED, changed_at=now, reason="A newer version of the record arrived.", waits_for=""
    )
    ErrorRecord.objects.filter(delivery__in=old, state=ErrorRecord.State.OPEN).update(state=ErrorRecord.State.SUPERSEDED, closed_at=now)
    return {r.key for r in records if r.key in latest and latest[r.key].unknown}


def _rows(
    flow: Flow,
    records: Sequence[Record],
    contents: dict[str, str],
    *,
    run: SyncRun | None,
    now: datetime,
    elsewhere: dict[str, str],
    unsure: set[str],
    force: bool,
) -> list[Delivery]:
    stream = stream_of(flow)
    seals = _seals(flow, stream, records, now)
    rows = []
    for record in records:
        state, code, reason = _first_state(record, elsewhere)
        summary = summary_of(stream, record)
        seal = seals.get(record.key)
        rows.append(
            Delivery(
                flow=flow, key=record.key, state=state, reason_code=code, reason=reason, title=summary.title[:160],
                amount=_decimal(summary.amount), currency=summary.currency[:3], placed_at=parse_datetime(summary.placed_at or "x"),
                fingerprint=contents[record.key], version=record.version[:60], masked=masked_text(flow, record.payload),
                sealed=vault.seal(seal, encode(record.payload)) if seal else None, seal=seal, priority=flow.priority, due_at=now,
                unknown=record.key in unsure, fresh=force, run=run, created_at=now, changed_at=now,
            )
        )  # fmt: skip
    return rows


def _first_state(record: Record, elsewhere: dict[str, str]) -> tuple[str, str, str]:
    if record.problem:
        return Delivery.State.FAILED, "unreadable", record.problem[:400]
    if record.key in elsewhere:
        alias = elsewhere[record.key]
        return Delivery.State.SKIPPED, "owned_elsewhere", f"{alias} already travels through another flow to the same system."[:400]
    return Delivery.State.PENDING, "", ""


def _seals(flow: Flow, stream: Stream | None, records: Sequence[Record], now: datetime) -> dict[str, Seal]:
    """The seal of every record that has a source of its own; a shipped one's clear text is kept only so many days longer."""
    if stream is None or flow.source_id is None:
        return {}
    seals = vault.new_seals(flow.source_id, stream.id, [r.key for r in records], now + timedelta(days=settings.HUB_PERSONAL_DATA_MAX_DAYS))
    ended = []
    for record in records:
        at = parse_datetime(stream.settled_at(record.payload)) if stream.settled_at and not record.problem else None
        if at is not None:
            seals[record.key].keep_until = at + timedelta(days=settings.HUB_PERSONAL_DATA_DAYS)
            ended.append(seals[record.key])
    if ended:
        Seal.objects.bulk_update(ended, ["keep_until"])
    return seals


def _decimal(text: str) -> Decimal | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value.quantize(Decimal("0.0001")) if value.is_finite() and abs(value) < 10**13 else None


def _report_unreadable(flow: Flow, rows: Sequence[Delivery], now: datetime) -> None:
    ErrorRecord.objects.bulk_create(
        ErrorRecord(
            delivery=row,
            flow=flow,
            category="unreadable",
            cause="unreadable",
            message=row.reason,
            advice=advice("unreadable"),
            created_at=now,
        )
        for row in rows
        if row.state == Delivery.State.FAILED
    )
