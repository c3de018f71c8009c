"""Faults that can be switched on per method and path."""

from __future__ import annotations

import random
import threading
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any

KINDS = ("slow", "slow_after", "timeout", "reset", "drop_after", "truncate", "html", "html_after")
ACTING = frozenset({"slow", "slow_after", "timeout", "drop_after", "truncate", "html_after"})
"""Kinds that let the call act; all others answer without acting."""


@dataclass(slots=True, kw_only=True)
class Fault:
    """What goes wrong, how often and where.

    `kind` is a status ("503", "429", "401", "412" …: refused without acting) or one of KINDS. `path` is a pattern with `*`.
    `count` calls are hit, None = until cleared; `skip` lets that many matching calls through first.
    """

    kind: str
    method: str = "*"
    path: str = "*"
    count: int | None = 1
    skip: int = 0
    probability: float = 1.0
    retry_after: float | None = None
    seconds: float = 1.0
    hits: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS and not (self.kind.isdigit() and 300 <= int(self.kind) <= 599):
            raise ValueError(f"{self.kind!r} is no fault; known are a status from 300 to 599 and {', '.join(KINDS)}.")


class Faults:
    """The switched-on faults, in the order in which they were added; the first that matches is used."""

    def __init__(self, chance: random.Random) -> None:
        self._lock = threading.Lock()
        self._list: list[Fault] = []
        self._chance = chance

    def add(self, kind: str, path: str = "*", *, method: str = "*", **more: Any) -> Fault:
        """Switches a fault on, e.g. `add("503", "/v2/orders*", count=3, retry_after=2)`."""
        fault = Fault(kind=kind, path=path, method=method, **more)
        with self._lock:
            self._list.append(fault)
        return fault

    def clear(self) -> None:
        """Switches all faults off."""
        with self._lock:
            self._list.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that hits this call, counted; None when all is well."""
        if not self._list:
            return None
        with self._lock:
            for fault in self._list:
                if fault.method in ("*", method) and fnmatchcase(path, fault.path) and self._hits(fault):
                    return fault
        return None

    def listing(self) -> list[dict[str, Any]]:
        """All faults as plain values."""
        with self._lock:
            return [asdict(fault) for fault in self._list]

    def _hits(self, fault: Fault) -> bool:
        if fault.count == 0 or self._chance.random() >= fault.probability:
            return False
        if fault.skip > 0:
            fault.skip -= 1
            return False
        if fault.count is not None:
            fault.count -= 1
        fault.hits += 1
        return True
