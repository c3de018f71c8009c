"""What the two dialects of ChannelAdvisor have in common: four ways to reach orders, always ending in the v2 shape."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.base import Payload
from connectors.http import JsonClient


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One order as the system sent it. `as_of` is the system's own time when the sweep began, normalised."""

    raw: Any
    as_of: str
    exported: bool | None = None
    """Whether this application has taken the order; None when the dialect does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One way of speaking with ChannelAdvisor.

    `sweep(client, unexported, since)` yields rows, oldest change first; `since` is a normalised time or "".
    `one` answers None and `many` leaves out what does not exist. `shape(client, row)` turns a raw order into the v2 shape and
    raises ValueError with words when that is impossible. `external(client)`: codes of the distribution centres run by others.
    """

    id_field: str
    sweep: Callable[[JsonClient, bool, str], Iterator[Row]]
    one: Callable[[JsonClient, str], Row | None]
    many: Callable[[JsonClient, Sequence[str]], Iterator[Row]]
    shape: Callable[[JsonClient, Row], Payload]
    external: Callable[[JsonClient], frozenset[str]]


def numeric(keys: Sequence[str]) -> list[str]:
    """The keys that can be order numbers at all, each once."""
    return [key for key in dict.fromkeys(keys) if key.isascii() and key.isdigit()]


def named_centers(client: JsonClient) -> frozenset[str]:
    """The distribution centres that the connection names as run by others, in upper case."""
    return frozenset(code.strip().upper() for code in client.settings.get("external_centers", "").split(",") if code.strip())
