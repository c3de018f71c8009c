"""A settlement's lines added up by the database, as the core wants them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Count
from django.db.models import Sum as Added
from django.db.models.functions import TruncDate

from reconciliation.core.lines import Kind, Sum
from reconciliation.models import LineKind, Settlement, SettlementLine

CENT_OF_CENT = Decimal("0.0001")
AT_ONCE = 5000


def sums_of(settlement: Settlement, *, orders: bool = False) -> Iterator[Sum]:
    """Lines of one kind, day (in the ledger's time zone), marketplace and fulfilment; with `orders` also of one order."""
    names = ["kind_id", "day", "marketplace", "fulfilment", *(["order_id"] if orders else [])]
    kinds = {pk: Kind(*words) for pk, *words in LineKind.objects.values_list("pk", "transaction_type", "amount_type", "amount_description")}
    lines = SettlementLine.objects.filter(settlement=settlement).order_by()
    days = lines.annotate(day=TruncDate("posted_at", tzinfo=ZoneInfo(settlement.zone)))
    added = days.values_list(*names).annotate(amount_sum=Added("amount"), line_count=Count("number"))
    for kind, day, marketplace, fulfilment, *order, amount, count in added.iterator(chunk_size=AT_ONCE):
        yield Sum(
            kind=kinds[kind], day=day, marketplace=marketplace, fulfilment=fulfilment, order_id=order[0] if order else "",
            amount=exact(amount), lines=count,
        )  # fmt: skip


def exact(amount: Decimal | float | None) -> Decimal:
    """What a database added up, as the exact sum: some add in binary. Nothing is zero."""
    return Decimal(amount or 0).quantize(CENT_OF_CENT).normalize() + 0
