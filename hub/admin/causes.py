"""Open errors and held deliveries, grouped by what they have in common, with the money in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, F, Min, OuterRef, Q, Sum
from django.urls import reverse
from django.utils.http import urlencode

from hub.admin.words import awaited, sums
from hub.models import Connection, Delivery, ErrorRecord, Flow

AGAIN = (*Delivery.DUE, Delivery.State.SENDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Equal problems of many records. `records` counts deliveries, `again` those of them that are being tried again."""

    cause: str
    words: str
    advice: str
    category: str
    records: int
    again: int
    money: str
    oldest: datetime
    flows: str

    @property
    def link(self) -> str:
        """The page of this cause."""
        return f"{reverse('admin:hub_errorrecord_cause')}?{urlencode({'cause': self.cause})}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Held deliveries that wait for the same thing."""

    waits_for: str
    code: str
    words: str
    records: int
    money: str
    oldest: datetime
    flow: str

    @property
    def link(self) -> str:
        """The list of these deliveries."""
        chosen = {"state__exact": "held", "waits_for__exact": self.waits_for, "reason_code__exact": self.code}
        return f"{reverse('admin:hub_delivery_changelist')}?{urlencode(chosen)}"


def top_causes(limit: int, *, only: str = "") -> list[Cause]:
    """The causes with the most records first. Four queries, however many errors there are."""
    groups = _groups(only, limit)
    names = [group["cause"] for group in groups]
    amounts = _money(names)
    samples = ErrorRecord.objects.in_bulk([group["sample"] for group in groups])
    flows = _flows(names)
    return [
        Cause(
            cause=group["cause"],
            words=samples[group["sample"]].message,
            advice=samples[group["sample"]].advice,
            category=samples[group["sample"]].category,
            records=group["records"],
            again=group["again"],
            money=sums(amounts.get(group["cause"], ())),
            oldest=group["oldest"],
            flows=", ".join(flows.get(group["cause"], ())),
        )
        for group in groups
    ]


def _groups(only: str, limit: int) -> list[dict[str, Any]]:
    rows = ErrorRecord.objects.filter(state=ErrorRecord.State.OPEN)
    rows = rows.filter(cause=only) if only else rows
    grouped = (
        rows.order_by()
        .values("cause")
        .annotate(
            records=Count("delivery", distinct=True),
            again=Count("delivery", distinct=True, filter=Q(delivery__state__in=AGAIN)),
            oldest=Min("created_at"),
            sample=Min("pk"),
        )
    )
    return list(grouped.order_by("-records", "oldest")[:limit])  # type: ignore[arg-type]


def _money(causes: Iterable[str]) -> dict[str, list[tuple[str, Decimal | None]]]:
    """A delivery counts once per cause, even when two of its lines have the same problem."""
    earlier = ErrorRecord.objects.filter(state="open", cause=OuterRef("cause"), delivery=OuterRef("delivery"), pk__lt=OuterRef("pk"))
    rows = ErrorRecord.objects.filter(~Exists(earlier), state="open", cause__in=list(causes), delivery__amount__isnull=False)
    found: dict[str, list[tuple[str, Decimal | None]]] = defaultdict(list)
    for row in rows.order_by().values("cause", currency=F("delivery__currency")).annotate(total=Sum("delivery__amount")):
        found[row["cause"]].append((row["currency"], row["total"]))
    return found


def _flows(causes: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    rows = ErrorRecord.objects.filter(state="open", cause__in=list(causes), flow__isnull=False)
    for cause, name in rows.order_by("flow__name").values_list("cause", "flow__name").distinct():
        found[cause].append(name)
    return found


def top_waits(limit: int) -> list[Wait]:
    """What held deliveries wait for, the most awaited first. Five queries."""
    held = Delivery.objects.filter(state=Delivery.State.HELD).order_by()
    keys = ("waits_for", "reason_code", "flow")
    groups = list(
        held.values(*keys).annotate(records=Count("pk"), oldest=Min("created_at"), sample=Min("pk")).order_by("-records", "oldest")[:limit]
    )
    amounts: dict[tuple[str, str, int], list[tuple[str, Decimal | None]]] = defaultdict(list)
    totals = held.filter(waits_for__in={group["waits_for"] for group in groups}, amount__isnull=False)
    for row in totals.values(*keys, "currency").annotate(total=Sum("amount")):
        amounts[row["waits_for"], row["reason_code"], row["flow"]].append((row["currency"], row["total"]))
    connections = Connection.objects.in_bulk()
    flows = Flow.objects.in_bulk([group["flow"] for group in groups])
    reasons = dict(Delivery.objects.filter(pk__in=[group["sample"] for group in groups]).values_list("pk", "reason"))
    return [
        Wait(
            waits_for=group["waits_for"],
            code=group["reason_code"],
            words=awaited(group["waits_for"], connections) or reasons.get(group["sample"], "") or "Held",
            records=group["records"],
            money=sums(amounts[group["waits_for"], group["reason_code"], group["flow"]]),
            oldest=group["oldest"],
            flow=flows[group["flow"]].name,
        )
        for group in groups
    ]
