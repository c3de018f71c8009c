"""Calendar months as periods of a ledger."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import NamedTuple
from zoneinfo import ZoneInfo


class Month(NamedTuple):
    """A month of the years 1900 to 9998, as `2026-11`."""

    year: int
    number: int

    @classmethod
    def of(cls, text: str) -> Month | None:
        """The month that is written like `2026-11`; None for anything else."""
        year, _, number = text.partition("-")
        if len(text) != 7 or not (text.isascii() and year.isdecimal() and number.isdecimal()):
            return None
        found = cls(int(year), int(number))
        return found if 1900 <= found.year <= 9998 and 1 <= found.number <= 12 else None

    @classmethod
    def holding(cls, day: date) -> Month:
        """The month that a day belongs to."""
        return cls(day.year, day.month)

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.number, 1)

    @property
    def after(self) -> date:
        """The first day that no longer belongs to it."""
        return self.moved(1).first

    @property
    def words(self) -> str:
        """`November 2026`."""
        return f"{self.first:%B %Y}"

    def moved(self, by: int) -> Month:
        """So many months later, or earlier where negative."""
        year, number = divmod(self.year * 12 + self.number - 1 + by, 12)
        return Month(year, number + 1)

    def during(self, zone: str) -> tuple[datetime, datetime]:
        """Its first moment and the first one after it, in a time zone."""
        place = ZoneInfo(zone)
        return datetime.combine(self.first, time(), place), datetime.combine(self.after, time(), place)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"
