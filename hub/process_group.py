"""Processes that belong together: they die together, and what an earlier life left behind is found."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

PR_SET_PDEATHSIG = 1
GONE_SECONDS = 5.0
_PROC = Path("/proc")
_forking = 0


def die_with(parent: int) -> None:
    """From now on this process is killed when its parent dies. Linux only; elsewhere `kill_leftover` has to do."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        # The parent died before the kernel was told.
        os._exit(1)


def forks_die_with_us() -> None:
    """Every process that this one forks, and every one that those fork, dies with the process that forked it."""
    os.register_at_fork(before=_note_parent, after_in_child=lambda: die_with(_forking))


def _note_parent() -> None:
    global _forking
    _forking = os.getpid()


def start_time(pid: int) -> str:
    """When a process began, in ticks since boot; with its id it names a process for good. "" when there is none."""
    fields = _stat(pid)
    return fields[19] if fields else ""


def members(group: int) -> list[int]:
    """The living processes of a group."""
    pids = [int(one.name) for one in _PROC.iterdir() if one.name.isdigit()] if _PROC.is_dir() else []
    return [pid for pid in pids if (fields := _stat(pid)) and fields[2] == str(group) and fields[0] != "Z"]


def kill(group: int) -> None:
    """Ends every process of a group at once and waits until they are gone."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
    deadline = time.monotonic() + GONE_SECONDS
    while members(group) and time.monotonic() < deadline:
        time.sleep(0.02)


def reap() -> None:
    """Takes leave of dead children; where this process is the first of a container, orphans become its children, too."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def kill_leftover(group: int, *, started: str, mark: str) -> int:
    """Ends a group of an earlier life if it is still that one: its leader began at `started`, or its members carry
    `mark` ("NAME=value") in their environment. Answers how many processes were ended."""
    now = start_time(group)
    left = members(group)
    ours = now == started if now else all(mark.encode() in _environment(pid) for pid in left)
    if not left or not ours:
        return 0
    kill(group)
    return len(left)


def _stat(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat from the third on (state); empty when there is no such process."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _environment(pid: int) -> list[bytes]:
    try:
        return (_PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return []
