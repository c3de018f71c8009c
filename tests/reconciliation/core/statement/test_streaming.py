"""A file of any length is read in little memory, and no further ahead than by a piece."""

from __future__ import annotations

import gc
from io import BytesIO

import pyarrow as pa

from reconciliation.core.statement import Totals, read
from reconciliation.core.statement.pieces import PIECE
from tests.reconciliation.core.statement.writing import line, write

ENOUGH = 12 * PIECE
"""Bytes of Arrow's that are in use at any time, at most; the file below is three times as long."""


class Endless(BytesIO):
    """A report whose lines of zero go on and on; `handed` counts the bytes that were taken."""

    def __init__(self, length: int) -> None:
        first, again = write([line("0.00")]), write([line("0.00")]).split(b"\n")[2] + b"\n"
        super().__init__(first + again * 4000)
        self.handed, self._length, self._from = 0, length, len(first)

    def read(self, size: int | None = -1) -> bytes:
        if self.handed >= self._length:
            return b""
        found = super().read(size)
        if not found:
            self.seek(self._from)
            found = super().read(size)
        self.handed += len(found)
        return found


def test_memory_does_not_grow_with_the_file() -> None:
    gc.collect()
    before, most, source = pa.total_allocated_bytes(), 0, Endless(3 * ENOUGH)
    statement = read(source)
    found = Totals(statement, line().posted_at.tzinfo)  # type: ignore[arg-type]
    for block in statement.blocks():
        found.add(block)
        most = max(most, pa.total_allocated_bytes() - before)
    assert source.handed >= 3 * ENOUGH
    assert most < ENOUGH
    assert [one.lines for one in found] == [statement.lines]


def test_a_file_is_not_read_far_ahead_of_whoever_uses_it() -> None:
    source = Endless(3 * ENOUGH)
    blocks = read(source).blocks(["number"])
    next(blocks)
    next(blocks)
    assert source.handed <= 6 * PIECE
    blocks.close()  # type: ignore[attr-defined]
