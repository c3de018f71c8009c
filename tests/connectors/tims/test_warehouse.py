"""The stand-in's warehouse: a day of packing that every flow of shipments can be tried on."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from connectors.tims import sales_orders
from connectors.tims.client import TimsClient
from connectors.tims.sandbox import TimsSandbox
from connectors.tims.standin import tracking
from connectors.tims.standin.actions import open_units
from tests.connectors.tims.orders import order, reference

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def many(client: TimsClient) -> Iterator[int]:
    entries = [(order(number), reference(number)) for number in range(1, 81)]
    sales_orders.send_many(client, entries)
    return len(entries)


def rounds(box: TimsSandbox, days: int, seed: int = 3) -> None:
    chance = random.Random(seed)
    for day in range(days):
        box.ship_open(chance, NOON + timedelta(days=day))


def test_after_some_days_everything_is_shipped_once(many: int, box: TimsSandbox) -> None:
    rounds(box, 12)
    held = list(box.book.rows("sales_orders"))
    assert Counter(row["OrderStatus"] for row in held) == {"Fulfilled": many}
    assert not [line for row in held for line in row["LineItems"] if open_units(line)]


def test_a_day_brings_whole_partial_and_several_parcels(many: int, box: TimsSandbox) -> None:
    rounds(box, 1)
    assert {"Open", "PartiallyFulfilled", "Fulfilled"} == {row["OrderStatus"] for row in box.book.rows("sales_orders")}
    assert {1, 2} == {len(row["Packages"]) for row in box.book.rows("shipments")}


def test_the_rest_of_an_order_waits_for_the_next_day(many: int, box: TimsSandbox) -> None:
    chance = random.Random(3)
    box.ship_open(chance, NOON)
    partly = set(box.book.find("sales_orders", "status", "PartiallyFulfilled"))
    box.ship_open(chance, NOON + timedelta(hours=2))
    assert partly <= set(box.book.find("sales_orders", "status", "PartiallyFulfilled"))


def test_missing_and_misread_numbers_come_right_in_the_next_round(many: int, box: TimsSandbox) -> None:
    rounds(box, 1)
    before = {row["ShipmentID"]: row for row in box.book.rows("shipments")}
    assert [row for row in before.values() if row["Packages"][0]["TrackingNumber"] is None]
    rounds(box, 1, seed=4)
    after = {key: box.book.get("shipments", key) or {} for key in before}
    assert not [row for row in after.values() if row["Packages"][0]["TrackingNumber"] is None]
    assert [
        key
        for key, row in after.items()
        if before[key]["Packages"][0]["TrackingNumber"] not in (None, row["Packages"][0]["TrackingNumber"])
    ]


def test_the_same_seed_packs_the_same_day(client: TimsClient, many: int, box: TimsSandbox) -> None:
    rounds(box, 2)
    first = [(row["SalesOrderID"], row["Packages"]) for row in box.book.rows("shipments")]
    with TimsSandbox(rate=None, environment="production") as other:
        for row in box.book.rows("sales_orders"):
            fresh = [
                {**line, "QuantityShipped": 0, "QuantityAllocated": line["Quantity"], "LineStatus": "Open"} for line in row["LineItems"]
            ]
            other.book.put("sales_orders", row["SalesOrderID"], {**row, "OrderStatus": "Open", "Status": "Open", "LineItems": fresh})
        rounds(other, 2)
        assert [(row["SalesOrderID"], row["Packages"]) for row in other.book.rows("shipments")] == first


def test_orders_on_hold_and_of_the_marketplaces_own_warehouse_stay(client: TimsClient, box: TimsSandbox) -> None:
    sales_orders.send(client, order(1, OrderStatus="OnHold"), reference(1))
    sales_orders.send(client, order(2, FulfilledBy="External"), reference(2))
    rounds(box, 5)
    assert box.book.count("shipments") == 0


@pytest.mark.parametrize(("carrier", "length"), [("UPS", 18), ("USPS", 22), ("FEDEX", 12), ("DHL", 10), ("OTHER", 14)])
def test_numbers_look_like_their_carriers(carrier: str, length: int) -> None:
    assert len(tracking.number(carrier, random.Random(1))) == length


def test_parcels_that_a_marketplace_entered_keep_what_it_said_of_them(many: int, box: TimsSandbox) -> None:
    rounds(box, 1)
    theirs = next(row for row in box.book.rows("shipments"))
    package = {name: value for name, value in theirs["Packages"][0].items() if name != "TrackingNumber"}
    box.book.put("shipments", theirs["ShipmentID"], {**theirs, "ExternalShipmentID": "112-1:1", "Packages": [package]})
    rounds(box, 1)
    assert (box.book.get("shipments", theirs["ShipmentID"]) or {})["Packages"] == [package]


def test_orders_that_stay_are_not_shipped(many: int, box: TimsSandbox) -> None:
    stay = set(box.book.keys("sales_orders"))
    assert box.ship_open(random.Random(3), NOON, stay=stay) == []


def test_what_lies_in_another_warehouse_is_not_packed_here(many: int, box: TimsSandbox) -> None:
    away = list(box.book.keys("sales_orders"))[:5]
    for key in away:
        box.edit("sales_orders", key, {"FulfillmentLocationCode": "FBA-US"})
    rounds(box, 12)
    assert {(box.book.get("sales_orders", key) or {})["OrderStatus"] for key in away} == {"Open"}
    assert len(box.book.find("sales_orders", "status", "Fulfilled")) == many - len(away)
