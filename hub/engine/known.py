"""The list of what exists at a system, and the deliveries that wait for something to arrive."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import QuerySet

from connectors.base import Record
from hub.models import CrossReference, Delivery, Flow, KnownRecord
from hub.wake import wake

PORTION = 5000


def reference_mark(source_id: int, target_id: int, stream: str, key: str) -> str:
    """What a delivery waits for that needs the target's id of another record."""
    return f"reference/{source_id}-{target_id}/{stream}/{key}"[:300]


def record_mark(target_id: int, stream: str, key: str) -> str:
    """What a delivery waits for that needs something to exist at the target."""
    return f"record/{target_id}/{stream}/{key.casefold()}"[:300]


def remember(flow: Flow, records: Sequence[Record], *, now: datetime) -> None:
    """Writes what exists at the flow's source and releases what waited for it. A stream marks what cannot be used with `usable: false`."""
    rows = [
        KnownRecord(
            connection_id=flow.source_id or 0, stream=flow.stream, key=record.key, folded=record.key.casefold(),
            label=str(record.payload.get("Description") or record.payload.get("Name") or "")[:200], usable=_usable(record),
            hazard=str(record.payload.get("HazardClass") or "")[:20], version=record.version[:60], seen_at=now,
        )
        for record in {record.key.casefold(): record for record in records if not record.problem}.values()
    ]  # fmt: skip
    KnownRecord.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["connection", "stream", "folded"],
        update_fields=["key", "label", "usable", "hazard", "version", "seen_at"],
    )
    release([record_mark(flow.source_id or 0, flow.stream, row.key) for row in rows if row.usable], now=now)


def _usable(record: Record) -> bool:
    """An item of the ERP may exist and still not be for sale; a deleted row stays listed as deleted."""
    payload = record.payload
    return payload.get("Sellable") is not False and payload.get("Status", "Active") == "Active" and not payload.get("Deleted")


def release(marks: Iterable[str], *, now: datetime) -> int:
    """Deliveries held for any of these go on. Answers how many."""
    wanted = list(marks)
    held = Delivery.objects.filter(state=Delivery.State.HELD, waits_for__in=wanted)
    return let_go(held, reason="What it waited for has arrived.", now=now) if wanted else 0


def let_go(waiting: QuerySet[Delivery], *, reason: str, now: datetime) -> int:
    """These are due now, and their targets are woken. Answers how many."""
    targets = list(waiting.order_by().values_list("flow__target_id", flat=True).distinct())
    if not targets:
        return 0
    count = waiting.update(state=Delivery.State.PENDING, waits_for="", reason_code="released", reason=reason, due_at=now, changed_at=now)
    for target in targets:
        transaction.on_commit(partial(wake, "deliver", target))
    return count


def release_arrived(*, now: datetime) -> int:
    """Releases what is held although it has arrived: two transactions that did not see each other."""
    waiting = Delivery.objects.filter(state=Delivery.State.HELD).exclude(waits_for="").order_by("waits_for")
    count, last = 0, ""
    while portion := list(waiting.filter(waits_for__gt=last).values_list("waits_for", flat=True).distinct()[:PORTION]):
        count += release(_references_there(portion) | _records_there(portion), now=now)
        last = portion[-1]
    return count


def _parts(marks: Iterable[str], kind: str) -> dict[tuple[str, str], dict[str, str]]:
    """(place, stream) → {key: mark} of one kind."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for mark in marks:
        head, place, stream, key = mark.split("/", 3)
        if head == kind:
            found.setdefault((place, stream), {})[key] = mark
    return found


def _references_there(marks: Iterable[str]) -> set[str]:
    there: set[str] = set()
    for (place, stream), keys in _parts(marks, "reference").items():
        source, target = place.split("-")
        rows = CrossReference.objects.filter(source=int(source), target=int(target), stream=stream, source_key__in=keys)
        there |= {keys[key] for key in rows.values_list("source_key", flat=True)}
    return there


def _records_there(marks: Iterable[str]) -> set[str]:
    there: set[str] = set()
    for (place, stream), keys in _parts(marks, "record").items():
        rows = KnownRecord.objects.filter(connection=int(place), stream=stream, folded__in=keys, usable=True)
        there |= {keys[key] for key in rows.values_list("folded", flat=True)}
    return there
