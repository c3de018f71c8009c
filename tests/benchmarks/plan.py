"""What one run of the benchmark measures, and what it found."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import msgspec
import requests

SENDERS = 16
"""Calls under way at TIMS at once, over all workers."""
WORKERS = 2
WARM_UP = 60
"""Orders that travel before anything is measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One road: `kind` is "hub", "tasks" (one task per order) or "loop" (nothing stored)."""

    kind: str
    orders: int
    bulk: bool = True
    acknowledge: bool = False


@dataclass(slots=True, kw_only=True)
class Found:
    """What was measured. `seconds`: first webhook to last sales order. `rss`: the course of the largest worker process in MB."""

    seconds: float
    cpu: float
    web_cpu: float = 0.0
    """The part of `cpu` that took and stored webhooks."""
    database_cpu: float = 0.0
    webhooks: float = 0.0
    milliseconds: list[float] = field(default_factory=list)
    rss: list[float] = field(default_factory=list)
    peak: float = 0.0


@contextmanager
def quick(name: str) -> Iterator[int]:
    """One of the two minimal systems in a process of its own; its port."""
    process = subprocess.Popen([sys.executable, "-m", f"tests.benchmarks.{name}"], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()


def books(port: int) -> dict[str, float]:
    """What one of the minimal systems has counted."""
    found: dict[str, float] = msgspec.json.decode(requests.get(f"http://127.0.0.1:{port}/books", timeout=10).content)
    return found
