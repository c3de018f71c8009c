"""Amazon's tab-separated reports: read by header name, line by line; quotes are ordinary characters (Amazon SP-API reference, 12)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from connectors.errors import RejectedError, TransientError

_WORDS = re.compile(r"[^0-9A-Za-z]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a report. `number` counts lines from 1, the header included; `problem` says why its values are not to be trusted."""

    number: int
    values: dict[str, str]
    problem: str = ""


def field_name(header: str) -> str:
    """A column's name as a field: `Amazon RMA ID` is `amazonRmaId`, `return-date` is `returnDate`."""
    words = [word.lower() for word in _WORDS.split(header) if word]
    return "".join([*words[:1], *(word.capitalize() for word in words[1:])])


def rows(text: str, *, needed: Collection[str], what: str) -> Iterator[Row]:
    """The lines of a report, blank ones left out; `needed` are fields without which it is another report.

    Raises RejectedError for another layout, TransientError when the last line is cut off. A line with more cells than the header has
    carries a problem; one with fewer lacks the last, empty ones.
    """
    if not text.strip():
        raise TransientError(f"Amazon's report of {what} came empty, without even a header; it is fetched again.")
    lines = _lines(text)
    names = [field_name(cell) for cell in next(lines, (0, "", True))[1].split("\t")]
    missing = [name for name in needed if name not in names]
    if missing:
        words = f"Amazon's report of {what} has no column {', '.join(missing)}. Amazon changed its layout, or it is another report."
        raise RejectedError(words, code="unknown_layout")
    for number, line, ended in lines:
        if line.strip():
            yield _row(number, line, names, ended=ended, what=what)


def _lines(text: str) -> Iterator[tuple[int, str, bool]]:
    """Number, text and whether a line end follows; a report may be large, so it is not split as a whole."""
    start, number = 0, 0
    while start < len(text):
        end = text.find("\n", start)
        ended = end >= 0
        end = end if ended else len(text)
        number += 1
        yield number, text[start:end].removesuffix("\r"), ended
        start = end + 1


def _row(number: int, line: str, names: list[str], *, ended: bool, what: str) -> Row:
    cells = line.split("\t")
    if not ended and len(cells) < len(names):
        raise TransientError(f"Amazon's report of {what} is cut off in line {number}; it is fetched again.")
    problem = ""
    if len(cells) > len(names):
        problem = f"Line {number} of Amazon's report of {what} has {len(cells)} cells, its header {len(names)}. Look it up at Amazon."
    values = [cell.strip() for cell in cells[: len(names)]]
    return Row(number=number, values=dict(zip(names, [*values, *[""] * (len(names) - len(values))], strict=True)), problem=problem)
