"""Due deliveries are leased: to be sent, or to ask what became of what the target has taken. Two workers never get the same one."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db import connection as database
from django.db.models import F, QuerySet

from hub.core.lanes import Lane, lane_of
from hub.engine.rows import Row
from hub.models import Delivery, Flow, Seal

DIED = "died"
"""The reason code of a delivery that a worker died with."""


def claim(flows: Sequence[Flow], *, size: int, now: datetime, lane: Lane = Lane.BACKFILL) -> tuple[str, list[Row]]:
    """Leases deliveries to send, at most `size`, and counts the attempt. What killed a worker before is claimed alone.

    Nothing of a lane behind `lane` is taken along. Answers the lease and the rows.
    """
    due = Delivery.due_of([flow.pk for flow in flows], now).order_by("-priority", "due_at", "id")
    if lane is not Lane.BACKFILL:
        due = due.filter(priority__gte=int(lane))
    lease = _leased(due, size=size, now=now)
    return lease, _to_send(lease, {flow.pk: flow for flow in flows}, now) if lease else []


def claim_taken(flows: Sequence[Flow], *, size: int, now: datetime) -> tuple[str, list[Row]]:
    """Leases deliveries that their target has taken, to ask what became of them; the rows carry no payload."""
    due = Delivery.taken().filter(flow__in=[flow.pk for flow in flows], due_at__lte=now).order_by("due_at", "id")
    lease = _leased(due, size=size, now=now)
    return lease, _to_ask(lease, {flow.pk: flow for flow in flows}, now) if lease else []


def _leased(due: QuerySet[Delivery], *, size: int, now: datetime) -> str:
    """The lease; "" when nothing is due."""
    lease = secrets.token_hex(16)
    try:
        with transaction.atomic():
            rows = due
            if database.features.has_select_for_update_skip_locked:
                rows = due.select_for_update(skip_locked=True, of=("self",))
            found = list(rows.values_list("pk", "reason_code", "flow_id", "sequence")[:size])
            ours = _sequences({(flow, sequence) for _, _, flow, sequence in found if sequence})
            chosen = _company([(pk, code) for pk, code, flow, sequence in found if not sequence or (flow, sequence) in ours])
            if not chosen:
                return ""
            due.filter(pk__in=chosen).update(
                state=Delivery.State.SENDING,
                lease=lease,
                lease_until=now + timedelta(seconds=settings.HUB_LEASE_SECONDS),
                attempts=F("attempts") + 1,
                changed_at=now,
            )
    except IntegrityError:
        return ""
    return lease


def _sequences(wanted: set[tuple[int, str]]) -> set[tuple[int, str]]:
    """Those of which nobody else is claiming a delivery at this moment; nor can anybody until the transaction ends."""
    if database.vendor != "postgresql" or not wanted:
        return wanted
    flows, names = zip(*sorted(wanted), strict=True)
    statement = (
        "SELECT flow, name FROM unnest(%s::int[], %s::text[]) AS wanted(flow, name) WHERE pg_try_advisory_xact_lock(flow, hashtext(name))"
    )
    with database.cursor() as cursor:
        cursor.execute(statement, [list(flows), list(names)])
        return set(cursor.fetchall())


def _company(due: Sequence[tuple[int, str]]) -> list[int]:
    """Who may travel together: a delivery that a worker died with goes alone, so that it harms only itself."""
    if due and due[0][1] == DIED:
        return [due[0][0]]
    return [pk for pk, code in due if code != DIED]


_LOADED = (
    "pk", "flow_id", "key", "attempts", "unknown", "fresh", "reason_code", "fingerprint", "version", "masked", "sealed", "seal_id",
    "sequence", "due_at", "decision", "created_at", "priority",
)  # fmt: skip


def _to_send(lease: str, flows: dict[int, Flow], now: datetime) -> list[Row]:
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


_ASKED = (
    "pk", "flow_id", "key", "attempts", "unknown", "fresh", "reason_code", "fingerprint", "version", "sequence", "due_at", "decision",
    "created_at", "priority", "ticket", "taken_at", "target_key", "payload_hash", "mapping_version_id",
)  # fmt: skip


def _to_ask(lease: str, flows: dict[int, Flow], now: datetime) -> list[Row]:
    """What was sent is not needed any more; what must be kept of it stands beside the receipt."""
    mine = Delivery.objects.filter(lease=lease, state=Delivery.State.SENDING)
    return [
        Row(
            pk=pk, flow=flows[flow], key=key, attempts=attempts, unknown=unknown, fresh=fresh, before=before, fingerprint=content,
            version=version, masked="", sealed=None, seal=None, sequence=sequence, due_at=due_at, started=now, decision=decision,
            created_at=created_at, lane=lane_of(priority), ticket=ticket, taken_at=taken_at, target_key=target_key,
            payload_hash=payload_hash, mapping_version=mapping_version,
        )
        for (
            pk, flow, key, attempts, unknown, fresh, before, content, version, sequence, due_at, decision, created_at, priority, ticket,
            taken_at, target_key, payload_hash, mapping_version,
        ) in mine.order_by("due_at", "id").values_list(*_ASKED)
    ]  # fmt: skip
