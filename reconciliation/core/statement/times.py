"""When lines were posted: read as the file's summary row writes its own times."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from reconciliation.core.statement.dates import TIMESTAMP
from reconciliation.core.statement.opening import Opening
from reconciliation.core.statement.problems import ORIGINAL, Problem, Quarantined, quoted
from reconciliation.core.statement.rows import Rows


def posted_at(rows: Rows, opening: Opening) -> Any:
    """When each line was posted, in UTC. The date alone counts only where the time is blank and the date can be read in one way.

    Raises Quarantined at the first line whose time is written otherwise than the file's.
    """
    coded = rows.coded("posted_at")
    if rows.has("posted_at", ""):
        texts = rows.text("posted_at")
        coded = pc.if_else(pc.equal(texts, ""), rows.text("posted_date"), texts).dictionary_encode()
    times = _times(coded.dictionary, opening)
    if times is None:
        raise _wrong(rows, coded, opening)
    return times.take(coded.indices)


def _times(distinct: Any, opening: Opening) -> Any:
    """Times, and the midnights of dates: V1 files write times into the column of the dates, spreadsheets may drop the time."""
    timed = pc.match_substring(distinct, ":")
    times = opening.dates.many(distinct.filter(timed))
    days = opening.dates.many(distinct.filter(pc.invert(timed)), days=True)
    if times is None or days is None:
        return None
    if not len(days):
        return times
    merged = pc.replace_with_mask(pa.nulls(len(distinct), TIMESTAMP), timed, times)
    return pc.replace_with_mask(merged, pc.invert(timed), days)


def _wrong(rows: Rows, coded: Any, opening: Opening) -> Quarantined:
    """Names the first line whose time does not fit."""
    wrong = [_times(coded.dictionary.slice(at, 1), opening) is None for at in range(len(coded.dictionary))]
    at = pc.index(pa.array(wrong).take(coded.indices), True).as_py()
    number, text = rows.number(at), coded[at].as_py()
    if not text.strip():
        return Quarantined(Problem.UNREADABLE, f"Line {number} has no date. {ORIGINAL}", line=number)
    words = f"Line {number} writes its date as {quoted(text)}, the file's beginning writes dates as {opening.dates.shape}. {ORIGINAL}"
    return Quarantined(Problem.MIXED_DATES, words, line=number)
