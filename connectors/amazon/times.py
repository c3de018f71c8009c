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


def parsed(value: Any) -> datetime | None:
    """The moment of an ISO 8601 time; one without a zone is UTC. None for anything else."""
    text = normalised(value)
    return datetime.fromisoformat(text) if text else None


def now() -> datetime:
    """What time it is; the windows of reports and transactions end before it."""
    return datetime.now(UTC)


def floored(moment: datetime, step: timedelta) -> datetime:
    """The last whole step since 1970 that is not later."""
    seconds = int(step.total_seconds())
    return datetime.fromtimestamp(int(moment.timestamp()) // seconds * seconds, UTC)
