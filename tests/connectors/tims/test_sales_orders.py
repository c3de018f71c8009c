"""Sales orders reach TIMS once, follow changes while they can, and say why when they cannot."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from connectors.base import Payload, Receipt
from connectors.errors import (
    ConflictError,
    NotNeededError,
    OutcomeUnknownError,
    OwnedElsewhereError,
    RejectedError,
    StaleError,
    TransientError,
)
from connectors.tims import sales_orders
from connectors.tims.client import TimsClient
from connectors.tims.sandbox import TimsSandbox
from tests.connectors.tims.orders import ADDRESS, again, created, order, reference, stored


def test_an_unknown_sku_is_refused_with_its_cause_and_what_to_do(client: TimsClient) -> None:
    lines = order()["LineItems"]
    with pytest.raises(RejectedError) as caught:
        created(client, LineItems=[lines[0], {**lines[1], "SKU": "ZZ-404"}])
    [problem] = caught.value.problems
    assert (problem.path, problem.code, problem.cause, problem.value) == ("LineItems[1].SKU", "unknown_sku", "unknown_sku:ZZ-404", "ZZ-404")
    assert "SKU lookup table" in problem.message


def test_a_refused_order_goes_through_once_its_cause_is_gone_although_tims_stored_the_refusal(client: TimsClient, box: TimsSandbox) -> None:
    box.edit("items", "TK-1001", {"Sellable": False})
    with pytest.raises(RejectedError):
        created(client)
    box.edit("items", "TK-1001", {"Sellable": True})
    assert created(client).outcome == "created"


def test_an_order_is_created_with_its_names_and_fingerprint(client: TimsClient, box: TimsSandbox) -> None:
    receipt = created(client)
    assert (receipt.outcome, receipt.version) == ("created", "1")
    held = stored(box)
    assert (held["SalesOrderID"], held["SourceHash"], held["TotalAmount"]) == (receipt.key, "v1", Decimal("156.27"))


def test_the_receipt_holds_nothing_personal(client: TimsClient) -> None:
    assert "Canary" not in repr(created(client))


def test_the_same_version_again_is_unchanged_whatever_the_key(client: TimsClient, box: TimsSandbox) -> None:
    first = created(client)
    box.book.clear_kind("__answer__")
    assert created(client) == Receipt(key=first.key, version="1", outcome="unchanged", answer=first.answer)


def test_a_dropped_answer_is_found_and_not_sent_again(client: TimsClient, box: TimsSandbox) -> None:
    box.faults.add("drop_after", "/api/v1/sales_orders")
    with pytest.raises(OutcomeUnknownError):
        created(client)
    found = sales_orders.find(client, reference())
    assert found
    assert found.key == stored(box)["SalesOrderID"]
    assert box.book.count("sales_orders") == 1


def test_an_order_that_never_arrived_is_not_found(client: TimsClient, box: TimsSandbox) -> None:
    box.faults.add("reset", "/api/v1/sales_orders")
    with pytest.raises(OutcomeUnknownError):
        created(client)
    assert sales_orders.find(client, reference()) is None


def test_an_older_version_under_the_same_number_is_found_and_brought_up_to_date(client: TimsClient, box: TimsSandbox) -> None:
    receipt = created(client)
    newer = reference(version="v2")
    found = sales_orders.find(client, newer)
    assert found
    assert found.key == receipt.key
    assert sales_orders.send(client, order(ShippingMethod="UPS-GND"), newer).outcome == "changed"
    assert stored(box)["ShippingMethod"] == "UPS-GND"


def test_the_same_marketplace_order_by_another_road_is_owned_elsewhere(client: TimsClient) -> None:
    first = created(client)
    with pytest.raises(OwnedElsewhereError) as caught:
        sales_orders.send(client, order(SourceSystem="Amazon", ExternalOrderID="112-1"), reference(7))
    assert caught.value.existing == first.key


def test_a_change_is_patched_and_repeating_it_changes_nothing(client: TimsClient, box: TimsSandbox) -> None:
    receipt = created(client)
    address = {**ADDRESS, "AddressLine1": "99 New Road"}
    changed = again(client, receipt, ShippingAddress=address, PaymentStatus="PartiallyRefunded")
    assert (changed.outcome, changed.key, changed.version) == ("changed", receipt.key, "2")
    assert again(client, receipt, ShippingAddress=address, PaymentStatus="PartiallyRefunded").outcome == "unchanged"
    assert stored(box)["ShippingAddress"]["AddressLine1"] == "99 New Road"


def test_a_changed_order_is_found_by_its_number_in_tims(client: TimsClient) -> None:
    receipt = created(client)
    found = sales_orders.find(client, reference(number=8, version="v2", target=receipt.key))
    assert found
    assert found.key == receipt.key


def test_fewer_units_are_cancelled_and_the_stock_is_free_again(client: TimsClient, box: TimsSandbox) -> None:
    receipt = created(client)
    first, second = order()["LineItems"]
    changed = again(client, receipt, LineItems=[{**first, "Quantity": 1}, second], TotalAmount=Decimal("90.00"))
    assert changed.outcome == "changed"
    assert stored(box)["LineItems"][0]["QuantityCancelled"] == 1
    assert box.book.get("stock", "TK-1001")["Locations"]["RENO"]["Allocated"] == 1


def test_a_cancelled_order_is_cancelled(client: TimsClient, box: TimsSandbox) -> None:
    receipt = created(client)
    assert again(client, receipt, OrderStatus="Cancelled").outcome == "cancelled"
    assert stored(box)["OrderStatus"] == "Cancelled"
    assert again(client, receipt, OrderStatus="Cancelled").outcome == "unchanged"


def test_a_cancellation_finds_its_order_even_when_the_hub_forgot_its_number(client: TimsClient) -> None:
    receipt = created(client)
    cancelled = sales_orders.send(client, order(OrderStatus="Cancelled"), reference(version="v2"))
    assert (cancelled.key, cancelled.outcome) == (receipt.key, "cancelled")


def test_an_order_cancelled_before_it_was_sent_is_not_created(client: TimsClient, box: TimsSandbox) -> None:
    with pytest.raises(NotNeededError, match="nothing to create"):
        created(client, OrderStatus="Cancelled")
    assert box.book.count("sales_orders") == 0


def test_hold_and_release_follow_the_channel(client: TimsClient, box: TimsSandbox) -> None:
    receipt = created(client)
    again(client, receipt, OrderStatus="OnHold", Hold={"Code": "UNPAID"})
    assert (stored(box)["OrderStatus"], stored(box)["Hold"]["Code"]) == ("OnHold", "UNPAID")
    again(client, receipt)
    assert stored(box)["OrderStatus"] == "Open"


def test_a_change_after_shipping_says_which_field_and_what_to_do(client: TimsClient, box: TimsSandbox) -> None:
    receipt = created(client)
    box.ship(receipt.key)
    with pytest.raises(ConflictError, match="Call the warehouse") as caught:
        again(client, receipt, ShippingAddress={**ADDRESS, "AddressLine1": "99 New Road"})
    assert [one.path for one in caught.value.problems] == ["ShippingAddress"]
    assert "99 New Road" not in repr(caught.value.problems)


def test_a_changed_price_is_a_conflict_and_nothing_else_is_done_either(client: TimsClient, box: TimsSandbox) -> None:
    receipt = created(client)
    first, second = order()["LineItems"]
    with pytest.raises(ConflictError) as caught:
        again(client, receipt, LineItems=[{**first, "Price": Decimal("49.99")}, second], ShippingMethod="UPS-GND")
    assert "LineItems[0].Price" in [one.path for one in caught.value.problems]
    assert stored(box)["Version"] == 1


def _changed(client: TimsClient, receipt: Receipt, decision: str) -> Receipt:
    """A price that TIMS cannot change and a method that it can, after a person decided."""
    first, second = order()["LineItems"]
    wish = order(LineItems=[{**first, "Price": Decimal("49.99")}, second], ShippingMethod="UPS-GND")
    return sales_orders.send(client, wish, replace(reference(version="v2", target=receipt.key), decision=decision))


def test_when_tims_is_right_nothing_is_changed_and_what_stays_is_told(client: TimsClient, box: TimsSandbox) -> None:
    found = _changed(client, created(client), "target")
    assert (found.outcome, stored(box)["Version"]) == ("unchanged", 1)
    assert "ShippingMethod stays as it is in TIMS, as decided." in found.warnings


def test_when_both_are_merged_what_tims_takes_is_changed_and_the_rest_is_told(client: TimsClient, box: TimsSandbox) -> None:
    found = _changed(client, created(client), "merge")
    assert (found.outcome, stored(box)["ShippingMethod"]) == ("changed", "UPS-GND")
    assert stored(box)["LineItems"][0]["Price"] == order()["LineItems"][0]["Price"]
    assert any(words.startswith("LineItems[0].Price stays") for words in found.warnings)


def test_when_the_channel_is_right_what_tims_cannot_change_stays_a_conflict(client: TimsClient) -> None:
    receipt = created(client)
    with pytest.raises(ConflictError):
        _changed(client, receipt, "source")


class _Desk:
    """Somebody in TIMS who saves an order just before our PATCH arrives."""

    def __init__(self, box: TimsSandbox, changes: Payload, *, times: int) -> None:
        self.box, self.changes, self.times = box, changes, times

    def __call__(self, request: Any) -> str:
        if request.method == "PATCH" and self.times:
            self.times -= 1
            self.box.edit("sales_orders", request.path.rsplit("/", 1)[1], self.changes)
        return ""


def test_a_collision_is_planned_again_and_both_changes_stand(client: TimsClient, box: TimsSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    receipt = created(client)
    monkeypatch.setattr(box, "idempotency", _Desk(box, {"Notes": "Typed by the desk"}, times=1))
    assert again(client, receipt, ShippingMethod="UPS-GND").outcome == "changed"
    assert (stored(box)["Notes"], stored(box)["ShippingMethod"]) == ("Typed by the desk", "UPS-GND")


def test_a_field_that_the_desk_changed_at_the_same_time_is_for_a_person(
    client: TimsClient, box: TimsSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipt = created(client)
    monkeypatch.setattr(box, "idempotency", _Desk(box, {"ShippingMethod": "USPS-EXP"}, times=1))
    with pytest.raises(ConflictError, match="at the same time"):
        again(client, receipt, ShippingMethod="UPS-GND")
    assert stored(box)["ShippingMethod"] == "USPS-EXP"


def test_when_the_channel_is_right_what_the_desk_changed_meanwhile_gives_way(
    client: TimsClient, box: TimsSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipt = created(client)
    monkeypatch.setattr(box, "idempotency", _Desk(box, {"ShippingMethod": "USPS-EXP"}, times=1))
    wish = replace(reference(version="v2", target=receipt.key), decision="source")
    sales_orders.send(client, order(ShippingMethod="UPS-GND"), wish)
    assert stored(box)["ShippingMethod"] == "UPS-GND"


def test_endless_collisions_are_left_for_later(client: TimsClient, box: TimsSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    receipt = created(client)
    monkeypatch.setattr(box, "idempotency", _Desk(box, {"Tags": ["busy"]}, times=99))
    with pytest.raises(StaleError, match="tried again") as caught:
        again(client, receipt, ShippingMethod="UPS-GND")
    assert caught.value.retryable


def test_an_order_that_somebody_edits_is_tried_later(client: TimsClient, box: TimsSandbox) -> None:
    receipt = created(client)
    box.faults.add("409", "/api/v1/sales_orders/*", method="PATCH")
    with pytest.raises(TransientError):
        again(client, receipt, ShippingMethod="UPS-GND")


def test_a_test_system_gets_no_personal_data_and_later_changes_compare_masked(client: TimsClient, box: TimsSandbox) -> None:
    box.environment = "qa"
    receipt = created(client)
    assert "Canary" not in repr(stored(box))
    assert again(client, receipt).outcome == "unchanged"


def test_an_order_of_500_lines_arrives(client: TimsClient, box: TimsSandbox) -> None:
    lines = [{"ExternalLineID": str(n), "SKU": "TK-1001", "Quantity": 1, "Price": Decimal("1.01")} for n in range(500)]
    created(client, LineItems=lines, Charges=[], TotalAmount=Decimal("505.00"))
    assert len(stored(box)["LineItems"]) == 500
