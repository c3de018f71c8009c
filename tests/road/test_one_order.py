"""One order from the marketplace into the ERP, through every layer, by real HTTP with real workers."""

from __future__ import annotations

from typing import Any

import pytest

from hub.demo.books import compare
from hub.demo.day import journeys
from hub.demo.inventing import goods_of, invented
from hub.demo.ordered import from_channeladvisor
from hub.engine.read import start_run
from hub.models import Connection, CrossReference, Delivery, Flow, InboundEvent, SyncRun
from tests.road.conftest import Road

pytestmark = [pytest.mark.road, pytest.mark.django_db(transaction=True)]


def placed(road: Road, **more: Any) -> int:
    (made,) = invented(road, 1, seed=7, failing=0)  # type: ignore[arg-type]
    made.order.update(more)
    return road.channeladvisor.place(made.order)


def sold(road: Road, number: int) -> dict[str, Any] | None:
    return road.tims.order("ChannelAdvisor", str(number))


def unannounced(road: Road) -> None:
    for row in list(road.channeladvisor.book.rows("subscription")):
        road.channeladvisor.book.put("subscription", row["ID"], {**row, "Status": "Disabled"})


def agree(road: Road) -> None:
    found = compare(
        [from_channeladvisor(one, {}) for one in road.channeladvisor.orders()],
        list(road.tims.book.rows("sales_orders")),
        list(road.tims.book.rows("customers")),
        journeys(),
        may_stop={},
    )
    assert found.differences == []


def test_an_announced_order_becomes_one_sales_order_and_is_acknowledged(road: Road) -> None:
    number = placed(road)
    road.until(lambda: road.channeladvisor.taken(number))
    agree(road)
    assert InboundEvent.objects.filter(key=str(number), type="order.created").count() == 1
    assert CrossReference.objects.get(source_key=str(number), operation="sales_orders").target_key == sold(road, number)["SalesOrderID"]


def test_an_order_that_nobody_announced_is_found_by_reading(road: Road) -> None:
    unannounced(road)
    number = placed(road)
    start_run(Flow.objects.get(slug="ca-orders"), trigger=SyncRun.Trigger.PERSON)
    road.until(lambda: road.channeladvisor.taken(number))
    agree(road)
    assert InboundEvent.objects.count() == 0


def test_an_order_cancelled_after_it_was_taken_is_cancelled_in_tims(road: Road) -> None:
    number = placed(road)
    road.until(lambda: road.channeladvisor.taken(number))
    road.channeladvisor.cancel(number)
    road.until(lambda: (sold(road, number) or {}).get("OrderStatus") == "Cancelled")
    agree(road)


def test_an_order_that_the_marketplace_ships_in_part_becomes_two_sales_orders(road: Road) -> None:
    channel = Connection.objects.get(slug="channeladvisor")
    Connection.objects.filter(pk=channel.pk).update(settings={**channel.settings, "external_centers": "FBA"})
    made = next(one for one in invented(road, 9, seed=7, failing=0) if len(one.order["OrderItem"]) > 1)  # type: ignore[arg-type]
    made.order["OrderItem"][1]["DistributionCenter"] = "FBA"
    number = road.channeladvisor.place(made.order | {"FulfilledBy": "Mixed"})
    road.until(lambda: road.channeladvisor.taken(number) and all(road.tims.order("ChannelAdvisor", f"{number}-{part}") for part in "SX"))
    ours, theirs = (road.tims.order("ChannelAdvisor", f"{number}-{part}") for part in "SX")
    assert ours
    assert theirs
    assert (ours["FulfilledBy"], theirs["FulfilledBy"]) == ("Seller", "External")
    assert ours["TotalAmount"] + theirs["TotalAmount"] == made.order["Totals"]["Grand"]
    road.until(lambda: InboundEvent.objects.get(key=str(number), type="order.created").state == "done")
    road.until(lambda: [one["SellerOrderID"] for one in road.channeladvisor.orders()] == [ours["SalesOrderID"]])


def test_a_dropped_answer_is_found_and_not_sent_again(road: Road) -> None:
    road.tims.faults.add("drop_after", "/api/v1/sales_orders*", method="POST")
    number = placed(road)
    road.until(lambda: road.channeladvisor.taken(number))
    agree(road)
    assert Delivery.objects.get(flow__slug="ca-orders", key=str(number), state="delivered", attempts=2)


def test_an_order_for_an_item_that_tims_does_not_sell_yet_waits_and_goes_on_by_itself(road: Road) -> None:
    (sku, *_), _bundles = goods_of(road)  # type: ignore[arg-type]
    (made,) = invented(road, 1, seed=7, failing=0)  # type: ignore[arg-type]
    made.order["OrderItem"][0]["SKU"] = "TK-9999"
    number = road.channeladvisor.place(made.order)
    held = Delivery.objects.filter(flow__slug="ca-orders", key=str(number), state="held", reason__contains="TK-9999")
    road.until(held.exists)
    item = next(one for one in road.tims.book.rows("items") if one["SKU"] == sku)
    with road.tims.book.transaction():
        road.tims.book.put("items", "TK-9999", {**item, "SKU": "TK-9999", "UpdatedAt": road.tims.stamp()})
    start_run(Flow.objects.get(slug="tims-items"), trigger=SyncRun.Trigger.PERSON)
    road.until(lambda: road.channeladvisor.taken(number))
    agree(road)


class TestOnRedis:
    """The same road with Redis as the broker: a wake-up may be lost there, an order may not."""

    @pytest.fixture
    def broker(self, redis_server: str) -> str:
        return redis_server

    def test_an_announced_order_becomes_one_sales_order_and_is_acknowledged(self, road: Road) -> None:
        number = placed(road)
        road.until(lambda: road.channeladvisor.taken(number))
        agree(road)
