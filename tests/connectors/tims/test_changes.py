"""What a change of the channel's order becomes in TIMS, as tables."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connectors.base import Payload
from connectors.tims import changes
from tests.connectors.tims.orders import ADDRESS, order

UNITS = dict.fromkeys(("QuantityAllocated", "QuantityShipped", "QuantityCancelled", "QuantityInvoiced"), 0)


def held(**more: Any) -> Payload:
    """The order as TIMS holds it."""
    made = order(OrderStatus="Open", Version=1)
    made["LineItems"] = [{"LineNumber": at + 1, **UNITS, **line} for at, line in enumerate(made["LineItems"])]
    return {**made, **more}


def lines(*quantities: int, **first: Any) -> list[Payload]:
    made = [{**line, "Quantity": count} for line, count in zip(order()["LineItems"], quantities, strict=False)]
    return [{**made[0], **first}, *made[1:]] if made else []


def test_nothing_differs_and_nothing_is_done() -> None:
    assert changes.plan(held(), order()).empty


@pytest.mark.parametrize(
    ("wanted", "patch"),
    [
        ({"ShippingAddress": {**ADDRESS, "AddressLine1": "99 New Road"}}, {"ShippingAddress": {"AddressLine1": "99 New Road"}}),
        ({"ShippingAddress": {**ADDRESS, "AddressLine2": None}}, {}),
        ({"ShippingMethod": "UPS-GND"}, {"ShippingMethod": "UPS-GND"}),
        ({"RequestedShipDate": "2026-11-25"}, {"RequestedShipDate": "2026-11-25"}),
        ({"PaymentStatus": "Refunded"}, {"PaymentStatus": "Refunded"}),
        ({"PaymentStatus": "Unpaid"}, {}),
        ({"Notes": "Ring twice"}, {"Notes": "Leave at the door\nRing twice"}),
        ({"Notes": None, "ShippingMethod": None, "ShippingAddress": None}, {}),
        ({"ShippingAddress": {**ADDRESS, "Name": None, "AddressLine1": None, "City": "Erased"}}, {}),
    ],
)
@pytest.mark.parametrize("status", ["Open", "OnHold"])
def test_an_unshipped_order_is_patched_with_what_differs(wanted: Payload, patch: Payload, status: str) -> None:
    made = changes.plan(held(OrderStatus=status, Hold={"Code": "CREDIT"}), order(**wanted))
    assert (made.patch, made.conflicts) == (patch, [])


@pytest.mark.parametrize("status", ["PartiallyFulfilled", "Fulfilled", "Completed", "Draft"])
@pytest.mark.parametrize("wanted", [{"ShippingAddress": {**ADDRESS, "City": "Tacoma"}}, {"ShippingMethod": "UPS-GND"}])
def test_address_and_method_after_the_warehouse_has_the_order_are_for_a_person(status: str, wanted: Payload) -> None:
    made = changes.plan(held(OrderStatus=status), order(**wanted))
    assert [one.code for one in made.conflicts] == ["conflict"]
    assert made.patch == {}
    assert "Tacoma" not in repr(made.conflicts)


@pytest.mark.parametrize("wanted", [{"Notes": "Ring twice"}, {"PaymentStatus": "Refunded"}, {"RequestedShipDate": "2026-11-25"}])
def test_what_no_longer_matters_after_shipping_is_only_said(wanted: Payload) -> None:
    made = changes.plan(held(OrderStatus="Fulfilled"), order(**wanted))
    assert (made.patch, made.conflicts, len(made.warnings)) == ({}, [], 1)


@pytest.mark.parametrize(
    ("wanted", "cancel"),
    [
        (lines(1, 1), [{"LineNumber": 1, "Quantity": 1}]),
        (lines(2), [{"LineNumber": 2, "Quantity": 1}]),
        ([lines(2, 1)[1]], [{"LineNumber": 1, "Quantity": 2}]),
    ],
)
def test_fewer_units_are_cancelled_and_the_changed_total_is_no_conflict(wanted: list[Payload], cancel: list[Payload]) -> None:
    made = changes.plan(held(), order(LineItems=wanted, TotalAmount=Decimal("1.00")))
    assert (made.cancel, made.conflicts) == (cancel, [])


def test_units_that_were_cancelled_before_are_not_cancelled_again() -> None:
    current = held()
    current["LineItems"][0]["QuantityCancelled"] = 1
    assert changes.plan(current, order(LineItems=lines(1, 1), TotalAmount=Decimal("90.00"))).empty


def test_more_units_cancelled_than_are_left_to_ship_are_a_conflict() -> None:
    current = held(OrderStatus="PartiallyFulfilled")
    current["LineItems"][0]["QuantityShipped"] = 2
    made = changes.plan(current, order(LineItems=lines(1, 1)))
    assert [one.path for one in made.conflicts] == ["LineItems[0].Quantity"]


@pytest.mark.parametrize(
    ("wanted", "path"),
    [
        ({"LineItems": lines(3, 1)}, "LineItems[0].Quantity"),
        ({"LineItems": lines(2, 1, Price=Decimal("60.00"))}, "LineItems[0].Price"),
        ({"LineItems": lines(2, 1, DiscountAmount=Decimal("-6.00"))}, "LineItems[0].DiscountAmount"),
        ({"LineItems": lines(2, 1, SKU="TK-1003")}, "LineItems[0].SKU"),
        ({"LineItems": [*lines(2, 1), {"ExternalLineID": "3", "SKU": "TK-1003", "Quantity": 1, "Price": 1}]}, "LineItems[2]"),
        ({"TotalAmount": Decimal("160.00")}, "TotalAmount"),
        ({"Currency": "EUR"}, "Currency"),
        ({"Charges": [{"Type": "Shipping", "Amount": Decimal("9.00"), "TaxAmount": Decimal("0.40")}]}, "Charges"),
    ],
)
def test_money_and_added_goods_are_never_changed_automatically(wanted: Payload, path: str) -> None:
    made = changes.plan(held(), order(**wanted))
    assert path in [one.path for one in made.conflicts]
    assert all(one.code == "conflict" and one.message for one in made.conflicts)


def test_two_lines_of_one_sku_are_told_apart_by_their_ids() -> None:
    twins = [{"ExternalLineID": number, "SKU": "TK-1001", "Quantity": 1, "Price": 5} for number in ("a", "b")]
    current = held(LineItems=[{"LineNumber": at, **UNITS, **line} for at, line in enumerate(twins, 1)], TotalAmount=10, Charges=[])
    made = changes.plan(current, order(LineItems=[twins[1]], TotalAmount=5, Charges=[]))
    assert made.cancel == [{"LineNumber": 1, "Quantity": 1}]


@pytest.mark.parametrize(
    ("status", "hold", "wanted", "action"),
    [
        ("Open", None, "OnHold", "hold"),
        ("OnHold", "UNPAID", "Open", "release"),
        ("OnHold", "CREDIT", "Open", ""),
        ("Draft", None, "Open", "release"),
        ("Fulfilled", None, "Completed", "complete"),
        ("Fulfilled", None, "Open", ""),
        ("Completed", None, "Open", ""),
        ("Open", None, "Fulfilled", ""),
        ("Open", None, None, ""),
    ],
)
def test_the_status_moves_forward_only_and_a_hold_of_tims_stays(status: str, hold: str | None, wanted: str | None, action: str) -> None:
    made = changes.plan(held(OrderStatus=status, Hold={"Code": hold} if hold else None), order(OrderStatus=wanted))
    assert (made.action, made.conflicts) == (action, [])


@pytest.mark.parametrize("status", ["Draft", "Open", "OnHold"])
def test_a_cancelled_order_is_cancelled_whole_while_nothing_has_shipped(status: str) -> None:
    assert changes.plan(held(OrderStatus=status), order(OrderStatus="Cancelled")).cancel == []


@pytest.mark.parametrize("status", ["PartiallyFulfilled", "Fulfilled", "Completed"])
def test_a_cancellation_after_shipping_is_for_a_person(status: str) -> None:
    made = changes.plan(held(OrderStatus=status), order(OrderStatus="Cancelled"))
    assert made.cancel is None
    assert "return" in made.conflicts[0].message


def test_an_order_that_both_cancelled_is_done() -> None:
    assert changes.plan(held(OrderStatus="Cancelled"), order(OrderStatus="Cancelled")).empty


def test_an_order_that_tims_cancelled_stays_cancelled_and_a_person_is_told() -> None:
    made = changes.plan(held(OrderStatus="Cancelled"), order())
    assert made.empty
    assert made.warnings


def test_a_field_that_nobody_touched_in_tims_is_applied_after_a_collision() -> None:
    base = held()
    current = held(Notes="Typed by the desk", Version=2)
    made = changes.plan(current, order(ShippingMethod="UPS-GND"), base)
    assert made.patch == {"ShippingMethod": "UPS-GND"}


def test_a_field_that_tims_touched_too_keeps_the_desks_notes_and_asks_a_person_for_the_address() -> None:
    current = held(Notes="Typed by the desk", ShippingAddress={**ADDRESS, "City": "Tacoma"}, Version=2)
    made = changes.plan(current, order(Notes="Ring twice", ShippingAddress={**ADDRESS, "City": "Everett"}), held())
    assert made.patch == {}
    assert [one.path for one in made.conflicts] == ["ShippingAddress"]
    assert "Notes" in made.warnings[0]


@pytest.mark.parametrize(("status", "conflicts", "warnings"), [("PartiallyFulfilled", 1, 0), ("Fulfilled", 0, 1), ("Completed", 0, 1)])
def test_a_buyer_who_asks_to_cancel_too_late_is_not_passed_over_in_silence(status: str, conflicts: int, warnings: int) -> None:
    made = changes.plan(held(OrderStatus=status), order(OrderStatus="OnHold", Hold={"Code": "BUYER-CANCEL"}))
    assert (len(made.conflicts), len(made.warnings), made.action) == (conflicts, warnings, "")
