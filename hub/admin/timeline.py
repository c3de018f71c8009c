"""The journey of a delivery in order: event, run, accepted, errors, people, attempts, target."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.urls import reverse

from hub.admin.links import origin
from hub.admin.tries import title
from hub.admin.words import receipt
from hub.models import Attempt, Delivery, ErrorRecord, InboundEvent, Reveal

EVENTS = 5
TONES = {
    "created": "ok",
    "changed": "ok",
    "unchanged": "ok",
    "cancelled": "ok",
    "taken": "info",
    "transient": "warn",
    "throttled": "warn",
    "credentials": "warn",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One moment: an icon, a tone (ok, info, warn, bad, mute), what happened and more about it."""

    at: datetime
    icon: str
    tone: str
    title: str
    words: str = ""
    link: str = ""


def timeline(delivery: Delivery, *, attempts: list[Attempt], errors: list[ErrorRecord], reveals: list[Reveal]) -> list[Stop]:
    """All stops, the earliest first. Two queries of its own."""
    stops = [*_arrival(delivery), *_errors(errors), *_attempts(attempts), *_people(delivery), *_reveals(reveals), *_end(delivery)]
    return sorted(stops, key=lambda stop: stop.at)


def _arrival(delivery: Delivery) -> Iterator[Stop]:
    connection, stream = origin(delivery.flow)
    if connection is not None:
        events = InboundEvent.objects.filter(connection=connection, stream=stream, key=delivery.key, received_at__lte=delivery.created_at)
        for event in events.defer("sealed").order_by("-id")[:EVENTS]:
            link = reverse("admin:hub_inboundevent_change", args=[event.pk])
            yield Stop(at=event.received_at, icon="webhook", tone="info", title=f"{event.type} arrived", words=event.reason, link=link)
    if delivery.run is not None:
        run = delivery.run
        link = reverse("admin:hub_syncrun_change", args=[run.pk])
        title = f"Run {run.pk} began ({run.get_trigger_display().lower()})"
        yield Stop(at=run.started_at or run.created_at, icon="sync", tone="info", title=title, link=link)
    number = delivery.version.lstrip("0") if delivery.version.isdigit() else delivery.version
    version = f"Version {number or '0'} of the record" if delivery.version else "The record"
    yield Stop(
        at=delivery.created_at, icon="inbox", tone="info", title="Accepted", words=f"{version} was written down before anything else."
    )


def _errors(errors: list[ErrorRecord]) -> Iterator[Stop]:
    for error in errors:
        tone = "bad" if error.severity == ErrorRecord.Severity.ERROR else "warn"
        yield Stop(at=error.created_at, icon="error", tone=tone, title=error.message, words=error.advice)
        if error.closed_at is not None:
            who = f" by {error.closed_by}" if error.closed_by else ""
            yield Stop(
                at=error.closed_at, icon="task_alt", tone="ok", title=f"Error {error.get_state_display().lower()}{who}", words=error.note
            )


def _attempts(attempts: list[Attempt]) -> Iterator[Stop]:
    for attempt in attempts:
        tone = TONES.get(attempt.outcome, "bad")
        yield Stop(
            at=attempt.finished_at, icon="send", tone=tone, title=title(attempt), words=attempt.message, link=f"#attempt-{attempt.pk}"
        )


def _people(delivery: Delivery) -> Iterator[Stop]:
    kind = ContentType.objects.get_for_model(Delivery)
    for entry in LogEntry.objects.filter(content_type=kind, object_id=str(delivery.pk)).select_related("user"):
        yield Stop(at=entry.action_time, icon="person", tone="info", title=str(entry.user), words=entry.change_message)


def _reveals(reveals: list[Reveal]) -> Iterator[Stop]:
    for reveal in reveals:
        yield Stop(at=reveal.at, icon="visibility", tone="warn", title=f"{reveal.by} read the personal data", words=reveal.reason)


def _end(delivery: Delivery) -> Iterator[Stop]:
    state = delivery.state
    if state == Delivery.State.DELIVERED and delivery.delivered_at is not None:
        target = delivery.flow.target
        title = f"{target.name if target else 'The target'} holds {delivery.target_key}"
        yield Stop(at=delivery.delivered_at, icon="task_alt", tone="ok", title=title, words=delivery.outcome)
    elif state in (Delivery.State.HELD, Delivery.State.SKIPPED, Delivery.State.SUPERSEDED, Delivery.State.FAILED, Delivery.State.WAITING):
        tone = {"held": "warn", "waiting": "warn", "failed": "bad"}.get(state, "mute")
        what = receipt(delivery) or delivery.get_state_display()
        yield Stop(at=delivery.changed_at, icon="pause_circle", tone=tone, title=what, words=delivery.reason)
