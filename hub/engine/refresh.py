"""A retry is fresh: before it, the source is read again, so that what is sent is what is true now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from connectors.base import Record, Stream
from connectors.errors import ConnectorError, MissingError, RejectedError, ThrottledError
from connectors.http import JsonClient
from hub import clients, throttle, vault
from hub.engine.accept import accept_derived
from hub.engine.health import may_send
from hub.engine.read import read_keys, slow_down
from hub.engine.records import content_hash, masked_text, stream_of
from hub.engine.rows import Failed, Row
from hub.engine.switches import PAUSED
from hub.models import Connection, Flow


def refresh(flow: Flow, rows: Sequence[Row], *, now: datetime) -> None:
    """Reads the rows' records again; a row whose record cannot be read gets its result. Records derived from others keep what they have.

    What is derived from the records just read (an order may name another buyer by now) is accepted at once. The calls are taken from the
    source's rate limit; since the rows are leased, nobody waits for it here: what it does not let through is put off.
    """
    stream = stream_of(flow)
    if not rows or stream is None or flow.source is None or not (stream.read_many or stream.read_one):
        return
    if not may_send(flow.source, now):
        words = f"{flow.source} is switched off, refused or paused; what must be read there goes on afterwards."
        _all_failed(rows, ThrottledError(words, retry_after=PAUSED))
        return
    try:
        client = clients.client(flow.source)
        client.auth.headers(client)
        with clients.meter(flow.source).paced(flow.source.pk, max(row.lane for row in rows), patience=0.0):
            _read(flow.source, client, stream, rows)
    except (ConnectorError, vault.WrongKeyError) as error:
        _all_failed(rows, error)
    accept_derived(flow, [Record(key=row.key, payload=row.source) for row in rows if row.refreshed], now=now)


def _read(source: Connection, client: JsonClient, stream: Stream, rows: Sequence[Row]) -> None:
    """A few rows after the other. One bad record fails alone; where the source is unwell, the rest is not tried."""
    size = stream.keys_at_once if stream.read_many else 1
    for at in range(0, len(rows), size):
        few, rest = rows[at : at + size], rows[at:]
        try:
            found = {record.key: record for record in read_keys(stream, client, [row.key for row in few])}
        except ThrottledError as error:
            _put_off(source, stream, [rest[nth : nth + size] for nth in range(0, len(rest), size)], error)
            return
        except ConnectorError as error:
            unwell = error.retryable or error.category == "credentials"
            _all_failed(rest if unwell else few, error)
            if unwell:
                return
        else:
            for row in few:
                _renew(row, found.get(row.key))


def _put_off(source: Connection, stream: Stream, parts: Sequence[Sequence[Row]], error: ThrottledError) -> None:
    """Where our own count holds them up, each part comes back when its calls will have been refilled."""
    wait = slow_down(source, stream, error)
    for nth, part in enumerate(parts, start=1):
        if isinstance(error, clients.NoCallsLeftError):
            wait = throttle.wait_for(source.pk, error.limit, error.cost * nth, lane=part[0].lane)
        _all_failed(part, ThrottledError(error.message, retry_after=wait))


def _all_failed(rows: Iterable[Row], error: Exception) -> None:
    failure = error if isinstance(error, ConnectorError) else ConnectorError(str(error))
    for row in rows:
        row.result = Failed(error=failure, at_source=True)


def _renew(row: Row, record: Record | None) -> None:
    if record is None:
        row.result = Failed(error=MissingError(f"{row.flow.source} no longer has this record."), at_source=True)
    elif record.problem:
        row.result = Failed(error=RejectedError(record.problem), at_source=True, category="unreadable")
    else:
        row.source, row.version, row.refreshed = record.payload, record.version or row.version, True
        row.fingerprint = content_hash(row.flow, record.payload)
        row.masked = masked_text(row.flow, record.payload)
