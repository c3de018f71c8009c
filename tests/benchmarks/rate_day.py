"""A busy while at Amazon, its clock running faster: changes that are announced, parcels to confirm, and a past that is read again.

One process does what the workers do, in turns. Usage plans, waits and lists of the stand-in are scaled alike; nothing waits asleep.
"""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from connectors.amazon.sandbox import AmazonSandbox
from connectors.amazon.standin.orders import generate
from connectors.base import Payload, Record
from connectors.notices import Event
from hub import clients
from hub.core.lanes import Lane
from hub.engine import deliver as sender
from hub.engine import events, runs, store
from hub.engine.accept import accept
from hub.engine.read import TURN, carry_out, start_run
from hub.models import Delivery, Flow, InboundEvent, RateLimit, SyncRun
from tests.benchmarks.rate_hub import connection, hurried, now
from tests.hub.engine.toyhub import mapping

POLL = 300.0
"""Seconds between two scheduled readings."""
US = "ATVPDKIKX0DER"
RESPITE = 0.005
ARRIVED = (Delivery.State.DELIVERED, Delivery.State.SKIPPED)
"""Skipped is what changed nothing that the target is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """`changes` of half as many orders within `seconds`, `parcels` to confirm at once, and back-fills: `resync` orders read again by name
    and `late` parcels confirmed again. All times are Amazon's; `scale` times as fast here. `patience`: after so long it has failed."""

    changes: int
    seconds: float
    parcels: int
    resync: int = 0
    late: int = 0
    scale: float = 20.0
    patience: float = 5 * 3600.0


@dataclass(slots=True, kw_only=True)
class Found:
    """What was measured; waits in seconds of Amazon's clock. `finished`: when the last change had been delivered."""

    finished: float
    calls: dict[str, dict[str, int]]
    urgent: list[float]
    late: list[float]
    sweeps: int
    unread: int

    @property
    def refused(self) -> float:
        """The share of calls that were answered 429."""
        every = sum(sum(by.values()) for by in self.calls.values())
        return sum(by.get("429", 0) for by in self.calls.values()) / max(every, 1)


def percentile(values: Sequence[float], share: float) -> float:
    """Of sorted values."""
    return values[min(int(len(values) * share), len(values) - 1)] if values else 0.0


@dataclass(slots=True)
class Shop:
    """The stand-in, the hub's rows, and what has still to happen."""

    box: AmazonSandbox
    day: Day
    shop: Flow
    parcels: Flow
    began: float = field(default_factory=time.monotonic)
    changes: list[tuple[float, str, Payload]] = field(default_factory=list)
    told: list[Payload] = field(default_factory=list)
    polled: float = 0.0

    @property
    def now(self) -> float:
        """Seconds of Amazon's clock since the beginning."""
        return (time.monotonic() - self.began) * self.day.scale

    def happen(self) -> None:
        """What is due at Amazon, and its announcements."""
        while self.changes and self.changes[-1][0] <= self.now:
            _, kind, order = self.changes.pop()
            if kind == "place":
                self.box.place(order)
            else:
                self.box.readdress(order["orderId"], addressLine1=f"{len(self.changes)} New Street")
        now, source = timezone.now(), self.shop.source_id or 0
        for nth, order in enumerate(self.told):
            name = f"{order['orderId']}-{order['lastUpdatedTime']}-{nth}"
            event = Event(id=name, type="ORDER_CHANGE", stream="orders", key=order["orderId"], occurred_at=order["lastUpdatedTime"])
            store.keep(source, event, b"{}", now=now)
        self.told.clear()

    def work(self) -> None:
        """One turn of everything that workers do."""
        if self.now - self.polled >= POLL:
            self.polled = self.now
            if not runs.waits_already(self.shop):
                start_run(self.shop, trigger=SyncRun.Trigger.SCHEDULE, wake_up=False)
        sender.deliver(self.parcels.target_id or 0, deadline=time.monotonic() + RESPITE)
        events.read_events(self.shop.source_id or 0, deadline=time.monotonic() + RESPITE)
        due = SyncRun.objects.filter(Q(due_at=None) | Q(due_at__lte=timezone.now()), state=SyncRun.State.WAITING)
        for pk in sorted(run.pk for run in due.exclude(trigger=SyncRun.Trigger.WEBHOOK)):
            carry_out(pk, turn=TURN / self.day.scale)
        sender.deliver(self.shop.target_id or 0, deadline=time.monotonic() + RESPITE)

    def through(self) -> bool:
        """Whether nothing has still to happen, and no change waits to be read or sent."""
        if self.changes or self.told or InboundEvent.objects.filter(state=InboundEvent.State.RECEIVED).exists():
            return False
        waiting = Delivery.objects.exclude(state__in=(*ARRIVED, Delivery.State.SUPERSEDED))
        return not waiting.exclude(flow=self.parcels, priority__lt=0).exists()


def measure(day: Day) -> Found:
    """Plays it. Needs an empty database. SystemExit where a change does not arrive."""
    with _hub(day) as shop:
        while not shop.through():
            if shop.now > day.patience:
                raise SystemExit(f"Not through after {shop.now:,.0f} s: {InboundEvent.objects.filter(state='received').count()} unread.")
            shop.happen()
            shop.work()
        finished = shop.now
        _all_there(shop)
        sweeps = SyncRun.objects.filter(trigger=SyncRun.Trigger.SCHEDULE).count()
        late = Delivery.objects.filter(flow=shop.parcels, priority__lt=0)
        return Found(
            finished=finished, calls=shop.box.counts(), sweeps=sweeps, unread=late.exclude(state=Delivery.State.DELIVERED).count(),
            urgent=_waits(Delivery.objects.filter(flow=shop.parcels, priority__gt=0), day), late=_waits(late, day),
        )  # fmt: skip


def _waits(rows: Any, day: Day) -> list[float]:
    done = rows.filter(state=Delivery.State.DELIVERED).annotate(wait=F("delivered_at") - F("created_at"))
    return sorted(wait.total_seconds() * day.scale for wait in done.values_list("wait", flat=True))


def _all_there(shop: Shop) -> None:
    rows = Delivery.objects.filter(flow=shop.shop, state__in=ARRIVED)
    delivered = dict(rows.order_by("pk").values_list("key", "version"))
    for order in shop.box.orders():
        if order["salesChannel"]["marketplaceId"] == US and delivered.get(order["orderId"]) != order["lastUpdatedTime"]:
            raise SystemExit(f"Order {order['orderId']} did not arrive as it is now.")


@contextmanager
def _hub(day: Day) -> Iterator[Shop]:
    with AmazonSandbox(scale=day.scale) as box, hurried(day.scale, box):
        american, european, ledger, warehouse = (connection(name, box) for name in ("NA", "EU", "ledger", "shop"))
        rules = {"Number": "orderId"}
        orders = Flow.objects.create(
            slug="orders", name="Orders", source=american, stream="orders", target=ledger, operation="orders", batch=100, cursor=now(),
            mapping=mapping("orders", "orders", "orders", rules),
        )  # fmt: skip
        parcels = Flow.objects.create(
            slug="parcels", name="Parcels", source=warehouse, stream="orders", target=european, operation="confirm_shipment", priority=10,
            mapping=mapping("parcels", "orders", "confirm_shipment", {"Number": "Id"}),
        )  # fmt: skip
        for one in (american, european):
            clients.client(one)
        RateLimit.objects.filter(connection__in=(american, european)).update(per_second=F("per_second") * day.scale, declared=0)
        shop = Shop(box=box, day=day, shop=orders, parcels=parcels)
        _plan(shop)
        yield shop


def _plan(shop: Shop) -> None:
    """What will happen, and what waits from the beginning."""
    day, chance = shop.day, random.Random(1)
    for order in _orders(shop, "US", day.changes // 2):
        placed = chance.uniform(0, day.seconds)
        shop.changes += [(placed, "place", order), (chance.uniform(placed, day.seconds), "readdress", order)]
    shop.changes.sort(key=lambda change: change[0], reverse=True)
    numbers = shop.box.place_many(_orders(shop, "DE", day.parcels + day.late))
    _take(shop.parcels, numbers[day.parcels :], Lane.BACKFILL)
    moments = sorted(chance.uniform(0, day.seconds) for _ in range(day.parcels))
    _take(shop.parcels, numbers[: day.parcels], Lane.URGENT)
    shop.began = time.monotonic()
    _spread(shop, moments)
    known = [change[2]["orderId"] for change in shop.changes if change[1] == "place"]
    if day.resync:
        keys = list(itertools.islice(itertools.cycle(known), day.resync))
        run = start_run(shop.shop, trigger=SyncRun.Trigger.COMMAND, keys=keys, wake_up=False)
        SyncRun.objects.filter(pk=run.pk).update(created_at=timezone.now())
    shop.box.listeners.append(lambda kind, order: _hear(shop, kind, order))


def _hear(shop: Shop, kind: str, order: Payload) -> None:
    if kind == "ORDER_CHANGE" and order["salesChannel"]["marketplaceId"] == US:
        shop.told.append(dict(order))


def _orders(shop: Shop, country: str, count: int) -> list[Payload]:
    first = shop.box.book.next_number("generated") * 1_000_000
    made = generate(
        seed=1, count=count, now=shop.box.now(), skus=["TK-1"], first=first, failing=0, weights={country: 1}, kinds={"plain": 1}
    )
    return [one.order for one in made]


def _take(flow: Flow, numbers: Sequence[str], lane: Lane) -> None:
    records = [Record(key=number, payload={"Id": number, "Sku": "TK-1", "Total": 1}) for number in numbers]
    for at in range(0, len(records), 100):
        accept(flow, records[at : at + 100], now=timezone.now(), cursor=False, lane=lane)


def _spread(shop: Shop, moments: Sequence[float]) -> None:
    """The parcels that are urgent come over the whole time."""
    begin = timezone.now()
    rows = list(Delivery.objects.filter(flow=shop.parcels, priority__gt=0).order_by("pk"))
    for row, moment in zip(rows, moments, strict=True):
        row.due_at = row.created_at = begin + timedelta(seconds=moment / shop.day.scale)
    Delivery.objects.bulk_update(rows, ["due_at", "created_at"], batch_size=500)
