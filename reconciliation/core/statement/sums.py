"""Lines added up, block by block: by kind and day for the journals, down to the order's item for the invoices."""

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
"""What a summary journal needs: a few hundred sums, however many lines."""
SUMS = (*TOTALS, "order_id", "merchant_order_id", "item_code", "sku")
"""Everything that a Sum tells apart: about as many as lines, since an order seldom has two of a kind."""
PENDING = 1 << 16
"""Rows that wait to be added up at least; more than are already apart."""
SLICE = 1 << 12


class Sums:
    """Adds blocks up by some columns. Memory grows with the number of different sums, not with the lines."""

    def __init__(self, statement: Statement, zone: tzinfo, by: Sequence[str] = SUMS) -> None:
        self._statement = statement
        self._zone = zone
        self._by = list(by)
        self._parts: list[Any] = []
        self._waiting = 0
        self._apart = 0

    @property
    def columns(self) -> frozenset[str]:
        """The columns of a block that are looked at: what `Statement.blocks` must give at least."""
        return frozenset(self._by) - {"day"} | {"posted_at", "amount"}

    def add(self, block: Any) -> None:
        """Takes one block in."""
        columns = {name: block[name] for name in self._by if name != "day"}
        if "day" in self._by:
            columns["day"] = days(block["posted_at"].combine_chunks(), self._zone)
        table = pa.table(columns | {"amount": block["amount"]})
        part = table.group_by(self._by, use_threads=False).aggregate([("amount", "sum"), ("amount", "count")])
        self._parts.append(part.rename_columns({"amount_sum": "amount", "amount_count": "lines"}))
        self._waiting += part.num_rows
        if self._waiting > max(PENDING, self._apart):
            self._merge()

    def _merge(self) -> None:
        if self._waiting:
            table = pa.concat_tables(self._parts).group_by(self._by, use_threads=False)
            merged = table.aggregate([("amount", "sum"), ("lines", "sum")]).rename_columns({"amount_sum": "amount", "lines_sum": "lines"})
            self._parts, self._apart, self._waiting = [merged], merged.num_rows, 0

    def table(self) -> Any:
        """One row per sum: the columns, `amount` in minor units, `lines`. None when there are no lines."""
        self._merge()
        return self._parts[0] if self._parts else None

    def __iter__(self) -> Iterator[Sum]:
        """The sums as values, in no certain order."""
        table = self.table()
        for batch in table.to_batches(max_chunksize=SLICE) if table else ():
            for row in batch.to_pylist():
                kind, amount = self._statement.kinds[row.pop("kind")], money(row.pop("amount"), self._statement.digits)
                yield Sum(kind=kind, amount=amount, **row)


def totals(statement: Statement, zone: tzinfo) -> list[Sum]:
    """Reads a statement to its end and adds it up for the journals. Raises Quarantined like `Statement.blocks`."""
    return list(_through(Sums(statement, zone, TOTALS), statement))


def sums(statement: Statement, zone: tzinfo) -> Iterator[Sum]:
    """Reads a statement to its end and adds it up to the item of each order. Raises Quarantined like `Statement.blocks`."""
    yield from _through(Sums(statement, zone), statement)


def _through(found: Sums, statement: Statement) -> Sums:
    for block in statement.blocks(found.columns):
        found.add(block)
    return found
