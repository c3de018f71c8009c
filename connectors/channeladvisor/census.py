"""The orders placed in a closed time, from the lists by time of placing: those that we took and those that we did not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from connectors.base import Record
from connectors.channeladvisor import rest_v1, v2
from connectors.channeladvisor.dialect import Row
from connectors.channeladvisor.times import normalised
from connectors.http import JsonClient

Placed = Callable[[JsonClient, bool, str, str], Iterator[Row]]
_PLACED: dict[str, Placed] = {"v2": v2.placed, "rest-v1": rest_v1.placed}
_PLACED_AT = {"v2": "OrderDate", "rest-v1": "CreatedDateUtc"}


def census(client: JsonClient, since: str, until: str, *, records: Callable[[JsonClient, Row], list[Record]]) -> Iterator[str]:
    """The keys of all orders placed from `since` until before `until` (RFC 3339). What is taken while it counts may come twice.

    The untaken ones come first: an order that is taken meanwhile is then found among the others (ChannelAdvisor API reference, A5.1).
    """
    dialect = client.settings.get("dialect") or "v2"
    begin, end = normalised(since), normalised(until)
    for exported in (False, True):
        for row in _PLACED[dialect](client, exported, begin, end):
            if begin <= _placed_at(row.raw, _PLACED_AT[dialect]) < end:
                yield from (record.key for record in records(client, row))


def _placed_at(raw: Any, field: str) -> str:
    return normalised(raw.get(field)) if isinstance(raw, dict) else ""
