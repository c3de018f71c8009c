"""Orders of other channels that Amazon was to ship: what becomes of them when it does not, whoever called them off."""

from __future__ import annotations

import time
from typing import Any

import pytest

from connectors.amazon.outbound import FINAL
from connectors.amazon.standin import outbound_life
from connectors.amazon.standin.outbound_life import switches
from connectors.tims.standin.actions import cancelled
from hub.demo.twins import as_channeladvisor
from hub.engine import triage
from hub.models import Delivery, ErrorRecord
from tests.hub import test_amazon_road

pytestmark = pytest.mark.django_db(transaction=True)
shop = test_amazon_road.shop
Shop = test_amazon_road.Shop


def at_amazons_warehouse(shop: Shop, *, units: int = 0, **switched: Any) -> dict[str, Any]:
    """A sales order of ChannelAdvisor that Amazon was asked to ship; with `units`, one line of so many."""
    made = iter(shop.order, None)
    order = next(one for one in made if not units or [line["quantityOrdered"] for line in one["orderItems"]] == [units])
    switches(shop.amazon, split=0, late=0, **switched)
    shop.opened.channeladvisor.place(as_channeladvisor(order, number=next(shop.numbers)) | {"OrderStatus": "New"})
    shop.read("ca-orders")
    shop.send()
    (sold,) = shop.sold(order["orderId"])
    shop.opened.tims.edit("sales_orders", sold["SalesOrderID"], {"FulfillmentLocationCode": "FBA-US"})
    if "missing" in switched:
        switches(shop.amazon, missing=[line["SKU"] for line in sold["LineItems"]])
    shop.read("mcf-orders")
    shop.send()
    return sold


def until_ended(shop: Shop) -> str:
    end = time.monotonic() + 30
    while (row := next(iter(shop.amazon.book.rows("fulfilment_orders"))))["Status"] not in FINAL:
        assert time.monotonic() < end
        shop.amazon.advance()
        time.sleep(0.02)
    return str(row["Status"])


def test_goods_that_amazon_does_not_find_in_its_warehouse_are_shown_to_people(shop: Shop) -> None:
    at_amazons_warehouse(shop, missing=[])
    assert until_ended(shop) == "Unfulfillable"
    shop.read("mcf-shipments")
    shop.send()
    assert "Amazon will not ship" in ErrorRecord.objects.get(state="open").message


def test_an_order_that_tims_cancels_after_amazon_has_shipped_it_is_shown_to_people(shop: Shop) -> None:
    sold = at_amazons_warehouse(shop)
    assert until_ended(shop) == "Complete"
    cancelled(shop.opened.tims, shop.opened.tims.book.get("sales_orders", sold["SalesOrderID"]) or {}, None)
    shop.read("mcf-orders")
    shop.send()
    assert any("Treat it as a return" in one.message for one in ErrorRecord.objects.filter(state="open"))


def called_off(shop: Shop, units: dict[str, int] | None = None) -> None:
    """Somebody cancels in Seller Central, and the hub reads what Amazon says."""
    (row,) = shop.amazon.book.rows("fulfilment_orders")
    outbound_life.call_off(shop.amazon, row, units)
    until_ended(shop)
    shop.read("mcf-shipments")
    shop.send()


def call_off_in_tims(shop: Shop, sold: dict[str, Any]) -> None:
    cancelled(shop.opened.tims, shop.opened.tims.book.get("sales_orders", sold["SalesOrderID"]) or {}, None)


def given_up() -> Delivery:
    return Delivery.objects.filter(flow__slug="mcf-shipments", key__endswith="/never-shipped").latest("pk")


def test_an_order_cancelled_in_seller_central_is_shown_to_people_with_what_to_do(shop: Shop) -> None:
    sold = at_amazons_warehouse(shop)
    called_off(shop)
    error = ErrorRecord.objects.get(state="open")
    for word in (sold["SalesOrderID"], "Cancelled", "another location", "cancel them in TIMS"):
        assert word in error.message


def test_a_cancellation_that_is_read_again_is_one_error_and_ends_when_tims_cancels_too(shop: Shop) -> None:
    sold = at_amazons_warehouse(shop)
    called_off(shop)
    shop.read("mcf-shipments")
    shop.send()
    assert ErrorRecord.objects.filter(state="open").count() == 1
    call_off_in_tims(shop, sold)
    shop.read("mcf-orders")
    shop.send()
    triage.retry(Delivery.objects.filter(state="failed"), by=None)
    shop.send()
    assert (given_up().state, ErrorRecord.objects.filter(state="open").exists()) == ("skipped", False)


def test_our_own_cancellation_at_amazon_troubles_nobody(shop: Shop) -> None:
    call_off_in_tims(shop, at_amazons_warehouse(shop))
    shop.read("mcf-orders")
    shop.send()
    assert until_ended(shop) == "Cancelled"
    shop.read("mcf-shipments")
    shop.send()
    assert (given_up().state, ErrorRecord.objects.exists()) == ("skipped", False)


def test_a_cancellation_at_amazon_that_we_hear_of_after_tims_cancelled_too_troubles_nobody(shop: Shop) -> None:
    sold = at_amazons_warehouse(shop)
    call_off_in_tims(shop, sold)
    called_off(shop)
    shop.read("mcf-orders")
    shop.send()
    assert (given_up().state, ErrorRecord.objects.exists()) == ("skipped", False)


def test_units_that_somebody_takes_out_at_amazon_are_shown_and_the_others_are_shipped(shop: Shop) -> None:
    sold = at_amazons_warehouse(shop, units=2)
    called_off(shop, {"1": 1})
    (error,) = ErrorRecord.objects.filter(state="open")
    assert "1 of" in error.message
    assert sum(one["Packages"][0]["Lines"][0]["Quantity"] for one in shop.opened.tims.shipments(sold["SalesOrderID"])) == 1


def moved(shop: Shop, sold: dict[str, Any]) -> None:
    """A person in TIMS has it shipped from our own warehouse, and the hub hears of it."""
    shop.opened.tims.edit("sales_orders", sold["SalesOrderID"], {"FulfillmentLocationCode": "RENO"})
    shop.read("mcf-orders")
    shop.send()


def test_an_order_that_tims_moves_to_another_location_is_not_shipped_twice(shop: Shop) -> None:
    moved(shop, at_amazons_warehouse(shop))
    assert until_ended(shop) == "Cancelled"
    shop.read("mcf-shipments")
    shop.send()
    assert (given_up().state, ErrorRecord.objects.exists()) == ("skipped", False)


def test_what_amazon_gave_up_ends_when_tims_ships_it_from_elsewhere(shop: Shop) -> None:
    sold = at_amazons_warehouse(shop)
    called_off(shop)
    moved(shop, sold)
    triage.retry(Delivery.objects.filter(state="failed"), by=None)
    shop.send()
    assert (given_up().state, ErrorRecord.objects.filter(state="open").exists()) == ("skipped", False)


def test_an_order_that_tims_moves_too_late_is_shown_to_people(shop: Shop) -> None:
    sold = at_amazons_warehouse(shop)
    assert until_ended(shop) == "Complete"
    moved(shop, sold)
    assert any("already shipped" in one.message for one in ErrorRecord.objects.filter(state="open"))
