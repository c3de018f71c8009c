"""A retry is fresh: before it, the source is read again, so that what is sent is what is true now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from connectors.base import Record, Stream
from connectors.errors import ConnectorError, MissingError, RejectedError, ThrottledError
from connectors.http import JsonClient
from hub import clients, vault
from hub.engine.accept import accept_derived
from hub.engine.health import may_send
from hub.engine.records import content_hash, masked_text, stream_of
from hub.engine.rows import Failed, Pool, Row
from hub.models import Flow

PAUSED = 120.0
"""Seconds until a delivery looks again whether its source may be read."""


def refresh(flow: Flow, rows: Sequence[Row], pool: Pool, *, now: datetime) -> None:
    """Reads the rows' records again; a row whose record cannot be read gets its result. Records derived from others keep what they have.

    What is derived from the records just read (an order may name another buyer by now) is accepted at once.
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
        _read(client, stream, rows, pool)
    except (ConnectorError, vault.WrongKeyError) as error:
        _all_failed(rows, error)
    accept_derived(flow, [Record(key=row.key, payload=row.source) for row in rows if row.refreshed], now=now)


def _read(client: JsonClient, stream: Stream, rows: Sequence[Row], pool: Pool) -> None:
    read_many, read_one = stream.read_many, stream.read_one
    if read_many:
        found = {record.key: record for record in read_many(client, [row.key for row in rows])}
        for row in rows:
            _renew(row, found.get(row.key))
    elif read_one:
        pool(lambda row: _read_alone(row, lambda key: read_one(client, key)), rows)


def _all_failed(rows: Iterable[Row], error: Exception) -> None:
    failure = error if isinstance(error, ConnectorError) else ConnectorError(str(error))
    for row in rows:
        row.result = Failed(error=failure, at_source=True)


def _read_alone(row: Row, read_one: Callable[[str], Record | None]) -> None:
    try:
        _renew(row, read_one(row.key))
    except ConnectorError as error:
        row.result = Failed(error=error, at_source=True)


def _renew(row: Row, record: Record | None) -> None:
    if record is None:
        row.result = Failed(error=MissingError(f"{row.flow.source} no longer has this record."), at_source=True)
    elif record.problem:
        row.result = Failed(error=RejectedError(record.problem), at_source=True, category="unreadable")
    else:
        row.source, row.version, row.refreshed = record.payload, record.version or row.version, True
        row.fingerprint = content_hash(row.flow, record.payload)
        row.masked = masked_text(row.flow, record.payload)
