"""Rate limits as token buckets, and the number of calls at once."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from connectors.sandbox.web import Refusal


@dataclass(frozen=True, slots=True)
class Rate:
    """`calls` in `seconds`; the bucket holds `calls` and refills evenly."""

    calls: int
    seconds: float = 60.0


class Limits:
    """Buckets and gates by credential. Real time, whatever the stand-in's clock says."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}
        self._busy: dict[str, int] = {}

    def take(self, key: str, rate: Rate, cost: int = 1) -> dict[str, str]:
        """Takes `cost` calls; answers the three X-RateLimit headers. Raises Refusal 429 `rate_limited` with Retry-After."""
        per_second = rate.calls / rate.seconds
        with self._lock:
            now = time.monotonic()
            left, at = self._buckets.get(key, (float(rate.calls), now))
            left = min(float(rate.calls), left + (now - at) * per_second)
            taken = left >= cost
            self._buckets[key] = (left - cost if taken else left, now)
            left = self._buckets[key][0]
        full = math.ceil(time.time() + (rate.calls - left) / per_second)
        headers = {"X-RateLimit-Limit": str(rate.calls), "X-RateLimit-Remaining": str(int(left)), "X-RateLimit-Reset": str(full)}
        if taken:
            return headers
        wait = max(1, math.ceil((cost - left) / per_second))
        raise Refusal(429, "rate_limited", "Too many requests.", headers={**headers, "Retry-After": str(wait)})

    @contextmanager
    def gate(self, key: str, most: int) -> Iterator[None]:
        """Counts a running call. Raises Refusal 429 `too_many_concurrent` when `most` already run."""
        with self._lock:
            if self._busy.get(key, 0) >= most:
                raise Refusal(429, "too_many_concurrent", f"More than {most} calls at once.", headers={"Retry-After": "1"})
            self._busy[key] = self._busy.get(key, 0) + 1
        try:
            yield
        finally:
            with self._lock:
                self._busy[key] -= 1

    def reset(self) -> None:
        """Fills all buckets."""
        with self._lock:
            self._buckets.clear()
