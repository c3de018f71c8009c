"""Amazon's times as text that sorts in time order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any


def normalised(value: Any) -> str:
    """A time as `YYYY-MM-DDTHH:MM:SS.fffZ` in UTC, rounded down; "" when it is none. A time without a zone is UTC."""
    if not isinstance(value, str) or not value.strip():
        return ""
    try:
        moment = datetime.fromisoformat(value.strip())
        return written(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return ""


def written(moment: datetime) -> str:
    """The fixed-width form of a moment with its zone."""
    plain = moment.astimezone(UTC).replace(tzinfo=None)
    return f"{plain.isoformat(timespec='milliseconds')}Z"


def moved(text: str, *, seconds: float) -> str:
    """A time of this form, so much later (earlier when negative); "" and what is no time stay as they are."""
    try:
        return written(datetime.fromisoformat(text) + timedelta(seconds=seconds))
    except (ValueError, OverflowError):
        return text
