"""Matching by columns gives what matching order by order gives."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciliation.core.lines import Kind, Sum
from reconciliation.core.matching.collect import KEYS, Collected, summed, units
from reconciliation.core.matching.columns import match_tables
from reconciliation.core.matching.expected import Expected
from reconciliation.core.matching.orders import matches_of
from reconciliation.core.matching.result import Match, Result
from reconciliation.core.matching.tables import PRICES, expected_table
from reconciliation.core.matching.tolerance import Rules
from tests.reconciliation.core.matching import strategies
from tests.reconciliation.core.matching.make import (
    COMMISSION,
    ORDER,
    PRINCIPAL,
    REFUND,
    REFUND_COMMISSION,
    SHIPPING,
    TAX,
    TODAY,
    WITHHELD,
    item,
    line,
    order,
)
from tests.reconciliation.core.matching.test_notes import REFUNDS
from tests.reconciliation.core.matching.test_orders import RESULTS

CENTS = Decimal(100)


def block(sums: list[Sum], kinds: list[Kind], *, minor: bool) -> Any:
    """Sums as a block of lines, with amounts in cents or as decimals."""
    columns: dict[str, Any] = {name: pa.array([getattr(one, name) for one in sums], pa.string()) for name in KEYS}
    amounts = pa.array([one.amount for one in sums], pa.decimal128(20, 4))
    columns["amount"] = pa.array([int(one.amount * CENTS) for one in sums], pa.int64()) if minor else amounts
    columns["kind"] = pa.array([kinds.index(one.kind) for one in sums], pa.int16())
    columns["lines"] = pa.array([one.lines for one in sums], pa.int32())
    columns["sku"] = columns["sku"].dictionary_encode()
    return pa.table(columns)


def collected(sums: list[Sum], *, size: int = 3, minor: bool = True) -> Collected:
    kinds, found = list(dict.fromkeys(one.kind for one in sums)), Collected()
    for start in range(0, len(sums), size):
        found.add(block(sums[start : start + size], kinds, minor=minor), kinds, digits=2)
    return found


def by_columns(orders: list[Expected], sums: list[Sum], **how: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[Match]]:
    rows, expected = collected(sums, **how).table(), expected_table(orders)
    if how.get("minor", True):
        whole = {name: units(expected[name], 4) for name in PRICES}
        expected = pa.table({name: whole.get(name, expected[name]) for name in expected.column_names})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reconciliation.core.matching.columns.AT_ONCE", 2)
        found = match_tables(rows, expected, currency="USD", today=TODAY, rules=Rules())
    return found.clean.to_pylist(), found.unknown.to_pylist(), list(found.others)


def row(match: Match) -> dict[str, Any]:
    return {"order_id": match.order_id, "settled": match.settled, "refunded": match.refunded, "fees": match.fees}


def agree(orders: list[Expected], sums: list[Sum], **how: Any) -> None:
    """Fails unless both ways give the same."""
    clean, unknown, others = by_columns(orders, sums, **how)
    expected = matches_of(sums, orders, currency="USD", today=TODAY, rules=Rules())
    rest = [match for match in expected if (match.order_id, match.key) in {(one.order_id, one.key) for one in others}]
    assert sorted(others, key=lambda one: (one.order_id, one.key)) == rest
    simple = [match for match in expected if match not in rest]
    assert sorted(clean, key=str) == sorted(({"key": one.key} | row(one) for one in simple if one.key), key=str)
    assert sorted(unknown, key=str) == sorted((row(one) for one in simple if not one.key), key=str)
    assert {(one.result, one.flags) for one in simple} <= {(Result.MATCHED, ()), (Result.UNMATCHED_ORDER, ())}


@given(strategies.settlements(), st.integers(1, 9), st.booleans())
def test_columns_and_single_orders_give_the_same(case: tuple[list[Expected], list[Sum]], size: int, minor: bool) -> None:
    agree(*case, size=size, minor=minor)


TWO = order(item("20.00"), item("30.00", code="2", sku="CUP"))
SALE = [line(PRINCIPAL, "20.00"), line(COMMISSION, "-3.00")]
BOTH = [*SALE, line(PRINCIPAL, "30.00", code="2", sku="CUP")]
BACK = line(REFUND_COMMISSION, "3.00")
EXAMPLES = [
    *((case[1], case[2]) for case in RESULTS),
    *((replace(order(item("20.00")), returned=returned), [*lines, *SALE]) for returned, lines, _ in REFUNDS),
    (order(item("20.00", tax="1.60")), [*SALE, line(TAX, "1.60"), line(WITHHELD, "-1.50")]),
    (order(item("20.00")), [*SALE, line(TAX, "1.60"), line(WITHHELD, "-1.60")]),
    (order(item("20.00")), [*SALE, line(TAX, "1.60"), line(WITHHELD, "-1.50")]),
    (TWO, [*BOTH, line(REFUND, "-25.00"), BACK]),
    (TWO, [*BOTH, line(REFUND, "-55.00", code="", sku=""), BACK]),
    (TWO, [*BOTH, line(("Chargeback Refund", "ItemPrice", "Principal"), "-20.00")]),
    (TWO, [*BOTH, line(PRINCIPAL, "5.00", code="", sku="")]),
    (TWO, SALE),
    (order(item("20.00", shipping="5.00")), [line(PRINCIPAL, "19.00"), line(SHIPPING, "6.00")]),
    (order(item("20.00"), item(code="", sku="", shipping="5.00")), [*SALE, line(SHIPPING, "4.00")]),
]


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_columns_and_single_orders_agree_on_every_example(number: int) -> None:
    expected, lines = EXAMPLES[number]
    agree([expected] if expected else [], lines)


@pytest.mark.parametrize("minor", [True, False])
def test_an_order_that_matches_is_not_looked_at_by_itself(minor: bool) -> None:
    lines = [line(PRINCIPAL, "20.00"), line(SHIPPING, "5.00"), line(COMMISSION, "-3.00")]
    clean, unknown, others = by_columns([order(item("20.00", shipping="5.00"))], lines, minor=minor)
    assert clean == [{"key": "7", "order_id": ORDER, "settled": Decimal("25.0000"), "refunded": 0, "fees": Decimal("-3.0000")}]
    assert (unknown, others) == ([], [])


def test_a_refund_with_its_commission_needs_no_look_either() -> None:
    lines = [line(PRINCIPAL, "20.00"), line(COMMISSION, "-3.00"), line(REFUND, "-20.00"), line(REFUND_COMMISSION, "2.40")]
    [clean], unknown, others = by_columns([order(item("20.00"))], lines)
    assert (clean["refunded"], clean["fees"], unknown, others) == (Decimal(-20), Decimal("-0.6"), [], [])
    _, [unknown_one], none = by_columns([], lines)
    assert (unknown_one["refunded"], none) == (Decimal(-20), [])


def test_tax_that_the_marketplace_keeps_needs_no_look_where_the_order_knows_none() -> None:
    clean, _, others = by_columns([order(item("20.00"))], [line(PRINCIPAL, "20.00"), line(TAX, "1.60"), line(WITHHELD, "-1.60")])
    assert (len(clean), others) == (1, [])


def test_a_cent_in_a_table_is_found() -> None:
    _, _, [match] = by_columns([order(item("20.00"))], [line(PRINCIPAL, "19.99")])
    assert (match.result, match.difference) == (Result.WITHIN_TOLERANCE, Decimal("-0.01"))


def test_orders_that_the_hub_does_not_know_cost_no_look_each() -> None:
    _, unknown, others = by_columns([], [line(PRINCIPAL, "20.00"), line(COMMISSION, "-3.00")])
    assert unknown == [{"order_id": ORDER, "settled": Decimal("20.0000"), "refunded": 0, "fees": Decimal("-3.0000")}]
    assert others == []


def test_a_settlement_without_orders_has_no_matches() -> None:
    assert by_columns([], []) == ([], [], [])
    assert by_columns([order(item("20.00"))], [line(("ServiceFee", "Cost of Advertising", "TransactionTotalAmount"), "-9.00")]) == (
        [],
        [],
        [],
    )


def test_lines_of_an_item_that_stand_apart_are_added_up() -> None:
    other = [replace(one, order_id="9", merchant_order_id="9") for one in (line(PRINCIPAL, "1.00"), line(SHIPPING, "1.00"))]
    sums = [line(PRINCIPAL, "20.00"), other[0], line(SHIPPING, "5.00"), other[1]]
    assert len(by_columns([order(item("20.00", shipping="5.00"))], sums, size=1)[0]) == 1
    rows = collected(sums).table()
    assert (rows.num_rows, summed(rows).num_rows) == (4, 2)


def test_rows_that_pile_up_are_added_up_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciliation.core.matching.collect.PENDING", 3)
    many = [line(kind, "1.00", order_id=str(number)) for _ in range(5) for kind in (PRINCIPAL, SHIPPING) for number in range(2)]
    assert collected(many, size=2).table().num_rows <= 4
