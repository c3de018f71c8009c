"""Why a file is quarantined: a code for the machine, a sentence for the accountant, and the line."""

from __future__ import annotations

from enum import StrEnum

SHOWN = 24
"""Characters of an offending amount or date that a sentence quotes; nothing else of a line is ever quoted."""
ORIGINAL = "Fetch the report again or upload the original file as the marketplace handed it out."


class Problem(StrEnum):
    """What is wrong with a whole file (settlement reference, 7)."""

    UNREADABLE = "unreadable"
    UNKNOWN_LAYOUT = "unknown_layout"
    MIXED_DATES = "mixed_dates"
    MIXED_DECIMALS = "mixed_decimals"
    MIXED_CURRENCY = "mixed_currency"
    TRUNCATED = "truncated"
    NO_TOTAL = "no_total"
    SEVERAL_SETTLEMENTS = "several_settlements"
    TOTAL_MISMATCH = "total_mismatch"


class Quarantined(Exception):  # noqa: N818 - the state that the file is in from now on
    """Nothing of this file may be posted. `line` is the line of the file, counted from 1, None when it is about the whole file."""

    def __init__(self, code: Problem, words: str, *, line: int | None = None) -> None:
        super().__init__(words)
        self.code = code
        self.words = words
        self.line = line


def quoted(value: str) -> str:
    """An amount or a date as a sentence shows it: cut to a length in which no one's data fits."""
    return f"“{value[:SHOWN]}…”" if len(value) > SHOWN else f"“{value}”"
