"""A report that was issued again: whether it says the same, what differs, and what a person decides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection as database
from django.db import transaction
from django.db.models import Count, Sum

from reconciliation.engine.states import RefusedError, move
from reconciliation.models import JournalEntry, LineKind, PaymentEntry, Settlement, SettlementLine

State = Settlement.State
COUNTS = (
    "kind_id", "amount", "posted_at", "order_id", "merchant_order_id", "adjustment_id", "shipment_id", "marketplace", "fulfilment",
    "item_code", "sku", "quantity", "promotion_id",
)  # fmt: skip
"""What makes two lines equal; their place in the file does not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A kind of line of which the two reports hold other sums or numbers of lines."""

    kind: str
    before: Decimal
    after: Decimal
    lines_before: int
    lines_after: int


def same_lines(one: Settlement, other: Settlement) -> bool:
    """Whether both hold equal lines, each as often, under the same header."""
    header = ("total", "currency", "starts_at", "ends_at", "deposit_at", "line_count")
    return all(getattr(one, name) == getattr(other, name) for name in header) and not _differ(one, other) and not _differ(other, one)


def _differ(one: Settlement, other: Settlement) -> bool:
    names = ", ".join(COUNTS)
    lines = f"SELECT {names}, COUNT(*) FROM reconciliation_settlementline WHERE settlement_id = %s GROUP BY {names}"  # noqa: S608
    with database.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM ({lines} EXCEPT {lines}) AS found LIMIT 1", [one.pk, other.pk])  # noqa: S608
        return cursor.fetchone() is not None


def differences(before: Settlement, after: Settlement) -> list[Difference]:
    """By kind of line, the largest difference first."""
    old, new = _by_kind(before), _by_kind(after)
    names = {row.pk: str(row) for row in LineKind.objects.filter(pk__in=old | new)}
    nothing = (Decimal(), 0)
    found = [
        Difference(kind=names[pk], before=was[0], after=now[0], lines_before=was[1], lines_after=now[1])
        for pk in old | new
        if (was := old.get(pk, nothing)) != (now := new.get(pk, nothing))
    ]
    return sorted(found, key=lambda one: (-abs(one.after - one.before), one.kind))


def _by_kind(settlement: Settlement) -> dict[int, tuple[Decimal, int]]:
    rows = SettlementLine.objects.filter(settlement=settlement).order_by().values_list("kind_id").annotate(Sum("amount"), Count("number"))
    return {kind: (Decimal(amount).quantize(Decimal("0.0001")), count) for kind, amount, count in rows}


def take_over(proposed: Settlement, *, by: AbstractBaseUser | None, now: datetime, reason: str) -> None:
    """The re-issued report counts from now on. Raises RefusedError while the one that counts now is posted: reverse that first."""
    with transaction.atomic():
        same = Settlement.objects.select_for_update().filter(connection=proposed.connection_id, settlement_id=proposed.settlement_id)
        before = same.exclude(state__in=Settlement.PAST).get()
        held = before.journals.filter(reversal_of=None).exclude(state__in=JournalEntry.ENDED)
        paid = before.payments.filter(reversal_of=None).exclude(state__in=[PaymentEntry.State.REVERSED, PaymentEntry.State.DISCARDED])
        if held.exists() or paid.exists():
            raise RefusedError(
                f"{before} has journals. Reverse what is posted and discard what is prepared, then take the new report over."
            )
        among = [state for state in State if state not in Settlement.PAST]
        move(before, State.SUPERSEDED, among=among, now=now, by=by, reason=reason or "Replaced by a re-issued report.")
        _decide(proposed, State.PARSED, by=by, now=now, reason=reason)


def turn_down(proposed: Settlement, *, by: AbstractBaseUser | None, now: datetime, reason: str) -> None:
    """The earlier report stays. Raises RefusedError without a reason."""
    if not reason.strip():
        raise RefusedError("Say why the re-issued report does not count; the reason is kept with it.")
    _decide(proposed, State.DISCARDED, by=by, now=now, reason=reason)


def _decide(proposed: Settlement, to: str, *, by: AbstractBaseUser | None, now: datetime, reason: str) -> None:
    if not move(proposed, to, among=[State.PROPOSED], now=now, by=by, reason=reason):
        raise RefusedError("Somebody decided about this report meanwhile; look at the page again.")
