"""What a resync would do: reads the source, writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from connectors.base import Record, Stream
from connectors.errors import UnsupportedError
from connectors.http import JsonClient
from hub import clients
from hub.core.lanes import Lane
from hub.engine.page import Latest, latest_of
from hub.engine.read import read_keys
from hub.engine.records import content_hash, stream_of
from hub.models import Flow


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """One record: `state` of its latest delivery ("" = none) and `fate`: new, changed, unchanged, unreadable or missing at the source."""

    key: str
    state: str
    fate: str


def preview(flow: Flow, *, keys: Sequence[str] = (), since: str = "") -> Iterator[Preview]:
    """What a resync of these keys, or of everything since a time, would find. Raises ConnectorError.

    Named records are sent again even when unchanged; of everything since a time, only what is new or changed.
    """
    stream = stream_of(flow)
    if stream is None or flow.source is None:
        raise UnsupportedError(f"The flow {flow.name} follows another one and reads nothing itself; resync that one.")
    with clients.meter(flow.source).paced(flow.source.pk, Lane.NORMAL):
        seen: set[str] = set()
        for page in _pages(stream, clients.client(flow.source), keys, since):
            news = {record.key: record for record in page if record.key not in seen}
            latest = latest_of(flow, news)
            yield from (_of(flow, record, latest.get(key)) for key, record in news.items())
            seen |= news.keys()
        yield from _missing(flow, [key for key in keys if key not in seen])


def _pages(stream: Stream, client: JsonClient, keys: Sequence[str], since: str) -> Iterator[list[Record]]:
    if keys:
        yield from (read_keys(stream, client, keys[at : at + 100]) for at in range(0, len(keys), 100))
        return
    records = stream.read(client, since)
    while page := list(islice(records, 100)):
        yield page


def _of(flow: Flow, record: Record, latest: Latest | None) -> Preview:
    fate = "new" if latest is None else "unchanged" if latest.fingerprint == content_hash(flow, record.payload) else "changed"
    return Preview(key=record.key, state=latest.state if latest else "", fate="unreadable" if record.problem else fate)


def _missing(flow: Flow, keys: Sequence[str]) -> Iterator[Preview]:
    latest = latest_of(flow, keys)
    for key in keys:
        yield Preview(key=key, state=latest[key].state if key in latest else "", fate="missing")
