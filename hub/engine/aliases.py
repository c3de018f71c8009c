"""One fact, many roads: whoever brings it first owns its other names; when the owner does not take it, another road does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from connectors.base import Record
from hub.engine.rows import Row, Skipped
from hub.engine.statements import insert
from hub.models import Delivery, Flow, RecordAlias
from hub.wake import wake

ELSEWHERE = "owned_elsewhere"
FILTERED = "filtered"


def owned_elsewhere(flow: Flow, records: Sequence[Record]) -> dict[str, str]:
    """Records that another flow, or this one under another key, already brings to the same target, with the alias that tells it.

    Locks the names until the transaction ends, so that an owner who gives up at this moment sees who waits for it.
    """
    named = [(alias, record.key) for record in records for alias in record.aliases]
    wanted = dict(reversed(named))
    if not wanted or not flow.target_id:
        return {}
    owners = _claimed(flow, wanted)
    if set(wanted) - set(owners):
        # Given up between our claim and our look: whoever comes first now has it.
        owners = _claimed(flow, wanted)
    return {key: alias for alias, key in named if alias in owners and owners[alias] != (flow.pk, key)}


def _claimed(flow: Flow, wanted: dict[str, str]) -> dict[str, tuple[int, str]]:
    """Claims what nobody has; answers the owner (flow, key) of each name."""
    mine = {"target_id": flow.target_id, "operation": flow.operation, "flow_id": flow.pk}
    # In one order everywhere, so that two roads never wait for each other.
    insert(
        RecordAlias, [{**mine, "alias": alias, "key": key} for alias, key in sorted(wanted.items())], on_conflict="ON CONFLICT DO NOTHING"
    )
    rows = RecordAlias.objects.select_for_update().filter(target_id=flow.target_id, operation=flow.operation, alias__in=wanted)
    return {alias: (owner, key) for alias, owner, key in rows.order_by("alias").values_list("alias", "flow_id", "key")}


def roads(rows: Sequence[Row]) -> set[int]:
    """The flows that may take over what was not taken; locked beforehand, so that none of them takes in a newer version meanwhile."""
    given_up = {(row.flow.target_id, row.flow.operation) for row in rows if _not_taken(row)}
    flows = Flow.objects.filter(target__in={target for target, _ in given_up}, operation__in={operation for _, operation in given_up})
    return set(flows.values_list("pk", flat=True)) if given_up else set()


def give_up(rows: Sequence[Row], now: datetime) -> None:
    """What a flow's filter did not take goes to another road that brought the same fact, if there is one. Inside settle's transaction."""
    for flow in {row.flow.pk: row.flow for row in rows if _not_taken(row)}.values():
        keys = [row.key for row in rows if row.flow.pk == flow.pk and _not_taken(row)]
        _hand_over(flow, keys, now)


def _not_taken(row: Row) -> bool:
    return isinstance(row.result, Skipped) and row.result.code == FILTERED


def _hand_over(flow: Flow, keys: Sequence[str], now: datetime) -> None:
    # A newer version of the record decides anew.
    newer = Delivery.objects.filter(flow=flow, key__in=keys, state__in=(*Delivery.OPEN, Delivery.State.SENDING))
    keys = sorted({*keys} - {*newer.values_list("key", flat=True)})
    owned = RecordAlias.objects.select_for_update().filter(flow=flow, key__in=keys).order_by("alias")
    names = list(owned.values_list("alias", flat=True))
    if not names:
        return
    heirs = _heirs(flow, names)
    RecordAlias.objects.filter(flow=flow, key__in=keys).exclude(alias__in=heirs).delete()
    for alias, (pk, heir, key) in heirs.items():
        RecordAlias.objects.filter(flow=flow, alias=alias).update(flow=heir, key=key)
        taken: dict[str, Any] = {"reason": "", "reason_code": "", "alias": "", "due_at": now, "changed_at": now}
        Delivery.objects.filter(pk=pk, state=Delivery.State.SKIPPED).update(state=Delivery.State.PENDING, fresh=True, **taken)
    if heirs and flow.target_id:
        target = flow.target_id
        transaction.on_commit(lambda: wake("deliver", target))


def _heirs(flow: Flow, names: Iterable[str]) -> dict[str, tuple[int, int, str]]:
    """For each name the delivery (id, flow, key) of another road that was skipped because of it and is still its record's last word."""
    same = Delivery.objects.filter(flow__target=flow.target_id, flow__operation=flow.operation, alias__in=list(names))
    waiting = same.filter(state=Delivery.State.SKIPPED, reason_code=ELSEWHERE).order_by().values("flow_id", "key").annotate(last=Max("pk"))
    newest = {row["last"] for row in waiting}
    lasts = Delivery.objects.filter(flow_id__in=[row["flow_id"] for row in waiting], key__in=[row["key"] for row in waiting])
    last_words = {row["last"] for row in lasts.order_by().values("flow_id", "key").annotate(last=Max("pk"))}
    rows = Delivery.objects.filter(pk__in=newest & last_words).order_by("-pk").values_list("alias", "pk", "flow_id", "key")
    return {alias: (pk, owner, key) for alias, pk, owner, key in rows}


def same_fact(delivery: Delivery) -> list[Delivery]:
    """The deliveries of the same fact by other roads to the same target, the latest first."""
    target, operation = delivery.flow.target_id, delivery.flow.operation
    names = RecordAlias.objects.filter(target_id=target, operation=operation)
    if delivery.alias:
        owner = names.filter(alias=delivery.alias).values_list("flow_id", "key").first()
        found = Delivery.objects.filter(flow_id=owner[0], key=owner[1]) if owner else Delivery.objects.none()
    else:
        mine = names.filter(flow=delivery.flow_id, key=delivery.key).values("alias")
        found = Delivery.objects.filter(flow__target=target, flow__operation=operation, alias__in=mine)
    return list(found.exclude(pk=delivery.pk).select_related("flow").defer("masked", "sealed").order_by("-id")[:20])
