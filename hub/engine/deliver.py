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
from django.db.models import BooleanField, Exists, F, OuterRef, QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone

from connectors.base import Limit
from connectors.errors import ConnectorError
from hub import clients, throttle, vault
from hub.core.policy import MISSING
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
        try:
            clients.client(connection)
        except vault.WrongKeyError as error:
            refuse(connection, str(error), now=now)
            break
        rows = _batch(connection, flows, now)
        if rows is None:
            continue
        if not rows:
            break
        count += len(rows)
        if len(rows) < _most(flows):
            time.sleep(pause)
    return count


def _batch(connection: Connection, flows: Sequence[Flow], now: datetime) -> list[Row] | None:
    """One batch from claim to settle; None after a short wait for the rate limit, an empty list when nothing is due."""
    if not flows or not _due(flows, now).exists():
        return []
    limit = _limit(connection)
    bulk = all(operation_of(flow).send_many for flow in flows)
    most = _most(flows)
    wanted = 1 if bulk else most
    allowed = throttle.take_some(connection.pk, limit.name, wanted) if limit else wanted
    if not allowed:
        pause = throttle.wait_for(connection.pk, limit.name) if limit else 0.0
        if pause > LONGEST_PAUSE:
            return []
        time.sleep(pause + 0.01)
        return None
    rows: list[Row] = []
    try:
        lease, rows = claim(flows, size=most if bulk else allowed, now=now, alone=connection.failures > 0)
        if rows:
            work(connection, flows, rows)
            settle(connection, rows, lease=lease, now=timezone.now())
    finally:
        if limit:
            clients.meter(connection).settle(connection.pk, taken=allowed, limit=limit.name)
    return rows


def _most(flows: Sequence[Flow]) -> int:
    """Deliveries that are claimed and written back together."""
    most: int = settings.HUB_BATCH
    return min(most, max(flow.batch for flow in flows))


def _limit(connection: Connection) -> Limit | None:
    declared = clients.connector(connection).limits
    return declared[0] if declared else None


def _due(flows: Sequence[Flow], now: datetime) -> QuerySet[Delivery]:
    sending = Delivery.objects.filter(flow=OuterRef("flow"), key=OuterRef("key"), state=Delivery.State.SENDING)
    due = Delivery.objects.filter(flow__in=[flow.pk for flow in flows], state__in=Delivery.DUE, due_at__lte=now)
    return due.exclude(Exists(sending)).exclude(Exists(_ahead()))


def _ahead() -> QuerySet[Delivery]:
    """An earlier delivery of the same sequence that is under way, or waits for the target to recover; not one that lacks a value."""
    mine = {"flow": OuterRef("flow"), "sequence": OuterRef("sequence"), "id__lt": OuterRef("id")}
    # Spelled out as in its partial index, which SQLite would not use for values that it is given apart.
    busy = RawSQL("state IN ('sending', 'waiting') AND sequence > ''", (), output_field=BooleanField())
    return Delivery.objects.filter(busy, **mine).exclude(reason_code=MISSING)


def claim(flows: Sequence[Flow], *, size: int, now: datetime, alone: bool = False) -> tuple[str, list[Row]]:
    """Leases due deliveries and counts the attempt. What killed a worker before is claimed alone; so is the first one after failures.

    Answers the lease and the rows. Two workers never get the same delivery.
    """
    lease = secrets.token_hex(16)
    try:
        with transaction.atomic():
            due = _due(flows, now).order_by("-priority", "due_at", "id")
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
    "sequence", "due_at", "decision", "created_at",
)  # fmt: skip


def _load(lease: str, flows: dict[int, Flow], now: datetime) -> list[Row]:
    mine = Delivery.objects.filter(lease=lease, state=Delivery.State.SENDING)
    found = list(mine.order_by("-priority", "due_at", "id").values_list(*_LOADED))
    seals = Seal.objects.in_bulk({row[11] for row in found if row[11]})
    return [
        Row(
            pk=pk, flow=flows[flow], key=key, attempts=attempts, unknown=unknown, fresh=fresh, before=before, fingerprint=content,
            version=version, masked=masked, sealed=None if sealed is None else bytes(sealed), seal=seals.get(seal), sequence=sequence,
            due_at=due_at, started=now, decision=decision, created_at=created_at,
        )
        for (
            pk, flow, key, attempts, unknown, fresh, before, content, version, masked, sealed, seal, sequence, due_at, decision, created_at
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
                send(client, operation_of(flow), ready, size=size, late=late)


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
