"""Expected orders and settled rows as columns, and single orders out of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import groupby
from typing import Any

import pyarrow as pa

from reconciliation.core.matching.collect import KEYS, PLACES, PRICE_LINES, column
from reconciliation.core.matching.expected import ZERO, Expected, ExpectedItem
from reconciliation.core.matching.settled import Settled
from reconciliation.core.matching.slots import Slot

MONEY = pa.decimal128(20, PLACES)
PRICES = ("price", "shipping", "giftwrap", "promotions", "tax")
SLOTS = tuple(map(column, Slot))
OF_ORDER = ("key", "order_id", "merchant_order_id", "currency", "shipped_on", "gross", "multi_channel", "returned")
EXPECTED = pa.schema(
    [
        ("key", pa.string()),
        ("order_id", pa.string()),
        ("merchant_order_id", pa.string()),
        ("item_code", pa.string()),
        ("sku", pa.string()),
        *((name, MONEY) for name in PRICES),
        ("quantity", pa.int32()),
        ("currency", pa.string()),
        ("shipped_on", pa.date32()),
        ("gross", pa.bool_()),
        ("multi_channel", pa.bool_()),
        ("returned", pa.bool_()),
    ]
)
"""One row per item of an order, with what belongs to the order repeated; fields as in Expected and ExpectedItem. Nothing but
`shipped_on` and `returned` may be null. Text columns may be dictionaries, and amounts whole numbers of 0.0001 (int64), which take half
the memory."""
AT_ONCE = 5000


def expected_table(orders: Iterable[Expected]) -> Any:
    """Orders as a table of EXPECTED. An order without items has one row of zeros."""
    rows = [
        {name: getattr(order, name) for name in OF_ORDER} | {name: getattr(item, name) for name in ExpectedItem.__slots__}
        for order in orders
        for item in order.items or (ExpectedItem(),)
    ]
    return pa.Table.from_pylist(rows, EXPECTED)


def order_of(rows: list[dict[str, Any]]) -> Expected:
    """The order whose items these rows of EXPECTED are."""
    first = rows[0]
    items = tuple(ExpectedItem(**{name: _value(row[name], name) for name in ExpectedItem.__slots__}) for row in rows)
    return Expected(**{name: first[name] for name in OF_ORDER}, items=items)


def _value(value: Any, name: str) -> Any:
    return money(value) if name in PRICES and not isinstance(value, Decimal) else value


def settled_row(row: dict[str, Any]) -> Settled:
    """A row of `collect.Collected`."""
    amounts = tuple([money(row.get(name)) for name in SLOTS])
    return Settled(**{name: row[name] for name in KEYS}, amounts=amounts, price_lines=row[PRICE_LINES])


def money(units: int | None) -> Decimal:
    """A whole number of 0.0001 as an amount; a null is none."""
    return Decimal(units).scaleb(-PLACES) if units else ZERO


def grouped(table: Any, by: str) -> Iterator[tuple[Any, list[dict[str, Any]]]]:
    """Rows of a table sorted by a column, group by group, few of them in memory as values at a time."""
    rows = (row for batch in table.to_batches(max_chunksize=AT_ONCE) for row in batch.to_pylist())
    return ((value, list(group)) for value, group in groupby(rows, key=lambda row: row[by]))
