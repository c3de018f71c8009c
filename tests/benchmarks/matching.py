"""How long a settlement's orders take to match, and how much memory: `python -m tests.benchmarks.matching [orders] [differing per 1,000]`.

Five lines an order as a file has them, in blocks of 20,000 lines; making the lines is not counted.
"""

from __future__ import annotations

import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

import pyarrow as pa

from reconciliation.core.lines import Kind
from reconciliation.core.matching.collect import Collected
from reconciliation.core.matching.columns import match_tables
from reconciliation.core.matching.tables import EXPECTED
from reconciliation.core.matching.tolerance import Rules

KINDS = (
    Kind("Order", "ItemPrice", "Principal"),
    Kind("Order", "ItemPrice", "Shipping"),
    Kind("Order", "ItemPrice", "Tax"),
    Kind("Order", "ItemWithheldTax", "MarketplaceFacilitatorTax-Principal"),
    Kind("Order", "ItemFees", "Commission"),
)
AMOUNTS = (2000, 500, 160, -160, -300)
AT_ONCE = 4000
SHORT = 100
"""What is missing of the price of an order that differs, in cents."""


def main(orders: int = 200_000, differing: int = 10) -> None:
    """Matches that many orders and prints what it took."""
    expected = expected_of(orders)
    before, collected, spent = peak(), Collected(), 0.0
    for block in blocks(orders, differing):
        start = time.perf_counter()
        collected.add(block, KINDS, digits=2)
        spent += time.perf_counter() - start
    start = time.perf_counter()
    found = match_tables(collected.table(), expected, currency="USD", today=date(2026, 11, 21), rules=Rules())
    bulk = time.perf_counter() - start
    results = Counter({"matched": found.clean.num_rows}) + Counter(match.result.value for match in found.others)
    single = time.perf_counter() - start - bulk
    print(f"{orders:,} orders, {orders * len(KINDS):,} lines:", ", ".join(f"{count:,} {name}" for name, count in results.items()))
    print(f"added up in {spent:.2f} s, compared in {bulk:.2f} s, the others one by one in {single:.2f} s")
    print(f"peak of the process {peak():.0f} MB, {before:.0f} MB of it before (the orders: {expected.nbytes / 1e6:.0f} MB)")


def peak() -> float:
    """The most memory the process ever had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def expected_of(orders: int) -> Any:
    """The orders as the hub expects them."""
    numbers = range(orders)
    money = {"price": 200_000, "shipping": 50_000, "giftwrap": 0, "promotions": 0, "tax": 16_000}
    rows = {
        "key": pa.array(map(str, numbers), pa.string()),
        **{name: pa.array(map(order_id, numbers), pa.string()) for name in ("order_id", "merchant_order_id")},
        "item_code": pa.array((f"{number:014d}" for number in numbers), pa.string()),
        "sku": pa.array((f"SKU-{number % 5000}" for number in numbers), pa.string()),
        **{name: pa.repeat(pa.scalar(amount, pa.int64()), orders) for name, amount in money.items()},
        "quantity": pa.repeat(pa.scalar(1, pa.int32()), orders),
        "currency": pa.repeat("USD", orders),
        "shipped_on": pa.repeat(pa.scalar(date(2026, 11, 11)), orders),
        **{name: pa.repeat(False, orders) for name in ("gross", "multi_channel")},
        "returned": pa.nulls(orders, pa.bool_()),
    }
    return pa.table({name: rows[name] for name in EXPECTED.names})


def order_id(number: int) -> str:
    """An order id as Amazon writes it."""
    return f"112-{number:07d}-{number * 7 % 10**7:07d}"


def blocks(orders: int, differing: int) -> Iterator[Any]:
    """The settlement's lines, a block at a time; of every 1,000 orders so many are short."""
    for start in range(0, orders, AT_ONCE):
        numbers = [number for number in range(start, min(start + AT_ONCE, orders)) for _ in KINDS]
        kinds = [kind for _ in range(len(numbers) // len(KINDS)) for kind in range(len(KINDS))]
        ids = pa.array(map(order_id, numbers), pa.string())
        short = [SHORT if kind == 0 and number % 1000 < differing else 0 for number, kind in zip(numbers, kinds, strict=True)]
        yield pa.table(
            {
                "order_id": ids,
                "merchant_order_id": ids,
                "item_code": pa.array((f"{number:014d}" for number in numbers), pa.string()),
                "sku": pa.array((f"SKU-{number % 5000}" for number in numbers), pa.string()),
                "marketplace": pa.repeat("Amazon.com", len(numbers)),
                "kind": pa.array(kinds, pa.int16()),
                "amount": pa.array((AMOUNTS[kind] - less for kind, less in zip(kinds, short, strict=True)), pa.int64()),
            }
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
