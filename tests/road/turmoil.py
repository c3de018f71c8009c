"""What happens while everything is killed: orders of both channels arrive, change and ship, systems refuse, processes die."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, close_old_connections, connection
from django.utils import timezone

from connectors.amazon.standin import queue
from connectors.amazon.standin.orders_api import LAG
from hub import tasks
from hub.core.policy import MISSING
from hub.demo import acts, warehouse
from hub.demo import day as scripted
from hub.demo.flows import AMAZON_ORDERS, ITEMS, ORDERS, TO_AMAZON, TO_CHANNELADVISOR
from hub.demo.processes import Processes
from hub.demo.standins import SCALE
from hub.engine.read import start_run
from hub.models import Delivery, Flow, SyncRun
from tests.road.victims import Killer

ASK_FOR_RESTART = "restart the database"
READ = (ITEMS, ORDERS, AMAZON_ORDERS, TO_CHANNELADVISOR, TO_AMAZON)
"""Flows whose lists are read to their end after the last kill."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much of what. `gap`: longest pause in seconds between signs of work and the next kill; `revival`: how long work is waited for."""

    orders: int = 1000
    kills: int = 30
    seed: int = 1
    gap: float = 0.5
    revival: float = 3.0
    group: tuple[int, int] = (8, 40)
    patience: float = 180.0
    restart: bool = False


@dataclass(slots=True)
class Chaos:
    """One run of it."""

    plan: Plan
    day: acts.Day
    processes: Processes
    killer: Killer
    placed: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)
    failure: Exception | None = None
    notes: Counter[str] = field(default_factory=Counter)

    def kill_all_along(self) -> None:
        """Kills at random moments until it was enough. In the main thread, since children end with the thread that made them."""
        restart_at = self.plan.kills // 2 if self.plan.restart else -1
        while sum(self.killer.counts.values()) < self.plan.kills or not self.placed.is_set():
            if self.failure:
                raise self.failure
            running = self.processes.running
            before = delivered()
            killed = self.killer.strike(supervisor=running["worker"].pid, web=running["web"].pid)
            if not killed:
                time.sleep(0.1)
                continue
            if killed == "supervisor":
                running["worker"].wait()
                self.processes.worker()
            self.see_work(before)
            time.sleep(self.day.chance.uniform(0, self.plan.gap))
            if sum(self.killer.counts.values()) == restart_at:
                print(ASK_FOR_RESTART, flush=True)
            tick()

    def see_work(self, before: int) -> None:
        """Waits until something was delivered, or for a while: who is killed at once again never works."""
        end = time.monotonic() + self.plan.revival
        while delivered() == before and time.monotonic() < end:
            time.sleep(0.2)

    def arrive(self) -> None:
        """Places every order and ships until the last kill; what goes wrong here ends the whole run."""
        try:
            self._arrive()
            self.placed.set()
            while not self.over.wait(1.0):
                self.ship()
        except Exception as error:
            self.failure = error
            raise
        finally:
            connection.close()
            self.placed.set()

    def _arrive(self) -> None:
        """Orders come in groups, announced, found by reading or both, and the warehouse ships, while all systems misbehave.

        Spread over the time of the kills.
        """
        whole = self.plan.kills * 1.5
        pause = whole / (self.plan.orders / (sum(self.plan.group) / 2))
        at, plan = 0, self.day.plan()
        while at < len(plan):
            announced = self.day.chance.random() < 0.7
            acts.listen(self.day, on=announced)
            group = plan[at : at + self.day.chance.randint(*self.plan.group)]
            acts.place(self.day, group)
            self.burst()
            if not announced or self.day.chance.random() < 0.3:
                read(ORDERS, AMAZON_ORDERS)
            acts.change_some(self.day, group)
            self.ship()
            at += len(group)
            time.sleep(self.day.chance.uniform(0.5, 1.2) * pause)
        acts.listen(self.day, on=True)

    def ship(self) -> None:
        """The warehouse ships some of what no buyer changed, and now and then somebody asks TIMS what was shipped."""
        warehouse.ship(self.day, unchanged=True, every=3)
        if self.day.chance.random() < 0.4:
            read(TO_CHANNELADVISOR, TO_AMAZON)

    def burst(self) -> None:
        """Now and then one of the systems refuses for a while."""
        if self.day.chance.random() < 0.2:
            box = self.day.chance.choice(self.day.opened.all)
            kind = self.day.chance.choice(("429", "503"))
            fault = box.faults.add(kind, count=None, retry_after=self.day.chance.choice((None, 1)))
            time.sleep(self.day.chance.uniform(0.2, 1.5))
            fault.count = 0
            self.notes[f"bursts of {kind}"] += 1

    def wait(self) -> bool:
        """Until everything placed was read and nothing is on its way any more. False when that takes too long."""
        end, since = time.monotonic() + self.plan.patience, timezone.now() + timedelta(seconds=LAG / SCALE)
        still, read_at = 0, 0.0
        hours_pass()
        while time.monotonic() < end:
            if time.monotonic() - read_at > 3 and not was_read(since):
                read(*READ)
                read_at = time.monotonic()
            for box in self.day.opened.all:
                if box.webhooks.pending():
                    box.webhooks.flush(timeout=2)
            queue.show_all(self.day.opened.amazon)
            tick()
            still = still + 1 if was_read(since) and not scripted.on_the_way(self.day) else 0
            if still >= 3:
                return True
            time.sleep(0.3)
        return False


def hours_pass() -> None:
    """What would be tried again after some hours, since it met many faults, is due now."""
    Delivery.objects.filter(state="waiting", due_at__gt=timezone.now()).exclude(reason_code=MISSING).update(due_at=timezone.now())


def tick() -> None:
    """The minute round, more often; the database may be away for a moment."""
    try:
        close_old_connections()
        tasks.tick()
    except (OperationalError, InterfaceError, tasks.TaskFailedError):
        connection.close()


def delivered() -> int:
    """How many deliveries came to a good end."""
    try:
        close_old_connections()
        return Delivery.objects.filter(state="delivered").count()
    except (OperationalError, InterfaceError):
        connection.close()
        return 0


def read(*slugs: str) -> None:
    """Readings begin, as a schedule would have it."""
    while True:
        try:
            close_old_connections()
            for slug in slugs:
                start_run(Flow.objects.get(slug=slug), trigger=SyncRun.Trigger.SCHEDULE)
        except (OperationalError, InterfaceError):
            connection.close()
            time.sleep(0.2)
        else:
            return


def was_read(since: datetime) -> bool:
    """Whether one reading of each kind that began after that moment came to its end; one that follows a dead one is stopped."""
    done = SyncRun.objects.filter(created_at__gte=since, state=SyncRun.State.DONE, trigger=SyncRun.Trigger.SCHEDULE)
    return set(done.filter(flow__slug__in=READ).values_list("flow__slug", flat=True)) == set(READ)
