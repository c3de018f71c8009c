"""How a file writes its money: the decimal separator is decided once; an amount becomes a whole number of minor units, never a float."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

MINOR_DIGITS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
"""Digits of a currency's minor unit where they are not 2 (ISO 4217)."""
LARGEST = 10**13
"""Minor units from which on an amount is taken for an error; a million lines below it still add up exactly within 64 bits."""
EVIDENCE = re.compile(r"([.,])\d{1,2}\)?[ \u00a0]*$", re.ASCII)
"""A separator before the last one or two digits is a decimal one: groups have three."""


def digits_of(currency: str) -> int:
    """Digits of the currency's minor unit: 2 for EUR, 0 for JPY."""
    return MINOR_DIGITS.get(currency, 2)


def money(minor: int, digits: int) -> Decimal:
    """An amount of minor units as Decimal, with all its digits: `money(-250, 2)` is -2.50."""
    return Decimal(minor).scaleb(-digits)


def minor(amount: Decimal, digits: int) -> int:
    """An amount in minor units. Raises ValueError when it is finer than those."""
    scaled = amount.scaleb(digits)
    if scaled != int(scaled):
        raise ValueError(f"{amount} has more than {digits} decimals")
    return int(scaled)


def decimals(column: Any, digits: int) -> Any:
    """A column of minor units as decimal128 with `digits` decimals: what a database stores."""
    return pc.multiply(pc.cast(column, pa.decimal128(19, 0)), pa.scalar(Decimal(1).scaleb(-digits), pa.decimal128(4, digits)))


@dataclass(frozen=True, slots=True)
class Decimals:
    """A file's way to write amounts: `mark` is `.` or `,`, `digits` those of the currency's minor unit."""

    mark: str
    digits: int
    _written: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        mark, group = re.escape(self.mark), re.escape("." if self.mark == "," else ",")
        written = re.compile(rf"(\d{{1,3}}(?:{group}\d{{3}})+|\d+|(?={mark}\d))(?:{mark}(\d+))?", re.ASCII)
        object.__setattr__(self, "_written", written)

    def one(self, text: str) -> int | None:
        """The amount in minor units, such as -1250 for `-12,5` or -5500 for `(55.00)`. None when it is not written in the file's way,
        is finer than the minor unit, or is too large to be true."""
        text = text.strip(" \u00a0")
        negative = text[:1] in ("-", "(")
        text = text[1:-1] if text[:1] + text[-1:] == "()" else text.removeprefix("-")
        found = self._written.fullmatch(text)
        if not found:
            return None
        fraction = (found[2] or "").ljust(self.digits, "0")
        amount = int(re.sub(r"\D", "", found[1]) + fraction[: self.digits] or "0")
        fine = fraction[self.digits :].strip("0")
        return None if fine or amount >= LARGEST else -amount if negative else amount

    def many(self, values: Any) -> Any:
        """An array of texts as int64 minor units; null for each that `one` does not read."""
        plain = self._plain(values)
        if plain is not None:
            return plain
        coded = values.dictionary_encode()
        distinct = pa.array([self.one(text) for text in coded.dictionary.to_pylist()], pa.int64())
        return distinct.take(coded.indices)

    def _plain(self, values: Any) -> Any:
        """The same without a look at each value in Python, when all are plain digits with the full number of decimals. Else None."""
        if any(pc.any(pc.match_substring(values, letter)).as_py() for letter in "xX"):
            return None  # Arrow would read hexadecimal digits
        if self.digits:
            marks = pc.binary_slice(values.cast(pa.binary()), -1 - self.digits, -self.digits)
            if not pc.all(pc.equal(marks, self.mark.encode()), min_count=0).as_py():
                return None
            values = pc.replace_substring(values, self.mark, "", max_replacements=1)
        try:
            amounts = pc.cast(values, pa.int64())
        except pa.ArrowInvalid:
            return None
        return amounts if not pc.any(pc.greater_equal(pc.abs(amounts), LARGEST)).as_py() else None


def marks(samples: Iterable[str]) -> set[str]:
    """The decimal separators that these amounts must have been written with; empty when all are whole."""
    return {found[1] for text in samples if (found := EVIDENCE.search(text))}
