"""A hub with three workers and three readers whose every step a test decides, on a clock of its own."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

import pytest
from django.db import transaction
from django.utils import timezone

from connectors import registry
from connectors.base import Operation, Payload, Receipt, Record, Reference
from connectors.errors import OutcomeUnknownError, RejectedError, TransientError
from connectors.http import JsonClient
from hub import clients
from hub.engine import events, leases, triage
from hub.engine.accept import accept
from hub.engine.claim import claim
from hub.engine.deliver import work
from hub.engine.records import stream_of
from hub.engine.rows import Row
from hub.engine.settle import settle
from hub.models import Connection, Delivery, ErrorRecord, Flow, InboundEvent
from tests.hub.engine import toy
from tests.hub.engine.toyhub import make_hub

KEYS = ("a", "b", "c")
FAULTS: dict[str, Exception] = {
    "refused": RejectedError("Refused."),
    "unwell": TransientError("Down."),
    "dropped": OutcomeUnknownError("No answer."),
}
Plan = list[tuple[Any, ...]]
"""Steps: the name of a method of the simulation and its arguments."""
ENOUGH = 80
"""Rounds after which something that still moves counts as stuck."""


def create(client: JsonClient, payload: Payload, reference: Reference) -> Receipt:
    """A target without any memory for references: what names no document of its own is made anew."""
    world = toy.WORLD
    if world.before and (error := world.before.pop(0)):
        raise error
    key = reference.target or f"D-{len(world.documents) + 1}"
    world.documents[key] = {**payload, "Ref": reference.key}
    if world.after and (error := world.after.pop(0)):
        raise error
    return Receipt(key=key, outcome="changed" if reference.target else "created")


FORGETFUL = Operation(id="orders", label="Orders", schema="document", send=create, find=toy._asked)


class Simulation:
    """`slow`: workers may go on after their lease ran out, at a target that knows references; else only the dead lose theirs."""

    def __init__(self, patch: pytest.MonkeyPatch, *, slow: bool) -> None:
        self.now: datetime = timezone.now()
        self.slow = slow
        self.hub = make_hub(patch)
        patch.setattr(timezone, "now", lambda: self.now)
        if not slow:
            others = tuple(one for one in toy.LEDGER.operations if one.id != "orders")
            ledger = replace(toy.LEDGER, operations=(FORGETFUL, *others))
            patch.setattr(registry, "connectors", lambda: {"shop": toy.SHOP, "ledger": ledger})
        Connection.objects.update(parallel=1)
        self.flow = Flow.objects.select_related("source", "target").get(pk=self.hub.flow.pk)
        self.flows = [self.flow]
        self.world = self.hub.world
        self.readers: dict[int, tuple[str, Flow, list[Record]]] = {}
        self.workers: dict[int, tuple[str, list[Row]]] = {}
        self.seen: Counter[str] = Counter()
        self.announced = 0
        self.left_out: set[str] = set()

    # the shop

    def place(self, key: str, total: int) -> None:
        """A buyer orders, or changes an order; totals come back."""
        self.world.place(key, Total=total)

    # readings, whose answer may be old by the time it is taken in

    def look(self, reader: int, why: str, key: str, road: int = 0) -> None:
        flow = self.flows[road]
        stream = stream_of(flow)
        assert stream
        assert stream.read_many
        client = clients.client(flow.source)
        cursor = Flow.objects.values_list("cursor", flat=True).get(pk=flow.pk)
        records = list(stream.read(client, cursor)) if why == "poll" else stream.read_many(client, [key])
        self.readers[reader] = (why, flow, list(records))

    def take_in(self, reader: int) -> None:
        why, flow, records = self.readers.pop(reader, ("", self.flow, []))
        if records:
            accept(flow, records, now=self.now, cursor=why == "poll", force=why == "resync")

    def announce(self, key: str) -> None:
        self.announced += 1
        InboundEvent.objects.create(
            connection=self.flow.source, event_id=f"e{self.announced}", type="order", stream="orders", key=key,
            due_at=self.now, received_at=self.now,
        )  # fmt: skip

    def read_events(self) -> None:
        assert self.flow.source_id
        events.read_events(self.flow.source_id, deadline=float("inf"))

    # sending, step by step

    def claim(self, worker: int, size: int) -> None:
        if worker not in self.workers:
            lease, rows = claim(self.flows, size=size, now=self.now)
            if rows:
                self.workers[worker] = (lease, rows)

    def work(self, worker: int, fault: str) -> None:
        _, rows = self.workers.get(worker, ("", []))
        if not rows or any(row.result or row.payload for row in rows):
            return
        error = FAULTS.get(fault)
        if error:
            (self.world.after if fault == "dropped" else self.world.before).append(error)
        work(self._target(), self.flows, rows)
        self.world.before.clear()
        self.world.after.clear()

    def settle(self, worker: int) -> None:
        lease, rows = self.workers.pop(worker, ("", []))
        if rows and all(row.result or row.payload for row in rows):
            settle(self._target(), rows, lease=lease, now=self.now)
        elif rows:
            self.workers[worker] = (lease, rows)

    def turn(self, worker: int, fault: str) -> None:
        self.claim(worker, 3)
        self.work(worker, fault)
        self.settle(worker)

    def die(self, worker: int) -> None:
        self.workers.pop(worker, None)

    def _target(self) -> Connection:
        return Connection.objects.get(pk=self.flow.target_id)

    # time

    def pass_time(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        if not self.slow:
            alive = [lease for lease, _ in self.workers.values()]
            Delivery.objects.filter(lease__in=alive, state="sending").update(lease_until=self.now + timedelta(seconds=180))
            for _, rows in self.workers.values():
                for row in rows:
                    row.started = self.now

    def revive(self) -> None:
        leases.expired(now=self.now)

    # people

    def retry(self) -> None:
        triage.retry(Delivery.objects.all(), by=None)

    def hold(self, key: str) -> None:
        triage.hold(Delivery.objects.filter(key=key), reason="Wait for me.", by=None)

    def skip(self, key: str) -> None:
        triage.skip(Delivery.objects.filter(key=key), reason="Never mind.", by=None)

    def calm_world(self) -> None:
        """Both systems are well, and have decided what they had to."""

    # what must be true

    def check(self) -> None:
        """True after every single step."""
        columns = Delivery.objects.values_list("flow", "key", "state", "ticket")
        rows = [((flow, key), state, ticket) for flow, key, state, ticket in columns]
        self.seen.update("taken" if ticket else state for _, state, ticket in rows)
        replaceable = Counter(record for record, state, ticket in rows if state in Delivery.OPEN and not ticket)
        on_its_way = Counter(record for record, state, ticket in rows if state == "sending" or ticket)
        for count in (replaceable, on_its_way):
            assert not count or max(count.values()) == 1, f"more than one at once: {rows}"
        documents = Counter(one["Ref"] for one in self.world.documents.values())
        assert not documents or max(documents.values()) == 1, f"doubled: {documents}"

    def calm_down(self) -> None:
        """Everybody is well, what hung is dead or done; a few rounds later nothing moves any more. Then a person retries what stopped."""
        for worker in list(self.workers):
            self.settle(worker)
        self.workers.clear()
        self._until_quiet()
        stopped = Delivery.objects.filter(state__in=["failed", "held"])
        assert all(stopped.values_list("reason", flat=True))
        failed = Delivery.objects.filter(state="failed").count()
        assert ErrorRecord.objects.filter(state="open", delivery__state="failed").values("delivery").distinct().count() == failed
        self.retry()
        self._until_quiet()
        last = {row.key: row for row in Delivery.objects.order_by("pk")}
        self.left_out = {key for key, row in last.items() if row.reason_code == "skipped_by_person"}

    def _until_quiet(self) -> None:
        for _ in range(ENOUGH):
            self.pass_time(30_000)
            self.revive()
            self.calm_world()
            self.read_events()
            for road in range(len(self.flows)):
                self.look(0, "poll", "", road)
                self.take_in(0)
            self.turn(0, "")
            self.check()
            moving = Delivery.objects.filter(state__in=["pending", "waiting", "sending"]).exists()
            if not moving and not InboundEvent.objects.filter(state="received").exists():
                return
        raise AssertionError(f"stuck: {list(Delivery.objects.values_list('key', 'state', 'reason'))}")

    def judge(self) -> None:
        """Every order is there once, as it is now; one that a person left out says so."""
        held = {one["Ref"]: one for one in self.world.documents.values()}
        assert set(held) <= set(self.world.orders)
        for key, order in self.world.orders.items():
            if key in self.left_out:
                continue
            assert key in held, f"lost: {key}"
            assert held[key]["Total"] == order["Total"], f"{key} is old at the target"


Played = TypeVar("Played", bound=Simulation)


def played(simulation: Played, plan: Plan) -> Played:
    """Takes every step of a plan and checks after each, then lets everything come to rest. Inside a transaction that is rolled back."""
    for name, *values in plan:
        getattr(simulation, name)(*values)
        simulation.check()
    simulation.calm_down()
    transaction.set_rollback(True)
    return simulation
