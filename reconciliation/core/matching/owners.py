"""Which order and which item of the hub each settled row belongs to, for all rows at once (settlement reference, 6.1).

The same rules as `known.Orders` and `compare.groups_of`, by columns.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from reconciliation.core.matching.collect import PLACES, sums_by, text, units, whole
from reconciliation.core.matching.tables import OF_ORDER, PRICES


class Known:
    """The orders of a table of EXPECTED, counted from 0 as they come first, and what is to be compared of each.

    `items` are its rows, `item_orders` the number of each row's order. `order`, `codes`, `skus` and `amounts` are the same row by row,
    but for orders that have money of the order as a whole: these are one nameless row (see `compare.has_unnamed`). `first`: the
    first such row of each order, `size`: how many it has.
    """

    def __init__(self, expected: Any) -> None:
        self.items = expected
        self.item_orders = pc.cast(whole(expected["key"]).dictionary_encode().indices, pa.int32())
        firsts = _firsts(self.item_orders)
        orders = expected.select(OF_ORDER)
        self.orders = orders.take(firsts) if len(firsts) < expected.num_rows else orders
        self.order, self.codes, self.skus = self.item_orders, text(expected, "item_code"), text(expected, "sku")
        self.amounts = {name: whole(units(expected[name], PLACES)) for name in PRICES}
        if len(firsts) < expected.num_rows:
            self._pool(firsts)
        self.first = pc.cast(_firsts(self.order), pa.int32())
        self.size = whole(sums_by(self.order, {"items": pa.repeat(1, len(self.order))})["items"])

    def _pool(self, firsts: Any) -> None:
        unnamed = pc.and_(pc.equal(self.codes, ""), pc.equal(self.skus, ""))
        pooled = pc.is_in(self.order, value_set=pc.unique(self.order.filter(unnamed)))
        rows = pc.cast(pc.indices_nonzero(pc.is_valid(self.order)), pa.int64())
        sums = sums_by(pc.if_else(pooled, pc.cast(pc.take(firsts, self.order), pa.int64()), rows), self.amounts)
        kept = whole(sums["by"])
        self.amounts = {name: whole(sums[name]) for name in PRICES}
        blank = pc.take(pooled, kept)
        self.order = pc.take(self.order, kept)
        self.codes, self.skus = (pc.if_else(blank, "", pc.take(names, kept)) for names in (self.codes, self.skus))

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
        sole = pc.if_else(pc.equal(pc.take(self.size, owner), 1), pc.take(self.first, owner), None)
        if not sole.null_count:
            return sole
        span = pc.min_max(owner)
        among = pc.and_(pc.greater_equal(self.order, span["min"]), pc.less_equal(self.order, span["max"]))
        items = pc.indices_nonzero(pc.and_(among, pc.greater(pc.take(self.size, self.order), 1)))
        order = pc.take(self.order, items)
        by_code, by_sku = (
            pc.take(items, _found(_joined(owner, text(rows, name)), _once(_joined(order, pc.take(names, items)))))
            for name, names in (("item_code", self.codes), ("sku", self.skus))
        )
        return pc.cast(pc.coalesce(sole, by_code, by_sku), pa.int32())


def _firsts(order: Any) -> Any:
    """The first row of each order; they are counted as they come first."""
    return pc.indices_nonzero(pc.equal(pc.fill_null(pc.pairwise_diff(pc.cumulative_max(order)), 1), 1))


def _joined(order: Any, names: Any) -> Any:
    """Order and name as one text; blank where there is no name."""
    joined = pc.binary_join_element_wise(pc.cast(order, pa.string()), names, " ")
    return pc.if_else(pc.equal(names, ""), "", joined)


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
