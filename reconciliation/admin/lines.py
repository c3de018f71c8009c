"""The lines of a settlement, as they stand in its file: paged by line number, so that the last page opens as fast as the first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.http import urlencode

from reconciliation.admin.words import money
from reconciliation.models import LineKind, Settlement, SettlementLine

PAGE = 100
LONGEST = 60
FIELDS = (
    "number", "posted_at", "kind__transaction_type", "kind__amount_type", "kind__amount_description", "amount", "order_id", "sku",
    "quantity", "marketplace", "fulfilment",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which lines: of one kind, of one order, from one number on. Whatever a person types into the address is harmless."""

    kind: int | None = None
    order: str = ""
    after: int = 0

    @classmethod
    def of(cls, request: HttpRequest) -> Wanted:
        """What the address asks for."""
        kind, after = request.GET.get("kind", ""), request.GET.get("after", "")
        return cls(kind=_number(kind), order=request.GET.get("order", "").strip()[:LONGEST], after=_number(after) or 0)

    def address(self, **more: Any) -> str:
        """The query string of these lines, with changes."""
        given = {"kind": self.kind, "order": self.order, "after": self.after, **more}
        return "?" + urlencode({name: value for name, value in given.items() if value})


def lines(settlement: Settlement, wanted: Wanted) -> QuerySet[SettlementLine]:
    """The lines of a settlement that fit, by their number."""
    found = SettlementLine.objects.filter(settlement=settlement).order_by("number")
    if wanted.kind is not None:
        found = found.filter(kind=wanted.kind)
    return found.filter(order_id=wanted.order) if wanted.order else found


def page_of_lines(settlement: Settlement, wanted: Wanted) -> dict[str, Any]:
    """One page for the template: rows, the address of the next page, and words for what is shown. One query, two with a kind."""
    rows = list(lines(settlement, wanted).filter(number__gt=wanted.after).values(*FIELDS)[: PAGE + 1])
    more = len(rows) > PAGE
    shown = rows[:PAGE]
    kind = LineKind.objects.filter(pk=wanted.kind).first() if wanted.kind is not None else None
    return {
        "rows": [{**row, "money": money(row["amount"], settlement.currency)} for row in shown],
        "next": wanted.address(after=shown[-1]["number"]) if more else "",
        "first": wanted.address(after=0) if wanted.after else "",
        "wanted": wanted,
        "kind": kind,
    }


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
