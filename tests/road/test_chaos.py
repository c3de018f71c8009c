"""Whatever is killed on the way: no order is lost, none is doubled, none is stuck."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hub.process_group import die_with, kill
from tests.postgres import PostgreSQL

ROOT = Path(__file__).resolve().parent.parent.parent
QUICK = {
    "HUB_PACE": "0.05", "HUB_BATCH": "30", "HUB_LEASE_SECONDS": "8", "HUB_HEARTBEAT_SECONDS": "12", "HUB_DEATHS": "1000",
    "LOG_LEVEL": "WARNING",
}  # fmt: skip
"""Waits and limits of a rehearsal: what takes minutes takes seconds, and workers die far too often to bring a person each time."""
RESTART = "restart the database"
pytestmark = pytest.mark.road


@pytest.fixture
def server() -> Iterator[PostgreSQL]:
    """A PostgreSQL of this test alone, since it is restarted."""
    place = Path(tempfile.mkdtemp(prefix="throughline-chaos-"))
    try:
        with PostgreSQL(place / "pg") as running:
            yield running
    finally:
        shutil.rmtree(place, ignore_errors=True)


def play(place: Path, database: str, *, restart: Callable[[], None] | None = None, redis: str = "", limit: float = 900, **plan: int) -> Any:
    """Plays a chaos in processes of its own, none of which outlives this call, and answers its report."""
    environment = {
        **os.environ, **QUICK, "DJANGO_SETTINGS_MODULE": "hub.settings", "DATABASE_URL": database, "HUB_VAR_DIR": str(place / "var"),
        "HUB_REDIS_URL": redis, "CHAOS": json.dumps({**plan, "restart": restart is not None}),
    }  # fmt: skip
    command, words = [sys.executable, "-m", "tests.road.chaos"], place / "chaos.log"
    last = ""
    with words.open("wb") as log, subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True,
        preexec_fn=partial(die_with, os.getpid()),
    ) as child:  # fmt: skip
        too_long = threading.Timer(limit, child.kill)
        too_long.start()
        try:
            assert child.stdout
            for line in child.stdout:
                last = line.strip()
                if last == RESTART and restart:
                    restart()
        finally:
            too_long.cancel()
            kill(child.pid)
    assert last.startswith("{"), f"The chaos did not come to its end (status {child.returncode}):\n{words.read_text()[-4000:]}"
    return json.loads(last)


def judge(report: Any, *, orders: int, kills: int) -> None:
    """Nothing lost, nothing doubled, nothing stuck; and it was a chaos."""
    assert report["differences"] == [], report
    assert report["stuck"] == 0, report
    assert report["ended by themselves"] == [], report
    assert (report["orders"], sum(report["kills"].values()) >= kills) == (orders, True), report
    assert sum(report["packages confirmed"].values()) > orders // 20, report
    assert report["hub"]["deliveries that needed more than one attempt"] > 0, report


@pytest.mark.postgres
def test_a_thousand_orders_survive_thirty_kills_lost_answers_refusals_and_a_crash_of_the_database(
    server: PostgreSQL, tmp_path: Path
) -> None:
    report = play(tmp_path, server.create("chaos"), restart=server.restart, orders=1000, kills=30, seed=5)
    judge(report, orders=1000, kills=30)


@pytest.mark.postgres
def test_with_redis_as_broker_tasks_are_lost_and_orders_are_not(server: PostgreSQL, redis_server: str, tmp_path: Path) -> None:
    report = play(tmp_path, server.create("chaos"), redis=redis_server, orders=150, kills=6, seed=6)
    judge(report, orders=150, kills=6)


@pytest.mark.sqlite
def test_on_sqlite_the_books_agree_as_well(tmp_path: Path) -> None:
    report = play(tmp_path, f"sqlite:///{tmp_path / 'chaos.sqlite3'}", orders=150, kills=6, seed=7)
    judge(report, orders=150, kills=6)


@pytest.mark.long
@pytest.mark.postgres
def test_ten_thousand_orders_survive_a_thousand_kills(server: PostgreSQL, tmp_path: Path) -> None:
    orders, kills = int(os.environ.get("CHAOS_ORDERS", "10000")), int(os.environ.get("CHAOS_KILLS", "1000"))
    report = play(
        tmp_path, server.create("chaos"), restart=server.restart, limit=6 * 3600, orders=orders, kills=kills, seed=8, patience=600
    )
    judge(report, orders=orders, kills=kills)
