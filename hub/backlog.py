"""What waits for each rate limit, by lane, and when it will have got its calls: five queries, however many limits there are."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Case, Count, Q, QuerySet, Value, When
from django.utils import timezone

from connectors.base import Connector, Stream
from connectors.registry import connectors
from hub.core.forecast import Bucket, ends
from hub.core.lanes import Lane, lane_of_run
from hub.models import Connection, Delivery, Flow, InboundEvent, RateLimit, SyncRun

LANES = {Lane.URGENT: "urgent", Lane.NORMAL: "normal", Lane.BACKFILL: "back-fill"}
Place = tuple[int, str]
"""Connection id and name of the limit."""
_LANE = Case(When(priority__gt=0, then=Value(1)), When(priority__lt=0, then=Value(-1)), default=Value(0))


@dataclass(slots=True, kw_only=True)
class Waiting:
    """One rate limit. By lane: `records` that wait (one page of a list), `calls` they need at least, `ends` as in forecast."""

    limit: RateLimit
    label: str
    left: float
    records: Counter[Lane] = field(default_factory=Counter)
    calls: Counter[Lane] = field(default_factory=Counter)
    ends: Mapping[Lane, float] = field(default_factory=dict)

    @property
    def end(self) -> float:
        """When nothing waits any more; 0 where nothing does."""
        return max(self.ends.values(), default=0.0)

    def add(self, lane: Lane, records: int, calls: int) -> None:
        """So many more."""
        self.records[lane] += records
        self.calls[lane] += calls


def backlog(limits: QuerySet[RateLimit] | None = None) -> list[Waiting]:
    """Every rate limit with what waits for it."""
    now, known = time.time(), connectors()
    rows = (RateLimit.objects.all() if limits is None else limits).select_related("connection")
    found = {(row.connection_id, row.name): _waiting(row, known.get(row.connection.connector), now) for row in rows}
    flows = {flow.pk: flow for flow in Flow.objects.filter(enabled=True).select_related("source", "target")}
    for count in (_deliveries, _runs):
        count(found, flows)
    _events(found, {row.limit.connection_id: row.limit.connection for row in found.values()})
    for one in found.values():
        one.ends = ends(one.calls, bucket_of(one.limit), now=now)
    return list(found.values())


def bucket_of(row: RateLimit) -> Bucket:
    """The row as a value."""
    return Bucket(
        tokens=row.tokens, per_second=row.per_second, burst=row.burst, reserved=row.reserved, refilled_at=row.refilled_at,
        blocked_until=row.blocked_until,
    )  # fmt: skip


def _waiting(row: RateLimit, system: Connector | None, now: float) -> Waiting:
    label = next((one.label for one in system.limits if one.name == row.name), row.name) if system else row.name
    return Waiting(limit=row, label=label, left=bucket_of(row).left(now))


def _deliveries(found: Mapping[Place, Waiting], flows: Mapping[int, Flow]) -> None:
    """What would be sent now if there were calls; what waits for its target to recover, or for a value, waits for no limit."""
    now = timezone.now()
    wanted = Q(due_at__lte=now) | Q(reason_code="throttled")
    due = Delivery.objects.filter(wanted, flow__in=list(flows), state__in=Delivery.DUE, ticket="")
    for pk, lane, count in due.order_by().annotate(lane=_LANE).values_list("flow", "lane").annotate(Count("pk")):
        flow = flows[pk]
        system = connectors().get(flow.target.connector) if flow.target else None
        operation = next((one for one in system.operations if one.id == flow.operation), None) if system else None
        if flow.target_id and system and operation:
            size = operation.batch if operation.send_many else 1
            _add(found, flow.target_id, operation.limit or _first(system), Lane(lane), count, -(-count // size))


def _runs(found: Mapping[Place, Waiting], flows: Mapping[int, Flow]) -> None:
    """Named records that are not read yet; of a list at least its next page."""
    runs = SyncRun.objects.filter(flow__in=list(flows), state__in=(SyncRun.State.WAITING, SyncRun.State.RUNNING))
    rows = runs.exclude(trigger=SyncRun.Trigger.WEBHOOK).values_list("flow", "trigger", "wanted", "since", "read")
    for pk, trigger, wanted, since, read in rows:
        flow = flows[pk]
        stream = _stream(flow.source, flow.stream)
        if flow.source is None or stream is None:
            continue
        lane = lane_of_run(trigger, keys=wanted or 0, since=since, flow_priority=flow.priority)
        if wanted:
            _add_keys(found, flow.source, stream, lane, max(wanted - read, 0))
        else:
            _add(found, flow.source.pk, _reading(flow.source, stream), lane, 1, 1)


def _events(found: Mapping[Place, Waiting], sources: Mapping[int, Connection]) -> None:
    rows = InboundEvent.objects.filter(state=InboundEvent.State.RECEIVED, connection__in=list(sources))
    for pk, name, count in rows.order_by().values_list("connection", "stream").annotate(Count("key", distinct=True)):
        stream = _stream(sources[pk], name)
        if stream:
            _add_keys(found, sources[pk], stream, Lane.URGENT, count)


def _add_keys(found: Mapping[Place, Waiting], source: Connection, stream: Stream, lane: Lane, count: int) -> None:
    """A stream that counts reading by name apart counts every record; others take many in a call."""
    size = stream.keys_at_once if stream.read_many and not stream.keys_limit else 1
    _add(found, source.pk, stream.keys_limit or _reading(source, stream), lane, count, -(-count // size))


def _add(found: Mapping[Place, Waiting], connection: int, name: str, lane: Lane, records: int, calls: int) -> None:
    if (connection, name) in found:
        found[connection, name].add(lane, records, calls)


def _stream(source: Connection | None, name: str) -> Stream | None:
    system = connectors().get(source.connector) if source else None
    return next((one for one in system.streams if one.id == name), None) if system else None


def _reading(source: Connection, stream: Stream) -> str:
    return stream.limit or _first(connectors()[source.connector])


def _first(system: Connector) -> str:
    return system.limits[0].name if system.limits else ""


def longest(found: Sequence[Waiting]) -> dict[int, Waiting]:
    """Of each connection the limit whose backlog ends last, where one waits."""
    last: dict[int, Waiting] = {}
    for one in sorted(found, key=lambda one: one.end):
        if one.end:
            last[one.limit.connection_id] = one
    return last
