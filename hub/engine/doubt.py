"""Foreign records are doubted before they are stored: names that no table can hold make a record unreadable, alone."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace

from connectors.base import Record
from connectors.wire import encode

LONGEST = 200
"""Characters of a key or an alias that the tables hold."""
LONGEST_VERSION = 60
LONGEST_CURSOR = 4000
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def doubted(record: Record) -> Record:
    """The record itself, or an unreadable one in its place when its key or version cannot be stored. A bad cursor moves nothing."""
    if not (record.key and _storable(record.key) and _storable(record.version, longest=LONGEST_VERSION)):
        return unreadable(record)
    aliases = tuple(alias for alias in record.aliases if _storable(alias))
    cursor = record.cursor if _storable(record.cursor, longest=LONGEST_CURSOR) else ""
    return record if (aliases, cursor) == (record.aliases, record.cursor) else replace(record, aliases=aliases, cursor=cursor)


def unreadable(record: Record) -> Record:
    """What is kept of a record that cannot be taken in: a key of our own, and words for a person."""
    content = hashlib.sha256(record.key.encode(errors="replace") + encode(record.payload)).hexdigest()
    key = record.key if record.key and _storable(record.key) else f"unreadable-{content[:16]}"
    cursor = record.cursor if _storable(record.cursor, longest=LONGEST_CURSOR) else ""
    words = (
        record.problem
        or "The record has values that cannot be stored, such as control characters or an impossible date. Correct it at its source."
    )
    return Record(key=key, payload={}, cursor=cursor, problem=words)


def _storable(text: str, *, longest: int = LONGEST) -> bool:
    return len(text) <= longest and (text.isprintable() or not _CONTROL.search(text))
