"""The only functions that django-q2 may call. Arguments are ids; losing a task or running it twice does no harm."""

from __future__ import annotations

import time
from datetime import timedelta

import structlog
from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils import timezone

from hub import heartbeat, wake
from hub.engine import deliver as sender
from hub.engine import events as webhooks
from hub.engine import known, leases, read
from hub.models import Connection, Delivery, Flow, InboundEvent, SyncRun
from hub.purge import purge_personal_data

log = structlog.get_logger(__name__)
TURN = 5.0
"""Seconds after which a task takes up no further batch, so that all connections get their turn; the queue's own limit is 120."""
GATHER = 0.1
"""Seconds in which more may arrive after a batch that was not full."""


def events(pk: int) -> None:
    """Reads what the webhooks of a connection announced. While it does, further webhooks need no wake-up: it looks again at its end."""
    try:
        webhooks.read_events(pk, deadline=time.monotonic() + TURN * settings.HUB_PACE, pause=GATHER)
    finally:
        wake.answered("events", pk)
    if InboundEvent.objects.filter(connection=pk, state=InboundEvent.State.RECEIVED, due_at__lte=timezone.now()).exists():
        wake.wake("events", pk)


def deliver(pk: int) -> None:
    """Sends what is due at a target connection."""
    wake.answered("deliver", pk)
    deadline = time.monotonic() + TURN * settings.HUB_PACE
    sender.deliver(pk, deadline=deadline, pause=GATHER)
    if time.monotonic() >= deadline:
        wake.wake("deliver", pk)


def run(pk: int) -> None:
    """Carries out a sync run."""
    wake.answered("run", pk)
    read.carry_out(pk)


def poll(pk: int) -> None:
    """Reads what is new in a flow, as its schedule asks."""
    flow = Flow.objects.filter(pk=pk, enabled=True, source__enabled=True).exclude(source__status=Connection.Status.REFUSED).first()
    if flow is not None:
        read.carry_out(read.start_run(flow, trigger=SyncRun.Trigger.SCHEDULE, wake_up=False).pk)


def tick() -> None:
    """Every minute: what died comes back, what arrived is released, what is due is woken."""
    now = timezone.now()
    back = leases.expired(now=now)
    released = known.release_arrived(now=now)
    lost = read.lost_runs(now=now)
    for pk in _due_targets():
        wake.wake("deliver", pk)
    for pk in _due_events():
        wake.wake("events", pk)
    if back or released or lost:
        log.info("tick", leases_back=back, released=released, runs_lost=lost)


def _due_targets() -> list[int]:
    due = Delivery.objects.filter(flow__target=OuterRef("pk"), flow__enabled=True, state__in=Delivery.DUE, due_at__lte=timezone.now())
    return list(Connection.objects.filter(Exists(due), enabled=True).values_list("pk", flat=True))


def _due_events() -> list[int]:
    due = InboundEvent.objects.filter(connection=OuterRef("pk"), state=InboundEvent.State.RECEIVED, due_at__lte=timezone.now())
    return list(Connection.objects.filter(Exists(due), enabled=True).values_list("pk", flat=True))


def beat() -> None:
    """Proof that tasks run; the supervisor restarts a cluster that does not give it."""
    heartbeat.beat()


def purge() -> None:
    """Every day: personal data whose time is over becomes unreadable; small change of the past is swept."""
    purge_personal_data(now=timezone.now())
    old = timezone.now() - timedelta(days=14)
    SyncRun.objects.filter(created_at__lt=old, accepted=0, deliveries=None).exclude(state=SyncRun.State.FAILED).delete()
