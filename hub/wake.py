"""Wake-ups: a thousand webhooks queue one task. A lost wake-up costs a minute, never a record."""

from __future__ import annotations

import time

import structlog
from django.conf import settings
from django.db import connection as database
from django_q.tasks import async_task

from hub.models import Wake

log = structlog.get_logger(__name__)
STALE = 20.0
"""Seconds after which a wake-up that no task has answered counts as lost, and by how much the clocks of two processes may differ."""


def wake(kind: str, pk: int) -> None:
    """Queues `hub.tasks.<kind>(pk)` unless one is already on its way. Call it after the commit of what it shall find.

    Never raises: what was committed stays committed, and the regular round finds it when the queue does not take the wake-up.
    """
    try:
        _wake(kind, pk)
    except Exception as error:  # noqa: BLE001 - whichever broker it is, its trouble must not undo or fail what is done
        log.warning("a wake-up was not taken", kind=kind, pk=pk, error=type(error).__name__)


def _wake(kind: str, pk: int) -> None:
    name, now = f"{kind}:{pk}", time.time()
    asked_at = _asked_at(name)
    begin, end = now - STALE * settings.HUB_PACE, now + STALE
    if asked_at is not None and begin < asked_at < end:
        return
    if asked_at is None:
        Wake.objects.bulk_create([Wake(name=name)], ignore_conflicts=True)
    if Wake.objects.filter(name=name).exclude(asked_at__gt=begin, asked_at__lt=end).update(asked_at=now):
        async_task(f"hub.tasks.{kind}", pk, task_name=name, group=kind)


def _asked_at(name: str) -> float | None:
    """Every webhook looks here, hence without the ORM."""
    with database.cursor() as cursor:
        cursor.execute("SELECT asked_at FROM hub_wake WHERE name = %s", [name])
        row = cursor.fetchone()
    return row[0] if row else None


def answered(kind: str, pk: int) -> None:
    """What is committed from now on needs a wake-up of its own. Call it outside a transaction, before looking for what is due."""
    Wake.objects.filter(name=f"{kind}:{pk}").update(asked_at=0)
