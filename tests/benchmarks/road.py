"""How fast orders travel, from the first webhook to the last sales order: `python -m tests.benchmarks.road`.

Real processes on this machine: gunicorn takes signed webhooks; `manage.py worker` with 2 workers and 16 senders reads the orders from a
minimal ChannelAdvisor and sends them to a minimal TIMS. Each of their calls takes 5 ms, and both cost little CPU. A program of its own
sends webhooks as fast as the hub takes them, a few at once. The mapping is the shipped one; customers are known beforehand (house
accounts), items too. PostgreSQL and SQLite keep what they commit as a real installation would.

Two baselines run between the hub's runs: a bare loop (one process, 16 threads) that maps with the same mapping, posts with `requests` and
stores nothing; and one django-q2 task per order (8 task processes) that fetches, maps and posts, with `save()` after each step.

`--sqlite` or `--postgresql` measures only one database, `--orders N` takes more or fewer orders, `--quick` only bulk without acknowledging,
`--memory` (best with `--orders 50000`) only the course of a worker's memory. It measures, it is no test: the machine should have nothing
else to do. Ratios within one run say more than figures.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import psycopg

from tests.benchmarks.plan import SENDERS, WORKERS, Found, Plan
from tests.benchmarks.table import show, show_memory
from tests.postgres import PostgreSQL

SETTINGS = {"tasks": "tests.benchmarks.tasked.settings"}
ONE_BY_ONE = "tests.benchmarks.single_settings"


@contextmanager
def server() -> Iterator[PostgreSQL]:
    """PostgreSQL for a while, which keeps what it commits."""
    with tempfile.TemporaryDirectory() as place, PostgreSQL(Path(place) / "pg") as started:
        with psycopg.connect(started.url(), autocommit=True) as connection:
            for setting in ("fsync", "full_page_writes", "synchronous_commit"):
                connection.execute(f"ALTER SYSTEM RESET {setting}")
            connection.execute("SELECT pg_reload_conf()")
        yield started


def measured(plan: Plan, postgresql: PostgreSQL | None) -> Found:
    """One run in programs of its own, on an empty database. SystemExit with its last words when it fails."""
    with tempfile.TemporaryDirectory() as place:
        address = postgresql.create(Path(place).name.lower()) if postgresql else f"sqlite:///{place}/hub.sqlite3"
        environment = {
            **os.environ,
            "DATABASE_URL": address,
            "HUB_VAR_DIR": place,
            "HUB_SENDERS": str(SENDERS),
            "HUB_WORKERS": str(WORKERS),
            "DJANGO_SETTINGS_MODULE": SETTINGS.get(plan.kind, "hub.settings") if plan.bulk else ONE_BY_ONE,
        }
        program = "tests.benchmarks.bare_loop" if plan.kind == "loop" else "tests.benchmarks.webhook_road"
        command = [sys.executable, "-W", "ignore", "-m", program, msgspec.json.encode(plan).decode()]
        ended = subprocess.run(command, env=environment, capture_output=True, text=True)
    if ended.returncode:
        raise SystemExit(ended.stderr)
    return msgspec.json.decode(ended.stdout, type=Found)


def plans(orders: int, *, quick: bool) -> list[Plan]:
    """What is measured on each database, the baseline in the middle."""
    hub = [Plan(kind="hub", orders=orders, bulk=bulk, acknowledge=acknowledge) for acknowledge in (False, True) for bulk in (True, False)]
    return [hub[0], Plan(kind="tasks", orders=orders // 2), *([] if quick else hub[1:])]


def compare(orders: int, postgresql: PostgreSQL | None, *, quick: bool) -> None:
    """Every plan on one database."""
    loop = Plan(kind="loop", orders=orders)
    found = [(plan, measured(plan, postgresql)) for plan in [loop, *plans(orders, quick=quick)]]
    show("PostgreSQL" if postgresql else "SQLite", found)


def main() -> None:
    """Measures what was asked for and prints it."""
    parser = argparse.ArgumentParser(description="Measures the order road; see the module's docstring.")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--sqlite", action="store_true", help="only SQLite")
    only.add_argument("--postgresql", action="store_true", help="only PostgreSQL")
    parser.add_argument("--orders", type=int, default=3000, help="orders a run")
    parser.add_argument("--quick", action="store_true", help="only bulk, nothing acknowledged")
    parser.add_argument("--memory", action="store_true", help="only the memory of a worker")
    asked = parser.parse_args()
    with server() as started:
        for postgresql in [None] if asked.sqlite else [started] if asked.postgresql else [started, None]:
            if asked.memory:
                show_memory(measured(Plan(kind="hub", orders=asked.orders, acknowledge=True), postgresql))
            else:
                compare(asked.orders, postgresql, quick=asked.quick)


if __name__ == "__main__":
    main()
