"""Processes that belong together die together, and strangers are left alone."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings

from hub import process_group

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
MARK = "HUB_SUPERVISOR=424242"


@pytest.fixture
def group() -> Iterator[subprocess.Popen[bytes]]:
    """A leader and its child, both asleep."""
    environment = {**os.environ, "HUB_SUPERVISOR": "424242"}
    leader = subprocess.Popen(["sh", "-c", "sleep 60 & sleep 60; true"], start_new_session=True, env=environment)
    until(lambda: len(process_group.members(leader.pid)) == 3)
    yield leader
    process_group.kill(leader.pid)
    leader.wait()


def until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not what() and time.monotonic() < end:
        time.sleep(0.02)
    assert what()


def test_a_group_is_killed_with_all_its_members(group: subprocess.Popen[bytes]) -> None:
    process_group.kill(group.pid)
    assert process_group.members(group.pid) == []


def test_killing_a_group_that_is_gone_does_no_harm(group: subprocess.Popen[bytes]) -> None:
    process_group.kill(group.pid)
    process_group.kill(group.pid)


def test_a_leftover_is_known_by_the_start_time_of_its_leader(group: subprocess.Popen[bytes]) -> None:
    started = process_group.start_time(group.pid)
    assert process_group.kill_leftover(group.pid, started="1", mark=MARK) == 0
    assert process_group.members(group.pid)
    assert process_group.kill_leftover(group.pid, started=started, mark="") == 3


def test_orphans_of_a_dead_leader_are_known_by_their_mark(group: subprocess.Popen[bytes]) -> None:
    started = process_group.start_time(group.pid)
    group.kill()
    group.wait()
    assert process_group.kill_leftover(group.pid, started=started, mark="HUB_SUPERVISOR=1") == 0
    assert process_group.kill_leftover(group.pid, started=started, mark=MARK) == 2
    assert process_group.members(group.pid) == []


def test_what_was_forked_dies_with_its_parent_however_deep() -> None:
    program = (
        "import os, time\n"
        "from hub.process_group import forks_die_with_us\n"
        "forks_die_with_us()\n"
        "for depth in range(2):\n"
        "    if os.fork():\n"
        "        break\n"
        "time.sleep(60)\n"
    )
    top = subprocess.Popen([sys.executable, "-c", program], start_new_session=True, cwd=settings.BASE_DIR)
    until(lambda: len(process_group.members(top.pid)) == 3)
    top.kill()
    top.wait()
    until(lambda: not process_group.members(top.pid))
