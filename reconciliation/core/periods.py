"""Fiscal periods: to which journal a day's lines belong, and what that journal is dated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A fiscal period of the ledger, first and last day included. Not open: nothing can be posted there any more.

    `locked_until`: up to and with this day nothing is posted, though the period is open.
    """

    name: str
    start: date
    end: date
    is_open: bool = True
    locked_until: date = date.min

    @property
    def first_open_day(self) -> date:
        """Of an open period."""
        return max(self.start, self.locked_until + DAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The lines from `first_day` to `last_day` go into one journal, dated `entry_date`. `reason`: why they are not in their own period."""

    number: int
    period: Period
    first_day: date
    last_day: date
    entry_date: date
    reason: str = ""


class PeriodError(Exception):
    """There is no period to post a day in; the message says what to do."""


def local_day(moment: datetime, zone: tzinfo) -> date:
    """The ledger's day of a moment."""
    return moment.astimezone(zone).date()


def parts_of(days: Iterable[date], *, start: date, end: date, deposit: date | None, periods: Sequence[Period]) -> list[Part]:
    """The journals of a settlement from `start` to `end` with lines on these days, oldest first; one reaches the settlement's end.

    Days of a closed period go to the next open one. An earlier part is dated the last day of its period; the last part the deposit's
    day, or the settlement's end when the deposit is made in a later period. Raises PeriodError.
    """
    known = sorted(periods, key=lambda period: period.start)
    homes: dict[Period, list[tuple[date, Period]]] = {}
    for day in sorted({*days, end}):
        own = _period_of(day, known)
        homes.setdefault(_open_from(own, known), []).append((day, own))
    made: list[Part] = []
    for number, (target, members) in enumerate(sorted(homes.items(), key=lambda one: one[0].start), start=1):
        is_last = number == len(homes)
        first = min(start, members[0][0]) if not made else made[-1].last_day + DAY
        last = members[-1][0] if is_last else max(target.end, members[-1][0])
        dated = _dated(target, (deposit, end)) if is_last else target.end
        made.append(Part(number=number, period=target, first_day=first, last_day=last, entry_date=dated, reason=_reason(target, members)))
    return made


def _dated(period: Period, wished: Iterable[date | None]) -> date:
    first = period.first_open_day
    return next((day for day in wished if day and first <= day <= period.end), first)


def _period_of(day: date, periods: Sequence[Period]) -> Period:
    for period in periods:
        if period.start <= day <= period.end:
            return period
    raise PeriodError(f"The ERP has no fiscal period for {day}. Open one there, then prepare the settlement again.")


def _open_from(period: Period, periods: Sequence[Period]) -> Period:
    for later in periods:
        if later.is_open and later.locked_until < later.end and later.start >= period.start:
            return later
    raise PeriodError(
        f"Period {period.name} is closed in the ERP and no later period is open. Open one there, then prepare the settlement again."
    )


def _reason(target: Period, members: Sequence[tuple[date, Period]]) -> str:
    closed = list(dict.fromkeys(own.name for _, own in members if own is not target))
    if not closed:
        return ""
    moved = [day for day, own in members if own is not target]
    days = str(moved[0]) if moved[0] == moved[-1] else f"{moved[0]} to {moved[-1]}"
    which = f"Period {closed[0]} is" if len(closed) == 1 else f"Periods {', '.join(closed)} are"
    return f"{which} closed in the ERP: the lines of {days} are posted in {target.name}, the first open period."
