"""What follows a failure: pure, tested with tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.errors import ConnectorError

BACKOFF = tuple(timedelta(seconds=seconds) for seconds in (5, 20, 60, 300, 900, 1800, 3600, 3600, 7200, 14400))
"""Waits after the 1st, 2nd … failed attempt: about ten hours in all, enough for a night's maintenance."""
LONGEST_WAIT = timedelta(hours=6)
MISSING = "waits_for_value"
"""The reason code of a delivery that lacks a value which may still come."""
MISSING_RETRY = timedelta(hours=1)

NOT_DECIDED = "not_decided"
"""The reason code of a delivery that its target has taken without deciding, and the category of one that it never decided."""
DECIDED_WITHIN = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Try again at `at`; `unknown`: ask the target first whether the attempt acted; `free`: does not count as an attempt."""

    at: datetime
    unknown: bool = False
    free: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveUp:
    """A person must act; `category` names the kind of failure."""

    category: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    """Nothing is to be sent, and that is right; `reason` says why."""

    code: str
    reason: str


def after_failure(error: ConnectorError, *, attempts: int, now: datetime, spread: float = 0.0, pace: float = 1.0) -> Retry | GiveUp | Skip:
    """What follows the `attempts`-th failed attempt. `spread` (0 to 1) shifts the wait by up to a fifth so that crowds part; `pace`
    stretches our own waits, not those that the system asked for."""
    if error.category in ("owned_elsewhere", "not_needed"):
        return Skip(code=error.category, reason=error.message)
    if not error.retryable:
        return GiveUp(category=error.category)
    if error.category == "throttled":
        wait = timedelta(seconds=error.retry_after if error.retry_after is not None else 15 * pace)
        return Retry(at=now + _bounded(wait, spread), free=True)
    if attempts > len(BACKOFF):
        return GiveUp(category="unknown_outcome" if error.acted is None else "exhausted")
    wait = BACKOFF[max(attempts, 1) - 1] * pace
    if error.retry_after is not None:
        wait = max(wait, timedelta(seconds=error.retry_after))
    return Retry(at=now + _bounded(wait, spread), unknown=error.acted is None)


def after_death(*, deaths: int, now: datetime, most: int, pace: float = 1.0) -> Retry | GiveUp:
    """What follows the `deaths`-th lease that ran out: the worker died, or hung, in the middle of it. After `most` a person must look."""
    if deaths >= most:
        return GiveUp(category="unknown_outcome")
    return Retry(at=now + BACKOFF[min(max(deaths, 1), len(BACKOFF)) - 1] * pace, unknown=True)


def while_missing(*, hours: int, since: datetime, now: datetime, pace: float = 1.0) -> Retry | GiveUp:
    """What follows when a value is missing that may come within so many hours after `since`; the last try is at their end."""
    end = since + timedelta(hours=hours) * pace
    if now >= end:
        return GiveUp(category="mapping")
    return Retry(at=min(now + MISSING_RETRY * pace, end), free=True)


def while_undecided(
    *, since: datetime, now: datetime, after: float, error: ConnectorError | None = None, pace: float = 1.0
) -> Retry | GiveUp:
    """What follows when the target still decides about what it took at `since`: it is asked again `after` so many seconds, for a day.

    `error`: it could not be asked. While that comes right by itself, no time runs out; it may have decided long ago.
    """
    at = now + timedelta(seconds=after) * pace
    if error is not None and error.retryable:
        next_step = after_failure(error, attempts=1, now=now, pace=pace)
        return Retry(at=max(at, next_step.at) if isinstance(next_step, Retry) else at, free=True)
    if now >= since + DECIDED_WITHIN * pace:
        return GiveUp(category=NOT_DECIDED)
    return Retry(at=at, free=True)


def _bounded(wait: timedelta, spread: float) -> timedelta:
    return min(wait, LONGEST_WAIT) * (1 + 0.2 * min(max(spread, 0.0), 1.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """A connection's health: failures in a row and until when nothing is sent."""

    failures: int
    open_until: datetime | None


TRIP_AFTER = 20
"""Failures in a row that open the circuit (the ChannelAdvisor page asks this of 429 answers)."""


def circuit(
    now_failing: Circuit, *, worked: int, failed: int, now: datetime, retry_after: float | None = None, pace: float = 1.0
) -> Circuit:
    """The circuit after a batch with so many calls that worked and that met an unwell system.

    Any success closes it. After TRIP_AFTER failures it opens for 30 s, doubling to at most 5 minutes, or for as long as the
    system asked (at most half an hour).
    """
    if worked:
        return Circuit(failures=0, open_until=None)
    if not failed:
        return now_failing
    failures = now_failing.failures + failed
    if failures < TRIP_AFTER and retry_after is None:
        return Circuit(failures=failures, open_until=now_failing.open_until)
    doubled = 30.0 * 2 ** min(max(failures // TRIP_AFTER - 1, 0), 4)
    pause = min(retry_after, 1800.0) if retry_after is not None else min(doubled, 300.0) * pace
    return Circuit(failures=failures, open_until=now + timedelta(seconds=pause))


ADVICE = {
    "credentials": "Open the connection, check its credentials and press Test connection; then retry.",
    "rejected": "Correct the value at its source or in the mapping, then retry.",
    "missing": "Check that the record still exists in the other system, then retry or ignore it.",
    "mapping": "Correct the mapping rule or add the missing lookup row, then retry all of this cause.",
    "conflict": "Open the delivery and choose who is right: the channel, the target, or what can be changed of both.",
    "exhausted": "The other system was unwell for too long. Check the connection, then retry.",
    "unknown_outcome": "Look in the target system whether the document exists; retry asks it first and never doubles it.",
    NOT_DECIDED: "Look in the target system what became of it. If it was done, resolve this with a note; if not, retry sends it again.",
    "receipt_lost": "Look in the target system whether it was done. If so, resolve this with a note; if not, retry sends it again.",
    "unsupported": "Use another operation or dialect for this flow, or ignore the record.",
    "held": "It continues by itself as soon as the named record arrives.",
    "unreadable": "Look at the record in the source system; when it is right there, resync it.",
    "internal": "This is a fault of the hub. Retry; if it comes again, report it with the delivery's number.",
}


def advice(category: str) -> str:
    """What a person can do about a failure of that category."""
    return ADVICE.get(category, ADVICE["internal"])
