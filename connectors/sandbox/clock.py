"""The stand-in's settable clock."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

MICRO = timedelta(microseconds=1)


def rfc3339(moment: datetime) -> str:
    """`2026-11-20T10:15:00.000000Z`: fixed width, so that text order is time order."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Clock:
    """Runs with real time from wherever it was set, or stands still."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._offset = timedelta(0)
        self._frozen: datetime | None = None
        self._last = datetime.min.replace(tzinfo=UTC)

    def now(self) -> datetime:
        """The time in UTC."""
        return self._frozen or datetime.now(UTC) + self._offset

    def set(self, moment: datetime, *, frozen: bool = False) -> None:
        """Sets the time (with zone); `frozen` makes it stand still."""
        self._frozen = moment.astimezone(UTC) if frozen else None
        self._offset = moment - datetime.now(UTC)

    def advance(self, seconds: float) -> None:
        """Moves the time on."""
        if self._frozen:
            self._frozen += timedelta(seconds=seconds)
        self._offset += timedelta(seconds=seconds)

    def reset(self) -> None:
        """Back to real time."""
        self._frozen, self._offset = None, timedelta(0)

    def stamp(self) -> str:
        """The time as text for `UpdatedAt` and the like; never the same twice, so that the order of changes is certain."""
        with self._lock:
            self._last = max(self.now(), self._last + MICRO)
            return rfc3339(self._last)
