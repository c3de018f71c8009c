"""The hub's flows that carry journals and payments to the ERP: without a source, since the records are our own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from connectors.base import Record
from hub.engine.accept import accept
from hub.models import Connection, Delivery, Flow
from mappings.models import LookupEntry

ENTRIES, REVERSALS, PAYMENTS, VOIDS = "gl_entries", "reverse_gl_entry", "payments", "void_payment"
_PLANS = {
    ENTRIES: ("ledger-entries", "Journals of settlements"),
    REVERSALS: ("ledger-reversals", "Reversals of journals"),
    PAYMENTS: ("settlement-payments", "Payments of settled orders"),
    VOIDS: ("settlement-payment-voids", "Payments taken back"),
}
PAGE = 1000
RATES, RATE_HOLDS = "rates", 5
"""The lookup table of exchange rates, and how many days back one is taken (entity map 12)."""


def flow_of(target: Connection, operation: str) -> Flow:
    """The flow of this operation to the ERP, made where there is none."""
    slug, name = _PLANS[operation]
    found = Flow.objects.filter(target=target, operation=operation, source=None, after=None).select_related("target").first()
    if found:
        return found
    taken = Flow.objects.filter(slug=slug).exists()
    values = {"name": name, "target": target, "operation": operation, "poll_minutes": 0, "webhooks": False}
    return Flow.objects.get_or_create(slug=f"{slug}-{target.slug}"[:60] if taken else slug, defaults=values)[0]


def hand_in(target: Connection, operation: str, records: Sequence[Record], *, now: datetime) -> dict[str, int]:
    """Gives records to the hub, which delivers each exactly once; answers the delivery of each key. Call it inside the transaction that
    changes the state of what they are made of."""
    flow = flow_of(target, operation)
    found: dict[str, int] = {}
    for at in range(0, len(records), PAGE):
        some = records[at : at + PAGE]
        accept(flow, some, now=now, cursor=False)
        rows = Delivery.objects.filter(flow=flow, key__in=[one.key for one in some]).order_by("pk")
        found |= dict(rows.values_list("key", "pk"))
    return found


def exchange_rate(target: Connection, currency: str, day: date) -> Decimal | None:
    """Company units for one unit of the currency on that day or one of the five before; None for the company's own, and where no rate
    is known (the ERP then says so)."""
    if currency == (target.settings.get("company_currency") or "USD"):
        return None
    keys = [f"{currency}|{day - timedelta(days=back)}" for back in range(RATE_HOLDS + 1)]
    rows = dict(LookupEntry.objects.filter(table__slug=RATES, key__in=keys).values_list("key", "value"))
    return next((Decimal(rows[key]) for key in keys if key in rows), None)
