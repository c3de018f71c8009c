"""The text report on a feed of order acknowledgements: a summary, then a table of what was refused (Amazon SP-API reference, 7.2)."""

from __future__ import annotations

import re

from connectors.amazon import feeds
from connectors.amazon.client import cleaned
from connectors.amazon.documents import Document
from connectors.amazon.feeds import Verdict
from connectors.errors import Problem

NUMBER, CODE, KIND, MESSAGE = "original-record-number", "error-code", "error-type", "error-message"
_COUNT = re.compile(r"number of records (processed|successful)\s+(\d+)", re.IGNORECASE)


def read(document: Document) -> Verdict:
    """Problems and warnings by row, counted from the first row below the heading as 1. Raises OutcomeUnknownError."""
    text = document.text()
    counts = {name.lower(): int(number) for name, number in _COUNT.findall(text)}
    if "processed" not in counts or "successful" not in counts:
        raise feeds.unreadable("it has no summary")
    problems: dict[int, tuple[Problem, ...]] = {}
    warnings: dict[int, tuple[str, ...]] = {}
    whole: tuple[Problem, ...] = ()
    for row in _table(text):
        problem = _problem(row)
        place = int(row[NUMBER]) if row.get(NUMBER, "").isdigit() else 0
        if row.get(KIND, "").lower() == "warning":
            warnings[place] = (*warnings.get(place, ()), problem.message)
        elif place:
            problems[place] = (*problems.get(place, ()), problem)
        else:
            whole += (problem,)
    if counts["successful"] < counts["processed"] and not problems and not whole:
        words = f"Amazon carried out {counts['successful']} of {counts['processed']} cancellations without saying which."
        whole = (Problem(path="", code="feed_refused", message=words, cause="feed_refused"),)
    return Verdict(problems=problems, warnings=warnings, whole=whole)


def _table(text: str) -> list[dict[str, str]]:
    lines = [line.split("\t") for line in text.splitlines()]
    start = next((at for at, cells in enumerate(lines) if CODE in (cell.strip() for cell in cells)), None)
    if start is None:
        return []
    names = [cell.strip() for cell in lines[start]]
    return [dict(zip(names, (cell.strip() for cell in cells), strict=False)) for cells in lines[start + 1 :] if any(map(str.strip, cells))]


def _problem(row: dict[str, str]) -> Problem:
    code = row.get(CODE) or "refused"
    said = cleaned(row.get(MESSAGE) or "Amazon gives no reason.")
    return Problem(path="", code=code, message=said if said.endswith((".", "!", "?")) else f"{said}.", cause=f"cancel:{code}")
