"""What an answer stands for: status and body to an error named by what must happen next; headers to quotas and waits."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from connectors.errors import (
    ConflictError,
    ConnectorError,
    CredentialsError,
    MissingError,
    OutcomeUnknownError,
    Problem,
    RejectedError,
    StaleError,
    ThrottledError,
    TransientError,
)
from connectors.hooks import Quota

Explain = Callable[[int, Any], tuple[str, str, tuple[Problem, ...]]]
"""A system's error body to (code, message, problems); the body is None when it was not JSON."""


def plain_explain(status: int, body: Any) -> tuple[str, str, tuple[Problem, ...]]:
    """For systems whose error bodies say nothing that can be relied on."""
    return "", "", ()


def classify(
    label: str, status: int, headers: Mapping[str, str], body: Any, *, explain: Explain = plain_explain, safe: bool = True
) -> ConnectorError:
    """The error that a status and a body stand for. 304 and other redirects count as rejected."""
    code, message, problems = explain(status, body)
    words = message or f"{label} answered {status}."
    about: dict[str, Any] = {"status": status, "code": code, "problems": problems}
    if status in (401, 403):
        return CredentialsError(words, **about)
    if status == 404:
        return MissingError(words, **about)
    if status == 412:
        return StaleError(words, **about)
    if status == 409:
        return ConflictError(words, **about)
    if status == 429:
        return ThrottledError(words, retry_after=retry_after(headers), **about)
    if status == 503 or (status in (408, 500, 502, 504) and safe):
        return TransientError(words, retry_after=retry_after(headers), **about)
    if status in (408, 500, 502, 504):
        return OutcomeUnknownError(words, status=status, code=code)
    return RejectedError(words, **about)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of a Retry-After header, as a number or as an HTTP date; None when absent or senseless."""
    value = headers.get("Retry-After", "").strip()
    if value.isdigit():
        return float(value)
    try:
        wait = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
    except (TypeError, ValueError):
        return None
    return max(wait, 0.0)


def read_quota(headers: Mapping[str, str]) -> Quota | None:
    """X-RateLimit-Limit, -Remaining and -Reset (epoch seconds or seconds from now); None when the system sends none."""
    limit, remaining, reset = (headers.get(f"X-RateLimit-{name}", "") for name in ("Limit", "Remaining", "Reset"))
    if not remaining.isdigit():
        return None
    seconds = float(reset) if reset.isdigit() else None
    if seconds is not None and seconds > 10_000_000:
        seconds = max(seconds - time.time(), 0.0)
    return Quota(limit=int(limit) if limit.isdigit() else None, remaining=int(remaining), reset_after=seconds)
