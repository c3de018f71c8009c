"""Leases that ran out: the worker died, or hung, in the middle of a batch."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection as database
from django.db import transaction

from hub.core import policy
from hub.engine import listeners
from hub.models import Delivery, ErrorRecord, Flow

State = Delivery.State


def expired(*, now: datetime) -> int:
    """Leases that ran out come back, asking first; after too many deaths a person must look. Answers how many came back."""
    late = Delivery.objects.filter(state=State.SENDING, lease_until__lt=now)
    rows = list(late.values_list("pk", "lease", "deaths", "flow_id", "key", "ticket")[:1000])
    return sum(_revive(row, now) for row in rows)


def _revive(found: tuple[int, str, int, int, str, str], now: datetime) -> int:
    pk, lease, deaths, flow, key, ticket = found
    next_step = policy.after_death(deaths=deaths + 1, now=now, most=settings.HUB_DEATHS, pace=settings.HUB_PACE)
    words = "The worker stopped in the middle of it; the target is asked whether it acted."
    change: dict[str, Any] = {
        "state": State.WAITING,
        "reason": words,
        "reason_code": "died",
        "unknown": not ticket,
        "deaths": deaths + 1,
        "lease": "",
        "lease_until": None,
    }
    if isinstance(next_step, policy.GiveUp):
        words = f"{deaths + 1} workers stopped in the middle of it."
        change |= {"state": State.FAILED, "reason_code": next_step.category, "reason": words, "unknown": True}
        change |= {"ticket": "", "taken_at": None}
    else:
        change["due_at"] = next_step.at
    with transaction.atomic():
        if database.features.has_select_for_update:
            Flow.objects.select_for_update().get(pk=flow)
        newer = Delivery.objects.filter(flow=flow, key=key, state__in=Delivery.OPEN, ticket="")
        if change["unknown"] and newer.update(unknown=True):
            change |= {"state": State.SUPERSEDED, "reason": "A newer version of the record arrived.", "reason_code": "superseded"}
        changed = Delivery.objects.filter(pk=pk, state=State.SENDING, lease=lease).update(**change, changed_at=now)
        if changed:
            listeners.tell([pk])
        if changed and change["state"] == State.FAILED:
            ErrorRecord.objects.create(
                delivery_id=pk, flow_id=flow, category="unknown_outcome", cause="died", message=change["reason"],
                advice=policy.advice("unknown_outcome"), created_at=now,
            )  # fmt: skip
    return changed
