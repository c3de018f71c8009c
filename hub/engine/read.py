"""First stop: records come in, by a schedule, a webhook, a button or a command."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice

import structlog
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from connectors.base import Record, Stream
from connectors.errors import ConnectorError, CredentialsError, UnsupportedError
from connectors.http import JsonClient
from hub import clients, vault
from hub.engine.accept import Accepted, accept
from hub.engine.health import refuse
from hub.engine.records import stream_of
from hub.models import Connection, Flow, SyncRun
from hub.pace import paced
from hub.wake import wake

log = structlog.get_logger(__name__)
State = SyncRun.State
SILENT = timedelta(minutes=5)
"""A run that wrote nothing for so long has lost its worker."""


def start_run(
    flow: Flow, *, trigger: str, keys: Iterable[str] = (), since: str = "", asked_by: AbstractBaseUser | None = None, wake_up: bool = True
) -> SyncRun:
    """A run that a worker takes up at once. With `keys` exactly these records are read and delivered again, changed or not;
    with `since` (RFC 3339) everything changed from then on; else what is new since the cursor."""
    wanted = list(dict.fromkeys(keys))
    run = SyncRun.objects.create(
        flow=flow, trigger=trigger, keys=wanted, since=since, wanted=len(wanted) or None, asked_by_id=asked_by.pk if asked_by else None
    )
    if wake_up:
        transaction.on_commit(lambda: wake("run", run.pk))
    return run


def carry_out(run_id: int) -> SyncRun | None:
    """Reads what the run asks for. None when another worker has it or its flow is being read already."""
    now = timezone.now()
    if not SyncRun.objects.filter(pk=run_id, state=State.WAITING).update(state=State.RUNNING, started_at=now, seen_at=now):
        return None
    run = SyncRun.objects.select_related("flow", "flow__source", "flow__target").get(pk=run_id)
    others = SyncRun.objects.filter(flow=run.flow, state=State.RUNNING, pk__lt=run.pk, keys=[], seen_at__gt=now - paced(SILENT))
    if not run.keys and others.exists():
        _end(run, State.STOPPED, "Another run of this flow is reading already.")
        return run
    try:
        _read(run)
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


def _end(run: SyncRun, state: str, message: str = "") -> None:
    run.state, run.message, run.finished_at = state, message[:600], timezone.now()
    run.save(update_fields=["state", "message", "finished_at"])


def _read(run: SyncRun) -> None:
    flow = run.flow
    refusal = _cannot_read(flow)
    if refusal or flow.source is None:
        _end(run, State.FAILED, refusal)
        return
    stream = stream_of(flow)
    if stream is None:
        raise UnsupportedError(f"The flow {flow.name} has nothing to read.")
    client = clients.client(flow.source)
    meter = clients.meter(flow.source)
    with meter.paced(flow.source.pk):
        stopped = _take_in(run, _records(run, stream, client))
    Flow.objects.filter(pk=flow.pk).update(last_read_at=timezone.now())
    if stopped:
        _end(run, State.STOPPED, "Stopped by a person; what was read is kept.")
    else:
        missing = (run.wanted or run.read) - run.read
        _end(run, State.DONE, f"{missing} of the named records do not exist in {flow.source}." if missing > 0 else "")


def _cannot_read(flow: Flow) -> str:
    if flow.source is None or not flow.stream:
        return "This flow follows another one and reads nothing itself."
    if not flow.enabled:
        return "The flow is switched off."
    if not flow.source.enabled:
        return f"The connection {flow.source} is switched off."
    if flow.source.status == Connection.Status.REFUSED:
        return f"{flow.source} does not accept our credentials. Correct them and press Test connection."
    return ""


def _records(run: SyncRun, stream: Stream, client: JsonClient) -> Iterator[list[Record]]:
    """The run's records in pages of the flow's batch size."""
    if run.keys:
        for at in range(0, len(run.keys), 100):
            yield read_keys(stream, client, run.keys[at : at + 100])
        return
    records = stream.read(client, run.since or run.flow.cursor)
    while page := list(islice(records, run.flow.batch)):
        yield page


def read_keys(stream: Stream, client: JsonClient, keys: Sequence[str]) -> list[Record]:
    """Named records as they are now; what no longer exists is left out. Raises UnsupportedError where the stream cannot."""
    if stream.read_many:
        return stream.read_many(client, keys)
    if stream.read_one is None:
        raise UnsupportedError(f"{stream.label} cannot be read one by one.")
    read_one = stream.read_one
    return [record for record in (read_one(client, key) for key in keys) if record is not None]


def _take_in(run: SyncRun, pages: Iterator[list[Record]]) -> bool:
    """Accepts page after page and keeps the run's counts current. True when a person stopped it."""
    chosen = bool(run.keys or run.since)
    for page in pages:
        counts = accept(run.flow, page, run=run, now=timezone.now(), cursor=not chosen, force=chosen)
        if count(run, counts):
            return True
    return False


def count(run: SyncRun, counts: Accepted) -> bool:
    """Adds to the run's counts; True when somebody asked it to stop."""
    for name in Accepted.__slots__:
        setattr(run, name, getattr(run, name) + getattr(counts, name))
    rows = SyncRun.objects.filter(pk=run.pk)
    rows.update(**{name: F(name) + getattr(counts, name) for name in Accepted.__slots__}, seen_at=timezone.now())
    return rows.filter(stop_asked=True).exists()


def lost_runs(*, now: datetime) -> int:
    """Runs whose worker died are closed; the next schedule goes on at the cursor. Runs nobody took up are woken."""
    lost = SyncRun.objects.filter(Q(state=State.RUNNING, seen_at__lt=now - paced(SILENT)))
    named = list(lost.exclude(keys=[], since="").values_list("pk", flat=True))
    SyncRun.objects.filter(pk__in=named).update(state=State.WAITING, read=0, accepted=0, unchanged=0, skipped=0, unreadable=0)
    count = lost.update(
        state=State.FAILED, finished_at=now, message="The worker stopped in the middle of it; the next run goes on where it was."
    )
    for pk in SyncRun.objects.filter(state=State.WAITING, created_at__lt=now - timedelta(seconds=30)).values_list("pk", flat=True)[:50]:
        wake("run", pk)
    return count + len(named)
