"""How a file writes amounts and dates: of all ways to read its values the one that reads most of them, or a question."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

NOISE = re.compile(r"[\s'’\u00a0\u202f€$£¥]|\b[A-Z]{3}\b")
GROUPED = {
    mark: re.compile(rf"(?:\d+|\d{{1,3}}(?:\{other}\d{{3}})+)?(?:\{mark}(\d+))?", re.ASCII) for mark, other in ((".", ","), (",", "."))
}
DATES = {
    "YYYY-MM-DD": "%Y-%m-%d",
    "DD.MM.YYYY": "%d.%m.%Y",
    "DD.MM.YY": "%d.%m.%y",
    "DD/MM/YYYY": "%d/%m/%Y",
    "MM/DD/YYYY": "%m/%d/%Y",
    "DD/MM/YY": "%d/%m/%y",
    "MM/DD/YY": "%m/%d/%y",
    "YYYY/MM/DD": "%Y/%m/%d",
    "DD-MM-YYYY": "%d-%m-%Y",
    "MM-DD-YYYY": "%m-%d-%Y",
    "YYYYMMDD": "%Y%m%d",
}
"""Ways to write a date, as a person may choose them."""
Reading = Callable[[str], Any]
Readings = Mapping[str, Reading]


class UndecidedError(ValueError):
    """Two ways read equally many values and give different ones; `ways` names them."""

    def __init__(self, ways: Sequence[str]) -> None:
        super().__init__(" or ".join(ways))
        self.ways = tuple(ways)


def amounts(places: int) -> Readings:
    """Ways to read an amount of a currency with so many decimal places, by decimal mark; None for what is no amount that way."""
    return {mark: partial(_amount, mark=mark, places=places) for mark in GROUPED}


def _amount(text: str, *, mark: str, places: int) -> Decimal | None:
    plain = NOISE.sub("", text).replace("−", "-")
    negative = plain.startswith(("-", "(")) or plain.endswith("-")
    plain = plain.strip("+-()")
    found = GROUPED[mark].fullmatch(plain)
    if not found or not any(letter.isdigit() for letter in plain) or len((found[1] or "").rstrip("0")) > places:
        return None
    value = Decimal(plain.replace("," if mark == "." else ".", "").replace(mark, "."))
    return -value if negative and value else value


def dates() -> Readings:
    """Ways to read a date; a time behind it is left out."""
    return {name: partial(_date, pattern=pattern) for name, pattern in DATES.items()}


def _date(text: str, *, pattern: str) -> date | None:
    day = re.split(r"[ T]", text.strip(), maxsplit=1)[0]
    try:
        return datetime.strptime(day, pattern).date()  # noqa: DTZ007 - a bank's day has no zone
    except ValueError:
        return None


def decided(readings: Readings, texts: Sequence[str]) -> str:
    """The way that reads most texts. Raises UndecidedError when several do and read them differently."""
    read = {name: [reading(text) for text in texts] for name, reading in readings.items()}
    most = max(sum(value is not None for value in values) for values in read.values())
    best = [name for name, values in read.items() if sum(value is not None for value in values) == most]
    if most and any(read[name] != read[best[0]] for name in best):
        raise UndecidedError(best)
    return best[0]
