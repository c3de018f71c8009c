"""First stop: records come in, by a schedule, a webhook, a button or a command."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from enum import Enum

import structlog
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from connectors.base import Record, Stream
from connectors.errors import ConnectorError, CredentialsError, NotReadyError, ThrottledError, UnsupportedError
from connectors.http import JsonClient
from hub import clients, throttle, vault
from hub.core.lanes import Lane
from hub.engine.accept import Accepted, accept
from hub.engine.announced import answer
from hub.engine.health import refuse
from hub.engine.records import stream_of
from hub.engine.switches import PAUSED, is_off, waits_for_switch, why_not
from hub.models import Connection, Flow, InboundEvent, SyncRun
from hub.pace import paced
from hub.wake import wake

log = structlog.get_logger(__name__)
State = SyncRun.State
SILENT = timedelta(minutes=7)
"""A run that wrote nothing for so long has lost its worker: longer than any task may take."""
TURN = 60.0
"""Seconds after which a run begins no further page and leaves the rest to another task."""
UNTOLD = 60.0
"""Seconds until a run goes on whose system asks to wait without saying how long."""


class End(Enum):
    """Why a turn of reading ended."""

    DONE = "done"
    STOPPED = "stopped by a person"
    OFF = "switched off meanwhile"
    MORE = "the turn is over"


def start_run(
    flow: Flow, *, trigger: str, keys: Iterable[str] = (), since: str = "", asked_by: AbstractBaseUser | None = None, wake_up: bool = True
) -> SyncRun:
    """A run that a worker takes up at once.

    With `keys` exactly these records are read and delivered again, changed or not; with `since` (RFC 3339) everything since then is read
    again, and what is not yet delivered like that is sent; else what is new since the cursor.
    """
    wanted = list(dict.fromkeys(keys))
    run = SyncRun.objects.create(
        flow=flow, trigger=trigger, keys=wanted, since=since, wanted=len(wanted) or None, asked_by_id=asked_by.pk if asked_by else None
    )
    if wake_up:
        transaction.on_commit(lambda: wake("run", run.pk))
    return run


def carry_out(run_id: int, *, turn: float = TURN) -> SyncRun | None:
    """Reads what the run asks for, at most for `turn` seconds; then another task goes on with it.

    None when another worker has it, or when it is not yet due.
    """
    now = timezone.now()
    due = SyncRun.objects.filter(Q(due_at=None) | Q(due_at__lte=now), pk=run_id, state=State.WAITING)
    if not due.update(state=State.RUNNING, started_at=now, seen_at=now, due_at=None):
        return None
    run = SyncRun.objects.select_related("flow", "flow__source", "flow__target").get(pk=run_id)
    if not run.keys and _read_already(run, now):
        _end(run, State.STOPPED, "Another run of this flow is reading already.")
        return run
    try:
        _read(run, deadline=time.monotonic() + turn)
    except (ThrottledError, NotReadyError) as error:
        _put_back(run, error.message, seconds=_wait(run, error))
    except CredentialsError as error:
        if run.flow.source:
            refuse(run.flow.source, error.message, now=timezone.now())
        _end(run, State.FAILED, error.message)
    except (ConnectorError, vault.WrongKeyError) as error:
        _end(run, State.FAILED, str(error))
    except Exception as error:
        log.exception("fault while reading", flow=run.flow.slug, run=run.pk)
        _end(run, State.FAILED, f"The hub met a fault of its own ({type(error).__name__}).")
    return run


def _read_already(run: SyncRun, now: datetime) -> bool:
    """What webhooks announced, and another time, is read beside it; two alike at once would only do everything twice."""
    alike = SyncRun.objects.filter(flow=run.flow, state=State.RUNNING, keys=[], since=run.since)
    sweeps = alike.filter(pk__lt=run.pk, seen_at__gt=now - paced(SILENT))
    return sweeps.exclude(trigger=SyncRun.Trigger.WEBHOOK).exists()


def _wait(run: SyncRun, error: ConnectorError) -> float:
    """Seconds until the run goes on. A system that takes no more calls of this kind is left alone by everybody until then."""
    wait = error.retry_after
    if run.flow.source and isinstance(error, ThrottledError):
        wait = slow_down(run.flow.source, stream_of(run.flow), error)
    return min(UNTOLD if wait is None else wait, throttle.LONGEST_BLOCK)


def slow_down(source: Connection, stream: Stream | None, error: ThrottledError) -> float | None:
    """Closes the limit that the system says is used up; what our own count says has been counted. Answers the seconds to wait."""
    if isinstance(error, clients.NoCallsLeftError):
        return error.retry_after
    name = error.limit or (stream.limit if stream else "") or clients.client(source).limit
    return throttle.refused(source.pk, name, error.retry_after)


def _put_back(run: SyncRun, message: str = "", *, seconds: float = 0.0) -> None:
    """Another task goes on where this one stopped, after so many seconds; without a wake-up the regular round takes it up."""
    now = timezone.now()
    due_at = now + timedelta(seconds=seconds)
    SyncRun.objects.filter(pk=run.pk).update(state=State.WAITING, place=run.place, message=message[:600], seen_at=now, due_at=due_at)
    run.state = State.WAITING


def _end(run: SyncRun, state: str, message: str = "") -> None:
    run.state, run.message, run.finished_at = state, message[:600], timezone.now()
    run.save(update_fields=["state", "message", "finished_at"])


def _read(run: SyncRun, *, deadline: float) -> None:
    flow = run.flow
    refusal = why_not(flow)
    if refusal or flow.source is None:
        _refused(run, refusal)
        return
    stream = stream_of(flow)
    if stream is None:
        raise UnsupportedError(f"The flow {flow.name} has nothing to read.")
    client = clients.client(flow.source)
    meter = clients.meter(flow.source)
    with meter.paced(flow.source.pk, run.lane):
        end = _take_in(run, stream, _records(run, stream, client), deadline=deadline)
    if end is End.DONE and not (run.keys or run.since):
        Flow.objects.filter(pk=flow.pk).update(last_read_at=timezone.now())
    if end is End.STOPPED:
        _end(run, State.STOPPED, "Stopped by a person; what was read is kept.")
    elif end is End.OFF:
        _refused(run, f"The flow or {flow.source} was switched off meanwhile; what was read is kept.")
    elif end is End.MORE:
        _put_back(run)
        wake("run", run.pk)
    else:
        missing = (run.wanted or run.read) - run.read
        _end(run, State.DONE, f"{missing} of the named records do not exist in {flow.source}." if missing > 0 else "")


def _refused(run: SyncRun, words: str) -> None:
    if waits_for_switch(run):
        _put_back(run, f"{words} It goes on when that is switched on again.", seconds=PAUSED)
    else:
        _end(run, State.FAILED, words)


def _records(run: SyncRun, stream: Stream, client: JsonClient) -> Iterator[list[Record]]:
    """The run's records, from its place on, in pages of the flow's batch size."""
    if run.keys:
        for at in range(int(run.place or 0), len(run.keys), stream.keys_at_once):
            yield read_keys(stream, client, run.keys[at : at + stream.keys_at_once])
        return
    records = stream.read(client, run.place or run.since or run.flow.cursor)
    yield from batches(records, min(run.flow.batch, settings.HUB_BATCH))


def batches(records: Iterator[Record], size: int) -> Iterator[list[Record]]:
    """Pages of records. What was read before a failure is handed out first, so that a list that is throttled often still gets on."""
    page: list[Record] = []
    try:
        for record in records:
            page.append(record)
            if len(page) == size:
                yield page
                page = []
    except ConnectorError:
        if page:
            yield page
        raise
    if page:
        yield page


def read_keys(stream: Stream, client: JsonClient, keys: Sequence[str]) -> list[Record]:
    """Named records as they are now; what no longer exists is left out. Raises UnsupportedError where the stream cannot."""
    if stream.read_many:
        return stream.read_many(client, keys)
    if stream.read_one is None:
        raise UnsupportedError(f"{stream.label} cannot be read one by one.")
    read_one = stream.read_one
    return [record for record in (read_one(client, key) for key in keys) if record is not None]


def _take_in(run: SyncRun, stream: Stream, pages: Iterator[list[Record]], *, deadline: float) -> End:
    """Accepts page after page and keeps the run's counts and place current."""
    chosen, began = bool(run.keys or run.since), run.place
    for page in pages:
        force = bool(run.keys) and run.trigger != SyncRun.Trigger.CHECK
        counts = accept(run.flow, page, run=run, now=timezone.now(), cursor=not chosen, force=force)
        run.place = _place(run, page)
        answer([run.flow], stream, page, run=run, now=timezone.now())
        if count(run, counts):
            return End.STOPPED
        if is_off(run.flow):
            return End.OFF
        if time.monotonic() > deadline or (deadline < math.inf and run.place != began and _gives_way(run)):
            return End.MORE
    return End.DONE


def _gives_way(run: SyncRun) -> bool:
    """A back-fill lets what is urgent at the same system go first; in the meantime its task waits in the queue."""
    if run.lane is not Lane.BACKFILL:
        return False
    now, source = timezone.now(), run.flow.source_id
    announced = InboundEvent.objects.filter(connection=source, state=InboundEvent.State.RECEIVED, due_at__lte=now)
    waiting = SyncRun.objects.filter(Q(due_at=None) | Q(due_at__lte=now), flow__source=source, state=State.WAITING).exclude(pk=run.pk)
    return announced.exists() or any(other.lane is not Lane.BACKFILL for other in waiting.select_related("flow")[:20])


def _place(run: SyncRun, page: Sequence[Record]) -> str:
    stream = stream_of(run.flow)
    if run.keys and stream:
        return str(int(run.place or 0) + stream.keys_at_once)
    return max([run.place, *(record.cursor for record in page)]) if run.since else ""


def count(run: SyncRun, counts: Accepted) -> bool:
    """Adds to the run's counts; True when somebody asked it to stop."""
    for name in Accepted.__slots__:
        setattr(run, name, getattr(run, name) + getattr(counts, name))
    rows = SyncRun.objects.filter(pk=run.pk)
    rows.update(place=run.place, **{name: F(name) + getattr(counts, name) for name in Accepted.__slots__}, seen_at=timezone.now())
    return rows.filter(stop_asked=True).exists()
