"""The generated orders of Amazon: believable, repeatable, exact."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.amazon.standin.failing import MISSING_SKU, PERSONAL_DATA_REMOVED, REASONS, TOTALS_MISMATCH, UNKNOWN_SKU
from connectors.amazon.standin.order_totals import market_of
from connectors.amazon.standin.orders import KINDS, Generated, generate
from connectors.sandbox.people import MARKED_PHONE
from tests.connectors.amazon.models import valid

NOW = datetime(2026, 11, 20, tzinfo=UTC)
SKUS = [f"TK-{number}" for number in range(1001, 1201)]


def made(**options: Any) -> list[Generated]:
    return list(generate(**{"seed": 4, "count": 400, "now": NOW, "skus": SKUS, **options}))


def amount(money: dict[str, str]) -> Decimal:
    return Decimal(money["amount"])


def adds_up(order: dict[str, Any]) -> bool:
    """The parts of every line give its total, discounts with either sign; the lines and the tip give the grand total."""
    whole = sum(amount(row["subtotal"]) for row in order["proceeds"]["breakdowns"] if row["type"] == "DELIVERY_TIP")
    for line in (one for one in order["orderItems"] if "proceeds" in one):
        total = amount(line["proceeds"]["proceedsTotal"])
        parts = {row["type"]: amount(row["subtotal"]) for row in line["proceeds"]["breakdowns"]}
        tax = parts.pop("TAX", Decimal(0))
        plain = sum(parts.values()) - 2 * max(parts.get("DISCOUNT", Decimal(0)), Decimal(0))
        if total != plain + (0 if market_of(order).inclusive else tax):
            return False
        whole += total
    return whole == amount(order["proceeds"]["grandTotal"])


def test_the_parts_add_up_to_the_cent_except_where_they_must_not() -> None:
    for one in made(failing=0.1):
        assert adds_up(one.order) is (one.expected != TOTALS_MISMATCH), one.order["orderId"]


def test_the_same_seed_gives_the_same_orders() -> None:
    assert made(count=50) == made(count=50)
    assert made(count=50) != made(count=50, seed=5)


def test_every_order_fits_amazons_published_model() -> None:
    assert [problem for one in made(count=120) for problem in valid("orders_2026-01-01.json", "Order", one.order)] == []


def test_order_and_line_numbers_are_unique_across_two_generations() -> None:
    orders = [one.order for one in made() + made(first=401)]
    lines = [line["orderItemId"] for order in orders for line in order["orderItems"]]
    assert len({order["orderId"] for order in orders}) == len(orders)
    assert len(set(lines)) == len(lines)


def test_every_reason_to_fail_occurs_and_is_really_there() -> None:
    failing = [one for one in made(failing=0.2) if one.expected]
    assert {one.expected for one in failing} == set(REASONS)
    for one in failing:
        product = one.order["orderItems"][0]["product"]
        seen = {
            UNKNOWN_SKU: product.get("sellerSku", "").startswith("ZZ-"),
            MISSING_SKU: "sellerSku" not in product,
            TOTALS_MISMATCH: not adds_up(one.order),
            PERSONAL_DATA_REMOVED: "recipient" not in one.order,
        }
        assert seen[one.expected]


def test_nothing_is_marked_where_nothing_shall_fail() -> None:
    assert {one.expected for one in made(failing=0.0)} == {""}


def test_what_is_no_order_to_take_over_is_said() -> None:
    for one in made():
        status, channel = one.order["fulfillment"]["fulfillmentStatus"], one.order["salesChannel"]["channelName"]
        expected = {"PENDING": "pending", "CANCELLED": "cancelled"}.get(status, "non_amazon" if channel == "NON_AMAZON" else "")
        assert one.skipped == expected


def test_nothing_of_an_unpaid_order_is_shipped() -> None:
    for one in made(kinds={"pending": 1}):
        assert {line["fulfillment"]["quantityFulfilled"] for line in one.order["orderItems"]} == {0}


def test_the_variety_of_real_shops_is_there() -> None:
    generated = made(count=1200, weights={"US": 50, "CA": 10, "UK": 10, "DE": 15, "JP": 15})
    orders = [one.order for one in generated]
    lines = [line for order in orders for line in order["orderItems"]]
    discounts = [row for line in lines if "proceeds" in line for row in line["proceeds"]["breakdowns"] if row["type"] == "DISCOUNT"]
    addresses = [order["recipient"]["deliveryAddress"] for order in orders if "recipient" in order]
    seen = {
        "all kinds": {one.kind for one in generated} == set(KINDS),
        "five marketplaces": len({order["salesChannel"].get("marketplaceId") for order in orders} - {None}) == 5,
        "positive discounts": any(amount(row["subtotal"]) > 0 for row in discounts),
        "negative discounts": any(amount(row["subtotal"]) < 0 for row in discounts),
        "gift messages": any(line["fulfillment"].get("packing") for line in lines),
        "IOSS": any(line["fulfillment"].get("shipping") for line in lines),
        "facilitator": any(line.get("tax", {}).get("taxCollections") for line in lines),
        "cash on delivery": any(row["type"] == "COD_FEE" for order in orders for row in order["proceeds"]["breakdowns"]),
        "tips": any(row["type"] == "DELIVERY_TIP" for order in orders for row in order["proceeds"]["breakdowns"]),
        "replacements for nothing": any(order.get("associatedOrders") and not amount(order["proceeds"]["grandTotal"]) for order in orders),
        "PO boxes": any("PO Box" in one["addressLine1"] for one in addresses),
        "business prices": any("priceDesignation" in line["product"]["price"] for line in lines),
        "fifteen lines": max(len(order["orderItems"]) for order in orders) == 15,
        "no address at Amazon": not any("recipient" in order for order in orders if order["fulfillment"]["fulfilledBy"] == "AMAZON"),
        "yen without decimals": any("." not in order["proceeds"]["grandTotal"]["amount"] for order in orders),
        "lines without quantity": any(
            one.kind == "part_cancelled" and not one.order["orderItems"][-1]["quantityOrdered"] for one in generated
        ),
        "what no model knows": any("promiseCalculationInputs" in order["fulfillment"] for order in orders),
        "repeat buyers": max(Counter(order["buyer"].get("buyerEmail", "") for order in orders if order.get("buyer")).values()) > 1,
    }
    assert [name for name, there in seen.items() if not there] == []


@pytest.mark.parametrize("mark", ["Kanarienvogel"])
def test_marks_stand_wherever_personal_data_stands(mark: str) -> None:
    for one in made(count=100, marks=mark, failing=0.0, kinds={"plain": 1}):
        address = one.order["recipient"]["deliveryAddress"]
        assert all(mark in text for text in (one.order["buyer"]["buyerName"], address["name"], address["addressLine1"]))
        assert address["phone"] == MARKED_PHONE
