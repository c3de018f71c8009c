"""Personal data out of payloads and words, as the schemas mark it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from hub.core.fingerprint import split

MASK = "•••"
_SHORTEST = 3
"""Shorter values ("WA") stand in too many words to be hidden in sentences."""


def mask(payload: Any, paths: Iterable[str]) -> Any:
    """A copy in which every value at a personal path is masked; empty ones stay as they are."""
    for path in paths:
        payload = _masked(payload, split(path))
    return payload


def _masked(value: Any, path: tuple[str, ...]) -> Any:
    if not path:
        return hide(value)
    head, rest = path[0], path[1:]
    if head == "[]":
        return [_masked(one, rest) for one in value] if isinstance(value, list) else hide(value)
    if isinstance(value, dict):
        return {**value, head: _masked(value[head], rest)} if head in value else value
    return hide(value)


def hide(value: Any) -> Any:
    """The mask in place of every value below; the shape stays, so that a person sees what was there."""
    if isinstance(value, dict):
        return {name: hide(one) for name, one in value.items()}
    if isinstance(value, list):
        return [hide(one) for one in value]
    return value if value is None or value == "" or isinstance(value, bool) else MASK


def personal_values(payload: Any, paths: Iterable[str]) -> frozenset[str]:
    """The texts that stand at personal paths, for taking them out of sentences."""
    found: set[str] = set()
    for path in paths:
        _collect(payload, split(path), found)
    return frozenset(found)


def _collect(value: Any, path: tuple[str, ...], found: set[str]) -> None:
    if isinstance(value, list):
        rest = path[1:] if path and path[0] == "[]" else path
        for one in value:
            _collect(one, rest, found)
    elif isinstance(value, dict):
        if path:
            _collect(value.get(path[0]), path[1:], found)
        else:
            for one in value.values():
                _collect(one, (), found)
    elif value is not None and not isinstance(value, bool):
        text = str(value).strip()
        if len(text) >= _SHORTEST:
            found.add(text)


def scrub(words: str, values: Iterable[str]) -> str:
    """The sentence with every personal value replaced, whatever its case; longer values first."""
    wanted = [re.escape(value) for value in sorted(values, key=len, reverse=True)]
    return re.sub("|".join(wanted), MASK, words, flags=re.IGNORECASE) if wanted else words
