"""Lines added up, block by block, as values: by kind and day for the journals, down to the order's item for the invoices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo
from typing import Any

import pyarrow as pa

from reconciliation.core.lines import Sum
from reconciliation.core.statement.amounts import money
from reconciliation.core.statement.days import days
from reconciliation.core.statement.reading import Statement

TOTALS = ("kind", "day", "marketplace", "fulfilment")
SUMS = (*TOTALS, "order_id", "merchant_order_id", "item_code", "sku")
PENDING = 10_000
"""Rows of sums that wait until they are added up once more."""
AT_ONCE = 4_000


def _columns(by: Sequence[str]) -> frozenset[str]:
    """The columns of a block that these sums are made of."""
    return frozenset(by) - {"day"} | {"posted_at", "amount"}


class Totals:
    """What a summary journal is made of: sums per kind, day, marketplace and fulfilment; a few hundred, however many lines there are.

    Add each block of a statement, then iterate. `columns` are those a block must have.
    """

    columns = _columns(TOTALS)

    def __init__(self, statement: Statement, zone: tzinfo) -> None:
        self._statement = statement
        self._zone = zone
        self._parts: list[Any] = []
        self._waiting = 0

    def add(self, block: Any) -> None:
        """Takes one block in."""
        self._parts.append(_grouped(block, TOTALS, self._zone))
        self._waiting += self._parts[-1].num_rows
        if self._waiting > PENDING:
            self._merge()

    def __iter__(self) -> Iterator[Sum]:
        self._merge()
        for part in self._parts:
            yield from _values(part, self._statement)

    def _merge(self) -> None:
        if len(self._parts) > 1:
            self._parts = [_added(pa.concat_tables(self._parts), TOTALS, lines="sum")]
        self._waiting = 0


def totals(statement: Statement, zone: tzinfo) -> list[Sum]:
    """Reads a statement to its end and adds it up for a summary journal. Raises Quarantined like `Statement.blocks`."""
    found = Totals(statement, zone)
    for block in statement.blocks(Totals.columns):
        found.add(block)
    return list(found)


def sums(statement: Statement, zone: tzinfo) -> Iterator[Sum]:
    """Reads a statement to its end and adds it up down to the item of each order, in constant memory.

    Lines that stand far apart may come as several sums that agree in everything but amount and lines: whoever takes them adds them up.
    Raises Quarantined like `Statement.blocks`, so that nothing may be kept of it before the last one came.
    """
    for block in statement.blocks(_columns(SUMS)):
        yield from _values(_grouped(block, SUMS, zone), statement)


def _grouped(block: Any, by: Sequence[str], zone: tzinfo) -> Any:
    day = days(block["posted_at"].combine_chunks(), zone)
    table = block.select([name for name in by if name != "day"]).append_column("day", day).append_column("amount", block["amount"])
    return _added(table.append_column("lines", table["amount"]), by, lines="count")


def _added(table: Any, by: Sequence[str], *, lines: str) -> Any:
    """One row per distinct key; `lines` are counted or added up."""
    found = table.group_by(list(by), use_threads=False).aggregate([("amount", "sum"), ("lines", lines)])
    return found.rename_columns({"amount_sum": "amount", f"lines_{lines}": "lines"})


def _values(table: Any, statement: Statement) -> Iterator[Sum]:
    for batch in table.to_batches(max_chunksize=AT_ONCE):
        for row in batch.to_pylist():
            kind, amount = statement.kinds[row.pop("kind")], money(row.pop("amount"), statement.digits)
            yield Sum(kind=kind, amount=amount, **row)
