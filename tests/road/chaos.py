"""The order road while everything is killed: a program of its own, so that its database and its settings are, too.

`python -m tests.road.chaos`. The plan comes as JSON in CHAOS, the report leaves as one line of JSON; "restart the database" asks whoever
started it to do that.
"""

from __future__ import annotations

import json
import os
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import django
import structlog

django.setup()

from django.conf import settings  # noqa: E402
from django.db import InterfaceError, OperationalError, close_old_connections, connection  # noqa: E402
from django.db.models import Count, Max  # noqa: E402
from django.utils import timezone  # noqa: E402
from rich.console import Console  # noqa: E402

from hub import tasks  # noqa: E402
from hub.demo import acts  # noqa: E402
from hub.demo import day as scripted  # noqa: E402
from hub.demo.flows import ITEMS, ORDERS  # noqa: E402
from hub.demo.inventing import invented  # noqa: E402
from hub.demo.mischief import calm  # noqa: E402
from hub.demo.ordered import CHANNELADVISOR  # noqa: E402
from hub.demo.processes import Processes  # noqa: E402
from hub.demo.report import hub_counts  # noqa: E402
from hub.demo.stage import prepare  # noqa: E402
from hub.demo.standins import any_port, open_standins  # noqa: E402
from hub.engine.read import start_run  # noqa: E402
from hub.engine.subscribe import subscribe  # noqa: E402
from hub.models import Connection, Delivery, Flow, SyncRun  # noqa: E402
from hub.process_group import kill  # noqa: E402
from tests.road.victims import Killer  # noqa: E402

ASK_FOR_RESTART = "restart the database"
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much of what. `gap`: longest pause in seconds between signs of work and the next kill; `revival`: how long work is waited for."""

    orders: int = 1000
    kills: int = 30
    seed: int = 1
    gap: float = 0.5
    revival: float = 3.0
    group: tuple[int, int] = (8, 40)
    patience: float = 90.0
    restart: bool = False


@dataclass(slots=True)
class Chaos:
    """One run of it."""

    plan: Plan
    day: acts.Day
    processes: Processes
    killer: Killer
    placed: threading.Event = field(default_factory=threading.Event)
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
            self.see_work(before)
            time.sleep(self.day.chance.uniform(0, self.plan.gap) if killed else 0.1)
            if killed == "supervisor":
                running["worker"].wait()
                self.processes.worker()
            if sum(self.killer.counts.values()) == restart_at and killed:
                print(ASK_FOR_RESTART, flush=True)
            if killed:
                tick()

    def see_work(self, before: int) -> None:
        """Waits until something was delivered, or for a while: who is killed at once again never works."""
        end = time.monotonic() + self.plan.revival
        while delivered() == before and time.monotonic() < end:
            time.sleep(0.2)

    def arrive(self) -> None:
        """Places every order; what goes wrong here ends the whole run."""
        try:
            self._arrive()
        except Exception as error:
            self.failure = error
            raise
        finally:
            connection.close()
            self.placed.set()

    def _arrive(self) -> None:
        """Orders come in groups, by webhook, by reading or both, while both systems misbehave; spread over the time of the kills."""
        whole = self.plan.kills * 2.0
        pause = whole / (self.plan.orders / (sum(self.plan.group) / 2))
        at = 0
        while at < len(self.day.orders):
            size = self.day.chance.randint(*self.plan.group)
            announced = self.day.chance.random() < 0.7
            acts.listen(self.day, on=announced)
            group = [(CHANNELADVISOR, one) for one in range(at, min(at + size, len(self.day.orders)))]
            acts.place(self.day, group)
            self.burst()
            if not announced or self.day.chance.random() < 0.3:
                read(ORDERS)
            acts.change_some(self.day, group)
            at += size
            time.sleep(self.day.chance.uniform(0.5, 1.2) * pause)
        acts.listen(self.day, on=True)

    def burst(self) -> None:
        """Now and then both systems refuse for a while."""
        if self.day.chance.random() < 0.2:
            box = self.day.chance.choice((self.day.opened.tims, self.day.opened.channeladvisor))
            kind = self.day.chance.choice(("429", "503"))
            fault = box.faults.add(kind, count=None, retry_after=self.day.chance.choice((None, 1)))
            time.sleep(self.day.chance.uniform(0.2, 1.5))
            fault.count = 0
            self.notes[f"bursts of {kind}"] += 1

    def wait(self) -> bool:
        """Until everything placed was read and nothing is on its way any more. False when that takes too long."""
        end, since = time.monotonic() + self.plan.patience, timezone.now()
        webhooks = self.day.opened.channeladvisor.webhooks
        still, read_at = 0, 0.0
        while time.monotonic() < end:
            if time.monotonic() - read_at > 3 and not was_read(since):
                read(ITEMS, ORDERS)
                read_at = time.monotonic()
            if webhooks.pending():
                webhooks.flush(timeout=2)
            tick()
            still = still + 1 if was_read(since) and not scripted.on_the_way(self.day) else 0
            if still >= 3:
                return True
            time.sleep(0.3)
        return False


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
    return done.filter(flow__slug=ORDERS).exists() and done.filter(flow__slug=ITEMS).exists()


def spoil_answers(day: acts.Day) -> None:
    """Every twentieth answer of both systems is lost after they acted, and the first about orders for certain."""
    day.opened.tims.faults.add("drop_after", "/api/v1/sales_orders*", method="POST")
    for box in (day.opened.tims, day.opened.channeladvisor):
        box.faults.add("drop_after", count=None, probability=0.05)


def play(plan: Plan) -> dict[str, Any]:
    """The whole of it; answers the report."""
    began = time.monotonic()
    chance = random.Random(plan.seed)
    with open_standins(None, fixed_ports=False, rate=scripted.HIGHER_QUOTA) as opened:
        connections = prepare(opened.settings())
        scripted.widen(connections["tims"], scripted.HIGHER_QUOTA)
        address = f"http://127.0.0.1:{any_port()}"
        with Processes(Path(settings.VAR_DIR) / "logs", {"HUB_BASE_URL": address}) as processes:
            processes.web(int(address.rpartition(":")[2]))
            subscribe(connections["channeladvisor"], address)
            processes.worker()
            day = acts.Day(opened, chance, invented(opened, plan.orders, seed=plan.seed, failing=0.01), Console(quiet=True))
            read(ITEMS)
            chaos = Chaos(plan, day, processes, Killer(Path(settings.VAR_DIR), chance))
            spoil_answers(day)
            arrivals = threading.Thread(target=chaos.arrive, daemon=True)
            arrivals.start()
            chaos.kill_all_along()
            calm(day.opened, day.notes)
            killed_for = time.monotonic() - began
            quiet = chaos.wait()
            ended = processes.dead()
            for child in processes.running.values():
                kill(child.pid)
            return report(chaos, ended, quiet=quiet, killed_for=killed_for, seconds=time.monotonic() - began)


def still_moving() -> list[str]:
    """What is on its way when it should not be any more, and what it waits for."""
    rows = Delivery.objects.filter(state__in=("pending", "sending", "waiting")).order_by().values_list("flow__slug", "state", "reason_code")
    found = [f"{' '.join(row[:3])}: {row[3]}, up to {row[4]} attempts" for row in rows.annotate(Count("pk"), Max("attempts"))]
    paused = Connection.objects.filter(open_until__gt=timezone.now()).values_list("slug", "failures")
    return found + [f"{slug} is paused after {failures} failures" for slug, failures in paused]


def report(chaos: Chaos, ended: list[str], *, quiet: bool, killed_for: float, seconds: float) -> dict[str, Any]:
    """What happened and whether the books agree."""
    # Nobody heals here what was made to fail.
    found = scripted.books(chaos.day, healed=False)
    return {
        "orders": len(chaos.day.orders),
        "kills": dict(chaos.killer.counts),
        "notes": dict(chaos.notes + chaos.day.notes),
        "verdicts": dict(found.counts),
        "differences": found.differences,
        "stuck": 0 if quiet else scripted.on_the_way(chaos.day),
        "still moving": still_moving(),
        "ended by themselves": ended,
        "killed for": round(killed_for, 1),
        "seconds": round(seconds, 1),
        "hub": dict(hub_counts()),
    }


def main() -> None:
    print(json.dumps(play(Plan(**json.loads(os.environ.get("CHAOS", "{}"))))), flush=True)


if __name__ == "__main__":
    main()
