"""The technical history ends: events, attempts and runs older than HUB_HISTORY_DAYS are removed. What is evidence of an order stays."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from hub.models import Attempt, Delivery, InboundEvent, SyncRun

BATCH = 500
LONGEST = 120.0
"""Seconds; what is left then goes the next day."""
_CLOSED = (Delivery.State.DELIVERED, Delivery.State.SKIPPED, Delivery.State.SUPERSEDED)
_ENDED = (
    (InboundEvent.objects.all(), "received_at", Q(state__in=(InboundEvent.State.DONE, InboundEvent.State.IGNORED))),
    (Attempt.objects.all(), "finished_at", Q(delivery__state__in=_CLOSED)),
    (SyncRun.objects.all(), "created_at", Q(state=SyncRun.State.DONE)),
)


def remove_history(*, now: datetime, days: int) -> dict[str, int]:
    """Removes what ended more than so many days ago, a batch per transaction; 0 days keeps everything. Answers how many rows of each model.

    Deliveries, error records, cross references and receipts stay, and so does whatever has not ended.
    """
    if not days:
        return {}
    end = time.monotonic() + LONGEST
    return {rows.model.__name__: _remove(rows, when, ended, before=now - timedelta(days=days), end=end) for rows, when, ended in _ENDED}


def _remove(rows: QuerySet[Any], when: str, ended: Q, *, before: datetime, end: float) -> int:
    """From the oldest on, up to the first batch without anything old: ids grow with time, so that the present is never looked through."""
    removed, last = 0, 0
    while time.monotonic() < end and (batch := list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", when)[:BATCH])):
        old = [pk for pk, at in batch if at < before]
        if not old:
            break
        removed += rows.filter(ended, pk__in=old).delete()[0]
        last = batch[-1][0]
    return removed
