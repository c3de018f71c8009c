"""When what waits for a rate limit will have got its calls. Pure, tested with tables."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from hub.core.lanes import Lane, left_to_others


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A rate limit: `tokens` are the calls left at `refilled_at`; times are seconds since 1970."""

    tokens: float
    per_second: float
    burst: float
    reserved: float = 0.0
    refilled_at: float = 0.0
    blocked_until: float = 0.0

    def left(self, now: float) -> float:
        """Calls left at a moment, those that were taken on credit below zero. A clock set back refills nothing."""
        return min(self.burst, self.tokens + max(now - self.refilled_at, 0.0) * self.per_second)


def ends(calls: Mapping[Lane, int], bucket: Bucket, *, now: float) -> dict[Lane, float]:
    """When the last waiting call of each lane is made (seconds since 1970), if nothing more comes; infinity for never.

    A lane begins when those before it have ended, and its last call leaves what is kept for them. Lanes without work are left out.
    """
    start = max(now, bucket.blocked_until)
    free, before, found = bucket.left(start), 0, {}
    for lane in sorted(Lane, reverse=True):
        waiting = calls.get(lane, 0)
        if waiting <= 0:
            continue
        before += waiting
        missing = before + left_to_others(lane, burst=bucket.burst, reserved=bucket.reserved) - free
        found[lane] = start + _refilled_in(missing, bucket.per_second)
    return found


def _refilled_in(missing: float, per_second: float) -> float:
    if missing <= 0:
        return 0.0
    return missing / per_second if per_second > 0 else math.inf


def in_words(seconds: float) -> str:
    """`3 h 10 min`, `4 min`, `20 s`; rounded up, so that nobody waits longer than was said."""
    if seconds < 60:
        return f"{math.ceil(seconds)} s"
    minutes = math.ceil(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{math.ceil(hours / 24)} days"
