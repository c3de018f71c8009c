"""Whatever Amazon sells: TIMS's sum of the mapped order is what the buyer paid, or the order stops with TOTALS."""

from __future__ import annotations

import copy
import random
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.amazon.standin.failing import TOTALS_MISMATCH
from connectors.amazon.standin.order_totals import add_tip, market_of
from connectors.amazon.standin.orders import KINDS, USUAL, cancel_lines, generate, ship_all
from mappings.core.engine import apply
from mappings.core.values import Facts, Outcome
from tests.mappings.core.samples import SETTINGS, Everything, compiled_starter, tables

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
SKUS = tuple(f"TK-{number}" for number in range(1001, 1061))
RULES = compiled_starter("amazon-order-to-tims-sales-order", "connectors.tims", "sales_order")
RATES = {f"{currency}|2026-11-{day}": "1.1" for currency in ("EUR", "GBP", "CAD", "JPY") for day in range(15, 21)}
FACTS = Facts(tables=tables() | {"rates": RATES}, settings=SETTINGS | {"default_shipping_method": "UPS-GND"}, answers=Everything())
ZERO = Decimal(0)
Order = dict[str, Any]


def orders(kind: str, *, count: int = 40) -> list[Order]:
    found = generate(seed=count, count=count, now=NOW, skus=SKUS, failing=0.0, weights=dict.fromkeys(USUAL, 1), kinds={kind: 1})
    return [one.order for one in found]


def mapped(order: Order) -> Outcome:
    return apply(RULES, order, FACTS)


def as_tims_computes_it(payload: Order) -> Decimal:
    """TIMS contract, 5.2."""
    lines, charges = payload["LineItems"], payload.get("Charges") or []
    taxes = sum((one.get("TaxAmount") or ZERO for one in (*lines, *charges)), ZERO)
    worth = sum((one["ExtendedAmount"] + (one.get("DiscountAmount") or ZERO) for one in lines), ZERO)
    return Decimal(worth + sum((one.get("Amount") or ZERO for one in charges), ZERO) + (ZERO if payload["PricesIncludeTax"] else taxes))


def paid(order: Order) -> Decimal:
    return Decimal(order["proceeds"]["grandTotal"]["amount"])


def balances(order: Order) -> None:
    found = mapped(order)
    assert found.problems == (), order["orderId"]
    assert (found.payload["TotalAmount"], as_tims_computes_it(found.payload)) == (paid(order), paid(order)), order["orderId"]


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - {"cancelled", "non_amazon"}))
def test_what_tims_adds_up_is_what_the_buyer_paid(kind: str) -> None:
    for order in orders(kind):
        balances(order)


def test_the_total_stays_right_when_a_tip_is_settled_and_the_order_shipped() -> None:
    for order in orders("plain"):
        market = market_of(order)
        add_tip(order, market, status="FINALIZED")
        balances(order)
        ship_all(order)
        balances(order)


@pytest.mark.parametrize("direction", [1, -1])
def test_one_amount_that_is_wrong_by_more_than_cents_stops_the_order(direction: int) -> None:
    chance = random.Random(1)
    for order in orders("plain", count=30):
        wrong = copy.deepcopy(order)
        row = chance.choice([row for line in wrong["orderItems"] for row in line["proceeds"]["breakdowns"] if row["type"] == "ITEM"])
        amount = Decimal(row["subtotal"]["amount"])
        row["subtotal"]["amount"] = str(amount + direction * max(Decimal(20), amount // 2))
        assert mapped(wrong).hold == "TOTALS", order["orderId"]


def test_taxes_are_never_below_nothing_and_deductions_never_above() -> None:
    for order in orders("plain"):
        payload = mapped(order).payload
        assert all(line["TaxAmount"] >= 0 >= line["DiscountAmount"] for line in payload["LineItems"])


def test_the_contained_tax_of_an_order_is_the_whole_tax_that_amazon_names() -> None:
    for order in orders("cod") + orders("plain"):
        payload = mapped(order).payload
        told = sum((one.get("TaxAmount") or ZERO for one in (*payload["LineItems"], *(payload.get("Charges") or ()))), ZERO)
        named = [row for line in order["orderItems"] for row in line["proceeds"]["breakdowns"] if row["type"] == "TAX"]
        assert told == sum((Decimal(row["subtotal"]["amount"]) for row in named), ZERO), order["orderId"]


def test_an_order_of_which_one_line_is_left_is_worth_that_line() -> None:
    for order in orders("part_cancelled"):
        balances(order)
    for order in orders("cancelled"):
        cancel_lines(order, order["orderItems"], by="BUYER", reason="Buyer cancelled")
        payload = mapped(order).payload
        assert (payload["OrderStatus"], payload["TotalAmount"]) == ("Cancelled", 0)


def test_an_order_that_is_made_with_wrong_totals_stops_with_totals() -> None:
    made = generate(seed=3, count=400, now=NOW, skus=SKUS, failing=0.5, weights=dict.fromkeys(USUAL, 1))
    wrong = [one.order for one in made if one.expected == TOTALS_MISMATCH]
    assert len(wrong) > 20
    assert {mapped(order).hold for order in wrong} == {"TOTALS"}


@pytest.mark.parametrize("kind", ["plain", "fba", "part_cancelled", "cod"])
def test_a_line_whose_own_total_is_another_one_stops_the_order(kind: str) -> None:
    for order in orders(kind, count=20):
        line = next(one for one in order["orderItems"] if one["quantityOrdered"])
        line["proceeds"]["proceedsTotal"]["amount"] = str(Decimal(line["proceeds"]["proceedsTotal"]["amount"]) + 3)
        assert [one.code for one in mapped(order).problems] == ["totals"], order["orderId"]


def test_a_line_without_a_total_of_its_own_stops_nothing() -> None:
    for order in orders("plain", count=10):
        del order["orderItems"][0]["proceeds"]["proceedsTotal"]
        balances(order)
