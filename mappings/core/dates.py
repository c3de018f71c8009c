"""Dates and times as text: ISO 8601 in, `YYYY-MM-DD` or `…Z` out. No clock."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from mappings.core.refusal import RefusedError

TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,12})?)?(?:[Zz]|[+-][0-9]{2}:?[0-9]{2})?\Z")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")


@lru_cache(maxsize=256)
def zone(name: str) -> tzinfo:
    """The IANA time zone; "" is UTC. RefusedError for a name nobody knows."""
    if not name or name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise RefusedError("The time zone is not known. Use a name such as America/Denver.", code="time_zone") from None


def moment(value: Any) -> datetime:
    """A timestamp with its offset; one without offset is UTC. Up to 12 fractional digits are read, 6 kept."""
    if isinstance(value, str) and len(value) < 50 and TIME.match(text := value.strip()):
        try:
            read = datetime.fromisoformat(text.upper())
        except ValueError:
            raise _not_a_time(value) from None
        return read if read.tzinfo else read.replace(tzinfo=UTC)
    raise _not_a_time(value)


def day(value: Any) -> date:
    """A date written `YYYY-MM-DD`."""
    if isinstance(value, str) and DATE.match(text := value.strip()):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise RefusedError(
        "This is not a date such as 2026-11-19. Correct the value, or add the step Local date.", code="bad_date", value=value
    )


def local_date(value: Any, where: tzinfo) -> str:
    """The day on the calendar of `where`; a plain date stays as it is. `2026-11-20T04:30:00Z` in Denver is `2026-11-19`."""
    if isinstance(value, str) and len(value.strip()) == 10:
        return day(value).isoformat()
    return _moved(moment(value), where).date().isoformat()


def in_utc(value: Any) -> str:
    """The same moment written in UTC with `Z`."""
    return _moved(moment(value), UTC).isoformat().replace("+00:00", "Z")


def _moved(when: datetime, where: tzinfo) -> datetime:
    try:
        return when.astimezone(where)
    except (OverflowError, ValueError):
        raise _not_a_time(when.isoformat()) from None


def later(value: Any, days: int) -> str:
    """The date `days` after (or before) another."""
    try:
        return (day(value) + timedelta(days=days)).isoformat()
    except OverflowError:
        raise RefusedError("The date is out of range.", code="bad_date", value=value) from None


def _not_a_time(value: Any) -> RefusedError:
    return RefusedError("This is not a time such as 2026-11-19T23:41:07Z. Correct the value in the source.", code="bad_date", value=value)
