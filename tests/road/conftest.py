"""A road for tests: stand-ins in this process, web server and worker as real processes on the test database."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(slots=True)
class Road:
    """What runs, and the address of the hub."""

    channeladvisor: Any
    amazon: Any
    tims: Any
    processes: Any
    address: str

    def until(self, what: Callable[[], Any], seconds: float = 60.0) -> Any:
        """The first true answer; fails with the worker's last words when there is none in time. The minute's tick comes every second."""
        from hub import tasks

        end, looked = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            if found := what():
                return found
            looked += 1
            if looked % 10 == 0:
                tasks.tick()
            time.sleep(0.1)
        raise AssertionError(f"Nothing came within {seconds:g} s.\n{self.processes.words('worker')}\n{self.processes.words('web')}")


@pytest.fixture
def broker() -> str:
    """The address of a Redis broker; "" = the database is the broker."""
    return ""


@pytest.fixture
def children(transactional_db: None, database_url: str, tmp_path: Path, broker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes that a test starts use the test database and this process's keys, and keep their files in the test's directory."""
    from django.conf import settings

    for name, value in {
        "DATABASE_URL": database_url,
        "HUB_VAR_DIR": str(tmp_path),
        "SECRET_KEY": settings.SECRET_KEY,
        "HUB_ENCRYPTION_KEYS": ",".join(settings.HUB_ENCRYPTION_KEYS),
        "HUB_REDIS_URL": broker,
        "HUB_PACE": "0.2",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def road(children: None, tmp_path: Path) -> Iterator[Road]:
    """Connections, flows, mappings, a web server with subscribed webhooks, and a worker that has read what TIMS sells."""
    from hub.demo.day import HIGHER_QUOTA, quicken
    from hub.demo.flows import ITEMS
    from hub.demo.processes import Processes
    from hub.demo.stage import prepare
    from hub.demo.standins import SCALE, any_port, open_standins
    from hub.engine.read import start_run
    from hub.engine.subscribe import subscribe
    from hub.models import Flow, KnownRecord, SyncRun

    with open_standins(None, fixed_ports=False, rate=HIGHER_QUOTA, scale=SCALE) as opened:
        connections = prepare(opened.settings())
        quicken(connections)
        port = any_port()
        with Processes(tmp_path / "logs", {"HUB_BASE_URL": f"http://127.0.0.1:{port}"}) as processes:
            processes.web(port)
            subscribe(connections["channeladvisor"], f"http://127.0.0.1:{port}")
            processes.worker()
            made = Road(opened.channeladvisor, opened.amazon, opened.tims, processes, f"http://127.0.0.1:{port}")
            start_run(Flow.objects.get(slug=ITEMS), trigger=SyncRun.Trigger.PERSON)
            made.until(lambda: KnownRecord.objects.filter(stream="items").count() >= 200)
            yield made


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[str]:
    """A Redis of this test on a free port. Elsewhere than in CI the test is skipped where there is no redis-server."""
    from hub.demo.standins import any_port

    program = shutil.which("redis-server")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("no redis-server found: apt-get install redis-server")
        pytest.skip("no redis-server found: apt-get install redis-server")
    port = any_port()
    server = subprocess.Popen(
        [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)], stdout=subprocess.DEVNULL
    )
    yield f"redis://127.0.0.1:{port}/0"
    server.terminate()
    server.wait(timeout=10)
