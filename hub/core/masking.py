"""Personal data out of payloads and words, as the schemas mark it. What a schema does not know counts as personal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from connectors.schema import Field

MASK = "•••"
_SHORTEST = 3
"""Shorter values ("WA") stand in too many words to be hidden in sentences."""
Shape = Mapping[str, Any]
"""Name of a field to True (shown), False (hidden), or the Shape of what lies beneath. Lists are looked through."""


def shape(fields: Iterable[Field]) -> Shape:
    """What may be shown of a record whose schema has these fields, groups before what they hold."""
    root: dict[str, Any] = {}
    for one in fields:
        *above, name = one.path.replace("[]", "").split(".")
        place: Any = root
        for step in above:
            place = place[step] if isinstance(place, dict) else place
        if isinstance(place, dict):
            place[name] = {} if one.type in ("group", "list") and not one.personal else not one.personal
    return root


def mask(value: Any, shown: Shape | bool, *, unknown: bool = False) -> Any:
    """A copy in which only what the shape shows is left in clear; empty values stay as they are.

    `unknown`: whether fields that the shape does not name are shown; a system may send new ones, and they may hold anything.
    """
    if shown is True:
        return value
    if isinstance(value, list) and shown is not False:
        return [mask(one, shown, unknown=unknown) for one in value]
    if isinstance(value, dict) and shown is not False:
        return {name: mask(one, shown.get(name, unknown), unknown=unknown) for name, one in value.items()}
    return hide(value)


def hide(value: Any) -> Any:
    """The mask in place of every value below; the structure stays, so that a person sees what was there."""
    if isinstance(value, dict):
        return {name: hide(one) for name, one in value.items()}
    if isinstance(value, list):
        return [hide(one) for one in value]
    return value if value is None or value == "" or isinstance(value, bool) else MASK


def hidden_values(value: Any, shown: Shape | bool) -> frozenset[str]:
    """The texts that `mask` hides, for taking them out of sentences."""
    found: set[str] = set()
    _collect(value, shown, found)
    return frozenset(found)


def _collect(value: Any, shown: Shape | bool, found: set[str]) -> None:
    if shown is True or value is None or isinstance(value, bool):
        return
    if isinstance(value, list):
        for one in value:
            _collect(one, shown, found)
    elif isinstance(value, dict):
        for name, one in value.items():
            _collect(one, False if shown is False else shown.get(name, False), found)
    elif len(text := str(value).strip()) >= _SHORTEST:
        found.add(text)


def scrub(words: str, values: Iterable[str]) -> str:
    """The sentence with every personal value replaced, whatever its case; longer values first."""
    wanted = [re.escape(value) for value in sorted(values, key=len, reverse=True)]
    return re.sub("|".join(wanted), MASK, words, flags=re.IGNORECASE) if wanted else words
