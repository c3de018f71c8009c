"""The only functions that django-q2 may call. Arguments are ids; losing a task or running it twice does no harm."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import ParamSpec

import structlog
from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django_q.models import Failure

from hub import heartbeat, wake
from hub.engine import completeness as counting
from hub.engine import deliver as sender
from hub.engine import events as webhooks
from hub.engine import inbox as queues
from hub.engine import known, leases, read, runs
from hub.history import remove_history
from hub.models import Connection, Delivery, Flow, InboundEvent, SyncRun
from hub.purge import purge_personal_data

log = structlog.get_logger(__name__)
Parameters = ParamSpec("Parameters")
TURN = 5.0
"""Seconds after which a task takes up no further batch, so that all connections get their turn; the queue's own limit is 120."""
GATHER = 0.1
"""Seconds in which more may arrive after a batch that was not full."""


class TaskFailedError(Exception):
    """A task failed; the queue keeps this text, so it names only the kind of fault and never quotes it."""


def discreet(task: Callable[Parameters, None]) -> Callable[Parameters, None]:
    """The queue stores and logs the words of whatever a task raises, and those may quote a customer's data: only the kind is raised on."""

    @wraps(task)
    def run_discreetly(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        try:
            task(*args, **kwargs)
        except Exception as error:
            log.exception("task failed", task=task.__name__)
            raise TaskFailedError(type(error).__name__) from None

    return run_discreetly


@discreet
def events(pk: int) -> None:
    """Reads what the webhooks of a connection announced. While it does, further webhooks need no wake-up: it looks again at its end."""
    try:
        webhooks.read_events(pk, deadline=time.monotonic() + TURN * settings.HUB_PACE, pause=GATHER)
    finally:
        wake.answered("events", pk)
    if InboundEvent.objects.filter(connection=pk, state=InboundEvent.State.RECEIVED, due_at__lte=timezone.now()).exists():
        wake.wake("events", pk)


@discreet
def inbox(pk: int) -> None:
    """Takes notifications off a connection's queue; as long as more come, in turns."""
    wake.answered("inbox", pk)
    deadline = time.monotonic() + TURN * settings.HUB_PACE
    queues.empty(pk, deadline=deadline)
    if time.monotonic() >= deadline:
        wake.wake("inbox", pk)


@discreet
def deliver(pk: int) -> None:
    """Sends what is due at a target connection."""
    wake.answered("deliver", pk)
    deadline = time.monotonic() + TURN * settings.HUB_PACE
    sender.deliver(pk, deadline=deadline, pause=GATHER)
    if time.monotonic() >= deadline:
        wake.wake("deliver", pk)


@discreet
def run(pk: int) -> None:
    """Carries out a sync run."""
    wake.answered("run", pk)
    read.carry_out(pk, turn=read.TURN * settings.HUB_PACE)


@discreet
def completeness(pk: int) -> None:
    """Counts what a source has and fetches what is missing."""
    wake.answered("completeness", pk)
    counting.carry_out(pk)


@discreet
def poll(pk: int) -> None:
    """Reads what is new in a flow, as its schedule asks."""
    flow = Flow.objects.filter(pk=pk, enabled=True, source__enabled=True).exclude(source__status=Connection.Status.REFUSED).first()
    if flow is not None:
        run((runs.waits_already(flow) or read.start_run(flow, trigger=SyncRun.Trigger.SCHEDULE, wake_up=False)).pk)


@discreet
def tick() -> None:
    """Every minute: what died comes back, what arrived is released, what is due is woken, queues are emptied, the daily counts begin."""
    now = timezone.now()
    back = leases.expired(now=now)
    released = known.release_arrived(now=now)
    lost = runs.lost_runs(now=now)
    wake_due(resting=True)
    counting.start_daily(now=now)
    counting.wake_due(now=now)
    for pk in queues.with_queue():
        wake.wake("inbox", pk)
    if back or released or lost:
        log.info("tick", leases_back=back, released=released, runs_lost=lost)


def wake_due(*, resting: bool = False) -> None:
    """What waits for its time is woken when that has come; the supervisor looks every few seconds, `tick` every minute.

    `resting`: also the flows whose rate limit was empty and is not expected to have a call yet, though what their targets
    have taken is asked about nevertheless.
    """
    for pk in _due_targets(resting=resting):
        wake.wake("deliver", pk)
    for pk in _due_events():
        wake.wake("events", pk)
    for pk in runs.due_runs(now=timezone.now()):
        wake.wake("run", pk)


def _due_targets(*, resting: bool) -> list[int]:
    now = timezone.now()
    due = Delivery.objects.filter(flow__target=OuterRef("pk"), flow__enabled=True, state__in=Delivery.DUE, due_at__lte=now)
    if not resting:
        due = due.filter(Q(flow__resume_at=None) | Q(flow__resume_at__lte=now) | Q(ticket__gt=""))
    return list(Connection.objects.filter(Exists(due), enabled=True).values_list("pk", flat=True))


def _due_events() -> list[int]:
    due = InboundEvent.objects.filter(connection=OuterRef("pk"), state=InboundEvent.State.RECEIVED, due_at__lte=timezone.now())
    return list(Connection.objects.filter(Exists(due), enabled=True).values_list("pk", flat=True))


@discreet
def beat() -> None:
    """Proof that tasks run; the supervisor restarts a cluster that does not give it."""
    heartbeat.beat()


@discreet
def purge() -> None:
    """Every day: personal data whose time is over becomes unreadable; old history and small change of the past are swept."""
    purge_personal_data(now=timezone.now())
    removed = remove_history(now=timezone.now(), days=settings.HUB_HISTORY_DAYS)
    if any(removed.values()):
        log.info("old history was removed", **removed)
    old = timezone.now() - timedelta(days=14)
    over = (SyncRun.State.DONE, SyncRun.State.STOPPED)
    SyncRun.objects.filter(created_at__lt=old, accepted=0, deliveries=None, state__in=over).delete()
    Failure.objects.filter(stopped__lt=old).delete()
