"""Is everything in the hub that the source has? Counted daily from another list than the one that is read; what is missing is fetched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice

import structlog
from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from connectors.base import Stream
from connectors.errors import ConnectorError, NotReadyError, ThrottledError
from hub import clients, vault
from hub.core.lanes import Lane
from hub.engine.read import start_run
from hub.engine.records import stream_of
from hub.models import CompletenessCheck, Connection, Delivery, Flow, SyncRun
from hub.pace import paced
from hub.wake import wake

log = structlog.get_logger(__name__)
State = CompletenessCheck.State
DAY = timedelta(days=1)
LATE = timedelta(hours=1)
"""How long after its end a window counts as closed: lists of sources lag behind."""
LONGEST = timedelta(days=30)
SILENT = timedelta(minutes=7)
LATER = 60.0
AT_ONCE = 500
MOST_ABSENT = 1000


def start_check(flow: Flow, *, since: datetime, until: datetime, asked_by: AbstractBaseUser | None = None) -> CompletenessCheck | None:
    """A check that a worker takes up at once; None while one of this flow is not over or its source cannot be counted."""
    stream = stream_of(flow)
    if stream is None or stream.census is None or not flow.operation:
        return None
    now = timezone.now()
    fields = {"since": since, "until": until, "due_at": now, "created_at": now, "asked_by_id": asked_by.pk if asked_by else None}
    try:
        with transaction.atomic():
            check = CompletenessCheck.objects.create(flow=flow, **fields)
            transaction.on_commit(lambda: wake("completeness", check.pk))
    except IntegrityError:
        return None
    return check


def start_daily(*, now: datetime) -> int:
    """Checks for every flow that was last counted a day ago or longer, a day after a failure; answers how many were started."""
    flows = Flow.objects.filter(enabled=True, source__enabled=True).exclude(Q(operation="") | Q(stream="")).select_related("source")
    flows = flows.exclude(completeness_checks__in=CompletenessCheck.objects.filter(state=State.FAILED, created_at__gt=now - DAY))
    upto = _counted_upto(flows, now=now)
    started = [start_check(flow, since=upto[flow.pk], until=now - LATE) for flow in flows if upto[flow.pk] < now - DAY - LATE]
    return sum(check is not None for check in started)


def _counted_upto(flows: Iterable[Flow], *, now: datetime) -> dict[int, datetime]:
    """Until when each flow was counted without a gap; what could not be counted leaves one."""
    upto = {flow.pk: max(flow.created_at, now - LONGEST) for flow in flows}
    checks = CompletenessCheck.objects.filter(flow__in=upto, until__gt=now - LONGEST).exclude(state=State.FAILED)
    for flow, since, until in checks.order_by("since").values_list("flow_id", "since", "until"):
        if since <= upto[flow]:
            upto[flow] = max(upto[flow], until)
    return upto


def wake_due(*, now: datetime) -> None:
    """Wakes checks whose time has come, whose fetching has ended, or whose worker died; what is not counted within a day has failed."""
    checks = CompletenessCheck.objects.filter(state__in=CompletenessCheck.OPEN)
    checks.filter(state=State.COUNTING, seen_at__lt=now - paced(SILENT)).update(state=State.WAITING)
    late = checks.filter(state=State.WAITING, created_at__lt=now - DAY)
    late.update(state=State.FAILED, message="The source did not make its list within a day.", finished_at=now)
    due = Q(state=State.WAITING, due_at__lte=now)
    fetched = Q(state=State.FETCHING) & ~Q(run__state__in=(SyncRun.State.WAITING, SyncRun.State.RUNNING))
    for pk in checks.filter(due | fetched).order_by("pk").values_list("pk", flat=True)[:50]:
        wake("completeness", pk)


def carry_out(pk: int) -> CompletenessCheck | None:
    """Counts and has what is missing fetched; called again after the fetching, says what is still absent. None out of turn."""
    now = timezone.now()
    if CompletenessCheck.objects.filter(pk=pk, state=State.WAITING).update(state=State.COUNTING, seen_at=now):
        check = CompletenessCheck.objects.select_related("flow__source", "flow__target").get(pk=pk)
        _count_safely(check)
        return check
    fetched = CompletenessCheck.objects.select_related("flow", "run").filter(pk=pk, state=State.FETCHING).first()
    if fetched is None or (fetched.run and fetched.run.state in (SyncRun.State.WAITING, SyncRun.State.RUNNING)):
        return None
    _conclude(fetched)
    return fetched


def _count_safely(check: CompletenessCheck) -> None:
    try:
        _count(check)
    except (NotReadyError, ThrottledError) as error:
        _save(check, State.WAITING, message=error.message, due_at=timezone.now() + timedelta(seconds=error.retry_after or LATER))
    except (ConnectorError, vault.WrongKeyError) as error:
        _save(check, State.FAILED, message=str(error), finished_at=timezone.now())
    except Exception as error:
        log.exception("fault while counting", flow=check.flow.slug, check=check.pk)
        _save(check, State.FAILED, message=f"The hub met a fault of its own ({type(error).__name__}).", finished_at=timezone.now())


def _count(check: CompletenessCheck) -> None:
    flow, stream = check.flow, stream_of(check.flow)
    if stream is None or flow.source is None or not flow.source.enabled or flow.source.status == Connection.Status.REFUSED:
        _save(check, State.FAILED, message="The source of this flow cannot be read now.", finished_at=timezone.now())
        return
    listed, missing = 0, list[str]()
    for keys in _census(stream, flow.source, check):
        listed += len(keys)
        missing += _without_delivery(flow, keys)
        CompletenessCheck.objects.filter(pk=check.pk).update(seen_at=timezone.now())
    if not missing:
        _save(check, State.DONE, listed=listed, missing=0, message="", finished_at=timezone.now())
        return
    with transaction.atomic():
        run = start_run(flow, trigger=SyncRun.Trigger.CHECK, keys=missing)
        _save(check, State.FETCHING, listed=listed, missing=len(missing), run=run, message="")


def _census(stream: Stream, source: Connection, check: CompletenessCheck) -> Iterator[list[str]]:
    """The keys of the window, each once, in portions."""
    if stream.census is None:
        return
    client, seen = clients.client(source), set[str]()
    with clients.meter(source).paced(source.pk, Lane.BACKFILL):
        keys = stream.census(client, _written(check.since), _written(check.until))
        while portion := list(islice(keys, AT_ONCE)):
            fresh = [key for key in dict.fromkeys(portion) if key not in seen]
            seen.update(fresh)
            yield fresh


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _without_delivery(flow: Flow, keys: Sequence[str]) -> list[str]:
    known = set(Delivery.objects.filter(flow=flow, key__in=keys).order_by().values_list("key", flat=True).distinct())
    return [key for key in keys if key not in known]


def _conclude(check: CompletenessCheck) -> None:
    if check.run is None:
        words = "The run that fetched what is missing was removed; check again."
        _save(check, State.FAILED, message=words, finished_at=timezone.now())
        return
    absent = _without_any(check.flow, check.run.keys)
    words = f"{len(absent)} listed records cannot be read one by one; look for them in the source." if absent else ""
    _save(check, State.DONE, absent=absent[:MOST_ABSENT], message=words, finished_at=timezone.now())


def _without_any(flow: Flow, keys: Iterable[str]) -> list[str]:
    every = iter(keys)
    found = list[str]()
    while portion := list(islice(every, AT_ONCE)):
        found += _without_delivery(flow, portion)
    return found


def _save(check: CompletenessCheck, state: str, **fields: object) -> None:
    values = {"state": state, **fields}
    for name, value in values.items():
        setattr(check, name, value[:600] if name == "message" and isinstance(value, str) else value)
    check.save(update_fields=list(values))
