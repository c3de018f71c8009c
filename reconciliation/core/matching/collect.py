"""Settlement lines by the million, added up to order items block by block: one row per order item, whatever the file's size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from reconciliation.core.lines import Kind
from reconciliation.core.matching.slots import Slot, slot_of

KEYS = ("order_id", "merchant_order_id", "item_code", "sku", "marketplace")
PRICE_LINES = "price_lines"
PLACES = 4
"""Amounts are whole numbers of 0.0001 here, which 64 bits hold up to 900 million million."""
PENDING = 400_000
"""Rows kept before they are added up; more than a file of adjacent lines ever brings."""


def column(slot: Slot) -> str:
    """The name of a slot's column."""
    return slot.name.lower()


def units(amounts: Any, digits: int) -> Any:
    """Amounts as whole numbers of 0.0001: decimals, or whole numbers of minor units with `digits` decimals."""
    if pa.types.is_decimal(amounts.type):
        scaled = pc.multiply(pc.cast(amounts, pa.decimal128(26, PLACES)), pa.scalar(10**PLACES, pa.decimal128(5, 0)))
        return pc.cast(scaled, pa.int64())
    return pc.multiply(pc.cast(amounts, pa.int64()), 10 ** (PLACES - digits))


def whole(values: Any) -> Any:
    """A column in one piece."""
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values


def text(table: Any, name: str) -> Any:
    """A column as plain text without nulls, in one piece."""
    if name not in table.column_names:
        return pa.repeat("", table.num_rows)
    values = pc.cast(table[name], pa.string()).combine_chunks()
    return pc.fill_null(values, "") if values.null_count else values


class Collected:
    """Takes blocks of lines and gives one row per order item. Several settlements of one currency may go into one.

    Lines of an item that stand apart in a file may give several rows: whoever compares adds those up.
    """

    def __init__(self) -> None:
        self._parts: list[Any] = []
        self._pending = 0

    def add(self, lines: Any, kinds: Sequence[Kind], *, digits: int) -> None:
        """A block: columns of KEYS (text; one that is missing is blank), `kind` (its number in `kinds`), `amount` and, where a row
        stands for several lines, `lines`. `digits`: decimals of the amounts where they are whole numbers."""
        if not lines.num_rows:
            return
        lines = lines.combine_chunks()
        slots = pc.take(pa.array([slot_of(kind) for kind in kinds], pa.int8()), lines["kind"].chunk(0))
        self._parts.append(_runs(lines, pc.fill_null(slots, -1), digits))
        self._pending += self._parts[-1].num_rows
        if self._pending > PENDING:
            self._parts, self._pending = [summed(self.table())], 0

    def table(self) -> Any:
        """The rows: KEYS, one column of 0.0001 per slot that occurred, and the number of Principal lines."""
        if not self._parts:
            return pa.table({**{name: pa.array([], pa.string()) for name in KEYS}, PRICE_LINES: pa.array([], pa.int64())})
        return pa.concat_tables(self._parts, promote_options="default")


def summed(rows: Any) -> Any:
    """Rows with equal keys as one."""
    amounts = [name for name in rows.column_names if name not in KEYS]
    found = rows.group_by(list(KEYS)).aggregate([(name, "sum") for name in amounts])
    return found.rename_columns({f"{name}_sum": name for name in amounts})


def _runs(lines: Any, slots: Any, digits: int) -> Any:
    """Adjacent lines of one order item as one row."""
    keys = {name: text(lines, name) for name in KEYS}
    ends = run_ends(list(keys.values()))
    amounts = units(lines["amount"].chunk(0), digits)
    found = {name: pc.take(values, ends) for name, values in keys.items()}
    present = [number for number in pc.unique(slots).to_pylist() if number >= 0]
    for number in present:
        found[column(Slot(number))] = run_sums(pc.if_else(pc.equal(slots, number), amounts, 0), ends)
    counts = pc.cast(lines["lines"].chunk(0), pa.int64()) if "lines" in lines.column_names else pa.repeat(1, len(slots))
    found[PRICE_LINES] = run_sums(pc.if_else(pc.equal(slots, int(Slot.PRICE)), counts, 0), ends)
    of_orders = run_sums(pc.cast(pc.greater_equal(slots, 0), pa.int64()), ends)
    named = pc.or_(pc.not_equal(found["order_id"], ""), pc.not_equal(found["merchant_order_id"], ""))
    return pa.table(found).filter(pc.and_(pc.greater(of_orders, 0), named))


def run_ends(keys: Sequence[Any]) -> Any:
    """The last row of each run of equal keys. There must be a row."""
    rows = len(keys[0])
    differs = pa.repeat(False, rows - 1)
    for values in keys:
        differs = pc.or_(differs, pc.not_equal(values.slice(1), values.slice(0, rows - 1)))
    return pc.indices_nonzero(pa.concat_arrays([differs, pa.array([True])]))


def run_sums(amounts: Any, ends: Any) -> Any:
    """The sum of each run: the sum up to its end, less that up to the end of the run before."""
    total = pc.take(pc.cumulative_sum(amounts), ends)
    return pc.coalesce(pc.pairwise_diff(total), total)


def sums_by(keys: Any, amounts: dict[str, Any]) -> Any:
    """A table of the distinct values among `keys` (column `by`, sorted) with the sum of each amount. Takes less memory than grouping
    by hashes."""
    if not len(keys):
        return pa.table({"by": keys, **amounts})
    order = pc.sort_indices(keys)
    keys = pc.take(keys, order)
    ends = run_ends([keys])
    return pa.table({"by": pc.take(keys, ends), **{name: run_sums(pc.take(values, order), ends) for name, values in amounts.items()}})
