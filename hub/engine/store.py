"""Inbound events are doubted, then written with two statements; the hot path of the hub, hence without model instances."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import OperationalError, transaction
from django.db import connection as database

from connectors.errors import BadEventError
from connectors.notices import Event
from hub import vault
from hub.engine.taken import decided
from hub.models import InboundEvent, Seal

PATIENCE, LOOK = 20.0, 0.003
"""Seconds that a webhook waits for its turn to write, and between two looks."""
OWN_STREAM = "event"
"""The stream under which an event is sealed that speaks of no record."""
LONGEST = {"id": 128, "key": 200, "stream": 60, "ticket": 200}
State = InboundEvent.State
_SEAL = """
    INSERT INTO hub_seal (connection_id, stream, key, wrapped, keep_until) VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (connection_id, stream, key) DO NOTHING RETURNING id, wrapped
"""
_EVENT = """
    INSERT INTO hub_inboundevent
        (connection_id, event_id, type, stream, key, state, reason, occurred_at, size, sealed, seal_id, attempts,
         due_at, received_at, done_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 0, %s, %s, %s)
    ON CONFLICT (connection_id, event_id) DO NOTHING
"""


def checked(event: Event) -> Event:
    """The event as the table can hold it. Raises BadEventError for names that are too long or hold unprintable characters."""
    for name, longest in LONGEST.items():
        value = getattr(event, name)
        if len(value) > longest or not value.isprintable():
            raise BadEventError(f"The event's {name} is longer than {longest} characters or holds unprintable ones.")
    return replace(event, type=_printable(event.type), occurred_at=_printable(event.occurred_at))


def _printable(text: str) -> str:
    return "".join(filter(str.isprintable, text))


def keep(connection_id: int, event: Event, body: bytes, *, now: datetime) -> bool:
    """Stores an event that was read; answers whether it announces a record to read. Raises as `store`."""
    if event.stream and event.key:
        store(connection_id, event, body, state=State.RECEIVED, reason="", now=now)
        return True
    words = "What it decides about is asked for at once." if event.ticket else "Nothing is read for this type of event."
    store(connection_id, event, body, state=State.IGNORED, reason=words, now=now)
    if event.ticket:
        decided(connection_id, event.ticket, now=now)
    return False


def keep_unreadable(connection_id: int, body: bytes, *, reason: str, now: datetime) -> None:
    """Stores a body that is no event for people to see; the same body once only. Raises as `store`."""
    event = Event(id=f"unreadable:{hashlib.sha256(body).hexdigest()}", type="unreadable")
    store(connection_id, event, body, state=State.FAILED, reason=reason, now=now)


def store(connection_id: int, event: Event, body: bytes, *, state: State, reason: str, now: datetime) -> None:
    """One short transaction; an event id that is known already changes nothing. Raises IntegrityError when the connection is gone.

    Only an event in state "received" names its record; the body of every other is sealed under a key of its own.
    """
    to_read = state == State.RECEIVED
    stream, key = (event.stream, event.key) if to_read else (OWN_STREAM, event.id)
    at = database.ops.adapt_datetimefield_value(now)
    with _soon_written():
        row = _seal(connection_id, stream, key, now + timedelta(days=settings.HUB_PERSONAL_DATA_MAX_DAYS))
        named = (event.stream, event.key) if to_read else ("", "")
        about = (connection_id, event.id, event.type[:80], *named, state.value, reason[:300], event.occurred_at[:40], len(body))
        with database.cursor() as cursor:
            cursor.execute(_EVENT, (*about, vault.seal(row, body), row.pk, at, at, None if to_read else at))


@contextmanager
def _soon_written() -> Iterator[None]:
    """A transaction. SQLite sleeps longer and longer while it waits for its one writer; a webhook looks every few milliseconds."""
    with transaction.atomic() if database.vendor != "sqlite" or database.in_atomic_block else _quick_turn():
        yield


@contextmanager
def _quick_turn() -> Iterator[None]:
    deadline = time.monotonic() + PATIENCE
    while True:
        block = transaction.atomic()
        try:
            _wait_at_most(0)
            block.__enter__()
        except OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(LOOK)
        else:
            break
        finally:
            _wait_at_most(settings.SQLITE_OPTIONS["timeout"])
    try:
        yield
    except BaseException:
        block.__exit__(*sys.exc_info())
        raise
    block.__exit__(None, None, None)


def _wait_at_most(seconds: float) -> None:
    with database.cursor() as cursor:
        cursor.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")


def _seal(connection_id: int, stream: str, key: str, keep_until: datetime) -> Seal:
    """Most events speak of a record that is new: one statement for them, two for the others."""
    until = database.ops.adapt_datetimefield_value(keep_until)
    with database.cursor() as cursor:
        cursor.execute(_SEAL, (connection_id, stream, key, vault.new_key(), until))
        made = cursor.fetchone()
    if made is None:
        return vault.new_seals(connection_id, stream, [key], keep_until)[key]
    return Seal(pk=made[0], key=key, wrapped=made[1])
