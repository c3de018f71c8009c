"""Parcels with parts of packs, and parcels taken back before they had a number, through the real engine: skipped with their reason."""

from __future__ import annotations

import pytest

from hub.engine import triage
from hub.models import Delivery, ErrorRecord
from tests.hub import test_amazon_road
from tests.hub.test_amazon_echo import TO_AMAZON, refreshed, taken_over

pytestmark = pytest.mark.django_db(transaction=True)
shop = test_amazon_road.shop
Shop = test_amazon_road.Shop


def told(shop: Shop) -> list[tuple[str, str]]:
    """The state and reason of the newest delivery of each parcel, once everything was read and sent."""
    shop.read(TO_AMAZON)
    shop.send()
    newest = {one.key: one for one in Delivery.objects.filter(flow__slug=TO_AMAZON).order_by("pk")}
    return [(newest[key].state, newest[key].reason) for key in sorted(newest)]


def test_a_pack_that_leaves_in_two_parcels_is_confirmed_with_the_second_and_once(shop: Shop) -> None:
    order = next(made for made in iter(shop.order, None) if len(made["orderItems"]) == 1 and made["orderItems"][0]["quantityOrdered"] == 1)
    order["orderItems"][0]["product"]["sellerSku"] = "TK-1003-6PK"
    shop.amazon.place_many([order], backdated=True)
    refreshed(shop, order["orderId"])
    (sold,) = shop.sold(order["orderId"])
    assert [(line["SKU"], line["Quantity"]) for line in sold["LineItems"]] == [("TK-1003", 6)]
    shop.opened.tims.ship(sold["SalesOrderID"], [{"LineNumber": 1, "Quantity": 4}])
    ((state, reason),) = told(shop)
    assert (state, "rest of its bundle has not left yet" in reason) == ("skipped", True)
    shop.opened.tims.ship(sold["SalesOrderID"])
    assert [state for state, _ in told(shop)] == ["skipped", "delivered"]
    triage.retry(Delivery.objects.filter(flow__slug=TO_AMAZON), by=None)
    shop.opened.tims.correct_tracking("SH-000771", "NEW1")
    assert [state for state, _ in told(shop)] == ["skipped", "delivered"]
    (package,) = shop.amazon.order(order["orderId"])["packages"]
    assert (package["packageReferenceId"], [line["quantity"] for line in package["packageItems"]]) == ("77201", [1])
    assert not ErrorRecord.objects.exists()


def test_a_parcel_that_never_had_a_number_and_was_taken_back_is_not_waited_for(shop: Shop) -> None:
    _, sold = taken_over(shop)
    shop.opened.tims.ship(sold["SalesOrderID"], tracked=False)
    assert [state for state, _ in told(shop)] == ["waiting"]
    shop.opened.tims.void("SH-000771")
    ((state, reason),) = told(shop)
    assert (state, "voided before Amazon was told of it" in reason) == ("skipped", True)
    assert not ErrorRecord.objects.exists()
