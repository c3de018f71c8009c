"""What comes back from Amazon after an order was taken over: echoes of our own doing, and changes that come late."""

from __future__ import annotations

from typing import Any

import pytest

from hub.engine.read import carry_out, start_run
from hub.models import Delivery, ErrorRecord, Flow
from tests.hub import test_amazon_road

pytestmark = pytest.mark.django_db(transaction=True)
shop = test_amazon_road.shop
Shop = test_amazon_road.Shop
TO_AMAZON = "shipments-to-amazon"


def taken_over(shop: Shop, *, units: int = 1) -> tuple[str, dict[str, Any]]:
    """An order of one line that TIMS has: its number, and the sales order."""
    order = next(
        made for made in iter(shop.order, None) if len(made["orderItems"]) == 1 and made["orderItems"][0]["quantityOrdered"] == units
    )
    shop.amazon.place_many([order], backdated=True)
    refreshed(shop, order["orderId"])
    (sold,) = shop.sold(order["orderId"])
    return order["orderId"], sold


def refreshed(shop: Shop, key: str) -> tuple[str, str]:
    """The order is read again and sent on; what became of it."""
    carry_out(start_run(Flow.objects.get(slug="amazon-orders"), trigger="command", keys=[key], wake_up=False).pk)
    shop.send()
    found = Delivery.objects.filter(flow__slug="amazon-orders", key=key).latest("pk")
    return found.state, found.reason_code


def status(shop: Shop, key: str) -> str:
    return str(shop.sold(key)[0]["OrderStatus"])


def test_the_echo_of_our_own_confirmation_changes_nothing_and_troubles_nobody(shop: Shop) -> None:
    key, sold = taken_over(shop)
    shop.opened.tims.ship(sold["SalesOrderID"])
    shop.read(TO_AMAZON)
    shop.send()
    assert refreshed(shop, key)[0] == "delivered"
    assert (shop.amazon.order(key)["fulfillment"]["fulfillmentStatus"], status(shop, key)) == ("SHIPPED", "Fulfilled")
    assert not ErrorRecord.objects.exists()


def test_an_order_cancelled_at_amazon_after_it_was_taken_over_is_cancelled_in_tims_and_not_told_back(shop: Shop) -> None:
    key, _ = taken_over(shop)
    shop.amazon.cancel(key)
    assert (refreshed(shop, key)[0], status(shop, key)) == ("delivered", "Cancelled")
    shop.read("cancellations-to-amazon")
    shop.send()
    told = Delivery.objects.filter(flow__slug="cancellations-to-amazon").latest("pk")
    assert (told.state, told.outcome) == ("delivered", "unchanged")
    assert not ErrorRecord.objects.exists()


def test_an_order_cancelled_at_amazon_after_it_was_shipped_is_shown_to_people(shop: Shop) -> None:
    key, sold = taken_over(shop)
    shop.opened.tims.ship(sold["SalesOrderID"])
    shop.amazon.cancel(key)
    refreshed(shop, key)
    assert status(shop, key) == "Fulfilled"
    assert "Stop the parcel" in ErrorRecord.objects.get(state="open").message
    shop.read(TO_AMAZON)
    shop.send()
    assert any("the order is cancelled" in one.message for one in ErrorRecord.objects.filter(state="open"))


def test_a_line_cancelled_at_amazon_later_leaves_the_others_to_be_shipped(shop: Shop) -> None:
    order = next(made for made in iter(shop.order, None) if len(made["orderItems"]) == 2)
    key, (kept, gone) = order["orderId"], [line["orderItemId"] for line in order["orderItems"]]
    shop.amazon.place_many([order], backdated=True)
    refreshed(shop, key)
    shop.amazon.cancel(key, items=[gone])
    assert refreshed(shop, key)[0] == "delivered"
    (sold,) = shop.sold(key)
    shop.opened.tims.ship(sold["SalesOrderID"])
    shop.read(TO_AMAZON, "cancellations-to-amazon")
    shop.send()
    assert refreshed(shop, key)[0] == "delivered"
    told = {line["orderItemId"] for one in shop.amazon.order(key)["packages"] for line in one["packageItems"]}
    assert (told, status(shop, key)) == ({kept}, "Fulfilled")
    assert not ErrorRecord.objects.exists()


def test_a_parcel_that_was_voided_after_its_confirmation_is_shown_to_people(shop: Shop) -> None:
    key, sold = taken_over(shop)
    shop.opened.tims.ship(sold["SalesOrderID"])
    shop.read(TO_AMAZON)
    shop.send()
    (shipment,) = shop.opened.tims.shipments(sold["SalesOrderID"])
    shop.opened.tims.void(shipment["ShipmentID"])
    shop.read(TO_AMAZON)
    shop.send()
    assert "cannot be taken back there" in ErrorRecord.objects.get(state="open").message
    assert len(shop.amazon.order(key)["packages"]) == 1


def test_a_parcel_that_was_voided_before_amazon_heard_of_it_is_never_confirmed(shop: Shop) -> None:
    key, sold = taken_over(shop)
    shop.opened.tims.ship(sold["SalesOrderID"])
    (shipment,) = shop.opened.tims.shipments(sold["SalesOrderID"])
    shop.opened.tims.void(shipment["ShipmentID"])
    shop.read(TO_AMAZON)
    shop.send()
    assert shop.amazon.order(key)["packages"] == []
    assert not ErrorRecord.objects.exists()


def test_a_buyer_who_asks_to_cancel_when_a_part_is_shipped_is_shown_to_people(shop: Shop) -> None:
    key, sold = taken_over(shop, units=2)
    shop.opened.tims.ship(sold["SalesOrderID"], [{"LineNumber": 1, "Quantity": 1}])
    shop.read(TO_AMAZON)
    shop.send()
    assert refreshed(shop, key)[0] == "delivered"
    shop.amazon.request_cancel(key)
    refreshed(shop, key)
    assert "Cancel the rest in TIMS" in ErrorRecord.objects.get(state="open").message
    assert status(shop, key) == "PartiallyFulfilled"
