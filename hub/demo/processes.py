"""The web server and the worker that a demonstration starts, and that end with it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import TracebackType

import requests

from hub.process_group import die_with, kill

MANAGE = Path(__file__).resolve().parent.parent.parent / "manage.py"
PATIENCE = 35.0
"""Seconds for a worker to finish its batch before its group is killed."""


class Processes:
    """Children in groups of their own, so that Ctrl-C reaches only us and we end them in order. Use as a context manager."""

    def __init__(self, logs: Path, environment: Mapping[str, str]) -> None:
        self.logs = logs
        self.environment = {**os.environ, **environment, "PYTHONUNBUFFERED": "1"}
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        logs.mkdir(parents=True, exist_ok=True)

    def web(self, port: int) -> None:
        """gunicorn on a port of this machine; returns when it answers. Raises RuntimeError when it does not."""
        options = ["--bind", f"127.0.0.1:{port}", "--worker-class", "gthread", "--threads", "8", "--workers", "1", "--timeout", "60"]
        self._start("web", [sys.executable, "-m", "gunicorn", "hub.wsgi:application", *options])
        self._await("web", f"http://127.0.0.1:{port}/healthz")

    def worker(self) -> None:
        """`manage.py worker`."""
        self._start("worker", [sys.executable, str(MANAGE), "worker"])

    def dead(self) -> list[str]:
        """The names of those that ended by themselves."""
        return [name for name, child in self.running.items() if child.poll() is not None]

    def words(self, name: str) -> str:
        """The last lines that a child wrote."""
        return "\n".join((self.logs / f"{name}.log").read_text(errors="replace").splitlines()[-15:])

    def stop(self) -> None:
        """Asks all to end, waits, and kills what is left with its whole group."""
        for child in self.running.values():
            with contextlib.suppress(ProcessLookupError):
                child.terminate()
        end = time.monotonic() + PATIENCE
        for child in self.running.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(timeout=max(0.1, end - time.monotonic()))
            kill(child.pid)
            child.wait()
        self.running.clear()

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def _start(self, name: str, command: list[str]) -> None:
        with (self.logs / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(  # noqa: S603 - our own programs
                command, cwd=MANAGE.parent, env=self.environment, stdout=log, stderr=log, start_new_session=True,
                preexec_fn=partial(die_with, os.getpid()),
            )  # fmt: skip

    def _await(self, name: str, address: str) -> None:
        end = time.monotonic() + 40
        while time.monotonic() < end and not self.dead():
            with contextlib.suppress(requests.RequestException):
                if requests.get(address, timeout=2).ok:
                    return
            time.sleep(0.1)
        raise RuntimeError(f"The {name} process did not start. Its last words:\n{self.words(name)}")
