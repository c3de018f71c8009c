"""The supervised worker: whatever of it is killed or hangs, tasks run again, and nothing is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hub.process_group import members
from tests.road.victims import cluster_group, roles

pytestmark = [pytest.mark.road, pytest.mark.django_db(transaction=True)]
SILENCE = 8


def until(what: Callable[[], Any], log: Path | None = None) -> None:
    """Waits a minute at most; then fails with the end of the log."""
    end = time.monotonic() + 60
    while not what():
        assert time.monotonic() < end, log.read_text()[-4000:] if log else "This did not happen within a minute."
        time.sleep(0.1)


@dataclass(slots=True)
class Worker:
    """A running `manage.py worker`, its files and its log."""

    process: subprocess.Popen[bytes]
    var: Path
    log: Path

    def group(self) -> int:
        return cluster_group(self.var)

    def runs_tasks(self) -> None:
        """Waits for a heartbeat younger than this call."""
        from django.utils import timezone

        from hub.models import Heartbeat

        now = timezone.now()
        until(lambda: Heartbeat.objects.filter(at__gt=now).exists(), self.log)


@pytest.fixture
def start(database_url: str, tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    from django.conf import settings

    environment = {
        **os.environ, "DATABASE_URL": database_url, "HUB_VAR_DIR": str(tmp_path), "SECRET_KEY": settings.SECRET_KEY,
        "HUB_HEARTBEAT_SECONDS": str(SILENCE),
    }  # fmt: skip
    running: list[Worker] = []

    def begin(*options: str) -> Worker:
        log = tmp_path / f"worker-{len(running)}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "manage.py", "worker", *options],
                cwd=settings.BASE_DIR,
                env=environment,
                stderr=out,
                start_new_session=True,
            )
        running.append(Worker(process, tmp_path, log))
        return running[-1]

    yield begin
    for worker in running:
        worker.process.kill()
        worker.process.wait()
    groups = [json.loads(note.read_text())["group"] for note in tmp_path.glob("worker-*.json")]
    until(lambda: not any(members(group) for group in groups))


def test_tasks_run_again_whatever_is_killed(start: Callable[..., Worker]) -> None:
    worker = start()
    worker.runs_tasks()
    for victim in ("sentinel", "cluster", "child", "group"):
        group = worker.group()
        if victim == "group":
            os.killpg(group, signal.SIGKILL)
        else:
            for pid in roles(group)[victim]:
                os.kill(pid, signal.SIGKILL)
        worker.runs_tasks()
        if victim != "child":
            assert worker.group() != group, victim
            assert members(group) == [], victim


def test_a_cluster_that_hangs_is_replaced_as_a_whole(start: Callable[..., Worker]) -> None:
    worker = start()
    worker.runs_tasks()
    group = worker.group()
    for pid in roles(group)["child"]:
        os.kill(pid, signal.SIGSTOP)
    worker.runs_tasks()
    assert members(group) == []
    assert "no task has run for" in worker.log.read_text()


def test_a_killed_supervisor_leaves_nothing_behind(start: Callable[..., Worker]) -> None:
    worker = start()
    worker.runs_tasks()
    group = worker.group()
    worker.process.kill()
    until(lambda: not members(group))
    start().runs_tasks()


def test_a_worker_makes_the_schedules_and_ends_well_when_it_is_asked_to_stop(start: Callable[..., Worker]) -> None:
    from django_q.models import Schedule

    worker = start()
    worker.runs_tasks()
    assert Schedule.objects.filter(name="hub: tick").exists()
    group = worker.group()
    worker.process.terminate()
    assert worker.process.wait(timeout=60) == 0
    assert members(group) == []


def test_a_second_worker_of_a_host_needs_a_name_of_its_own(start: Callable[..., Worker]) -> None:
    first = start()
    first.runs_tasks()
    second = start()
    assert second.process.wait(timeout=60) == 1
    assert "is running already" in second.log.read_text()
    from hub.models import Heartbeat

    third = start("--name", "second")
    until(lambda: list(third.var.glob("worker-*-second.json")), third.log)
    # Both take tasks from one queue, so either may give the heartbeat that the other asked for.
    first.process.kill()
    until(lambda: Heartbeat.objects.filter(name__endswith=":second").exists(), third.log)
