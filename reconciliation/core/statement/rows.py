"""A piece of a file cut into columns of text. Nothing is looked at line by line unless lines are blank, short or too long."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from reconciliation.core.statement.layouts import Columns
from reconciliation.core.statement.pieces import Piece

TEXT = pa.string()
CODED = pa.dictionary(pa.int32(), TEXT)
VARIED = frozenset({"order_id", "merchant_order_id", "adjustment_id", "shipment_id", "item_code", "sku", "promotion_id", "amount"})
"""Columns with about as many values as lines; the others repeat a few values, which are looked at once each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Lines of a file as columns of text, one chunk each. `numbers` are given only where the lines do not simply follow each other.

    A column of repeated values is a dictionary, and each of its values stands in some line.
    """

    columns: dict[str, Any]
    count: int
    first: int
    numbers: Any = None

    def text(self, name: str) -> Any:
        """A column as plain texts; "" on every line where the file has no such column."""
        found = self.columns.get(name)
        if found is None:
            return pa.repeat("", self.count)
        return found.cast(TEXT) if found.type == CODED else found

    def coded(self, name: str) -> Any:
        """A column as a dictionary of its distinct values and each line's place in it."""
        found = self.columns.get(name)
        if found is None:
            return pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), self.count), [""])
        return found if found.type == CODED else found.dictionary_encode()

    def number(self, at: int) -> int:
        """The line's number in the file."""
        return self.numbers[at].as_py() if self.numbers is not None else self.first + at

    def has(self, name: str, value: str) -> bool:
        """Whether a line has exactly this value in a column of repeated values."""
        place: int = pc.index(self.coded(name).dictionary, value).as_py()
        return place >= 0

    def kept(self, mask: Any) -> Rows:
        """Only the lines where the mask is true."""
        columns = {name: _recoded(column.filter(mask)) for name, column in self.columns.items()}
        numbers = self.all_numbers().filter(mask)
        return Rows(columns=columns, count=len(numbers), first=self.first, numbers=numbers)

    def after_first(self) -> Rows:
        """All lines but the first."""
        columns = {name: _recoded(column.slice(1)) for name, column in self.columns.items()}
        numbers = None if self.numbers is None else self.numbers.slice(1)
        return Rows(columns=columns, count=self.count - 1, first=self.first + 1, numbers=numbers)

    def all_numbers(self) -> Any:
        """Every line's number in the file."""
        return self.numbers if self.numbers is not None else pa.array(range(self.first, self.first + self.count), pa.int32())


def _recoded(column: Any) -> Any:
    """Without distinct values that no line has any more."""
    return column.cast(TEXT).dictionary_encode() if column.type == CODED else column


def rows_of(piece: Piece, columns: Columns, wanted: frozenset[str]) -> Rows:
    """The wanted columns of a piece. Raises Quarantined when a line has more values than columns, or the last one is cut off."""
    if not piece.lines:
        return Rows(columns={}, count=0, first=piece.first)
    try:
        table = _parsed(piece.content, columns, wanted)
    except pa.ArrowInvalid:
        table = None
    if table is not None and table.num_rows == piece.lines:
        return _rows(table, piece.first)
    content, numbers = _mended(piece, columns)
    if not numbers:
        return Rows(columns={}, count=0, first=piece.first)
    return _rows(_parsed(content, columns, wanted), piece.first, numbers)


def _rows(table: Any, first: int, numbers: list[int] | None = None) -> Rows:
    columns = {name: table[name].chunk(0) for name in table.column_names}
    return Rows(columns=columns, count=table.num_rows, first=first, numbers=None if numbers is None else pa.array(numbers, pa.int32()))


def _parsed(content: bytes, columns: Columns, wanted: frozenset[str]) -> Any:
    names = [name for name in columns.names if name in wanted]
    quote = '"' if columns.quoting else False
    return arrow_csv.read_csv(
        pa.py_buffer(content),
        read_options=arrow_csv.ReadOptions(column_names=columns.names, use_threads=False, block_size=len(content) + 1),
        parse_options=arrow_csv.ParseOptions(delimiter=columns.delimiter, quote_char=quote),
        convert_options=arrow_csv.ConvertOptions(
            column_types={name: TEXT if name in VARIED else CODED for name in names},
            include_columns=names,
            check_utf8=False,
            strings_can_be_null=False,
        ),
    )


def _mended(piece: Piece, columns: Columns) -> tuple[bytes, list[int]]:
    """The piece with blank lines left out and trailing columns added that an editor had trimmed, and the numbers of its lines."""
    kept, numbers = io.StringIO(), []
    lines = piece.content.decode().removesuffix("\n").split("\n")
    for number, line in enumerate(lines, start=piece.first):
        if not line.strip():
            continue
        cut_off = piece.open_ended and number == piece.first + len(lines) - 1
        _write(kept, columns.cells(line, number, cut_off=cut_off), columns)
        numbers.append(number)
    return kept.getvalue().encode(), numbers


def _write(kept: io.StringIO, cells: list[str], columns: Columns) -> None:
    if columns.quoting:
        csv.writer(kept, delimiter=columns.delimiter, lineterminator="\n").writerow(cells)
    else:
        kept.write(columns.delimiter.join(cells) + "\n")
