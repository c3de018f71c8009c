"""What a record's delivery will hold, made before anything is locked: what people see, and the clear text under the record's seal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

from django.conf import settings
from django.utils.dateparse import parse_datetime

from connectors.base import Record, Stream
from connectors.wire import encode
from hub import vault
from hub.engine.records import masked_text, stream_of, summary_of
from hub.models import Flow, Seal


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The columns of a delivery that follow from its record alone."""

    title: str
    amount: Decimal | None
    currency: str
    sequence: str
    placed_at: datetime | None
    masked: str
    sealed: bytes | None
    seal: Seal | None


def drafts(flow: Flow, records: Sequence[Record], *, now: datetime) -> dict[str, Draft]:
    """The draft of each record by its key. Makes the seals that are missing; a seal without a delivery does no harm."""
    if not records:
        return {}
    stream = stream_of(flow)
    seals = _seals(flow, stream, records, now)
    return {record.key: _draft(flow, stream, record, seals.get(record.key)) for record in records}


def _draft(flow: Flow, stream: Stream | None, record: Record, seal: Seal | None) -> Draft:
    summary = summary_of(stream, record)
    return Draft(
        title=_plain(summary.title)[:160],
        amount=_decimal(summary.amount),
        currency=_plain(summary.currency)[:3],
        sequence=_plain(stream.sequence(record.payload))[:100] if stream and stream.sequence and not record.problem else "",
        placed_at=_moment(summary.placed_at),
        masked=masked_text(flow, record.payload),
        sealed=vault.seal(seal, encode(record.payload)) if seal else None,
        seal=seal,
    )


def _seals(flow: Flow, stream: Stream | None, records: Sequence[Record], now: datetime) -> dict[str, Seal]:
    """The seal of every record that has a source of its own; a shipped one's clear text is kept only so many days longer."""
    if stream is None or flow.source_id is None:
        return {}
    longest = now + timedelta(days=settings.HUB_PERSONAL_DATA_MAX_DAYS)
    seals = vault.new_seals(flow.source_id, stream.id, [r.key for r in records], longest)
    ended = []
    for record in records:
        ends = _ends(stream, record)
        if ends:
            seals[record.key].keep_until = min(*ends, longest)
            ended.append(seals[record.key])
    if ended:
        Seal.objects.bulk_update(ended, ["keep_until"])
    changed = {seal.pk for seal in seals.values()} - {seal.pk for seal in ended}
    old = [seal.pk for seal in seals.values() if seal.pk in changed and seal.keep_until < longest - timedelta(days=1)]
    if old:
        Seal.objects.filter(pk__in=old).update(keep_until=longest)
    return seals


def _ends(stream: Stream, record: Record) -> list[datetime]:
    """The times beyond which a record's clear text is not kept, as far as the record tells them."""
    if record.problem:
        return []
    settled = _moment(stream.settled_at(record.payload)) if stream.settled_at else None
    ends = [settled + timedelta(days=settings.HUB_PERSONAL_DATA_DAYS)] if settled else []
    removed = _removal(stream, record)
    return [*ends, removed] if removed else ends


def _removal(stream: Stream, record: Record) -> datetime | None:
    """When the record's system removes its personal data, if it says so."""
    return _moment(stream.removed_at(record.payload)) if stream.removed_at and not record.problem else None


def shorten_seals(flow: Flow, records: Iterable[Record]) -> None:
    """Records that are no news may still say when their personal data must be gone: no seal outlasts that."""
    stream = stream_of(flow)
    if stream is None or stream.removed_at is None:
        return
    ends = {record.key: end for record in records if (end := _removal(stream, record))}
    if ends:
        kept = Seal.objects.filter(connection=flow.source, stream=stream.id, key__in=ends)
        late = [seal for seal in kept if seal.keep_until > ends[seal.key]]
        for seal in late:
            seal.keep_until = ends[seal.key]
        Seal.objects.bulk_update(late, ["keep_until"])


def _plain(text: str) -> str:
    return "".join(filter(str.isprintable, text))


def _moment(text: str) -> datetime | None:
    """None for what is no time, such as the 30th of February; without a zone it counts as UTC."""
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def _decimal(text: str) -> Decimal | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value.quantize(Decimal("0.0001")) if value.is_finite() and abs(value) < 10**13 else None
