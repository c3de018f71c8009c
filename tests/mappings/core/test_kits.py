"""Bundles as one line, or as their components with the money shared out exactly."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from mappings.core.values import Need, Outcome
from tests.mappings.core.samples import Everything, mapped, plain_order

D = Decimal
PARTS = [{"SKU": "TK-1", "Quantity": 2, "Title": "One"}, {"SKU": "TK-2", "Quantity": 4, "Title": "Two"}]
BUNDLE = {"SKU": "BDL-1", "Quantity": 2, "UnitPrice": D("50.00"), "TaxAmount": D("8.01"), "DiscountAmount": D("-1.00"), "ItemID": 77,
          "IsBundle": True, "BundleComponents": PARTS, "GiftMessage": "Hello"}  # fmt: skip


def kit(mode: str, **more: Any) -> Outcome:
    return mapped(plain_order(BUNDLE, {"UnitPrice": D("5.00"), "ItemID": 78}), settings={"kit_mode": mode}, **more)


def test_a_bundle_without_components_stays_one_line() -> None:
    for components in (None, [], "text", [{}], [5]):
        found = mapped(plain_order(BUNDLE | {"BundleComponents": components}), settings={"kit_mode": "explode"})
        assert [line["SKU"] for line in found.payload["LineItems"]] == ["BDL-1"]


def test_by_default_a_bundle_is_one_line() -> None:
    assert [line["ExternalLineID"] for line in kit("").payload["LineItems"]] == ["77", "78"]


@pytest.mark.parametrize(
    ("mode", "skus"), [("explode", ["BDL-1", "TK-1", "TK-2", "TK-1001"]), ("component_only", ["TK-1", "TK-2", "TK-1001"])]
)
def test_an_exploded_bundle_shares_its_money_by_quantity(mode: str, skus: list[str]) -> None:
    found = kit(mode)
    lines = found.payload["LineItems"]
    assert (found.problems, [line["SKU"] for line in lines]) == ((), skus)
    assert [line["ExtendedAmount"] for line in lines[-3:]] == [D("33.33"), D("66.67"), D("5.00")]
    assert sum(line["DiscountAmount"] for line in lines) == D("-1.00")
    assert sum(line["TaxAmount"] for line in lines) == D("8.01")
    assert found.payload["TotalAmount"] == D("112.01")
    assert len({line["ExternalLineID"] for line in lines}) == len(lines)


def test_the_line_of_an_exploded_bundle_holds_no_money_and_is_marked() -> None:
    parent = kit("explode").payload["LineItems"][0]
    assert (parent["IsKit"], parent["Price"], parent["ExtendedAmount"], parent["Quantity"]) == (True, 0, 0, 2)


def test_components_say_of_which_line_they_are_parts_and_how_many_make_one_unit() -> None:
    lines = kit("explode").payload["LineItems"]
    assert [line["ExternalLineID"] for line in lines] == ["77", "77-1*1", "77-2*2", "78"]
    assert [line.get("KitParentExternalLineID") for line in lines] == [None, "77", "77", None]
    assert [line["ExternalLineID"] for line in kit("component_only").payload["LineItems"]] == ["77-1*1", "77-2*2", "78"]


def test_cancelled_units_of_a_bundle_change_nothing_in_the_names_of_its_parts() -> None:
    found = mapped(plain_order(BUNDLE | {"QuantityCancelled": 1}), settings={"kit_mode": "explode"})
    assert [line["ExternalLineID"] for line in found.payload["LineItems"]] == ["77", "77-1*1", "77-2*2"]


def test_components_that_do_not_divide_stay_exact() -> None:
    odd = [{"SKU": "TK-1", "Quantity": 3}, {"SKU": "TK-2", "Quantity": 0}]
    found = mapped(plain_order(BUNDLE | {"BundleComponents": odd}), settings={"kit_mode": "component_only"})
    assert found.payload["LineItems"][0]["ExternalLineID"] == "77-1*3/2"


def test_the_gift_message_of_a_bundle_is_printed_once() -> None:
    assert ["GiftMessage" in line for line in kit("component_only").payload["LineItems"]] == [True, False, False]


def test_an_unknown_bundle_with_known_components_is_sent_as_components_with_a_warning() -> None:
    class NoBundles(Everything):
        def get(self, need: Need, default: Any = None) -> str | None:
            return None if need.key == "BDL-1" else super().get(need)

    found = kit("parent", answers=NoBundles())
    assert [line["SKU"] for line in found.payload["LineItems"]] == ["TK-1", "TK-2", "TK-1001"]
    assert "kit:BDL-1" in [warning.cause for warning in found.warnings]
    assert found.waits == ()


def test_an_unknown_bundle_with_an_unknown_component_waits_for_the_bundle() -> None:
    class Nothing(Everything):
        def get(self, need: Need, default: Any = None) -> str | None:
            return None if need.key in ("BDL-1", "TK-2") else super().get(need)

    assert [(need.key, need.path) for need in kit("parent", answers=Nothing()).waits] == [("BDL-1", "LineItems[0].SKU")]


def test_cancelled_units_of_a_bundle_are_cancelled_in_its_components() -> None:
    found = mapped(plain_order(BUNDLE | {"QuantityCancelled": 1}), settings={"kit_mode": "component_only"})
    assert [line["Quantity"] for line in found.payload["LineItems"]] == [1, 2]
    assert sum(line["ExtendedAmount"] for line in found.payload["LineItems"]) == D("50.01")
