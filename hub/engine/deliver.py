"""Third stop: claims due deliveries under a lease, prepares and sends them, and hands them to settle."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.db import connection as database
from django.db.models import F
from django.utils import timezone

from connectors.errors import ConnectorError
from hub import clients, vault
from hub.core.lanes import Lane, lane_of
from hub.engine.buckets import Bucket, buckets, in_order, note_refusals
from hub.engine.health import may_send, refuse
from hub.engine.prepare import open_rows, prepare
from hub.engine.records import operation_of
from hub.engine.rows import Failed, Row
from hub.engine.send import in_threads, send, senders
from hub.engine.settle import settle
from hub.models import Connection, Delivery, Flow, Seal

log = structlog.get_logger(__name__)
LONGEST_PAUSE = 2.0
"""Seconds a sender waits for its rate limit before it gives the worker back."""


def deliver(connection_id: int, *, deadline: float, pause: float = 0.0) -> int:
    """Sends due deliveries of a target connection until none is left or `deadline` (monotonic seconds) is over. Answers how many.

    `pause`: seconds in which more may gather after a batch that was not full, since few large batches cost less than many small ones.
    """
    count = 0
    while time.monotonic() < deadline:
        connection = Connection.objects.filter(pk=connection_id).first()
        now = timezone.now()
        if connection is None or not may_send(connection, now):
            break
        flows = list(Flow.objects.filter(target=connection, enabled=True).exclude(operation="").select_related("source", "target"))
        if not flows:
            break
        try:
            clients.client(connection)
        except vault.WrongKeyError as error:
            refuse(connection, str(error), now=now)
            break
        turn = _turn(connection, flows, now)
        if turn is None:
            break
        count += turn
        if 0 < turn < _most(flows):
            time.sleep(pause)
    return count


def _turn(connection: Connection, flows: Sequence[Flow], now: datetime) -> int | None:
    """One batch of every rate limit that has calls left; a short wait when none has. None when nothing more can be done here."""
    count, waits = 0, []
    due = in_order(buckets(connection, flows), now)
    for bucket in due:
        sent = _batch(connection, bucket, now)
        if isinstance(sent, int):
            count += sent
            continue
        waits.append(sent)
        if sent > LONGEST_PAUSE:
            bucket.rest(sent, now)
    if count:
        return count
    if not waits or min(waits) > LONGEST_PAUSE:
        return None
    time.sleep(min(waits) + 0.01)
    return 0


def _batch(connection: Connection, bucket: Bucket, now: datetime) -> int | float:
    """One batch from claim to settle: how many deliveries; or, as float, the seconds until its rate limit has a call again."""
    flows = bucket.flows
    bulk = all(operation_of(flow).send_many for flow in flows)
    most = _most(flows)
    allowed, lane = bucket.take(1 if bulk else most, now)
    if not allowed:
        return float(bucket.wait(lane))
    rows: list[Row] = []
    try:
        lease, rows = claim(flows, size=most if bulk else allowed, now=now, alone=connection.failures > 0, lane=lane)
        if rows:
            work(connection, flows, rows)
            note_refusals(connection, bucket, rows)
            settle(connection, rows, lease=lease, now=timezone.now())
    finally:
        if bucket.name:
            clients.meter(connection).settle(connection.pk, taken=allowed, limit=bucket.name)
    return len(rows)


def _most(flows: Sequence[Flow]) -> int:
    """Deliveries that are claimed and written back together."""
    most: int = settings.HUB_BATCH
    return min(most, max(flow.batch for flow in flows))


def claim(flows: Sequence[Flow], *, size: int, now: datetime, alone: bool = False, lane: Lane = Lane.BACKFILL) -> tuple[str, list[Row]]:
    """Leases due deliveries and counts the attempt. What killed a worker before is claimed alone; so is the first one after failures.

    Nothing of a lane behind `lane` is taken along. Answers the lease and the rows. Two workers never get the same delivery.
    """
    lease = secrets.token_hex(16)
    try:
        with transaction.atomic():
            due = Delivery.due_of([flow.pk for flow in flows], now).order_by("-priority", "due_at", "id")
            if lane is not Lane.BACKFILL:
                due = due.filter(priority__gte=int(lane))
            if database.features.has_select_for_update_skip_locked:
                due = due.select_for_update(skip_locked=True, of=("self",))
            chosen = _company(list(due.values_list("pk", "reason_code")[: 1 if alone else size]))
            if not chosen:
                return lease, []
            Delivery.objects.filter(pk__in=chosen, state__in=Delivery.DUE).update(
                state=Delivery.State.SENDING,
                lease=lease,
                lease_until=now + timedelta(seconds=settings.HUB_LEASE_SECONDS),
                attempts=F("attempts") + 1,
                changed_at=now,
            )
    except IntegrityError:
        return lease, []
    return lease, _load(lease, {flow.pk: flow for flow in flows}, now)


def _company(due: Sequence[tuple[int, str]]) -> list[int]:
    """Who may travel together: a delivery that a worker died with goes alone, so that it harms only itself."""
    if due and due[0][1] == "died":
        return [due[0][0]]
    return [pk for pk, code in due if code != "died"]


_LOADED = (
    "pk", "flow_id", "key", "attempts", "unknown", "fresh", "reason_code", "fingerprint", "version", "masked", "sealed", "seal_id",
    "sequence", "due_at", "decision", "created_at", "priority",
)  # fmt: skip


def _load(lease: str, flows: dict[int, Flow], now: datetime) -> list[Row]:
    mine = Delivery.objects.filter(lease=lease, state=Delivery.State.SENDING)
    found = list(mine.order_by("-priority", "due_at", "id").values_list(*_LOADED))
    seals = Seal.objects.in_bulk({row[11] for row in found if row[11]})
    return [
        Row(
            pk=pk, flow=flows[flow], key=key, attempts=attempts, unknown=unknown, fresh=fresh, before=before, fingerprint=content,
            version=version, masked=masked, sealed=None if sealed is None else bytes(sealed), seal=seals.get(seal), sequence=sequence,
            due_at=due_at, started=now, decision=decision, created_at=created_at, lane=lane_of(priority),
        )
        for (
            pk, flow, key, attempts, unknown, fresh, before, content, version, masked, sealed, seal, sequence, due_at, decision, created_at,
            priority,
        ) in found
    ]  # fmt: skip


def work(connection: Connection, flows: Sequence[Flow], rows: Sequence[Row]) -> None:
    """Prepares and sends. Afterwards every row has a result, whatever went wrong; those for which the lease got too short have none.

    The first half of a lease is for beginning calls, the second for ending them: nobody sends what another may have claimed already.
    """
    late = rows[0].started + timedelta(seconds=settings.HUB_LEASE_SECONDS / 2)
    size = senders(connection, clients.connector(connection).parallel)
    client = clients.client(connection)
    for flow in flows:
        mine = [row for row in rows if row.flow.pk == flow.pk]
        if not mine:
            continue
        _prepare_all(flow, mine, size=size)
        ready = open_rows(mine)
        if ready:
            try:
                client.auth.headers(client)
            except ConnectorError as error:
                _fail(ready, error)
            else:
                send(client, operation_of(flow), mine, size=size, late=late)


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


def _fail(rows: Sequence[Row], error: ConnectorError) -> None:
    for row in rows:
        row.result = Failed(error=error)
