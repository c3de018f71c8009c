"""What makes two versions of a record the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from typing import Any

import msgspec

_encoder = msgspec.json.Encoder(order="deterministic", decimal_format="string")


def fingerprint(payload: Any, *, ignore: Iterable[tuple[str, ...]] = ()) -> str:
    """64 hex characters over everything in the payload but the ignored paths.

    `ignore` are paths split at dots, "[]" as a part of its own: ("OrderItem", "[]", "Version").
    """
    for path in ignore:
        payload = without(payload, path)
    return hashlib.sha256(_encoder.encode(payload)).hexdigest()


def without(value: Any, path: tuple[str, ...]) -> Any:
    """A copy lacking what is at the path; only what lies on the path is copied."""
    head, rest = path[0], path[1:]
    if head == "[]":
        return [without(one, rest) for one in value] if isinstance(value, list) and rest else value
    if not isinstance(value, dict) or head not in value:
        return value
    if not rest:
        return {name: one for name, one in value.items() if name != head}
    return {**value, head: without(value[head], rest)}


@cache
def split(path: str) -> tuple[str, ...]:
    """`OrderItem[].SKU` to ("OrderItem", "[]", "SKU")."""
    return tuple(part for part in path.replace("[]", ".[]").split(".") if part)
