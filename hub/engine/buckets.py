"""The flows of a target connection by the rate limit that they share, and what that limit lets through now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub import clients, throttle
from hub.core.lanes import Lane, lane_of
from hub.engine.records import operation_of
from hub.engine.rows import Failed, Row
from hub.models import Connection, Delivery, Flow

LONGEST_REST = 900.0
"""Seconds until somebody looks again whether an empty limit still is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Flows that use the same rate limit; `name` is empty where the system has none. `bulk`: their operations take many in one call."""

    connection_id: int
    name: str
    flows: tuple[Flow, ...]
    bulk: bool = False

    def due(self, now: datetime) -> bool:
        """Whether anything waits to be sent."""
        return Delivery.due_of([flow.pk for flow in self.flows], now).exists()

    def first(self, now: datetime) -> tuple[int, datetime] | None:
        """The priority of what goes first and since when it is due; None when nothing is due."""
        rows = Delivery.due_of([flow.pk for flow in self.flows], now).order_by("-priority", "due_at")
        return rows.values_list("priority", "due_at").first()

    def take(self, wanted: int, now: datetime) -> tuple[int, Lane]:
        """Calls to make now, and the last lane that may go with them. Where enough is left for everybody, all lanes go together."""
        if not self.name or throttle.take(self.connection_id, self.name, wanted, lane=Lane.BACKFILL):
            return wanted, Lane.BACKFILL
        first = self.first(now)
        lane = lane_of(first[0]) if first else Lane.NORMAL
        return throttle.take_some(self.connection_id, self.name, wanted, lane=lane), lane

    def wait(self, lane: Lane) -> float:
        """Seconds until that lane gets a call."""
        return throttle.wait_for(self.connection_id, self.name, lane=lane) if self.name else 0.0

    def rest(self, seconds: float, now: datetime) -> None:
        """No call is free for so long: until then nobody need be woken for these flows."""
        until = now + timedelta(seconds=min(seconds, LONGEST_REST))
        # One by one: a statement that locks several at once might wait for one who takes them in the order of their ids.
        for flow in self.flows:
            Flow.objects.filter(pk=flow.pk).update(resume_at=until)


def buckets(connection: Connection, flows: Iterable[Flow]) -> list[Bucket]:
    """The flows by their operation's limit; those that send many in one call apart, or they would send as few at once as the others."""
    limits = [limit.name for limit in clients.connector(connection).limits]
    grouped: dict[tuple[str, bool], list[Flow]] = {}
    for flow in flows:
        operation = operation_of(flow)
        name = operation.limit or (limits[0] if limits else "")
        grouped.setdefault((name, operation.send_many is not None), []).append(flow)
    return [Bucket(connection_id=connection.pk, name=name, flows=tuple(some), bulk=bulk) for (name, bulk), some in grouped.items()]


def in_order(found: Sequence[Bucket], now: datetime) -> list[Bucket]:
    """Those with something due: what is most urgent first, then what has waited longest. A single one is only asked whether anything is."""
    if len(found) == 1:
        return [bucket for bucket in found if bucket.due(now)]
    firsts = [(first, bucket) for bucket in found if (first := bucket.first(now)) is not None]
    return [bucket for _, bucket in sorted(firsts, key=lambda pair: (-pair[0][0], pair[0][1]))]


def note_refusals(connection: Connection, limit: str, rows: Sequence[Row]) -> None:
    """A system that takes no more calls of one kind is asked for none until then; its other calls go on.

    `limit`: which one was refused where an error does not say it.
    """
    several = len(clients.connector(connection).limits) > 1
    refused: dict[str, float | None] = {}
    for row in rows:
        error = row.result.error if isinstance(row.result, Failed) and not row.result.at_source else None
        if error is None or error.category != "throttled":
            continue
        name = error.limit or limit
        if name not in refused:
            refused[name] = throttle.refused(connection.pk, name, error.retry_after)
        if several and error.retry_after is None:
            error.retry_after = refused[name]
