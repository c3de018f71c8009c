"""One run of a road that begins with webhooks: the hub's, or the one with a task per order. A program, since settings are read once.

`python -m tests.benchmarks.webhook_road '<plan>'` with the database in DATABASE_URL; prints one line of JSON.
"""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import django
import msgspec

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402

from hub.demo.processes import Processes  # noqa: E402
from hub.demo.standins import any_port  # noqa: E402
from tests.benchmarks import load, usage  # noqa: E402
from tests.benchmarks.plan import WARM_UP, Found, Plan, books, quick  # noqa: E402
from tests.benchmarks.quick_channel import FIRST  # noqa: E402

ROADS = {"hub": "tests.benchmarks.hub_road", "tasks": "tests.benchmarks.tasked.road"}
"""Each module has `prepare(plan, tims, channel)` and `settled()`."""
PATIENCE = 60.0
"""Seconds without any progress after which a run has failed."""


@dataclass(slots=True, kw_only=True)
class Road:
    """What runs. `ports` of TIMS, the channel, and the web server; `path` and `secret` of the webhooks."""

    plan: Plan
    ports: tuple[int, int, int]
    path: str
    secret: str
    processes: Processes
    sizes: list[float] = field(default_factory=list)
    """MB of the largest worker process, twice a second."""

    def travel(self, first: int, count: int, *, total: int) -> dict[str, Any]:
        """Webhooks out, until `total` orders are in; what the sender of the webhooks reports."""
        plan = load.Plan(port=self.ports[2], path=self.path, secret=self.secret, first=first, count=count)
        command = [sys.executable, "-m", "tests.benchmarks.load", msgspec.json.encode(plan).decode()]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as sender:
            assert sender.stdout
            self._await(total)
            found: dict[str, Any] = msgspec.json.decode(sender.stdout.read())
        return found

    def _await(self, total: int) -> None:
        """Until the last order has arrived and everything about it is written down."""
        before, since = -1.0, time.monotonic()
        while (done := self._done()) < total or not self._settled():
            if done != before:
                before, since = done, time.monotonic()
            if time.monotonic() - since > PATIENCE or self.processes.dead():
                raise SystemExit(
                    f"{done:.0f} of {total} orders have arrived.\n{self.processes.words('worker')}\n{self.processes.words('web')}"
                )
            self.sizes.append(max((now for now, _ in usage.memory(self.processes.running["worker"].pid)), default=0.0))
            time.sleep(0.5)

    def _done(self) -> float:
        sold = books(self.ports[0])["sold"]
        return min(sold, books(self.ports[1])["taken"]) if self.plan.acknowledge else sold

    def _settled(self) -> bool:
        return bool(import_module(ROADS[self.plan.kind]).settled())


def measure(road: Road) -> Found:
    """Warms up, then sends the webhooks and watches. SystemExit when an order came twice."""
    road.travel(FIRST, WARM_UP, total=WARM_UP)
    road.sizes.clear()
    database = _database()
    before = _used(road, database)
    sent = road.travel(FIRST + WARM_UP, road.plan.orders, total=WARM_UP + road.plan.orders)
    web, worker, stored = (now - then for now, then in zip(_used(road, database), before, strict=True))
    arrived = books(road.ports[0])
    if arrived["doubled"] or arrived["sold"] != WARM_UP + road.plan.orders:
        raise SystemExit(f"TIMS holds {arrived}.")
    return Found(
        seconds=arrived["last"] - sent["began"], cpu=web + worker, web_cpu=web, database_cpu=stored, webhooks=sent["ended"] - sent["began"],
        milliseconds=sorted(sent["milliseconds"]), rss=road.sizes[:: max(len(road.sizes) // 10, 1)],
        peak=max(most for _, most in usage.memory(road.processes.running["worker"].pid)),
    )  # fmt: skip


def _used(road: Road, database: list[int]) -> tuple[float, float, float]:
    """CPU seconds of the web server, the worker and the database server so far."""
    running = road.processes.running
    return usage.cpu_seconds(running["web"].pid), usage.cpu_seconds(running["worker"].pid), usage.cpu_seconds(*database)


def _database() -> list[int]:
    """The root process of the database server; none for SQLite."""
    if connection.vendor == "sqlite":
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = int(cursor.fetchone()[0])
    return [int(Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()[1])]


def main() -> None:
    """Starts everything, measures, ends everything."""
    plan = msgspec.convert(msgspec.json.decode(sys.argv[1]), Plan)
    with quick("quick_tims") as tims, quick("quick_channel") as channel:
        path, secret = import_module(ROADS[plan.kind]).prepare(plan, tims, channel)
        port = any_port()
        with Processes(Path(settings.VAR_DIR) / "logs", {"HUB_BASE_URL": f"http://127.0.0.1:{port}"}) as processes:
            processes.web(port)
            processes.worker()
            found = measure(Road(plan=plan, ports=(tims, channel, port), path=path, secret=secret, processes=processes))
    print(msgspec.json.encode(found).decode(), flush=True)


if __name__ == "__main__":
    main()
