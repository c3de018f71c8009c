"""Signs of life of a worker, given by the tasks that it runs."""

from __future__ import annotations

import os
import socket
import time
from typing import Any

from django.db import DatabaseError
from django.utils import timezone

from hub.models import Heartbeat

NAME = "HUB_WORKER"
"""The environment variable that carries a worker's name to all its processes."""
OFTEN = 2.0
_last = 0.0


def worker_name(suffix: str = "") -> str:
    """`worker:<host>`, with a suffix where a host runs several workers."""
    return f"worker:{socket.gethostname()}{f':{suffix}' if suffix else ''}"[:60]


def beat() -> None:
    """Writes that tasks run in the worker to which this process belongs."""
    name = os.environ.get(NAME) or worker_name()
    Heartbeat.objects.update_or_create(name=name, defaults={"at": timezone.now()})


def beat_sometimes(**about: Any) -> None:
    """Before each task: a busy worker need not find time for the supervisor's own question. Never fails."""
    global _last
    now = time.monotonic()
    if now - _last < OFTEN:
        return
    _last = now
    try:
        beat()
    except DatabaseError:
        # The task itself will meet the same trouble and say so.
        return
