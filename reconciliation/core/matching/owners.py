"""Which order and which item of the hub each settled row belongs to, for all rows at once (settlement reference, 6.1).

The same rules as `known.Orders` and `compare.groups_of`, by columns.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from reconciliation.core.matching.collect import sums_by, text, units, whole
from reconciliation.core.matching.tables import OF_ORDER, PRICES


class Known:
    """The orders of a table of EXPECTED: `order` is the number of each row's order, counted from 0 as they come first."""

    def __init__(self, expected: Any) -> None:
        self.items = expected
        self.order = pc.cast(whole(expected["key"]).dictionary_encode().indices, pa.int32())
        firsts = pc.indices_nonzero(pc.equal(pc.fill_null(pc.pairwise_diff(pc.cumulative_max(self.order)), 1), 1))
        self.first = pc.cast(firsts, pa.int32())
        orders = expected.select(OF_ORDER)
        self.orders = orders.take(self.first) if len(self.first) < len(self.order) else orders
        self.size = sums_by(self.order, {"items": pa.repeat(1, len(self.order))})["items"]
        self.amounts = {name: whole(units(expected[name], 0)) for name in PRICES}

    @cached_property
    def ids(self) -> Any:
        """The order id of each order, null where several have it."""
        return _once(text(self.orders, "order_id"))

    @cached_property
    def merchants(self) -> Any:
        """The merchant order id of each order, null where several have it."""
        return _once(text(self.orders, "merchant_order_id"))

    def owners(self, rows: Any) -> tuple[Any, Any, Any]:
        """For each settled row: the number of its order (null: none, or several), whether its order id alone told, whether it is
        unclear because several orders carry its numbers."""
        order_id, merchant = text(rows, "order_id"), text(rows, "merchant_order_id")
        by_id = _found(order_id, self.ids)
        if not by_id.null_count:
            return by_id, pa.repeat(True, len(by_id)), pa.repeat(False, len(by_id))
        led = pc.coalesce(by_id, _found(merchant, self.merchants), _found(merchant, self.ids))
        number = pc.if_else(pc.equal(order_id, ""), merchant, order_id).dictionary_encode().indices
        ends = pa.table({"number": number, "led": led}).group_by("number", use_threads=False).aggregate([("led", "min_max")])
        low, high = (whole(pc.struct_field(ends["led_min_max"], name)) for name in ("min", "max"))
        one = pc.if_else(pc.equal(low, high), low, None)
        owner = pc.take(one, number)
        twice = pa.chunked_array([_twice(self.orders, "order_id"), _twice(self.orders, "merchant_order_id")])
        carried = pc.or_(pc.is_in(order_id, value_set=twice), pc.is_in(merchant, value_set=twice))
        unclear = pc.and_(pc.is_null(owner), pc.or_(carried, pc.is_valid(led)))
        return owner, pc.and_(pc.is_valid(by_id), pc.fill_null(pc.equal(by_id, owner), False)), unclear

    def placed(self, rows: Any, owner: Any) -> Any:
        """The number of each row's item: the only one of its order, the one with its item code, the only one with its SKU; or null."""
        sole = pc.if_else(pc.equal(pc.take(whole(self.size), owner), 1), pc.take(self.first, owner), None)
        if not sole.null_count:
            return sole
        open_rows = pc.and_(pc.is_valid(owner), pc.is_null(sole))
        several = pc.greater(pc.take(whole(self.size), self.order), 1)
        by_code, by_sku = (
            _found(
                _joined(owner, text(rows, name), open_rows),
                _once(_joined(self.order, text(self.items, name), several)),
            )
            for name in ("item_code", "sku")
        )
        return pc.coalesce(sole, by_code, by_sku)


def _joined(order: Any, names: Any, wanted: Any) -> Any:
    """Order and name as one text; blank where there is no name or it is not wanted."""
    joined = pc.binary_join_element_wise(pc.cast(order, pa.string()), names, " ")
    return pc.if_else(pc.and_(wanted, pc.not_equal(names, "")), joined, "")


def _once(names: Any) -> Any:
    """The names with those as null that are blank or occur several times."""
    counts = pc.value_counts(names)
    twice = pc.struct_field(counts.filter(pc.greater(pc.struct_field(counts, "counts"), 1)), "values")
    usable = pc.not_equal(names, "")
    if len(twice):
        usable = pc.and_(usable, pc.invert(pc.is_in(names, value_set=twice)))
    return pc.if_else(usable, names, None)


def _twice(orders: Any, name: str) -> Any:
    counts = pc.value_counts(text(orders, name))
    values, times = pc.struct_field(counts, "values"), pc.struct_field(counts, "counts")
    return values.filter(pc.and_(pc.greater(times, 1), pc.not_equal(values, "")))


def _found(names: Any, among: Any) -> Any:
    return pc.index_in(names, value_set=among, skip_nulls=True)
