"""Packages that left the house: one record each, with the order they belong to."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connectors.base import Payload, Record
from connectors.tims import CONNECTOR, packages, sales_orders, webhook
from connectors.tims.client import TimsClient
from connectors.tims.sandbox import TimsSandbox
from connectors.tims.standin import shipments as standin
from tests.connectors.tims.orders import created, order, outside, reference
from tests.connectors.tims.plain import Caller

FIRST, BOTH = {"LineNumber": 1, "Quantity": 1}, [{"LineNumber": 1, "Quantity": 1}, {"LineNumber": 2, "Quantity": 1}]


def sweep(client: TimsClient, cursor: str = "") -> list[Record]:
    return list(packages.read(client, cursor))


@pytest.fixture
def order_id(client: TimsClient) -> str:
    return created(client).key


def test_every_package_of_a_shipment_is_a_record_with_its_order(client: TimsClient, box: TimsSandbox, order_id: str) -> None:
    box.ship(order_id, parcels=[[FIRST], BOTH])
    one, two = sweep(client)
    assert (one.key, two.key) == ("SH-000771-1", "SH-000771-2")
    assert one.payload["Order"] == {
        "SalesOrderID": order_id, "SourceSystem": "ChannelAdvisor", "ExternalOrderID": "19918546", "FulfilledBy": "Seller",
        "MarketplaceOrderID": "112-0000001", "MarketplaceName": "Amazon US", "OrderedAt": None, "OrderStatus": "Fulfilled",
    }  # fmt: skip
    assert [(line["LineNumber"], line["ExternalLineID"], line["Quantity"]) for line in two.payload["Package"]["Lines"]] == [
        (1, "900001", 1), (2, "900002", 1),
    ]  # fmt: skip
    assert two.payload["Package"]["TrackingNumber"]
    assert "Packages" not in two.payload
    assert "ShippingAddress" not in repr(two.payload)


def test_a_partial_and_a_later_shipment_are_two_shipments(client: TimsClient, box: TimsSandbox, order_id: str) -> None:
    box.ship(order_id, [FIRST])
    [first] = sweep(client)
    box.ship(order_id)
    assert {one.key for one in sweep(client, first.cursor)} >= {"SH-000772-1"}


def test_a_corrected_tracking_number_is_a_newer_version_of_the_same_record(client: TimsClient, box: TimsSandbox, order_id: str) -> None:
    box.ship(order_id)
    [before] = sweep(client)
    box.correct_tracking("SH-000771", "NEW123")
    [after] = sweep(client, before.cursor)
    assert after.key == before.key
    assert after.version > before.version
    assert after.payload["Package"]["TrackingNumber"] == "NEW123"


def test_a_package_without_a_number_is_yielded_as_it_is(client: TimsClient, box: TimsSandbox, order_id: str) -> None:
    box.ship(order_id, tracked=False)
    assert sweep(client)[0].payload["Package"]["TrackingNumber"] is None


def test_a_voided_shipment_comes_again_as_voided(client: TimsClient, box: TimsSandbox, order_id: str) -> None:
    box.ship(order_id)
    box.void("SH-000771")
    [record] = sweep(client)
    assert record.payload["Status"] == "Voided"
    assert record.payload["Order"]["OrderStatus"] == "Open"


def test_what_is_still_being_packed_is_not_yielded_and_neither_is_what_never_left(
    client: TimsClient, box: TimsSandbox, call: Caller, order_id: str
) -> None:
    parcel = [{"LineNumber": 1, "SKU": "TK-1001", "Quantity": 1}]
    body = outside(order_id, Status="Packed", ShippedAt=None, Packages=[{"Lines": parcel}])
    shipment_id = call("POST", "shipments", body).json()["ShipmentID"]
    assert sweep(client) == []
    assert packages.read_one(client, f"{shipment_id}-1") is None
    box.void(shipment_id)
    assert sweep(client) == []


def test_a_packed_shipment_is_yielded_once_it_leaves(client: TimsClient, box: TimsSandbox, call: Caller, order_id: str) -> None:
    body = outside(order_id, Status="Open", ShippedAt=None, Packages=[{"Lines": [{"LineNumber": 1, "SKU": "TK-1001", "Quantity": 1}]}])
    shipment_id = call("POST", "shipments", body).json()["ShipmentID"]
    standin.sent(box, box.book.get("shipments", shipment_id) or {}, box.stamp())
    assert [one.payload["Order"]["OrderStatus"] for one in sweep(client)] == ["PartiallyFulfilled"]


def test_that_the_carrier_delivered_it_is_no_change() -> None:
    package: Payload = {"Status": "Shipped", "ShipmentID": "SH-1"}
    assert packages.compare({**package, "Status": "Delivered"}) == packages.compare(package)


def test_orders_of_many_shipments_are_read_together(client: TimsClient, box: TimsSandbox) -> None:
    for number in range(1, 13):
        key = call_order(client, number)
        box.ship(key)
    box.counted.clear()
    assert len(sweep(client)) == 12
    assert box.counted["GET 200"] == 2


def test_an_order_that_changed_long_before_its_shipment_is_read_alone(client: TimsClient, box: TimsSandbox) -> None:
    keys = [call_order(client, number) for number in range(1, 9)]
    for key in keys:
        box.ship(key)
    box.clock.advance(3600)
    for number in range(771, 779):
        box.correct_tracking(f"SH-{number:06d}", f"T{number}")
    assert [one.payload["Order"]["SalesOrderID"] for one in sweep(client)] == keys


def call_order(client: TimsClient, number: int) -> str:
    return sales_orders.send(client, order(number), reference(number)).key


def test_a_shipment_whose_order_is_gone_fails_alone_with_words(client: TimsClient, box: TimsSandbox, order_id: str) -> None:
    box.ship(order_id)
    box.book.delete("sales_orders", order_id)
    [record] = sweep(client)
    assert "SH-000771" in record.problem


def test_named_packages_are_read_without_their_neighbours(client: TimsClient, box: TimsSandbox, order_id: str) -> None:
    box.ship(order_id, parcels=[[FIRST], BOTH])
    assert [one.key for one in packages.read_many(client, ["SH-000771-2", "SH-000404-1", "nonsense"])] == ["SH-000771-2"]


def test_a_webhook_names_a_shipment_and_all_its_packages_are_read(client: TimsClient, box: TimsSandbox, order_id: str) -> None:
    box.ship(order_id, parcels=[[FIRST], BOTH])
    event = webhook.parse({}, {}, _event("Shipped"))
    assert (event.stream, event.key) == ("packages", "SH-000771")
    found = packages.read_many(client, [event.key])
    assert [(one.key, one.part_of) for one in found] == [("SH-000771-1", event.key), ("SH-000771-2", event.key)]


@pytest.mark.parametrize("status", ["Open", "Packed"])
def test_an_event_of_a_shipment_that_is_being_packed_needs_no_reading(status: str) -> None:
    assert webhook.parse({}, {}, _event(status)).stream == ""


def _event(status: str) -> bytes:
    about: dict[str, Any] = {"Type": "shipment", "ID": "SH-000771", "Version": 1, "Href": "/api/v1/shipments/SH-000771"}
    return json.dumps({"ID": "evt_1", "Type": "shipment.created", "Entity": about, "Data": {"Status": status}}).encode()


def test_the_stream_is_declared_with_everything_a_list_shows(client: TimsClient, box: TimsSandbox, order_id: str) -> None:
    box.ship(order_id)
    summary = CONNECTOR.stream("packages").summary
    assert summary
    assert summary(sweep(client)[0].payload).title == "SH-000771 package 1 Amazon US 112-0000001"
