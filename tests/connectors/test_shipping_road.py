"""From TIMS's warehouse to ChannelAdvisor without a hub between: both books agree, however often it is told."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.base import Payload, Receipt, Record, Reference
from connectors.channeladvisor import CONNECTOR as CHANNEL
from connectors.channeladvisor.sandbox import ChannelAdvisorSandbox
from connectors.hooks import Hooks
from connectors.http import JsonClient
from connectors.tims import CONNECTOR as ERP
from connectors.tims.sandbox import TimsSandbox
from tests.connectors.channeladvisor.conftest import orders
from tests.connectors.tims.conftest import settings_for
from tests.connectors.tims.orders import order

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
CLASSES = {"UPS-GND": "GROUND", "USPS-PRI": "PRIORITY"}


class Road:
    """Both stand-ins with the same orders in them, and the mapping that a flow would do."""

    def __init__(self, channel: ChannelAdvisorSandbox, erp: TimsSandbox, dialect: str) -> None:
        self.channel, self.erp = channel, erp
        self.to: JsonClient = CHANNEL.connect(channel.settings(dialect), Hooks())
        self.of: JsonClient = ERP.connect(settings_for(erp), Hooks())

    def take(self, count: int, **options: Any) -> list[str]:
        """Orders of the channel, entered in TIMS; answers their numbers there."""
        self.channel.place_many(orders(count, skus=[f"TK-{number}" for number in range(1001, 1021)], bundles=None, **options))
        entries = [
            (_entered(one), Reference(system="ChannelAdvisor", key=str(one["ChannelAdvisorOrderID"]))) for one in self.channel.orders()
        ]
        send_many = ERP.operation("sales_orders").send_many
        assert send_many
        return [one.key for one in send_many(self.of, entries) if isinstance(one, Receipt)]

    def tell(self) -> list[str]:
        """Everything that the warehouse did, told anew; answers the outcomes."""
        send_many = CHANNEL.operation("ship").send_many
        assert send_many
        records = [one for one in ERP.stream("packages").read(self.of, "") if one.payload["Package"]["TrackingNumber"]]
        outcomes = send_many(self.to, [(_package(one), Reference(system="TIMS", key=one.key)) for one in records])
        assert not [one for one in outcomes if not isinstance(one, Receipt)]
        return [one.outcome for one in outcomes if isinstance(one, Receipt)]

    def books(self) -> tuple[list[Any], list[Any]]:
        """Order, tracking number and contents of every package, as TIMS and as the channel have them."""
        ours = [(_package(one), one) for one in ERP.stream("packages").read(self.of, "")]
        theirs = [one for held in self.channel.orders() for one in self.channel.shipments(held["ChannelAdvisorOrderID"])]
        return sorted(_line(one) for one, _ in ours), sorted(_line(one) for one in theirs)


def _entered(channel: Payload) -> Payload:
    lines = [
        {"ExternalLineID": str(line["ItemID"]), "SKU": line["SKU"], "Quantity": line["Quantity"], "Price": 1}
        for line in channel["OrderItem"]
    ]
    about = {"MarketplaceName": channel["Marketplace"]["Name"], "MarketplaceOrderID": channel["OrderID"], "OrderedAt": channel["OrderDate"]}
    total = sum(line["Quantity"] for line in channel["OrderItem"])
    return order(**about, LineItems=lines, Charges=[], TotalAmount=total)


def _package(record: Record) -> Payload:
    package, about = record.payload["Package"], record.payload["Order"]
    return {
        "ChannelAdvisorOrderID": int(about["ExternalOrderID"]), "SellerShipmentID": record.key, "Status": record.payload["Status"],
        "FulfilledBy": about["FulfilledBy"], "OrderedAt": about["OrderedAt"], "Carrier": record.payload["CarrierID"],
        "Class": CLASSES[record.payload["ShippingMethod"]], "TrackingNumber": package["TrackingNumber"],
        "ShippedDateUtc": record.payload["ShippedAt"],
        "Items": [{"ItemID": int(line["ExternalLineID"]), "Quantity": int(line["Quantity"])} for line in package["Lines"]],
    }  # fmt: skip


def _line(package: Payload) -> tuple[int, str, list[tuple[int, int]]]:
    return package["ChannelAdvisorOrderID"], package["TrackingNumber"], sorted((one["ItemID"], one["Quantity"]) for one in package["Items"])


@pytest.fixture(params=["v2", "rest-v1"])
def road(request: pytest.FixtureRequest) -> Iterator[Road]:
    with ChannelAdvisorSandbox(rate=None, parallel=None) as channel, TimsSandbox(rate=None, environment="production") as erp:
        yield Road(channel, erp, request.param)


def test_three_boxes_over_two_days_and_a_cancelled_unit_end_in_shipped_and_fulfilled(road: Road) -> None:
    [order_id] = road.take(1, lines=(3, 3), seed=9)
    lines = (road.erp.book.get("sales_orders", order_id) or {})["LineItems"]
    cancel_one = lines[2]["Quantity"]
    one_each = [[{"LineNumber": line["LineNumber"], "Quantity": line["Quantity"]}] for line in lines]
    road.erp.ship(order_id, parcels=one_each[:1])
    assert road.tell() == ["created"]
    road.erp.clock.advance(86400)
    road.channel.clock.advance(86400)
    road.erp.ship(order_id, parcels=one_each[1:2])
    road.of.call("POST", f"api/v1/sales_orders/{order_id}/cancel", body={"Lines": one_each[2]}, headers={"If-Match": 'W/"3"'})
    [channel_order] = road.channel.orders()
    items = [{"ItemID": int(line["ExternalLineID"]), "QuantityCancelled": cancel_one if at == 2 else 0} for at, line in enumerate(lines)]
    wish = {"ChannelAdvisorOrderID": channel_order["ChannelAdvisorOrderID"], "Items": items, "Reason": "ItemNotAvailable"}
    CHANNEL.operation("cancel_items").send(road.to, wish, Reference(system="TIMS", key=order_id))
    assert road.tell() == ["unchanged", "created"]
    assert road.channel.orders()[0]["OrderStatus"] == "Shipped"
    assert (road.erp.book.get("sales_orders", order_id) or {})["OrderStatus"] == "Fulfilled"


def test_after_days_in_the_warehouse_both_books_agree(road: Road) -> None:
    road.take(40)
    chance = random.Random(11)
    for day in range(9):
        moment = NOON + timedelta(days=day)
        for box in (road.channel, road.erp):
            box.clock.set(moment, frozen=True)
        road.erp.ship_open(chance, moment)
        road.tell()
    ours, theirs = road.books()
    assert ours == theirs
    assert len(ours) > 40
    assert {one["OrderStatus"] for one in road.channel.orders()} == {"Shipped"}
    assert set(road.tell()) == {"unchanged"}
