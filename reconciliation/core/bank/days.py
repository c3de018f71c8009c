"""Banking days."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

SATURDAY = 5


def banking_days_later(start: date, days: int, holidays: Collection[date] = ()) -> date:
    """The day that many banking days after `start`: Mondays to Fridays that are no holidays."""
    day = start
    while days > 0:
        day += timedelta(days=1)
        days -= day.weekday() < SATURDAY and day not in holidays
    return day
