"""Amazon's orders into TIMS and their parcels back, through the real engine and three stand-ins over HTTP, in this process."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from connectors.amazon.sandbox import AmazonSandbox
from connectors.amazon.standin.orders import generate
from connectors.amazon.standin.outbound_life import switches
from hub.demo.day import HIGHER_QUOTA, widen
from hub.demo.inventing import goods_of
from hub.demo.stage import prepare
from hub.demo.standins import StandIns, open_standins
from hub.demo.twins import as_channeladvisor
from hub.engine import completeness
from hub.engine.aliases import same_fact
from hub.engine.completeness import start_check
from hub.engine.deliver import deliver
from hub.engine.read import carry_out, start_run
from hub.models import CompletenessCheck, Connection, Delivery, Flow, RateLimit, SyncRun

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Shop:
    """The three systems and what a worker would do."""

    opened: StandIns
    amazon: AmazonSandbox
    made: dict[str, Connection]
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(19_950_000, 19_960_000)))

    def read(self, *slugs: str) -> None:
        for slug in slugs:
            carry_out(start_run(Flow.objects.get(slug=slug), trigger=SyncRun.Trigger.COMMAND, wake_up=False).pk)

    def send(self) -> None:
        """Everything due goes out, and what follows from it."""
        for _ in range(4):
            Delivery.objects.filter(state="waiting").update(due_at=timezone.now())
            for connection in self.made.values():
                deliver(connection.pk, deadline=time.monotonic() + 20)

    def until_packed(self) -> None:
        """Amazon's warehouse works; its hours are milliseconds here."""
        end = time.monotonic() + 60
        while any(row["Status"] != "Complete" for row in self.amazon.book.rows("fulfilment_orders")):
            assert time.monotonic() < end
            self.amazon.advance()
            time.sleep(0.02)

    def order(self, kind: str = "plain", **more: Any) -> dict[str, Any]:
        skus, _bundles = goods_of(self.opened)
        made = generate(seed=next(self.numbers), count=1, now=self.amazon.now(), skus=skus, failing=0.0, weights={"US": 1}, kinds={kind: 1})
        return {**next(iter(made)).order, **more}

    def sold(self, key: str) -> list[dict[str, Any]]:
        """The sales orders that TIMS has of a marketplace order."""
        return [row for row in self.opened.tims.book.rows("sales_orders") if row.get("MarketplaceOrderID") == key]


@pytest.fixture
def shop() -> Iterator[Shop]:
    with open_standins(None, fixed_ports=False, rate=HIGHER_QUOTA) as opened, AmazonSandbox(scale=5000.0, throttled=False) as amazon:
        made = prepare({**opened.settings(), "amazon": amazon.settings()})
        widen(made["tims"], HIGHER_QUOTA)
        RateLimit.objects.filter(connection=made["amazon"]).update(per_second=1000, burst=1000, tokens=1000)
        found = Shop(opened, amazon, made)
        found.read("tims-items")
        yield found


def test_an_order_is_taken_over_shipped_and_every_parcel_is_confirmed_once(shop: Shop) -> None:
    order = shop.order()
    shop.amazon.place_many([order], backdated=True)
    shop.read("amazon-orders")
    shop.send()
    (sold,) = shop.sold(order["orderId"])
    assert (sold["SourceSystem"], sold["OrderStatus"], sold["CustomerID"]) == ("Amazon", "Open", "C-AMZ-US")
    shop.opened.tims.ship(sold["SalesOrderID"])
    shop.read("shipments-to-amazon", "shipments-to-channeladvisor")
    shop.send()
    there = shop.amazon.order(order["orderId"])
    (shipment,) = shop.opened.tims.shipments(sold["SalesOrderID"])
    told = {one["packageReferenceId"]: one["trackingNumber"] for one in there["packages"]}
    ours = {shipment["Sequence"] * 100 + one["PackageNumber"]: one["TrackingNumber"] for one in shipment["Packages"]}
    assert told == {str(number): tracking.replace(" ", "").upper() for number, tracking in ours.items()}
    assert there["fulfillment"]["fulfillmentStatus"] == "SHIPPED"
    assert not Delivery.objects.filter(flow__slug="shipments-to-channeladvisor").exists()


@pytest.mark.parametrize("first", ["ca-orders", "amazon-orders"])
def test_the_same_order_by_both_channels_is_one_sales_order_with_both_paths_shown(shop: Shop, first: str) -> None:
    order = shop.order()
    shop.amazon.place_many([order], backdated=True)
    number = shop.opened.channeladvisor.place(as_channeladvisor(order, number=next(shop.numbers)))
    shop.read(*sorted(("ca-orders", "amazon-orders"), key=lambda slug: slug != first))
    shop.send()
    assert len(shop.sold(order["orderId"])) == 1
    roads = {
        "ca-orders": Delivery.objects.get(flow__slug="ca-orders", key=str(number)),
        "amazon-orders": Delivery.objects.get(flow__slug="amazon-orders", key=order["orderId"]),
    }
    assert (roads[first].state, {one.state for one in roads.values()}) == ("delivered", {"delivered", "skipped"})
    assert all(same_fact(one) for one in roads.values())


def test_an_order_of_another_channels_parcel_is_skipped_with_that_reason(shop: Shop) -> None:
    order = shop.order()
    shop.amazon.place_many([{**order, "salesChannel": {**order["salesChannel"], "channelName": "NON_AMAZON"}}], backdated=True)
    shop.read("amazon-orders")
    shop.send()
    found = Delivery.objects.get(flow__slug="amazon-orders", key=order["orderId"])
    assert (found.state, "for another channel" in found.reason) == ("skipped", True)


def test_a_buyer_who_asks_to_cancel_puts_the_sales_order_on_hold(shop: Shop) -> None:
    order = shop.order()
    shop.amazon.place_many([order], backdated=True)
    shop.read("amazon-orders")
    shop.send()
    shop.amazon.request_cancel(order["orderId"])
    start = start_run(Flow.objects.get(slug="amazon-orders"), trigger="command", keys=[order["orderId"]], wake_up=False)
    carry_out(start.pk)
    shop.send()
    (sold,) = shop.sold(order["orderId"])
    assert (sold["OrderStatus"], sold["Hold"]["Code"]) == ("OnHold", "BUYER-CANCEL")


@pytest.mark.parametrize(("mode", "states"), [("orders", ["Completed"]), ("ignore", []), ("daily_summary", [])])
def test_orders_that_amazon_ships_follow_the_setting(shop: Shop, mode: str, states: list[str]) -> None:
    amazon = shop.made["amazon"]
    Connection.objects.filter(pk=amazon.pk).update(settings={**amazon.settings, "fba_mode": mode})
    order = shop.order("fba")
    shop.amazon.place_many([order], backdated=True)
    run = start_run(Flow.objects.get(slug="amazon-orders"), trigger="command", keys=[order["orderId"]], wake_up=False)
    carry_out(run.pk)
    shop.send()
    assert [one["OrderStatus"] for one in shop.sold(order["orderId"])] == states


def test_an_order_of_channeladvisor_in_amazons_warehouse_is_shipped_by_amazon_and_its_tracking_carried_back(shop: Shop) -> None:
    order = shop.order()
    number = shop.opened.channeladvisor.place(as_channeladvisor(order, number=next(shop.numbers)) | {"OrderStatus": "New"})
    shop.read("ca-orders")
    shop.send()
    (sold,) = shop.sold(order["orderId"])
    shop.opened.tims.edit("sales_orders", sold["SalesOrderID"], {"FulfillmentLocationCode": "FBA-US"})
    shop.read("mcf-orders")
    shop.send()
    switches(shop.amazon, split=0, late=0)
    shop.until_packed()
    shop.read("mcf-shipments")
    shop.send()
    shop.read("shipments-to-channeladvisor")
    shop.send()
    (told,) = shop.opened.channeladvisor.shipments(number)
    (shipment,) = shop.opened.tims.shipments(sold["SalesOrderID"])
    assert told["TrackingNumber"] == shipment["Packages"][0]["TrackingNumber"]
    assert shipment["LocationCode"] == "FBA-US"


def test_orders_that_searches_hide_are_counted_in_the_report_and_fetched_by_number(shop: Shop) -> None:
    shop.amazon.hidden_share = 0.2
    skus, _bundles = goods_of(shop.opened)
    now = shop.amazon.now()
    made = generate(seed=3, count=60, now=now, skus=skus, failing=0.0, weights={"US": 1}, kinds={"plain": 1})
    keys = set(shop.amazon.place_many([one.order for one in made], backdated=True))
    shop.read("amazon-orders")
    flow = Flow.objects.get(slug="amazon-orders")
    before = flow.deliveries.count()
    check = start_check(flow, since=now - timedelta(days=5), until=now)
    assert check
    end = time.monotonic() + 60
    while check.state != "done" and time.monotonic() < end:
        CompletenessCheck.objects.update(due_at=timezone.now())
        completeness.carry_out(check.pk)
        check.refresh_from_db()
        if check.run:
            carry_out(check.run.pk)
    assert (before < 60, check.statement, check.complete) == (True, "60 of 60", True)
    assert set(flow.deliveries.values_list("key", flat=True)) == keys
