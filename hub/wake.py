"""Wake-ups: a thousand webhooks queue one task. A lost wake-up costs a minute, never a record."""

from __future__ import annotations

import time

from django.conf import settings
from django_q.tasks import async_task

from hub.models import Wake

STALE = 20.0
"""Seconds after which a wake-up that no task has answered counts as lost."""


def wake(kind: str, pk: int) -> None:
    """Queues `hub.tasks.<kind>(pk)` unless one is already on its way. Call it after the commit of what it shall find."""
    name, now = f"{kind}:{pk}", time.time()
    row = Wake.objects.filter(name=name).values_list("asked_at", flat=True).first()
    if row is not None and now - STALE * settings.HUB_PACE < row <= now:
        return
    if row is None:
        Wake.objects.bulk_create([Wake(name=name)], ignore_conflicts=True)
    if Wake.objects.filter(name=name).exclude(asked_at__gt=now - STALE * settings.HUB_PACE, asked_at__lte=now).update(asked_at=now):
        async_task(f"hub.tasks.{kind}", pk, task_name=name, group=kind)


def answered(kind: str, pk: int) -> None:
    """The task has started: what is committed from now on needs a wake-up of its own. Call it outside a transaction."""
    Wake.objects.filter(name=f"{kind}:{pk}").update(asked_at=0)
