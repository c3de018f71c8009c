"""Inbound events become readings: what many webhooks announced is read together."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.db import connection as database
from django.db.models import F
from django.utils import timezone

from connectors.base import Record, Stream
from connectors.errors import ConnectorError, CredentialsError, ThrottledError
from hub import clients, vault
from hub.core.lanes import Lane
from hub.engine import crowd
from hub.engine.accept import accept
from hub.engine.announced import answer
from hub.engine.health import refuse
from hub.engine.read import count, read_keys, slow_down
from hub.engine.records import stream_of
from hub.models import Connection, Flow, InboundEvent, SyncRun
from hub.pace import paced

log = structlog.get_logger(__name__)
MOST_FAULTS = 8
"""Looks that may end in a fault of ours before a person must see the event."""
LEASE = timedelta(seconds=90)
FULL = 200
"""Events that are taken up together."""
PATIENCE = (2, 5, 15)
"""Seconds until a record is looked for again that its system announced but does not show yet."""
TROUBLE = timedelta(seconds=30)
State = InboundEvent.State
Found = tuple[int, str, int]
"""Event id, record key, attempts."""
Trouble = ConnectorError | vault.WrongKeyError


def read_events(connection_id: int, *, deadline: float, pause: float = 0.0) -> int:
    """Reads what this connection's webhooks announced until nothing waits or `deadline` (monotonic seconds) is over; answers how many.

    `pause`: seconds in which more may gather after a batch that was not full, since few large batches cost less than many small ones.
    """
    done = 0
    while time.monotonic() < deadline:
        connection = Connection.objects.filter(pk=connection_id, enabled=True).exclude(status=Connection.Status.REFUSED).first()
        if connection is None:
            break
        stream_id, events = _claim(connection, timezone.now())
        if not events:
            break
        _read_safely(connection, stream_id, events)
        done += len(events)
        if len(events) < FULL:
            time.sleep(pause)
    return done


def _claim(connection: Connection, now: datetime, size: int = FULL) -> tuple[str, list[Found]]:
    """Takes waiting events of one stream for a while; a worker that dies gives them back by itself."""
    newest = crowd.from_the_new_end(connection, crowd.dated(clients.connector(connection).streams))
    with transaction.atomic():
        waiting = InboundEvent.objects.filter(connection=connection, state=State.RECEIVED, due_at__lte=now)
        waiting = waiting.order_by("-id") if newest else waiting.order_by("due_at", "id")
        if database.features.has_select_for_update_skip_locked:
            waiting = waiting.select_for_update(skip_locked=True, of=("self",))
        rows = list(waiting.values_list("stream", "pk", "key", "attempts")[:size])
        if not rows:
            return "", []
        stream_id = rows[0][0]
        events = [(pk, key, attempts) for stream, pk, key, attempts in rows if stream == stream_id]
        InboundEvent.objects.filter(pk__in=[pk for pk, _, _ in events]).update(due_at=now + paced(LEASE), attempts=F("attempts") + 1)
    return stream_id, events


def _read_safely(connection: Connection, stream_id: str, events: Sequence[Found]) -> None:
    """Whatever goes wrong, the events come again; those that met a fault of ours too often are shown to people."""
    try:
        _read_stream(connection, stream_id, events)
    except (OperationalError, InterfaceError):
        # Our own database's trouble says nothing about the events: they come back by themselves.
        raise
    except Exception as error:
        log.exception("fault while reading events", connection=connection.slug)
        words = f"The hub met a fault of its own ({type(error).__name__})."
        _close([event for event in events if event[2] >= MOST_FAULTS], State.FAILED, f"{words} Resync the record by hand.")
        _later([event for event in events if event[2] < MOST_FAULTS], timezone.now() + paced(TROUBLE), words)


def _read_stream(connection: Connection, stream_id: str, events: Sequence[Found]) -> None:
    flows = list(
        Flow.objects.filter(source=connection, stream=stream_id, enabled=True, webhooks=True)
        .select_related("source", "target")
        .order_by("pk")
    )
    stream = stream_of(flows[0]) if flows else None
    if stream is None:
        _close(events, State.IGNORED, "No flow reads these records when a webhook arrives.")
        return
    crowd.sweep(connection, stream, flows, now=timezone.now())
    records, read, trouble = _read(connection, stream, events)
    if read:
        _take_in(flows, stream, events[:read], records)
    if trouble:
        _put_off(connection, stream, events[read:], trouble)


def _read(connection: Connection, stream: Stream, events: Sequence[Found]) -> tuple[list[Record], int, Trouble | None]:
    """The records of the first so many events, and what kept the others from being read."""
    client, records, size = clients.client(connection), list[Record](), stream.keys_at_once
    with clients.meter(connection).paced(connection.pk, Lane.URGENT):
        for at in range(0, len(events), size):
            try:
                records += read_keys(stream, client, list(dict.fromkeys(key for _, key, _ in events[at : at + size])))
            except (ConnectorError, vault.WrongKeyError) as error:
                return records, at, error
    return records, len(events), None


def _put_off(connection: Connection, stream: Stream, events: Sequence[Found], trouble: Trouble) -> None:
    if isinstance(trouble, CredentialsError):
        refuse(connection, trouble.message, now=timezone.now())
        _later(events, timezone.now() + paced(TROUBLE), trouble.message, free=True)
        return
    wait = getattr(trouble, "retry_after", None)
    if isinstance(trouble, ThrottledError):
        wait = slow_down(connection, stream, trouble)
    _later(events, timezone.now() + (timedelta(seconds=wait) if wait else paced(TROUBLE)), str(trouble), free=True)


def _take_in(flows: Sequence[Flow], stream: Stream, events: Sequence[Found], records: Sequence[Record]) -> None:
    now = timezone.now()
    found = {record.part_of or record.key for record in records}
    there = [event for event in events if event[1] in found]
    for flow in flows:
        run = SyncRun.objects.create(flow=flow, trigger=SyncRun.Trigger.WEBHOOK, state=SyncRun.State.RUNNING, started_at=now, seen_at=now)
        end = SyncRun.State.FAILED
        try:
            size = min(flow.batch, settings.HUB_BATCH)
            for at in range(0, len(records), size):
                count(run, accept(flow, records[at : at + size], run=run, now=now, cursor=False))
            end = SyncRun.State.DONE
        finally:
            SyncRun.objects.filter(pk=run.pk).update(state=end, finished_at=timezone.now())
    InboundEvent.objects.filter(pk__in=[pk for pk, _, _ in there]).update(state=State.DONE, reason="", done_at=now, run=run)
    answer(flows, stream, records, run=run, now=now)
    _look_again([event for event in events if event[1] not in found], now, polled=any(flow.poll_minutes for flow in flows))


def _look_again(events: Sequence[Found], now: datetime, *, polled: bool) -> None:
    """A system may announce a record before it shows it; after a few looks the regular reading must find it, or a person."""
    for attempt, wait in enumerate(PATIENCE):
        early = [event for event in events if event[2] == attempt]
        if early:
            _later(early, now + paced(timedelta(seconds=wait)), "The record was announced but cannot be read yet.")
    gone = [event for event in events if event[2] >= len(PATIENCE)]
    if polled:
        _close(gone, State.IGNORED, "The announced record does not exist; the regular reading goes on looking.")
    else:
        _close(gone, State.FAILED, "The announced record does not exist, and this flow reads only by webhook. Resync it when it is there.")


def _later(events: Sequence[Found], at: datetime, words: str, *, free: bool = False) -> None:
    """`free`: this look does not count, since the system could not be asked."""
    rows = InboundEvent.objects.filter(pk__in=[pk for pk, _, _ in events])
    rows.update(due_at=at, reason=words[:300], attempts=F("attempts") - (1 if free else 0))


def _close(events: Sequence[Found], state: str, words: str) -> None:
    if events:
        InboundEvent.objects.filter(pk__in=[pk for pk, _, _ in events]).update(state=state, reason=words[:300], done_at=timezone.now())
