"""Reading what Amazon shipped for other channels: late tracking numbers, several packages, pages, orders that vanish."""

from __future__ import annotations

import json

import pytest

from connectors.amazon import fulfilment, fulfilment_orders
from connectors.amazon.client import AmazonClient
from connectors.amazon.sandbox import AmazonSandbox
from connectors.amazon.standin import queue as sqs
from connectors.amazon.standin.outbound_life import KIND, switches
from connectors.base import Record, Reference
from connectors.schema import validate
from tests.connectors.amazon.models import valid
from tests.connectors.amazon.test_outbound_versions import order as wanted


@pytest.fixture(autouse=True)
def plain(box: AmazonSandbox) -> None:
    switches(box, split=0, late=0)


def place(client: AmazonClient, *keys: str) -> None:
    for key in keys:
        fulfilment.create(client, wanted(), Reference(system="CA", key=key))


def later(box: AmazonSandbox, seconds: float = 3600) -> None:
    for _ in range(6):
        box.clock.advance(seconds / 6)
        box.advance()


def until_complete(box: AmazonSandbox) -> None:
    """Just until order 1 has left, before a tracking number that is late arrives."""
    while (box.book.get(KIND, "CA-1") or {})["Status"] != "Complete":
        later(box, 60)


def sweep(client: AmazonClient, cursor: str = "") -> list[Record]:
    return list(fulfilment_orders.read(client, cursor))


def numbers(record: Record) -> list[str]:
    return [package.get("trackingNumber", "") for package in record.payload["packages"]]


def test_a_tracking_number_that_comes_late_is_found_though_the_status_stays(box: AmazonSandbox, client: AmazonClient) -> None:
    switches(box, late=1)
    place(client, "1")
    until_complete(box)
    first = sweep(client)
    switches(box, late=0)
    place(client, "2")
    later(box)
    box.clock.advance(86400)
    again = {one.key: one for one in sweep(client, first[-1].cursor)}
    assert (first[0].payload["status"], numbers(first[0])) == ("Complete", [""])
    assert numbers(again["CA-1"])[0].startswith("1Z")
    assert again["CA-1"].version == first[0].version


def test_an_order_whose_number_never_comes_does_not_hold_the_cursor_for_ever(box: AmazonSandbox, client: AmazonClient) -> None:
    switches(box, late=1)
    place(client, "1")
    until_complete(box)
    row = box.book.get(KIND, "CA-1") or {}
    box.book.put(KIND, "CA-1", {**row, "Next": "9999"})
    switches(box, late=0)
    box.clock.advance(4 * 86400)
    place(client, "2")
    later(box)
    records = sweep(client)
    assert records[-1].cursor == records[-1].version


def test_every_package_comes_with_its_carrier_number_and_goods(box: AmazonSandbox, client: AmazonClient) -> None:
    switches(box, split=1)
    place(client, "1")
    later(box, 7200)
    [record] = sweep(client)
    packages = record.payload["packages"]
    assert (record.payload["status"], len(packages)) == ("Complete", 3)
    assert all(one["carrier"] == "UPS" and one["trackingNumber"] and one["shippedAt"] for one in packages)
    assert sum(line["quantity"] for one in packages for line in one["lines"]) == 3


def test_statuses_in_capitals_read_as_usual(box: AmazonSandbox, client: AmazonClient) -> None:
    switches(box, loud=1)
    place(client, "1")
    later(box)
    assert sweep(client)[0].payload["status"] == "Complete"


@pytest.mark.parametrize(("policy", "state"), [("FillOrKill", "Unfulfillable"), ("FillAllAvailable", "CompletePartialled")])
def test_goods_that_are_not_there_end_as_the_policy_says(box: AmazonSandbox, client: AmazonClient, policy: str, state: str) -> None:
    switches(box, missing=["POT-FBA"])
    fulfilment.create(client, wanted(policy=policy), Reference(system="CA", key="1"))
    later(box)
    assert sweep(client)[0].payload["status"] == state


def test_all_pages_are_read_oldest_change_first(box: AmazonSandbox, client: AmazonClient) -> None:
    for key in range(45):
        place(client, f"{key:02}")
        box.clock.advance(1)
    records = sweep(client)
    assert [one.key for one in records] == [f"CA-{key:02}" for key in range(45)]
    assert [one.cursor for one in records] == sorted(one.cursor for one in records)


def test_reading_on_finds_what_changed_since(box: AmazonSandbox, client: AmazonClient) -> None:
    place(client, "1")
    later(box)
    cursor = sweep(client)[-1].cursor
    box.clock.advance(3600)
    place(client, "2")
    assert [one.key for one in sweep(client, cursor)] == ["CA-1", "CA-2"]
    assert min(one.cursor for one in sweep(client, cursor)) >= cursor


def test_an_order_that_vanishes_between_list_and_reading_is_left_out(box: AmazonSandbox, client: AmazonClient) -> None:
    place(client, "1", "2")
    box.faults.add("404", "/fba/outbound/2020-07-01/fulfillmentOrders/CA-1")
    assert [one.key for one in sweep(client)] == ["CA-2"]


def test_one_order_is_read_by_its_number(box: AmazonSandbox, client: AmazonClient) -> None:
    place(client, "1")
    found = fulfilment_orders.read_one(client, "CA-1")
    assert found
    assert validate("connectors.amazon", "fulfilment_order", found.payload) == []
    assert fulfilment_orders.read_one(client, "CA-2") is None


def test_every_change_of_status_is_announced(box: AmazonSandbox, client: AmazonClient) -> None:
    from connectors.amazon import subscriptions

    client.settings.update(sqs.settings(box))
    subscriptions.set_up(client)
    place(client, "1")
    later(box, 7200)
    told = [json.loads(row["Body"]) for row in box.book.rows(sqs.MESSAGES)]
    names = [
        one["Payload"]["FulfillmentOrderStatusNotification"]["FulfillmentOrderStatus"] for one in told if "FULF" in one["NotificationType"]
    ]
    assert names == ["NEW", "RECEIVED", "PLANNING", "PROCESSING", "COMPLETE"]


def test_a_finished_order_tells_when_its_address_is_no_longer_needed(box: AmazonSandbox, client: AmazonClient) -> None:
    place(client, "1")
    assert fulfilment_orders.settled_at(sweep(client)[0].payload) == ""
    later(box)
    [record] = sweep(client)
    assert fulfilment_orders.settled_at(record.payload) == record.version


def test_an_order_shows_up_among_amazons_own_as_not_amazons(box: AmazonSandbox, client: AmazonClient) -> None:
    place(client, "1")
    [order] = box.orders()
    assert (order["salesChannel"]["channelName"], order["orderAliases"][0]["aliasId"]) == ("NON_AMAZON", "CA-1")
    assert valid("orders_2026-01-01.json", "GetOrderResponse", {"order": order}) == []
    later(box)
    assert box.orders()[0]["fulfillment"]["fulfillmentStatus"] == "SHIPPED"


def test_a_cancelled_order_is_cancelled_among_amazons_own_too(box: AmazonSandbox, client: AmazonClient) -> None:
    place(client, "1")
    fulfilment.cancel(client, {"orderId": "CA-1"}, Reference(system="CA", key="1"))
    later(box, 120)
    assert box.orders()[0]["fulfillment"]["fulfillmentStatus"] == "CANCELLED"
