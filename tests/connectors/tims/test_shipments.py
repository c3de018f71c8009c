"""Shipments of other warehouses: entered once, taken back, and never quietly different."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connectors.base import Payload, Receipt, Reference
from connectors.errors import ConflictError, NotNeededError, OutcomeUnknownError, RejectedError
from connectors.tims import sales_orders, shipments
from connectors.tims.client import TimsClient
from connectors.tims.sandbox import TimsSandbox
from connectors.tims.spread import resolved
from tests.connectors.tims.orders import again, created, order, outside, reference
from tests.connectors.tims.plain import Caller, code, fields


@pytest.fixture
def order_id(client: TimsClient) -> str:
    return created(client).key


def send(client: TimsClient, payload: Payload, **changes: str) -> Receipt:
    about = {"system": "Amazon", "key": "MCF-1:1", "version": "v1", "scope": "mcf", **changes}
    return shipments.send(client, payload, Reference(**about))


def plain(order_id: str, quantity: Any = 2, **changes: Any) -> Payload:
    lines = [{"LineNumber": 1, "SKU": "TK-1001", "Quantity": quantity}]
    return outside(order_id, **{"Packages": [{"PackageNumber": 1, "TrackingNumber": "TBA0001", "Lines": lines}], **changes})


def test_a_shipment_is_entered_and_fulfils_the_order(client: TimsClient, box: TimsSandbox, order_id: str) -> None:
    receipt = send(client, outside(order_id))
    [held] = box.shipments(order_id)
    assert (receipt.key, receipt.outcome) == (held["ShipmentID"], "created")
    assert (held["SourceSystem"], held["ExternalShipmentID"]) == ("Amazon", "MCF-1:1")
    assert [line["LineNumber"] for line in held["Packages"][0]["Lines"]] == [1, 2]
    assert (box.book.get("sales_orders", order_id) or {})["OrderStatus"] == "Fulfilled"


def test_the_same_shipment_under_another_key_is_adopted(client: TimsClient, box: TimsSandbox, order_id: str) -> None:
    first = send(client, outside(order_id))
    second = send(client, outside(order_id), scope="another flow")
    assert (second.key, second.outcome) == (first.key, "unchanged")
    assert len(box.shipments(order_id)) == 1


def test_after_a_lost_answer_sending_again_finds_it(client: TimsClient, box: TimsSandbox, order_id: str) -> None:
    box.faults.add("drop_after", "/api/v1/shipments", method="POST")
    with pytest.raises(OutcomeUnknownError):
        send(client, outside(order_id))
    assert send(client, outside(order_id)).key == box.shipments(order_id)[0]["ShipmentID"]


def test_another_tracking_number_later_is_a_conflict_that_names_both(client: TimsClient, order_id: str) -> None:
    first = send(client, plain(order_id))
    changed = plain(order_id)
    changed["Packages"][0]["TrackingNumber"] = "TBA0002"
    with pytest.raises(ConflictError) as caught:
        send(client, changed, version="v2", target=first.key)
    assert [(one.path, one.value) for one in caught.value.problems] == [("Packages[0].TrackingNumber", "TBA0002")]
    assert "TBA0001" in caught.value.message


def test_more_units_than_are_left_are_refused_in_words(client: TimsClient, order_id: str) -> None:
    with pytest.raises(RejectedError) as caught:
        send(client, plain(order_id, quantity=3))
    assert caught.value.code == "over_shipped"
    assert "left to ship" in caught.value.message


@pytest.mark.parametrize(("status", "word"), [("Cancelled", "Cancelled"), ("OnHold", "OnHold")])
def test_an_order_that_cannot_be_shipped_is_named_with_its_status(client: TimsClient, order_id: str, status: str, word: str) -> None:
    again(client, Receipt(key=order_id), OrderStatus=status)
    with pytest.raises(ConflictError) as caught:
        send(client, plain(order_id))
    assert word in caught.value.message


def test_a_refusal_for_a_status_that_was_corrected_meanwhile_is_not_repeated(client: TimsClient, box: TimsSandbox, order_id: str) -> None:
    again(client, Receipt(key=order_id), OrderStatus="OnHold")
    with pytest.raises(ConflictError):
        send(client, plain(order_id))
    box.edit("sales_orders", order_id, {"OrderStatus": "Open", "Status": "Open"})
    assert send(client, plain(order_id)).outcome == "created"


def test_a_refusal_for_a_code_that_was_added_meanwhile_is_not_repeated(client: TimsClient, box: TimsSandbox, order_id: str) -> None:
    with pytest.raises(RejectedError):
        send(client, plain(order_id, LocationCode="NEW"))
    box.book.put("reference", "locations/NEW", {"List": "locations", "Code": "NEW"})
    assert send(client, plain(order_id, LocationCode="NEW")).outcome == "created"


def test_voiding_gives_the_units_back(client: TimsClient, box: TimsSandbox, order_id: str) -> None:
    first = send(client, plain(order_id))
    receipt = send(client, plain(order_id, Status="Voided"), version="v2", target=first.key)
    assert receipt.outcome == "cancelled"
    held = box.book.get("sales_orders", order_id) or {}
    assert (held["OrderStatus"], held["LineItems"][0]["QuantityShipped"], held["LineItems"][0]["QuantityAllocated"]) == ("Open", 0, 2)
    stock = (box.book.get("stock", "TK-1001") or {})["Locations"]["RENO"]
    assert (stock["OnHand"], stock["Allocated"]) == (500, 2)
    assert send(client, plain(order_id, Status="Voided"), version="v3", target=first.key).outcome == "unchanged"


def test_a_void_finds_the_shipment_whose_answer_was_lost(client: TimsClient, box: TimsSandbox, order_id: str) -> None:
    send(client, plain(order_id))
    assert send(client, plain(order_id, Status="Voided"), version="v2").outcome == "cancelled"


def test_a_void_of_what_never_arrived_is_not_needed(client: TimsClient, order_id: str) -> None:
    with pytest.raises(NotNeededError):
        send(client, plain(order_id, Status="Voided"))


def test_a_shipment_that_people_voided_is_a_conflict(client: TimsClient, box: TimsSandbox, order_id: str) -> None:
    first = send(client, plain(order_id))
    box.void(first.key)
    with pytest.raises(ConflictError):
        send(client, plain(order_id), version="v2", target=first.key)


ORDER = {
    "LineItems": [
        {"LineNumber": 1, "ExternalLineID": "A", "SKU": "TK-1", "Quantity": 2, "QuantityShipped": 1},
        {"LineNumber": 2, "ExternalLineID": "B", "SKU": "tk-1", "Quantity": 3},
        {"LineNumber": 3, "ExternalLineID": "C", "SKU": "TK-2", "Quantity": 1},
    ]
}


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([{"SKU": "TK-1", "Quantity": 1}], [(1, 1)]),
        ([{"SKU": "TK-1", "Quantity": 3}], [(1, 1), (2, 2)]),
        ([{"SKU": "TK-1", "Quantity": 9}], [(1, 1), (2, 8)]),
        ([{"SKU": "TK-1", "Quantity": 1}, {"SKU": "TK-1", "Quantity": 2}], [(1, 1), (2, 2)]),
        ([{"SKU": "TK-1", "Quantity": 2, "ExternalLineID": "B"}], [(2, 2)]),
        ([{"SKU": "TK-1", "Quantity": 1, "LineNumber": 1}, {"SKU": "TK-1", "Quantity": 2}], [(1, 1), (2, 2)]),
        ([{"SKU": "TK-9", "Quantity": 1}], [(None, 1)]),
        ([{"SKU": "TK-1", "Quantity": Decimal("1.5")}], [(1, 1), (2, Decimal("0.5"))]),
    ],
)
def test_units_without_a_line_are_spread_oldest_line_first(lines: list[Payload], expected: list[tuple[Any, Any]]) -> None:
    found = resolved({"Packages": [{"Lines": lines}]}, ORDER)["Packages"][0]["Lines"]
    assert [(line.get("LineNumber"), line["Quantity"]) for line in found] == expected
    assert not [line for line in found if "ExternalLineID" in line]


@pytest.mark.parametrize(
    ("changes", "path", "flaw"),
    [
        ({"LocationCode": "MOON"}, "LocationCode", "not_found"),
        ({"CarrierID": "PIGEON"}, "CarrierID", "not_found"),
        ({"ShippingMethod": None}, "ShippingMethod", "required"),
        ({"ShippedAt": None}, "ShippedAt", "required"),
        ({"ShipmentID": "SH-1"}, "ShipmentID", "read_only"),
        ({"Packages": []}, "Packages", "required"),
        ({"Packages": [{"Lines": [{"LineNumber": 9, "SKU": "TK-1001", "Quantity": 1}]}]}, "Packages[0].Lines[0].LineNumber", "not_found"),
        ({"Packages": [{"Lines": [{"LineNumber": 1, "SKU": "TK-1002", "Quantity": 1}]}]}, "Packages[0].Lines[0].SKU", "invalid_choice"),
        ({"Packages": [{"Lines": [{"SKU": "TK-1002", "Quantity": 1}]}]}, "Packages[0].Lines[0].LineNumber", "required"),
        (
            {"Packages": [{"Lines": [{"LineNumber": 1, "SKU": "TK-1001", "Quantity": 0.5}]}]},
            "Packages[0].Lines[0].Quantity",
            "max_decimals",
        ),
    ],
)
def test_the_stand_in_refuses_what_the_contract_forbids(call: Caller, order_id: str, changes: Payload, path: str, flaw: str) -> None:
    answer = call("POST", "shipments", plain(order_id, **changes))
    assert (answer.status_code, fields(answer)[path]) == (422, flaw)


def test_units_in_a_packed_shipment_count_as_taken(call: Caller, order_id: str) -> None:
    assert call("POST", "shipments", plain(order_id, Status="Packed")).status_code == 201
    assert code(call("POST", "shipments", plain(order_id, quantity=1))) == "over_shipped"


def test_a_completed_orders_shipment_cannot_be_voided(call: Caller, box: TimsSandbox, order_id: str) -> None:
    box.ship(order_id)
    box.ship(order_id)
    assert code(call("POST", "shipments/SH-000771/void", {}, If_Match='W/"1"')) == "state_conflict"


@pytest.mark.parametrize("status", ["Fulfilled", "Completed"])
def test_an_order_that_the_marketplace_shipped_reaches_that_status(client: TimsClient, box: TimsSandbox, status: str) -> None:
    fba = {"FulfilledBy": "External", "FulfillmentLocationCode": "FBA-US", "ShippingMethod": "WILLCALL", "CarrierID": "AMZL"}
    receipt = created(client, **fba)
    assert again(client, receipt, **fba, OrderStatus=status).outcome == "changed"
    assert (box.book.get("sales_orders", receipt.key) or {})["OrderStatus"] == status
    assert again(client, receipt, **fba, OrderStatus=status).outcome == "unchanged"
    assert [one["LocationCode"] for one in box.shipments(receipt.key)] == ["FBA-US"]


def test_an_order_that_amazon_shipped_can_be_created_completed(client: TimsClient, box: TimsSandbox) -> None:
    fba = order(FulfilledBy="External", OrderStatus="Completed", ShippingAddress=None)
    receipt = sales_orders.send(client, fba, reference())
    assert (box.book.get("sales_orders", receipt.key) or {})["OrderStatus"] == "Completed"


FROM_CONNECTION = {"external_location": "FBA-US", "external_method": "WILLCALL"}
BARE = {"FulfilledBy": "External", "ShippingMethod": None, "CarrierID": None}


def test_without_a_warehouse_a_person_is_told_what_to_fill(client: TimsClient) -> None:
    receipt = created(client, **BARE)
    with pytest.raises(ConflictError) as caught:
        again(client, receipt, **BARE, OrderStatus="Completed")
    assert "Marketplace warehouse" in caught.value.message


def test_the_connection_says_where_marketplaces_ship_from(client: TimsClient, box: TimsSandbox) -> None:
    client.settings |= FROM_CONNECTION
    receipt = created(client, **BARE)
    again(client, receipt, **BARE, OrderStatus="Completed")
    [held] = box.shipments(receipt.key)
    assert (held["LocationCode"], held["ShippingMethod"], held["CarrierID"]) == ("FBA-US", "WILLCALL", "OTHER")


@pytest.mark.parametrize("call", ["shipments", "complete"])
def test_an_answer_lost_on_the_way_to_completed_is_made_good(client: TimsClient, box: TimsSandbox, call: str) -> None:
    client.settings |= FROM_CONNECTION
    receipt = created(client, **BARE)
    box.faults.add("drop_after", f"/api/v1/*{call}", method="POST")
    with pytest.raises(OutcomeUnknownError):
        again(client, receipt, **BARE, OrderStatus="Completed")
    again(client, receipt, **BARE, OrderStatus="Completed")
    assert (box.book.get("sales_orders", receipt.key) or {})["OrderStatus"] == "Completed"
    assert len(box.shipments(receipt.key)) == 1
