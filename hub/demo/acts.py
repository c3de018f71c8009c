"""What buyers and marketplaces do on the scripted day: orders arrive, change and are called off."""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass, field

from rich.console import Console

from connectors.amazon.standin import queue
from connectors.amazon.standin.orders import Generated as AmazonGenerated
from connectors.amazon.standin.orders_api import LAG
from connectors.base import Payload
from connectors.channeladvisor.standin import failing
from connectors.channeladvisor.standin.orders import Generated
from connectors.channeladvisor.standin.store import load
from hub.demo.flows import AMAZON_ORDERS, ORDERS
from hub.demo.mischief import burst_at
from hub.demo.ordered import AMAZON, CHANNELADVISOR
from hub.demo.standins import SCALE, StandIns
from hub.engine import triage
from hub.engine.read import start_run
from hub.models import Connection, Delivery, Flow, SyncRun
from hub.wake import wake
from mappings.lookups import set_entry

NEW_ADDRESS = {"AddressLine1": "1420 Blake Street", "AddressLine2": "", "City": "Denver", "StateOrProvince": "CO", "PostalCode": "80202"}
NEW_PLACE = {"addressLine1": "1420 Blake Street", "city": "Denver", "stateOrRegion": "CO", "postalCode": "80202"}
FASTER = {"Carrier": "FEDEX", "Class": "2DAY"}
HEALED = (failing.UNKNOWN_SKU, failing.UNMAPPED_CARRIER)
FLOWS = {CHANNELADVISOR: ORDERS, AMAZON: AMAZON_ORDERS}
Arrival = tuple[str, int]
"""The channel and the place of an order in the day's list of that channel."""


@dataclass(slots=True)
class Day:
    """One day between the stand-ins; `twins` are those of Amazon's orders that ChannelAdvisor brings, too, by Amazon's number.

    `orders` are ChannelAdvisor's, twins included. `changed` are the names of those that buyers changed, `notes` tell what was done.
    `at_amazon` are sales orders that Amazon ships for ChannelAdvisor, `called_off` the one of them that was cancelled there.
    """

    opened: StandIns
    chance: random.Random
    orders: list[Generated]
    to: Console
    amazon: list[AmazonGenerated] = field(default_factory=list)
    twins: dict[str, Generated] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    notes: Counter[str] = field(default_factory=Counter)
    at_amazon: list[str] = field(default_factory=list)
    called_off: str = ""

    @property
    def size(self) -> int:
        """How many orders arrive; one that comes through both channels counts twice."""
        return len(self.orders) + len(self.amazon)

    def number(self, at: int) -> int:
        """The ChannelAdvisor number of an order."""
        return int(self.orders[at].order["ChannelAdvisorOrderID"])

    def may_stop(self, *, healed: bool = True) -> dict[str, str]:
        """Orders that were made to fail, by name; without those that are healed, if somebody heals them."""
        reasons = [(f"{CHANNELADVISOR} {one.order['ChannelAdvisorOrderID']}", one.expected) for one in self.orders]
        reasons += [(f"{AMAZON} {one.order['orderId']}", one.expected) for one in self.amazon]
        return {name: reason for name, reason in reasons if reason and not (healed and reason in HEALED)}

    def plan(self) -> list[Arrival]:
        """In which order they arrive: at random, but a third of those that both channels bring at the same moment."""
        numbers = {one.order["ChannelAdvisorOrderID"]: at for at, one in enumerate(self.orders)}
        beside = {key: numbers[twin.order["ChannelAdvisorOrderID"]] for key, twin in self.twins.items() if self.chance.random() < 0.34}
        alone = [(CHANNELADVISOR, at) for at in range(len(self.orders)) if at not in beside.values()]
        mixed = [*alone, *((AMAZON, at) for at in range(len(self.amazon)))]
        self.chance.shuffle(mixed)
        found: list[Arrival] = []
        for system, at in mixed:
            key = self.amazon[at].order["orderId"] if system == AMAZON else ""
            together = [(system, at), *([(CHANNELADVISOR, beside[key])] if key in beside else [])]
            found += self.chance.sample(together, len(together))
        return found


def arrivals(day: Day) -> None:
    """Orders arrive in groups: some are announced, some are only found by reading, most by both; some change or vanish at once."""
    plan, at = day.plan(), 0
    while at < len(plan):
        group = plan[at : at + day.chance.randint(4, 18)]
        announced = day.chance.random() < 0.75
        listen(day, on=announced)
        place(day, group)
        day.notes["announced by webhook or queue" if announced else "found by reading only"] += len(group)
        for one in range(at, at + len(group)):
            burst_at(day.opened, one, len(plan), day.notes)
        read(day, always=not announced)
        change_some(day, group)
        at += len(group)
        time.sleep(day.chance.uniform(0.1, 0.6))
    listen(day, on=True)
    # Before that Amazon's searches do not show what came last.
    time.sleep(LAG / SCALE)
    read(day, always=True)


def place(day: Day, group: list[Arrival]) -> None:
    """Both marketplaces take in their orders of a group."""
    day.opened.channeladvisor.place_many(day.orders[at].order for system, at in group if system == CHANNELADVISOR)
    day.opened.amazon.place_many(day.amazon[at].order for system, at in group if system == AMAZON)


def read(day: Day, *, always: bool) -> None:
    """Some time for a look at the lists, and for one at the queue."""
    for slug in FLOWS.values():
        flow = Flow.objects.filter(slug=slug).first()
        if flow and (always or day.chance.random() < 0.3):
            start_run(flow, trigger=SyncRun.Trigger.SCHEDULE)
    for pk in Connection.objects.filter(connector="amazon").values_list("pk", flat=True):
        wake("inbox", pk)


def listen(day: Day, *, on: bool) -> None:
    """Switches the channels' announcements."""
    book = day.opened.channeladvisor.book
    with book.transaction():
        for key in book.keys("subscription"):
            row = book.get("subscription", key)
            if row:
                book.put("subscription", key, {**row, "Status": "Enabled" if on else "Disabled"})
    queue.mischief(day.opened.amazon, lose=0.02 if on else 1.0)


def change_some(day: Day, group: list[Arrival]) -> None:
    """A buyer cancels, moves, or wants it faster; only orders that were not made to fail and that one channel brings."""
    both = {one.order["ChannelAdvisorOrderID"] for one in day.twins.values()}
    for system, at in group:
        roll = day.chance.random()
        if roll > 0.12:
            continue
        if system == AMAZON and day.amazon[at].order["orderId"] not in day.twins:
            _change_at_amazon(day, day.amazon[at], roll)
        elif system == CHANNELADVISOR and day.number(at) not in both:
            _change(day, day.orders[at], day.number(at), roll)


def _change(day: Day, made: Generated, number: int, roll: float) -> None:
    box = day.opened.channeladvisor
    if made.expected or load(box, number)["Order"]["OrderStatus"] == "Cancelled":
        return
    day.changed.add(f"{CHANNELADVISOR} {number}")
    if roll < 0.04:
        box.cancel(number)
        day.notes["cancelled by buyers"] += 1
    elif made.order["Currency"] == "USD" and roll < 0.09:
        box.change(number, ShippingAddress=NEW_ADDRESS)
        day.notes["address changed"] += 1
    elif made.order["Currency"] == "USD":
        box.change(number, ShippingMethod=FASTER)
        day.notes["shipping changed"] += 1


def _change_at_amazon(day: Day, made: AmazonGenerated, roll: float) -> None:
    box, key = day.opened.amazon, made.order["orderId"]
    if made.expected or made.kind not in ("plain", "prime", "business") or not is_open(box.order(key)):
        return
    day.changed.add(f"{AMAZON} {key}")
    if roll < 0.03:
        box.cancel(key)
        day.notes["cancelled by buyers"] += 1
    elif roll < 0.09:
        box.request_cancel(key)
        day.notes["buyers asked to cancel"] += 1
    elif made.order["proceeds"]["grandTotal"]["currencyCode"] == "USD":
        box.readdress(key, **NEW_PLACE)
        day.notes["address changed"] += 1


def is_open(order: Payload) -> bool:
    """Whether an order of Amazon still waits for us to ship it."""
    fulfillment = order["fulfillment"]
    return (fulfillment["fulfilledBy"], fulfillment["fulfillmentStatus"]) == ("MERCHANT", "UNSHIPPED")


def later_changes(day: Day) -> None:
    """Orders that TIMS has by now are changed and cancelled as well, what was not paid is paid, Amazon ships; some answers are lost."""
    day.opened.tims.faults.add("drop_after", "/api/v1/sales_orders/*", method="POST", count=3, probability=0.5)
    change_some(day, [(CHANNELADVISOR, at) for at in range(0, len(day.orders), 2)])
    change_some(day, [(AMAZON, at) for at in range(len(day.amazon))])
    for made in day.amazon:
        order = day.opened.amazon.order(made.order["orderId"])
        status = order["fulfillment"]["fulfillmentStatus"]
        if status == "PENDING" and day.chance.random() < 0.7:
            day.opened.amazon.pay(order["orderId"])
            day.notes["paid later"] += 1
        elif status == "UNSHIPPED" and order["fulfillment"]["fulfilledBy"] == "AMAZON" and day.chance.random() < 0.7:
            day.opened.amazon.ship_fba(order["orderId"])
            day.notes["shipped by Amazon"] += 1
    read(day, always=False)


def heal(day: Day) -> None:
    """A person adds the lookup rows that were missing and retries everything of those causes."""
    set_entry("ca_ship", "DRONE|ROOFTOP", "UPS-2DA", by=None)
    unknown = [one.order["OrderItem"][0]["SKU"] for one in day.orders if one.expected == failing.UNKNOWN_SKU]
    unknown += [one.order["orderItems"][0]["product"]["sellerSku"] for one in day.amazon if one.expected == failing.UNKNOWN_SKU]
    for sku in unknown:
        day.aliases[sku] = "TK-1001"
        set_entry("sku_alias", sku, "TK-1001", by=None)
    keys = [str(made.order["ChannelAdvisorOrderID"]) for made in day.orders if made.expected in HEALED]
    keys += [made.order["orderId"] for made in day.amazon if made.expected in HEALED]
    stopped = Delivery.objects.filter(flow__slug__in=FLOWS.values(), key__in=keys)
    day.notes["healed by a lookup row"] += triage.retry(stopped, by=None)
