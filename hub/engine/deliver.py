"""Third stop: claims due deliveries under a lease, prepares and sends them, and hands them to settle."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from connectors.errors import ConnectorError
from hub import clients, vault
from hub.core.lanes import Lane
from hub.engine.buckets import Bucket, buckets, in_order, note_refusals
from hub.engine.claim import DIED, claim, claim_taken
from hub.engine.health import may_send, refuse
from hub.engine.prepare import open_rows, prepare
from hub.engine.records import operation_of
from hub.engine.rows import Failed, Row
from hub.engine.send import in_threads, send, senders
from hub.engine.settle import settle
from hub.engine.taken import follow
from hub.models import Connection, Flow

log = structlog.get_logger(__name__)
LONGEST_PAUSE = 2.0
"""Seconds a sender waits for its rate limit before it gives the worker back."""
FLOWS_LAST = 1.0
"""Seconds until it is noticed that a person has changed a flow."""
LARGEST = 10
"""Times the usual batch that may be claimed together where operations take so many in one call, or where it is only asked."""


def deliver(connection_id: int, *, deadline: float, pause: float = 0.0) -> int:
    """Sends due deliveries of a target connection until none is left or `deadline` (monotonic seconds) is over. Answers how many.

    `pause`: seconds in which more may gather after a batch that was not full, since few large batches cost less than many small ones.
    """
    count, flows, read_at = 0, [], 0.0
    while time.monotonic() < deadline:
        connection = Connection.objects.filter(pk=connection_id).first()
        now = timezone.now()
        if connection is None or not may_send(connection, now):
            break
        if time.monotonic() - read_at > FLOWS_LAST:
            read_at, flows = time.monotonic(), flows_to(connection)
        if not flows:
            break
        try:
            clients.client(connection)
        except vault.WrongKeyError as error:
            refuse(connection, str(error), now=now)
            break
        turn = _turn(connection, flows, now)
        count += turn.count
        if not turn.count:
            if not turn.waits or min(turn.waits) > LONGEST_PAUSE:
                break
            time.sleep(min(turn.waits) + 0.01)
        elif not turn.more:
            time.sleep(pause)
    return count


def flows_to(connection: Connection) -> list[Flow]:
    """The flows that send to a connection, with both their ends."""
    return list(Flow.objects.filter(target=connection, enabled=True).exclude(operation="").select_related("source", "target"))


@dataclass(slots=True)
class Turn:
    """What one round sent or asked about. `more`: it is known that others are due at once. `waits`: seconds until those rate limits that
    had no call get one."""

    count: int = 0
    more: bool = False
    waits: list[float] = field(default_factory=list)


def _turn(connection: Connection, flows: Sequence[Flow], now: datetime) -> Turn:
    """What is decided is asked about, and one batch goes to every rate limit that has calls left."""
    turn = Turn(count=_ask(connection, flows, now))
    for bucket in in_order(buckets(connection, flows), now):
        allowed, lane = bucket.take(1 if bucket.bulk else _most(bucket.flows), now)
        if allowed:
            _batch(connection, bucket, turn, allowed=allowed, lane=lane, now=now)
            continue
        wait = bucket.wait(lane)
        turn.waits.append(wait)
        if wait > LONGEST_PAUSE:
            bucket.rest(wait, now)
    return turn


def _ask(connection: Connection, flows: Sequence[Flow], now: datetime) -> int:
    """Asks about what the target has taken, whether or not a call for sending is left: how many deliveries."""
    deciding = [flow for flow in flows if operation_of(flow).follow]
    if not deciding:
        return 0
    # After a failure the first one goes alone.
    lease, rows = claim_taken(deciding, size=1 if connection.failures else settings.HUB_BATCH * LARGEST, now=now)
    if rows:
        try:
            _carry(connection, deciding, rows, lease=lease, limit=operation_of(rows[0].flow).limit)
        finally:
            clients.meter(connection).settle(connection.pk, taken=0, limit="")
    return len(rows)


def _carry(connection: Connection, flows: Sequence[Flow], rows: Sequence[Row], *, lease: str, limit: str) -> None:
    work(connection, flows, rows)
    note_refusals(connection, limit, rows)
    settle(connection, rows, lease=lease, now=timezone.now())


def _batch(connection: Connection, bucket: Bucket, turn: Turn, *, allowed: int, lane: Lane, now: datetime) -> None:
    """One batch from claim to settle with the calls that were taken for it; those that it did not need are given back."""
    size = 1 if connection.failures else _most(bucket.flows) if bucket.bulk else allowed
    try:
        lease, rows = claim(bucket.flows, size=size, now=now, lane=lane)
        if rows:
            _carry(connection, bucket.flows, rows, lease=lease, limit=bucket.name)
            turn.count += len(rows)
            turn.more |= len(rows) == size or rows[0].before == DIED
    finally:
        if bucket.name:
            clients.meter(connection).settle(connection.pk, taken=allowed, limit=bucket.name)


def _most(flows: Sequence[Flow]) -> int:
    """Deliveries that are claimed and written back together: more than usual only where every flow's operation takes more in one call, and
    nobody chose smaller batches for them."""
    most: int = settings.HUB_BATCH
    usual = min(most, max(flow.batch for flow in flows))
    together = min(operation_of(flow).batch for flow in flows)
    return usual if usual < most or together <= most else min(together, most * LARGEST)


def work(connection: Connection, flows: Sequence[Flow], rows: Sequence[Row]) -> None:
    """Asks about what the target has taken, prepares and sends the others. Afterwards every row has a result, whatever went wrong; those
    for which the lease got too short have none.

    The first half of a lease is for beginning calls, the second for ending them: nobody sends what another may have claimed already.
    """
    late = rows[0].started + timedelta(seconds=settings.HUB_LEASE_SECONDS / 2)
    size = senders(connection, clients.connector(connection).parallel)
    client = clients.client(connection)
    for flow in flows:
        mine = [row for row in rows if row.flow.pk == flow.pk]
        if not mine:
            continue
        taken = [row for row in mine if row.ticket]
        fresh = [row for row in mine if not row.ticket]
        if fresh:
            _prepare_all(flow, fresh, size=size)
        ready = open_rows(fresh)
        if not (taken or ready):
            continue
        try:
            client.auth.headers(client)
        except ConnectorError as error:
            _fail(ready, error)
            _fail(taken, error, undecided=True)
            continue
        if taken:
            follow(client, operation_of(flow), taken, late=late)
        if ready:
            send(client, operation_of(flow), fresh, size=size, late=late)


def _prepare_all(flow: Flow, rows: Sequence[Row], *, size: int) -> None:
    """Prepares the rows together; where that meets a fault of ours, one by one, so that only the culprit fails."""
    try:
        prepare(flow, rows, pool=in_threads(size), now=timezone.now())
    except (OperationalError, InterfaceError):
        # Our own database's trouble says nothing about the rows: their lease brings them back.
        raise
    except Exception as error:
        log.exception("fault while preparing", flow=flow.slug, deliveries=len(rows))
        if len(rows) == 1:
            _fail(rows, ConnectorError(f"The hub met a fault of its own ({type(error).__name__})."))
            return
        for row in rows:
            row.result = None
            _prepare_all(flow, [row], size=1)


def _fail(rows: Sequence[Row], error: ConnectorError, *, undecided: bool = False) -> None:
    for row in rows:
        row.result = Failed(error=error, undecided=undecided)
