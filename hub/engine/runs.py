"""Runs that wait: for their time, for a worker, or because their worker died."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import F, Q

from hub.engine.read import SILENT
from hub.models import Flow, SyncRun
from hub.pace import paced

State = SyncRun.State
RESTARTS = 5
UNHEARD = timedelta(seconds=15)
"""After so long a run that no worker took up is woken again."""


def waits_already(flow: Flow) -> SyncRun | None:
    """A reading of what is new that has not ended yet: another one would only wait beside it."""
    rows = SyncRun.objects.filter(flow=flow, keys=[], since="", state=State.WAITING).exclude(trigger=SyncRun.Trigger.WEBHOOK)
    return rows.order_by("pk").first()


def due_runs(*, now: datetime) -> list[int]:
    """Runs whose wait is over and those that nobody took up, since a wake-up may get lost; the urgent ones first."""
    due = Q(due_at__lte=now) | Q(due_at=None, created_at__lt=now - paced(UNHEARD))
    rows = list(SyncRun.objects.filter(due, state=State.WAITING).select_related("flow").order_by("due_at", "pk")[:50])
    return [run.pk for run in sorted(rows, key=lambda run: -run.lane)]


def lost_runs(*, now: datetime) -> int:
    """Runs whose worker died: chosen ones go on at their place, the others are closed, since the next one goes on at the cursor."""
    lost = SyncRun.objects.filter(state=State.RUNNING, seen_at__lt=now - paced(SILENT))
    words = "The worker stopped in the middle of it"
    again = lost.exclude(keys=[], since="").filter(restarts__lt=RESTARTS)
    count = again.update(state=State.WAITING, restarts=F("restarts") + 1, message=f"{words}; it goes on where it was.")
    count += lost.update(state=State.FAILED, finished_at=now, message=f"{words}; the next run goes on where it was.")
    return count
