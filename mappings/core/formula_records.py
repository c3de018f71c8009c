"""What formulas may ask about other records: answered by the hub for many records at once."""

from __future__ import annotations

from typing import Any

from mappings.core.operands import is_blank, txt
from mappings.core.state import Look, State

HERE, ELSEWHERE = "here", "elsewhere"


def origin(state: State, parts: tuple[Look, ...]) -> str | None:
    """`ORIGIN("orders", number)`: HERE where the target connection brought its record of that number to the source, ELSEWHERE where
    another connection of the same system did, None where nobody knows."""
    return _asked(state, parts, "origin")


def known_as(state: State, parts: tuple[Look, ...]) -> str | None:
    """`KNOWNAS("orders", number)`: the target's number of another record of the source; None while it has none, without waiting for it."""
    before = len(state.waits)
    answer = _asked(state, parts, "reference")
    del state.waits[before:]
    return answer


def _asked(state: State, parts: tuple[Look, ...], kind: str) -> str | None:
    stream, key = txt(parts[0](state)), _key(parts[1](state))
    return (state.ask(kind, stream, key) or None) if key else None


def _key(value: Any) -> str:
    return "" if is_blank(value) else txt(value).strip()
