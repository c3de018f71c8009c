"""The generated orders: believable, repeatable, exact."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.channeladvisor.standin.failing import REASONS, TOTALS_MISMATCH, UNKNOWN_SKU
from connectors.channeladvisor.standin.orders import Generated, generate
from connectors.sandbox.people import MARKED_PHONE
from connectors.schema import validate
from connectors.wire import encode

NOW = datetime(2026, 11, 20, tzinfo=UTC)
SKUS = [f"TK-{number}" for number in range(1001, 1201)]


def made(**options: Any) -> list[Generated]:
    return list(generate(**{"seed": 4, "count": 1500, "now": NOW, "skus": SKUS, "bundles": {"BDL-1": {"TK-1001": 2}}, **options}))


def control_sum(order: dict[str, Any]) -> Decimal:
    totals = order["Totals"]
    plain = sum(totals[name] for name in ("Items", "Shipping", "GiftWrap", "Insurance", "Recycling", "Additional", "Discount"))
    taxes = totals["Tax"] + totals["ShippingTax"] + totals["GiftWrapTax"]
    return Decimal(plain + (taxes if order["TaxMode"] == "Exclusive" else 0))


def test_the_control_sum_holds_to_the_cent() -> None:
    for one in made(weights={"Amazon US": 3, "Amazon DE": 2, "Amazon JP": 1}):
        assert (control_sum(one.order) == one.order["Totals"]["Grand"]) is (one.expected != TOTALS_MISMATCH)


def test_the_same_seed_gives_the_same_orders() -> None:
    assert made(count=50) == made(count=50)
    assert made(count=50) != made(count=50, seed=5)


def test_every_order_fits_the_schema() -> None:
    assert [problem for one in made(count=300) for problem in validate("connectors.channeladvisor", "order", one.order)] == []


def test_orders_are_unique_in_their_marketplace() -> None:
    names = [(one.order["Marketplace"]["Name"], one.order["OrderID"]) for one in made()]
    assert len(names) == len(set(names))


def test_every_reason_to_fail_occurs_and_nothing_else_is_marked() -> None:
    counted = Counter(one.expected for one in made(failing=0.1))
    assert set(counted) == {"", *REASONS}
    assert set(Counter(one.expected for one in made(failing=0.0))) == {""}


def test_the_variety_of_real_shops_is_there() -> None:
    orders = [one.order for one in made(count=3000)]
    lines = [line for order in orders for line in order["OrderItem"]]
    seen = {
        "bundles": any(line["IsBundle"] and line["BundleComponents"] for line in lines),
        "promotions": any(line["Promotions"] for line in lines),
        "order discounts": any(order["Discounts"] for order in orders),
        "gift wrap": any(line["GiftWrapAmount"] and line["GiftMessage"] for line in lines),
        "missing mail": any(not order["CustomerInfo"]["Email"] for order in orders),
        "PO boxes": any("PO Box" in order["ShippingAddress"]["AddressLine1"] for order in orders),
        "military": any(order["ShippingAddress"]["City"] == "APO" for order in orders),
        "null billing": any(order["BillingAddress"] is None for order in orders),
        "inclusive": any(order["TaxMode"] == "Inclusive" for order in orders),
        "same SKU twice": any(len({line["SKU"] for line in order["OrderItem"]}) < len(order["OrderItem"]) for order in orders),
        "many lines": any(len(order["OrderItem"]) >= 20 for order in orders),
        "repeat buyers": max(Counter(order["CustomerInfo"]["Email"] for order in orders if order["CustomerInfo"]["Email"]).values()) > 1,
    }
    assert [name for name, there in seen.items() if not there] == []


@pytest.mark.parametrize("mark", ["Kanarienvogel"])
def test_marks_stand_wherever_personal_data_stands(mark: str) -> None:
    for one in made(count=100, marks=mark, failing=0.0):
        order = json.loads(encode(one.order))
        address = order["ShippingAddress"]
        for text in (order["CustomerInfo"]["LastName"], address["LastName"], address["AddressLine1"]):
            assert mark in text
        assert order["CustomerInfo"]["Phone"] == MARKED_PHONE


def test_an_order_for_something_unknown_has_it_on_a_line_of_its_own_not_as_a_bundle_whose_components_are_known() -> None:
    spoiled = [one.order["OrderItem"][0] for one in made(failing=1.0, count=400) if one.expected == UNKNOWN_SKU]
    assert {(line["SKU"][:3], line["IsBundle"], len(line["BundleComponents"])) for line in spoiled} == {("ZZ-", False, 0)}
