"""Hazardous goods are refused before sending when the shipping method does not carry them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from mappings.core.engine import apply
from mappings.core.values import Facts, Need
from tests.mappings.core.samples import SETTINGS, Everything, arrives, lines, mapped, order_map, plain_order, tables

STREET = {"ShippingAddress": {**plain_order()["ShippingAddress"], "AddressLine1": "12 Pine Street"}}
AIR, GROUND = {"Carrier": "FEDEX", "Class": "2DAY"}, {"Carrier": "UPS", "Class": "GROUND"}


def gas(method: dict[str, str], sku: str = "GAS-1", **more: Any) -> dict[str, Any]:
    first, second = {"UnitPrice": Decimal(5)}, {"UnitPrice": Decimal(10), "SKU": sku}
    return plain_order(first, second, ShippingMethod=method, **(STREET | more))


def test_a_gas_cylinder_by_air_is_refused_in_words_that_name_item_class_and_method() -> None:
    problem = mapped(gas(AIR)).problems[0]
    assert (problem.path, problem.code, problem.value, problem.cause) == ("LineItems[1].SKU", "hazmat", "GAS-1", "hazmat:FEDEX-2D:GAS-1")
    assert "GAS-1 is hazardous goods (class 2.1), which FEDEX-2D does not carry. Choose another shipping method" in problem.message


def test_a_gas_cylinder_on_the_ground_goes() -> None:
    assert lines(mapped(gas(GROUND)), "SKU") == [("TK-1001",), ("GAS-1",)]
    arrives(mapped(gas(GROUND)))


def test_other_goods_go_by_air() -> None:
    arrives(mapped(gas(AIR, "TK-2")))


def test_the_method_that_replaces_one_for_a_po_box_is_judged() -> None:
    address = STREET["ShippingAddress"] | {"AddressLine1": "PO Box 112"}
    assert mapped(gas(AIR, ShippingAddress=address)).problems[0].cause == "hazmat:USPS-PRI:GAS-1"


def test_an_alias_of_a_hazardous_item_is_hazardous() -> None:
    found = mapped(gas(AIR, "OLD-1"), tables={"sku_alias": {"OLD-1": "GAS-7"}})
    assert [problem.value for problem in found.problems] == ["GAS-7"]


def test_a_row_for_the_method_lets_it_go() -> None:
    arrives(mapped(gas(AIR), tables={"allows_hazmat": {"FEDEX-2D": "yes"}}))


def test_a_cancelled_order_is_not_refused() -> None:
    assert mapped(gas(AIR, OrderStatus="Cancelled")).problems == ()


def test_what_the_marketplace_ships_itself_is_not_refused() -> None:
    assert not [one for one in mapped(gas(AIR, FulfilledBy="External")).problems if one.code == "hazmat"]


def test_class_and_existence_are_asked_in_one_round() -> None:
    facts = Facts(tables=tables(), settings=SETTINGS, answers={})
    asked = apply(order_map(), gas(AIR), facts).asked
    assert {(need.kind, need.key) for need in asked if need.stream == "items"} == {
        (kind, key) for kind in ("hazard", "record") for key in ("TK-1001", "GAS-1")
    }


@pytest.mark.parametrize("sku", ["ZZ-1"])
def test_an_item_that_is_not_known_waits_for_itself_and_for_nothing_else(sku: str) -> None:
    class Nobody(Everything):
        def get(self, need: Need, default: Any = None) -> str | None:
            return None if need.kind == "hazard" else super().get(need, default)

    assert [need.kind for need in mapped(gas(AIR, sku), answers=Nobody()).waits] == ["record"]
