"""The attempts of a delivery as people read them: how each ended, what was sent, what came back or why nothing did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.admin.payloads import Shown, shown
from hub.models import Attempt

DONE = ("created", "changed", "unchanged", "cancelled")
WORDS = {
    "taken": "taken, not decided yet",
    "not_decided": "never decided",
    "receipt_lost": "its receipt got lost",
    "mapping": "stopped by the mapping",
    "rejected": "refused",
    "missing": "something is missing there",
    "conflict": "it was changed there meanwhile",
    "credentials": "login refused",
    "transient": "the system was unwell",
    "throttled": "the system asked to wait",
    "unknown_outcome": "it is not known whether it arrived",
    "exhausted": "given up",
    "internal": "a fault of the hub",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """An attempt for the page. `nothing` says why there is no `answer`."""

    attempt: Attempt
    title: str
    request: Shown | None
    answer: Shown | None
    nothing: str


def as_try(attempt: Attempt, labels: Mapping[str, str], *, target: str) -> Try:
    """An attempt at the system `target`, its fields labelled."""
    return Try(
        attempt=attempt,
        title=title(attempt),
        request=shown(attempt.request, labels),
        answer=shown(attempt.answer, {}),
        nothing=_nothing(attempt, target),
    )


def title(attempt: Attempt) -> str:
    """`Attempt 2: refused (400)`."""
    words = WORDS.get(attempt.outcome, attempt.outcome.replace("_", " "))
    return f"Attempt {attempt.number}: {words}{f' ({attempt.status})' if attempt.status else ''}"


def _nothing(attempt: Attempt, target: str) -> str:
    if attempt.outcome in (*DONE, "taken"):
        return f"{target} confirmed it and sent no more than that."
    if not attempt.request:
        return "Nothing was sent, so nothing came back."
    if attempt.status:
        return f"{target} answered with status {attempt.status}. Of a refusal only the sentence above is kept."
    return "No readable answer arrived."
