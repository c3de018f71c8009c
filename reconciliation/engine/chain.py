"""Whether a settlement follows on the one before it and is followed by the next: a break is shown, and forbids nothing."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db.models import Sum as Added

from reconciliation.core import chain
from reconciliation.core.journal import values
from reconciliation.core.lines import Kind, Sum
from reconciliation.engine.discrepancies import note
from reconciliation.engine.prepare import header_of
from reconciliation.models import LineKind, Settlement, SettlementLine

CODES = tuple(f"chain_{one}" for one in chain.Break)
EXACT = Decimal("0.0001")


def check(settlement: Settlement, *, now: datetime) -> None:
    """Compares the settlement with its neighbours of the same account and currency; a break is noted with the later of the two."""
    same = Settlement.objects.filter(connection=settlement.connection_id, currency=settlement.currency)
    others = same.exclude(state__in=Settlement.PAST).exclude(pk=settlement.pk)
    before = others.filter(starts_at__lte=settlement.starts_at).order_by("-starts_at", "-pk").first()
    after = others.filter(starts_at__gt=settlement.starts_at).order_by("starts_at", "pk").first()
    for one, other in ((before, settlement), (settlement, after)):
        if other is not None:
            note(other, _breaks(one, other) if one else [], among=CODES, now=now)


def _breaks(before: Settlement, after: Settlement) -> list[values.Discrepancy]:
    return [
        values.Discrepancy(
            level="chain", code=f"chain_{one.code}", subject=f"{one.before} → {one.after}", amount=one.amount, words=one.words
        )
        for one in chain.check([_link(before), _link(after)])
    ]


def _link(settlement: Settlement) -> chain.Link:
    """Only the few lines of the account as a whole are added up."""
    kinds = {pk: kind for *words, pk in LineKind.objects.values_list(*Kind._fields, "pk") if chain.carried(kind := Kind(*words))}
    lines = SettlementLine.objects.filter(settlement=settlement, kind__in=kinds).order_by()
    day = settlement.starts_at.date()
    sums = [
        Sum(kind=kinds[pk], day=day, amount=Decimal(amount).quantize(EXACT))
        for pk, amount in lines.values_list("kind_id").annotate(Added("amount"))
    ]
    return chain.link(header_of(settlement), sums)
