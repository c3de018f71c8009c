"""The order road while everything is killed: a program of its own, so that its database and its settings are, too.

`python -m tests.road.chaos`. The plan comes as JSON in CHAOS, the report leaves as one line of JSON; "restart the database" asks whoever
started it to do that.
"""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db.models import Count, Max  # noqa: E402
from django.utils import timezone  # noqa: E402
from rich.console import Console  # noqa: E402

from hub.demo import acts, warehouse  # noqa: E402
from hub.demo import day as scripted  # noqa: E402
from hub.demo.flows import ITEMS  # noqa: E402
from hub.demo.mischief import calm  # noqa: E402
from hub.demo.processes import Processes  # noqa: E402
from hub.demo.report import hub_counts  # noqa: E402
from hub.demo.stage import prepare, subscribe_all  # noqa: E402
from hub.demo.standins import SCALE, any_port, open_standins  # noqa: E402
from hub.models import Connection, Delivery, Flow  # noqa: E402
from hub.process_group import kill  # noqa: E402
from tests.road.turmoil import Chaos, Plan, read  # noqa: E402
from tests.road.victims import Killer  # noqa: E402

AT_AMAZON = 5
"""One of so many orders is Amazon's."""


def spoil_answers(day: acts.Day) -> None:
    """Every twentieth answer of each system is lost after it acted, and the first about orders and shipments for certain."""
    day.opened.tims.faults.add("drop_after", "/api/v1/sales_orders*", method="POST")
    day.opened.amazon.faults.add("drop_after", "/orders/v0/*", method="POST")
    for box, path in ((day.opened.tims, "*"), (day.opened.channeladvisor, "*"), (day.opened.amazon, "/orders/*")):
        box.faults.add("drop_after", path, count=None, probability=0.05)


def play(plan: Plan) -> dict[str, Any]:
    """The whole of it; answers the report."""
    began = time.monotonic()
    with open_standins(None, fixed_ports=False, rate=scripted.HIGHER_QUOTA, scale=SCALE) as opened:
        connections = prepare(opened.settings())
        scripted.quicken(connections)
        # Who dies with a batch goes alone from then on: small ones, so that most of the time many still travel together.
        Flow.objects.update(batch=20)
        address = f"http://127.0.0.1:{any_port()}"
        with Processes(Path(settings.VAR_DIR) / "logs", {"HUB_BASE_URL": address}) as processes:
            processes.web(int(address.rpartition(":")[2]))
            # Each change of a sales order would be announced and read as well: what TIMS shipped is found by reading here.
            subscribe_all((connections["channeladvisor"], connections["amazon"]), address)
            processes.worker()
            quiet_console = Console(quiet=True)
            day = scripted.invented_day(opened, plan.orders, seed=plan.seed, to=quiet_console, failing=0.01, at_amazon=AT_AMAZON)
            read(ITEMS)
            chaos = Chaos(plan, day, processes, Killer(Path(settings.VAR_DIR), day.chance))
            spoil_answers(day)
            arrivals = threading.Thread(target=chaos.arrive, daemon=True)
            arrivals.start()
            chaos.kill_all_along()
            chaos.over.set()
            arrivals.join(timeout=30)
            calm(day.opened, day.notes)
            killed_for = time.monotonic() - began
            quiet = chaos.wait()
            chaos.ship()
            warehouse.correct_numbers(day)
            quiet = chaos.wait() and quiet
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
    found, parcels = scripted.books(chaos.day, healed=False), scripted.parcels_of(chaos.day)
    return {
        "orders": chaos.day.size,
        "kills": dict(chaos.killer.counts),
        "notes": dict(chaos.notes + chaos.day.notes),
        "verdicts": dict(found.counts),
        "through both channels": found.twins,
        "packages confirmed": dict(parcels.confirmed),
        "differences": [*found.differences, *parcels.differences],
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
