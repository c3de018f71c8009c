"""Keeps the queue's schedules equal to the triggers of the flows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django_q.models import Schedule

from hub.models import Flow, Wake

PREFIX = "hub: "
"""Schedules whose names begin so are ours; others are left alone."""
FIRST_PURGE = timedelta(minutes=30)
_others: dict[str, tuple[str, int]] = {}


def register(name: str, task: str, *, minutes: int) -> None:
    """Another app's task (its dotted name) that runs every so many minutes."""
    _others[f"{PREFIX}{name}"] = (task, minutes)


def sync() -> int:
    """Makes, changes and removes schedules until they are as the flows say; answers how many were touched. Safe to repeat.

    Called at the start of a worker and after a flow or a connection was saved.
    """
    with transaction.atomic():
        _alone()
        now, wanted = timezone.now(), _wanted()
        kept: dict[str, Schedule] = {}
        touched = 0
        for row in Schedule.objects.filter(name__startswith=PREFIX).order_by("id"):
            if row.name in kept or row.name not in wanted:
                row.delete()
                touched += 1
            else:
                kept[row.name] = row
        return touched + sum(_keep(kept.get(name), name, plan, now) for name, plan in wanted.items())


def _alone() -> None:
    """Two workers that start together must not both make a schedule; their names are not unique in the database."""
    Wake.objects.bulk_create([Wake(name="schedules")], ignore_conflicts=True)
    Wake.objects.select_for_update().get(name="schedules")


def _wanted() -> dict[str, dict[str, Any]]:
    """What every schedule must look like, by its name."""
    polled = Flow.objects.filter(enabled=True, source__enabled=True, poll_minutes__gt=0).exclude(stream="")
    flows = {
        f"{PREFIX}read {slug}": {"func": "hub.tasks.poll", "args": f"{pk},", "schedule_type": Schedule.MINUTES, "minutes": minutes}
        for pk, slug, minutes in polled.values_list("pk", "slug", "poll_minutes")
    }
    return {
        f"{PREFIX}tick": {"func": "hub.tasks.tick", "args": None, "schedule_type": Schedule.MINUTES, "minutes": 1},
        f"{PREFIX}purge": {"func": "hub.tasks.purge", "args": None, "schedule_type": Schedule.DAILY, "minutes": None},
        **{
            name: {"func": task, "args": None, "schedule_type": Schedule.MINUTES, "minutes": minutes}
            for name, (task, minutes) in _others.items()
        },
        **flows,
    }


def _keep(row: Schedule | None, name: str, plan: dict[str, Any], now: datetime) -> int:
    if row is None:
        first = now + FIRST_PURGE if plan["schedule_type"] == Schedule.DAILY else now
        Schedule.objects.create(name=name, next_run=first, repeats=-1, **plan)
        return 1
    if all(getattr(row, field) == value for field, value in plan.items()):
        return 0
    for field, value in plan.items():
        setattr(row, field, value)
    if row.minutes:
        row.next_run = min(row.next_run or now, now + timedelta(minutes=row.minutes))
    row.save()
    return 1
