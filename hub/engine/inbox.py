"""Notifications are taken off a connection's queue: stored first, and forgotten there only after the commit."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from connectors.errors import BadEventError, ConnectorError
from connectors.notices import Event, Inbox, Message
from connectors.registry import connectors
from hub import clients, vault
from hub.engine import store
from hub.models import Connection, ErrorRecord
from hub.wake import wake

log = structlog.get_logger(__name__)
_ADVICE = "The regular reading goes on and finds what the queue does not announce, only later. Correct the queue's settings."


def with_queue() -> list[int]:
    """The enabled connections that have a queue of notifications."""
    inboxes = {one.id: one.inbox for one in connectors().values() if one.inbox}
    rows = Connection.objects.filter(enabled=True, connector__in=inboxes).values_list("pk", "connector", "settings")
    return [pk for pk, system, given in rows if not inboxes[system].setting or given.get(inboxes[system].setting)]


def empty(connection_id: int, *, deadline: float) -> int:
    """Takes in what waits on a connection's queue until none is left or `deadline` (monotonic seconds) is over; answers how many.

    Trouble with the queue is shown as one open error until the queue answers again; the messages stay where they are.
    """
    connection = Connection.objects.filter(pk=connection_id, enabled=True).first()
    inbox = clients.connector(connection).inbox if connection else None
    if connection is None or inbox is None:
        return 0
    try:
        done = _emptied(connection, inbox, deadline)
    except (ConnectorError, vault.WrongKeyError) as error:
        _report(connection, error, timezone.now())
        return 0
    _open_errors(connection).update(state=ErrorRecord.State.HEALED, closed_at=timezone.now())
    return done


def _emptied(connection: Connection, inbox: Inbox, deadline: float) -> int:
    client, known = clients.client(connection), vault.connection_settings(connection)
    done = 0
    while time.monotonic() < deadline and (messages := inbox.receive(client)):
        to_read = _stored(connection, inbox, known, messages)
        inbox.forget(client, messages)
        done += len(messages)
        if to_read:
            wake("events", connection.pk)
    return done


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """A message as it was understood; `reason` says why it was not."""

    body: bytes
    event: Event | None = None
    reason: str = ""

    @property
    def place(self) -> tuple[str, str, str]:
        """In one order everywhere, so that two workers who were given the same messages never wait for each other."""
        return (self.event.stream, self.event.key, self.event.id) if self.event else ("", "", self.body.hex())


def _stored(connection: Connection, inbox: Inbox, known: Mapping[str, str], messages: Sequence[Message]) -> bool:
    """All in one transaction; answers whether one announces a record to read. What is known already changes nothing."""
    read = sorted((_read(connection, inbox, known, message.body) for message in messages), key=lambda one: one.place)
    now, to_read = timezone.now(), False
    with transaction.atomic():
        for one in read:
            if one.event:
                to_read |= store.keep(connection.pk, one.event, one.body, now=now)
            else:
                store.keep_unreadable(connection.pk, one.body, reason=one.reason, now=now)
    return to_read


def _read(connection: Connection, inbox: Inbox, known: Mapping[str, str], body: bytes) -> _Read:
    limit: int = settings.HUB_WEBHOOK_MAX_BYTES
    try:
        if len(body) > limit:
            raise BadEventError(f"This event is larger than {limit} bytes, the most that is taken.")
        return _Read(body=body, event=store.checked(inbox.parse(known, body)))
    except BadEventError as wrong:
        reason = str(wrong)
    except Exception as error:
        log.exception("fault while reading a notification", connection=connection.slug)
        reason = f"The hub met a fault of its own ({type(error).__name__})."
    log.warning("notification cannot be read", connection=connection.slug, reason=reason)
    return _Read(body=body[:limit], reason=reason)


def _open_errors(connection: Connection) -> QuerySet[ErrorRecord]:
    return ErrorRecord.objects.filter(connection=connection, cause=f"inbox:{connection.slug}", state=ErrorRecord.State.OPEN)


def _report(connection: Connection, error: ConnectorError | vault.WrongKeyError, now: datetime) -> None:
    log.warning("queue not read", connection=connection.slug, error=str(error))
    if _open_errors(connection).exists():
        return
    soft = getattr(error, "retryable", False)
    ErrorRecord.objects.create(
        connection=connection, category=getattr(error, "category", "internal"), cause=f"inbox:{connection.slug}",
        severity=ErrorRecord.Severity.WARNING if soft else ErrorRecord.Severity.ERROR,
        message=f"The queue of notifications cannot be read. {error}"[:600], advice=_ADVICE, created_at=now,
    )  # fmt: skip
