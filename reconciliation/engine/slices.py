"""A settlement's order items, some orders at a time: what is compared at once does not grow with the settlement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

ROWS = 25_000
"""Order items that are compared together, about."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some orders: their rows of what was settled and of their totals."""

    settled: Any
    totals: Any


def slices(settled: Any, totals: Any) -> Iterator[Part]:
    """Parts of both tables that belong together, by order number; no order is in two of them, and each row is in one."""
    number = pc.if_else(pc.equal(settled["order_id"], ""), settled["merchant_order_id"], settled["order_id"])
    places = pc.sort_indices(number)
    begin, before = 0, ""
    while True:
        end, upto = _end(number, places, begin + ROWS)
        rows = settled.take(places.slice(begin, end - begin)) if end > begin else settled.slice(0, 0)
        yield Part(rows, totals.filter(_within(totals["order_id"], before, upto)))
        if upto is None:
            return
        begin, before = end, upto


def _end(number: Any, places: Any, at: int) -> tuple[int, str | None]:
    """The first row from there on that begins another order, and that order; None at the end."""
    while at < len(places):
        here: str = number[places[at].as_py()].as_py()
        if here != number[places[at - 1].as_py()].as_py():
            return at, here
        at += 1
    return len(places), None


def _within(orders: Any, first: str, upto: str | None) -> Any:
    inside = pc.greater_equal(orders, first)
    return inside if upto is None else pc.and_(inside, pc.less(orders, pa.scalar(upto)))
