"""A bank statement as CSV: a person says which column is which, the file decides once how it writes amounts and dates."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from mappings.core.money import minor_units, plain, rounded
from reconciliation.core.bank.readings import DATES, Reading, Readings, UndecidedError, amounts, dates, decided

DELIMITERS = ";\t,|"
ENOUGH = 3
"""Filled cells from which on a row is taken for the row of headings."""


Cells = dict[str, str]
"""A row's cells by heading, those that are wanted."""


class StatementRefusedError(ValueError):
    """The file as a whole cannot be read; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Headings of the columns. `amount` is signed, or `credit` and `debit` stand beside each other; `text` may be several columns.

    `dates` (a name of `readings.DATES`) and `mark` (`.` or `,`) are for files that do not tell by themselves.
    """

    date: str
    amount: str = ""
    credit: str = ""
    debit: str = ""
    currency: str = ""
    text: tuple[str, ...] = ()
    dates: str = ""
    mark: str = ""

    @property
    def needed(self) -> set[str]:
        """Every heading that is named."""
        return {self.date, self.amount, self.credit, self.debit, self.currency, *self.text} - {""}


@dataclass(frozen=True, slots=True, kw_only=True)
class BankLine:
    """Money that came in (positive) or went out. `key` is the same whenever the row is imported; equal rows of one file are counted."""

    row: int
    on: date
    amount: Decimal
    currency: str
    text: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BankStatement:
    """What was read. `problems` says for each row that was left out which it is and why; rows count from 1, the headings' included."""

    lines: tuple[BankLine, ...]
    problems: tuple[str, ...]
    dates: str
    mark: str


def headings(content: bytes) -> list[str]:
    """The columns that a person can choose from. Raises StatementRefusedError when the file has none."""
    for row in _rows(content, max(DELIMITERS, key=_text(content).count)):
        if sum(bool(cell) for cell in row) >= ENOUGH:
            return row
    raise StatementRefusedError("The file has no row of headings. Export it from the bank as CSV with headings.")


def read(content: bytes, columns: Columns, *, currency: str) -> BankStatement:
    """The lines of a statement; `currency` is the account's, for rows that name none. Raises StatementRefusedError."""
    if not columns.amount and not (columns.credit or columns.debit):
        raise StatementRefusedError("No column holds the amount. Choose one, or those for credit and debit.")
    start, rows = _table(content, columns)
    found = [(number, cells) for number, cells in enumerate(rows, start=start) if any(cells.values())]
    parts = [columns.amount] if columns.amount else [name for name in (columns.credit, columns.debit) if name]
    written = [text for _, cells in found for name in parts if (text := cells[name])]
    ways = amounts(minor_units(currency)), dates()
    mark = columns.mark or _decided(ways[0], written, "amounts", "decimal mark")
    dated = columns.dates if columns.dates in DATES else _decided(ways[1], [cells[columns.date] for _, cells in found], "dates", "way")
    reader = _Reader(columns, ways[0][mark], ways[1][dated], currency)
    lines = [reader.line(number, cells) for number, cells in found]
    problems = tuple(reader.problem(number, cells, dated) for (number, cells), line in zip(found, lines, strict=True) if line is None)
    return BankStatement(lines=_keyed([line for line in lines if line]), problems=problems, dates=dated, mark=mark)


class _Reader:
    """Reads rows in the ways that were decided."""

    def __init__(self, columns: Columns, amount: Reading, day: Reading, currency: str) -> None:
        self._columns, self._amount, self._day, self._currency = columns, amount, day, currency

    def line(self, number: int, cells: Cells) -> BankLine | None:
        """The row without its key; None when its date or its amount cannot be read."""
        on, amount = self._day(cells[self._columns.date]), self._sum(cells)
        if on is None or amount is None:
            return None
        text = " ".join(" ".join(cells[name].split()) for name in self._columns.text).strip()
        currency = (cells.get(self._columns.currency) or self._currency).upper()
        return BankLine(row=number, on=on, amount=amount, currency=currency, text=text, key="")

    def problem(self, number: int, cells: Cells, dated: str) -> str:
        """Why a row was left out."""
        if self._day(cells[self._columns.date]) is None:
            return f"Row {number} has no date written as {dated}, like the others: it was left out. Correct it if it is a booking."
        return f"Row {number} has no amount that can be read like the others: it was left out. Correct it if it is a booking."

    def _sum(self, cells: Cells) -> Decimal | None:
        if self._columns.amount:
            amount: Decimal | None = self._amount(cells[self._columns.amount])
            return amount
        sides = [(name, sign) for name, sign in ((self._columns.credit, 1), (self._columns.debit, -1)) if cells.get(name)]
        read = [(self._amount(cells[name]), sign) for name, sign in sides]
        if not read or any(value is None for value, _ in read):
            return None
        return sum((abs(value) * sign for value, sign in read), Decimal(0))


def _keyed(lines: Sequence[BankLine]) -> tuple[BankLine, ...]:
    seen: Counter[str] = Counter()
    found = []
    for line in lines:
        same = _fingerprint(line)
        seen[same] += 1
        found.append(replace(line, key=f"{same}-{seen[same]}"))
    return tuple(found)


def _fingerprint(line: BankLine) -> str:
    amount = plain(rounded(line.amount, minor_units(line.currency)))
    return hashlib.sha256(f"{line.on}\n{amount}\n{line.currency}\n{line.text}".encode()).hexdigest()[:32]


def _table(content: bytes, columns: Columns) -> tuple[int, list[Cells]]:
    """The number of the first row below the headings, and the rows by heading. What a bank writes above the headings is skipped."""
    for delimiter in DELIMITERS:
        rows = _rows(content, delimiter)
        for number, row in enumerate(rows, start=1):
            if columns.needed <= set(row):
                wanted = {name: row.index(name) for name in columns.needed}
                return number + 1, [{name: cells[at] if at < len(cells) else "" for name, at in wanted.items()} for cells in rows[number:]]
    missing = ", ".join(sorted(columns.needed - set(headings(content)))) or "some columns"
    raise StatementRefusedError(f"The file has no column {missing}. Choose the columns by the headings of this file.")


def _rows(content: bytes, delimiter: str) -> list[list[str]]:
    try:
        return [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(_text(content), newline=""), delimiter=delimiter)]
    except csv.Error as error:
        raise StatementRefusedError(f"The file is not CSV ({error}). Export it from the bank again.") from None


def _text(content: bytes) -> str:
    for encoding in ("utf-16",) if content.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1")


def _decided(readings: Readings, texts: Sequence[str], what: str, how: str) -> str:
    try:
        return decided(readings, texts)
    except UndecidedError as undecided:
        words = f"The {what} of the file can be read in several ways ({undecided}). Choose the {how}."
        raise StatementRefusedError(words) from None
