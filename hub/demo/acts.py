"""What people, marketplaces and bad luck do on the scripted day."""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass, field

from rich.console import Console

from connectors.channeladvisor.standin import failing
from connectors.channeladvisor.standin.orders import Generated
from connectors.sandbox import Sandbox
from hub.demo.flows import ORDERS as ORDER_FLOW
from hub.demo.standins import StandIns
from hub.demo.trickle import NEW_ADDRESS
from hub.engine import triage
from hub.engine.read import start_run
from hub.models import Delivery, Flow, SyncRun
from mappings.lookups import set_entry

FASTER = {"Carrier": "FEDEX", "Class": "2DAY"}
HEALED = (failing.UNKNOWN_SKU, failing.UNMAPPED_CARRIER)


@dataclass(slots=True)
class Day:
    """One day between the stand-ins; `notes` tell what was done to the orders."""

    opened: StandIns
    chance: random.Random
    orders: list[Generated]
    to: Console
    aliases: dict[str, str] = field(default_factory=dict)
    notes: Counter[str] = field(default_factory=Counter)

    def number(self, at: int) -> int:
        """The ChannelAdvisor number of an order."""
        return int(self.orders[at].order["ChannelAdvisorOrderID"])

    def may_stop(self) -> dict[str, str]:
        """Orders that were made to fail and are not healed, by number."""
        return {str(one.order["ChannelAdvisorOrderID"]): one.expected for one in self.orders if one.expected not in ("", *HEALED)}


def faults(day: Day) -> None:
    """Both systems misbehave for a while: answers lost after acting, web pages, half bodies, events twice and in any order."""
    erp, channel = day.opened.tims.faults, day.opened.channeladvisor.faults
    erp.add("drop_after", "/api/v1/sales_orders*", method="POST", count=4, probability=0.4)
    erp.add("drop_after", "/api/v1/customers*", method="POST", count=12, probability=0.05)
    erp.add("truncate", "/api/v1/*", method="POST", count=4, probability=0.05)
    erp.add("html", "/api/v1/*", count=6, probability=0.05)
    channel.add("truncate", "/v2/orders*", method="GET", count=2, probability=0.2)
    channel.add("html", "/v2/orders*", count=2, probability=0.2)
    channel.add("drop_after", "/v2/orders*", method="PUT", count=3, probability=0.4)
    day.opened.channeladvisor.webhooks.mischief.twice = True
    day.opened.channeladvisor.webhooks.mischief.shuffle = 4


def bursts(day: Day, at: int, of: int) -> None:
    """Refusals in a row, at certain hours of the day."""
    hours: dict[int, tuple[Sandbox, str]] = {
        of // 5: (day.opened.tims, "503"),
        of * 2 // 5: (day.opened.channeladvisor, "429"),
        of * 3 // 5: (day.opened.tims, "429"),
        of * 4 // 5: (day.opened.channeladvisor, "503"),
    }
    if at in hours:
        box, status = hours[at]
        box.faults.add(status, count=6, retry_after=1)
        day.notes[f"bursts of {status}"] += 1


def arrivals(day: Day) -> None:
    """Orders arrive in groups: some are announced, some are only found by reading, most by both; some change or vanish at once."""
    at, box = 0, day.opened.channeladvisor
    flow = Flow.objects.get(slug=ORDER_FLOW)
    while at < len(day.orders):
        size = day.chance.randint(3, 15)
        announced = day.chance.random() < 0.75
        listen(day, on=announced)
        group = range(at, min(at + size, len(day.orders)))
        box.place_many(day.orders[one].order for one in group)
        day.notes["announced by webhook" if announced else "found by reading only"] += len(group)
        for one in group:
            bursts(day, one, len(day.orders))
        if not announced or day.chance.random() < 0.3:
            start_run(flow, trigger=SyncRun.Trigger.SCHEDULE)
        change_some(day, group)
        at += size
        time.sleep(day.chance.uniform(0.1, 0.6))
    listen(day, on=True)
    start_run(flow, trigger=SyncRun.Trigger.SCHEDULE)


def listen(day: Day, *, on: bool) -> None:
    """Switches the channel's webhook subscriptions."""
    book = day.opened.channeladvisor.book
    with book.transaction():
        for key in book.keys("subscription"):
            row = book.get("subscription", key)
            if row:
                book.put("subscription", key, {**row, "Status": "Enabled" if on else "Disabled"})


def change_some(day: Day, group: range) -> None:
    """A buyer cancels, moves, or wants it faster; only orders that were not made to fail."""
    box = day.opened.channeladvisor
    for one in group:
        made = day.orders[one]
        roll = day.chance.random()
        if made.expected or roll > 0.12:
            continue
        if roll < 0.04:
            box.cancel(day.number(one))
            day.notes["cancelled"] += 1
        elif made.order["Currency"] == "USD" and roll < 0.09:
            box.change(day.number(one), ShippingAddress=NEW_ADDRESS)
            day.notes["address changed"] += 1
        elif made.order["Currency"] == "USD":
            box.change(day.number(one), ShippingMethod=FASTER)
            day.notes["shipping changed"] += 1


def later_changes(day: Day) -> None:
    """Orders that TIMS has by now are changed and cancelled as well, and some answers to that are lost."""
    day.opened.tims.faults.add("drop_after", "/api/v1/sales_orders/*", method="POST", count=3, probability=0.5)
    change_some(day, range(0, len(day.orders), 2))


def calm(day: Day) -> None:
    """The systems are well again."""
    for box in (day.opened.tims, day.opened.channeladvisor):
        day.notes["calls spoiled"] += sum(one["hits"] for one in box.faults.listing())
        box.faults.clear()
    day.opened.channeladvisor.webhooks.mischief.shuffle = 0


def heal(day: Day) -> None:
    """A person adds the lookup rows that were missing and retries everything of those causes."""
    set_entry("ca_ship", "DRONE|ROOFTOP", "UPS-2DA", by=None)
    for made in day.orders:
        if made.expected == failing.UNKNOWN_SKU:
            sku = made.order["OrderItem"][0]["SKU"]
            day.aliases[sku] = "TK-1001"
            set_entry("sku_alias", sku, "TK-1001", by=None)
    keys = [str(made.order["ChannelAdvisorOrderID"]) for made in day.orders if made.expected in HEALED]
    stopped = Delivery.objects.filter(flow__slug=ORDER_FLOW, key__in=keys)
    day.notes["healed by a lookup row"] += triage.retry(stopped, by=None)
