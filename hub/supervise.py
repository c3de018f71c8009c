"""The supervisor: keeps one task cluster running and replaces the whole group when it dies or runs no more tasks."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import structlog
from django.conf import settings
from django.db import close_old_connections
from django_q.tasks import async_task

from hub import heartbeat, process_group, schedules
from hub.cluster import SUPERVISOR
from hub.models import Heartbeat
from hub.tasks import wake_due

log = structlog.get_logger(__name__)
LOOK = 0.25
WAKE_EVERY = 5.0
"""Seconds between two looks for deliveries and events whose time has come."""
STOP_SECONDS = 30.0
UNREAD = object()
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 60.0


class AlreadyRunningError(Exception):
    """Another supervisor of the same name runs on this host."""


class Supervisor:
    """`limit`: seconds without a heartbeat after which the group is replaced. `run` returns after SIGTERM or SIGINT.

    The heartbeat is written by tasks. The supervisor asks for one by queueing a task whenever the last is old.
    """

    def __init__(self, name: str, *, limit: float) -> None:
        self.name, self.limit = name, limit
        self.ask_every = min(15.0, limit / 5)
        self.signals = 0
        self.cluster: subprocess.Popen[bytes] | None = None
        self.seen: Any = UNREAD
        self.seen_at = self.looked_at = self.asked_at = self.woken_at = 0.0
        self.proven = self.planned = False

    def run(self) -> None:
        """Raises AlreadyRunningError."""
        with self._own_file() as note:
            for wanted in (signal.SIGTERM, signal.SIGINT):
                signal.signal(wanted, self._asked_to_stop)
            pause = FIRST_PAUSE
            while not self.signals:
                why = self._one_life(note)
                if not self.signals:
                    pause = FIRST_PAUSE if self.proven else min(pause * 2, LONGEST_PAUSE)
                    log.warning("cluster replaced", worker=self.name, reason=why, pause=pause)
                    self._sleep(pause)
            log.info("worker stopped", worker=self.name)

    def _one_life(self, note: IO[str]) -> str:
        """Starts a cluster, watches it until its end and answers the reason of that end. No process of it is left."""
        self.cluster = cluster = self._start()
        self._write(note, {"group": cluster.pid, "started": process_group.start_time(cluster.pid), "mark": self._mark()})
        self.proven, self.seen_at, self.looked_at, self.asked_at = False, time.monotonic(), 0.0, 0.0
        log.info("cluster started", worker=self.name, group=cluster.pid)
        try:
            return self._watch(cluster)
        finally:
            process_group.kill(cluster.pid)
            cluster.wait()
            process_group.reap()

    def _start(self) -> subprocess.Popen[bytes]:
        environment = {**os.environ, heartbeat.NAME: self.name, SUPERVISOR: str(os.getpid())}
        command = [sys.executable, "-m", "hub.cluster"]
        return subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment, start_new_session=True)  # noqa: S603 - our own program

    def _watch(self, cluster: subprocess.Popen[bytes]) -> str:
        while cluster.poll() is None:
            if self.signals:
                return self._end_gently(cluster)
            self._feel_pulse()
            silent = time.monotonic() - self.seen_at
            if silent > self.limit:
                return f"no task has run for {silent:.0f} seconds"
            self._sleep(LOOK)
        return f"the cluster ended by itself ({cluster.returncode})"

    def _end_gently(self, cluster: subprocess.Popen[bytes]) -> str:
        """Running tasks may finish what they are sending; a second signal, or half a minute, ends that."""
        log.info("worker stopping", worker=self.name)
        with suppress(ProcessLookupError):
            cluster.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        while cluster.poll() is None and time.monotonic() < deadline and self.signals < 2:
            time.sleep(0.1)
        return "asked to stop"

    def _feel_pulse(self) -> None:
        """Reads the heartbeat and asks for the next. While database or broker do not answer, silence proves nothing."""
        now = time.monotonic()
        if now - self.looked_at < 1.0:
            return
        self.looked_at = now
        try:
            close_old_connections()
            if not self.planned:
                schedules.sync()
                self.planned = True
            if now - self.woken_at >= WAKE_EVERY:
                self.woken_at = now
                wake_due()
            self._compare(Heartbeat.objects.filter(name=self.name).values_list("at", flat=True).first(), now)
            if now - max(self.seen_at if self.proven else 0.0, self.asked_at) >= self.ask_every:
                self.asked_at = now
                async_task("hub.tasks.beat", task_name="beat", group="beat")
        except Exception as error:  # noqa: BLE001 - whatever the broker raises, the supervisor goes on
            log.warning("no pulse could be taken", worker=self.name, error=type(error).__name__)
            self.seen_at = now

    def _compare(self, at: Any, now: float) -> None:
        """A heartbeat that changed proves that tasks run; when it was written by which clock does not matter."""
        if at != self.seen:
            if self.seen is not UNREAD:
                self.proven, self.seen_at = True, now
            self.seen = at

    def _asked_to_stop(self, number: int, frame: Any) -> None:
        self.signals += 1

    def _sleep(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not self.signals and (left := deadline - time.monotonic()) > 0:
            time.sleep(min(left, LOOK))

    def _mark(self) -> str:
        return f"{SUPERVISOR}={os.getpid()}"

    def _own_file(self) -> IO[str]:
        """The note about the running group, held by one supervisor; a group that an earlier one left behind is ended."""
        note = (Path(settings.VAR_DIR) / f"{self.name.replace(':', '-')}.json").open("a+")
        try:
            fcntl.flock(note, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            note.close()
            raise AlreadyRunningError(
                f"{self.name} is running already. Give this one another name: manage.py worker --name second"
            ) from None
        note.seek(0)
        with suppress(ValueError, KeyError, TypeError):
            left = json.loads(note.read())
            ended = process_group.kill_leftover(int(left["group"]), started=left["started"], mark=left["mark"])
            if ended:
                log.warning("processes of an earlier worker ended", worker=self.name, processes=ended)
        return note

    @staticmethod
    def _write(note: IO[str], facts: dict[str, Any]) -> None:
        note.seek(0)
        note.truncate()
        json.dump(facts, note)
        note.flush()
