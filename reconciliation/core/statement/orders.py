"""What was settled per order, ready to be matched: one row per order's item, one column per component."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from reconciliation.core.lines import Kind
from reconciliation.core.statement.reading import Statement

KEYS = ("order_id", "merchant_order_id", "item_code", "sku", "marketplace", "fulfilment")
"""An order's item as the file names it; blanks are as they stand in the file (settlement reference, 6.1)."""
PENDING = 1 << 16
AT_ONCE = 1 << 14
"""Rows of a table that is handed out, about."""


class Orders:
    """Adds blocks up per order's item and component. Memory grows with the items, not with the lines.

    `component` says for each kind of line into which of `components` its amount goes, or "" for none; `amount` and `lines` count all.
    """

    columns = frozenset({*KEYS, "kind", "amount"})

    def __init__(self, statement: Statement, components: Sequence[str], component: Callable[[Kind], str]) -> None:
        self._statement = statement
        self._components = list(components)
        self._component = component
        self._places: list[int] = []
        self._parts: list[Any] = []
        self._waiting = 0
        self._apart = 0

    def add(self, block: Any) -> None:
        """Takes one block in. Lines without any order are left aside."""
        named = pc.or_(pc.not_equal(block["order_id"], ""), pc.not_equal(block["merchant_order_id"], ""))
        block = block.filter(named)
        names = [self._component(kind) for kind in self._statement.kinds[len(self._places) :]]
        self._places += [self._components.index(name) if name else -1 for name in names]
        places = pa.array(self._places, pa.int32()).take(block["kind"].combine_chunks())
        columns = {name: block[name] for name in KEYS}
        amounts = block["amount"].combine_chunks()
        for at, name in enumerate(self._components):
            columns[name] = pc.if_else(pc.equal(places, at), amounts, 0)
        table = pa.table(columns | {"amount": amounts, "lines": pa.repeat(pa.scalar(1, pa.int64()), len(amounts))})
        self._parts.append(self._grouped(table))
        self._waiting += self._parts[-1].num_rows
        if self._waiting > max(PENDING, self._apart):
            self._merge()

    def _grouped(self, table: Any) -> Any:
        numbers = [*self._components, "amount", "lines"]
        found = table.group_by(list(KEYS), use_threads=False).aggregate([(name, "sum") for name in numbers])
        return found.rename_columns({f"{name}_sum": name for name in numbers})

    def _merge(self) -> None:
        if self._waiting:
            merged = self._grouped(pa.concat_tables(self._parts))
            self._parts, self._apart, self._waiting = [merged], merged.num_rows, 0

    def tables(self) -> Iterator[Any]:
        """Tables sorted by order: KEYS, each component, `amount`, `lines`; amounts in minor units. An order is never in two of them."""
        self._merge()
        if not self._parts:
            return
        whole = self._parts[0].sort_by([("order_id", "ascending"), ("merchant_order_id", "ascending")])
        start, rows = 0, whole.num_rows
        while start < rows:
            end = min(start + AT_ONCE, rows)
            while end < rows and _same_order(whole, end - 1, end):
                end += 1
            yield whole.slice(start, end - start)
            start = end


def _same_order(table: Any, one: int, other: int) -> bool:
    return all(table[name][one].as_py() == table[name][other].as_py() for name in ("order_id", "merchant_order_id"))
