"""Orders of ChannelAdvisor that Amazon ships on the scripted day; one of them somebody calls off in Seller Central."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

from connectors.amazon.standin import outbound_life
from connectors.amazon.times import written
from connectors.base import Payload
from hub.demo.acts import Day
from hub.demo.ordered import CHANNELADVISOR
from hub.engine import triage
from hub.engine.read import start_run
from hub.models import Delivery, Flow, SyncRun

ASKED, SHIPPED = "mcf-orders", "mcf-shipments"
THERE, HOME = "FBA-US", "RENO"
MOST = 4
LONG_ENOUGH = timedelta(hours=2)
PATIENCE = 30.0


def move_there(day: Day) -> None:
    """People in TIMS let Amazon ship a few open orders of other marketplaces."""
    fitting = sorted(str(order["SalesOrderID"]) for order in day.opened.tims.book.rows("sales_orders") if _fits(day, order))
    for key in day.chance.sample(fitting, min(MOST, len(fitting))):
        day.opened.tims.edit("sales_orders", key, {"FulfillmentLocationCode": THERE})
        day.at_amazon.append(key)
    day.notes["moved to Amazon's warehouse"] += len(day.at_amazon)
    _read(ASKED)


def _fits(day: Day, order: Payload) -> bool:
    name = f"{order['SourceSystem']} {order['ExternalOrderID']}"
    plain = not any(line.get("KitParentLineNumber") or "*" in str(line.get("ExternalLineID")) for line in order["LineItems"])
    at_home = (order.get("ShippingAddress") or {}).get("Country") == "US" and not str(order.get("MarketplaceName")).startswith("Amazon")
    ours = (order["SourceSystem"], order["FulfilledBy"], order["OrderStatus"]) == (CHANNELADVISOR, "Seller", "Open")
    return ours and plain and at_home and name not in day.changed


def call_off(day: Day) -> None:
    """As soon as Amazon has the first of them, somebody cancels it there; the others are packed."""
    end = time.monotonic() + PATIENCE
    while day.at_amazon and not day.called_off and time.monotonic() < end:
        time.sleep(0.05)
        for row in list(day.opened.amazon.book.rows(outbound_life.KIND))[:1]:
            day.called_off = str(row["ID"]).removeprefix("TIMS-")
            with day.opened.amazon.book.transaction():
                outbound_life.call_off(day.opened.amazon, row)
    day.notes["called off in Seller Central"] += bool(day.called_off)
    _read(SHIPPED)


def bring_home(day: Day) -> None:
    """What Amazon will not ship is shipped from our own warehouse after all, and whoever was told so presses Retry; the others leave."""
    stopped = Delivery.objects.filter(flow__slug=SHIPPED, state=Delivery.State.FAILED)
    day.notes["given up by Amazon, seen by people"] += stopped.count()
    if day.called_off:
        day.opened.tims.edit("sales_orders", day.called_off, {"FulfillmentLocationCode": HOME})
        _read(ASKED)
    triage.retry(stopped, by=None)
    with day.opened.amazon.book.transaction():
        outbound_life.advance(day.opened.amazon, written(day.opened.amazon.now() + LONG_ENOUGH))
    _read(SHIPPED)


def differences(day: Day) -> Iterator[str]:
    """Every order that Amazon was to ship left its warehouse whole, but the one that was called off, of which people heard."""
    for key in day.at_amazon:
        places = {one["LocationCode"] for one in day.opened.tims.shipments(key)}
        status = (day.opened.tims.book.get("sales_orders", key) or {})["OrderStatus"]
        if key != day.called_off and (places, status) != ({THERE}, "Fulfilled"):
            yield f"Sales order {key} was Amazon's to ship; it is {status} and left from {', '.join(places) or 'nowhere'}."
    if day.called_off and not day.notes["given up by Amazon, seen by people"]:
        yield f"Sales order {day.called_off} was called off at Amazon, and nobody heard of it."
    if day.called_off and THERE in {one["LocationCode"] for one in day.opened.tims.shipments(day.called_off)}:
        yield f"Sales order {day.called_off} was called off at Amazon and left its warehouse nevertheless."


def _read(slug: str) -> None:
    start_run(Flow.objects.get(slug=slug), trigger=SyncRun.Trigger.SCHEDULE)
