"""Timestamps as text that sorts in time order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

LAYOUT = "%Y-%m-%dT%H:%M:%S.%fZ"


def normalised(value: Any) -> str:
    """A timestamp as `YYYY-MM-DDTHH:MM:SS.ffffffZ` in UTC; empty when it is none.

    Fractions have up to seven digits and are cut to six (ChannelAdvisor API reference, A2 and B1); a time without a zone is UTC.
    """
    if not isinstance(value, str) or not value.strip():
        return ""
    try:
        moment = datetime.fromisoformat(value.strip())
        return written(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return ""


def written(moment: datetime) -> str:
    """The fixed-width form of a moment."""
    return moment.astimezone(UTC).strftime(LAYOUT).rjust(27, "0")


def moved(cursor: str, *, seconds: int) -> str:
    """A normalised time, `seconds` later (or earlier when negative)."""
    try:
        return written(datetime.strptime(cursor, LAYOUT).replace(tzinfo=UTC) + timedelta(seconds=seconds))
    except (ValueError, OverflowError):
        return cursor


def from_http_date(value: str) -> str:
    """The normalised time of a `Date` header; empty when it is missing or senseless."""
    try:
        return written(parsedate_to_datetime(value))
    except (TypeError, ValueError):
        return ""
