"""The numbers of a settlement's workbench, read in few queries and worded for the page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Sum
from django.utils.http import urlencode

from reconciliation.admin.words import label, money
from reconciliation.core.lines import Kind
from reconciliation.core.matching.result import TO_EXPLAIN
from reconciliation.core.posting.categories import label as category_label
from reconciliation.core.waterfall import Step
from reconciliation.core.waterfall import waterfall as fall
from reconciliation.engine import reissued, rules
from reconciliation.engine.states import RefusedError
from reconciliation.engine.sums import exact
from reconciliation.models import (
    Books,
    JournalEntry,
    JournalLine,
    JournalShare,
    OrderMatch,
    PaymentEntry,
    Settlement,
    SettlementLine,
    Transition,
)

ZERO = Decimal(0)
ORDERS = 50
NOT_YET = "not_yet_prepared"
KIND_FIELDS = ("kind", "kind__transaction_type", "kind__amount_type", "kind__amount_description")
NARROWEST = Decimal("0.3")
TONE_OF = {True: "ok", False: "bad"}


@dataclass(frozen=True, slots=True, kw_only=True)
class KindTotal:
    """All lines of one kind in a settlement, and the category that the posting rules give it."""

    id: int
    transaction_type: str
    amount_type: str
    amount_description: str
    category: str
    lines: int
    amount: Decimal

    @property
    def words(self) -> str:
        """The kind in the file's words, without the repetitions."""
        return " / ".join(dict.fromkeys(filter(None, (self.transaction_type, self.amount_type, self.amount_description))))


def kind_totals(settlement: Settlement) -> list[KindTotal]:
    """One total per kind and category: from the prepared journals; before there are any from the lines themselves, as the rules in force
    would book them."""
    shares = JournalShare.objects.filter(settlement=settlement, live=True).order_by()
    found = list(shares.values("category", *KIND_FIELDS).annotate(n=Sum("lines"), sum=Sum("amount")))
    if not found:
        lines = SettlementLine.objects.filter(settlement=settlement).order_by()
        found = list(lines.values(*KIND_FIELDS).annotate(n=Count("number"), sum=Sum("amount")))
        _categorise(settlement, found)
    return [
        KindTotal(
            id=row["kind"], transaction_type=row["kind__transaction_type"], amount_type=row["kind__amount_type"],
            amount_description=row["kind__amount_description"], category=row.get("category") or NOT_YET, lines=row["n"],
            amount=exact(row["sum"]),
        )
        for row in found
    ]  # fmt: skip


def _categorise(settlement: Settlement, rows: list[dict[str, Any]]) -> None:
    books = Books.objects.filter(source=settlement.connection_id).select_related("rules").first()
    try:
        asked = rules.asked(rules.in_force(books)).rules if books else None
    except RefusedError:
        return
    if asked:
        for row in rows:
            row["category"] = asked.decide(Kind(*(row[name] for name in KIND_FIELDS[1:]))).category


def by_category(settlement: Settlement, totals: Sequence[KindTotal]) -> list[dict[str, Any]]:
    """One row per category, the largest first, with its kinds of lines."""
    groups: dict[str, list[KindTotal]] = defaultdict(list)
    for one in totals:
        groups[one.category].append(one)
    sums = {name: sum((one.amount for one in held), ZERO) for name, held in groups.items()}
    return [
        {
            "words": _category(name), "lines": sum(one.lines for one in groups[name]), "amount": money(sums[name], settlement.currency),
            "kinds": sorted(groups[name], key=lambda one: one.words),
        }
        for name in sorted(sums, key=lambda name: -abs(sums[name]))
    ]  # fmt: skip


def waterfall(settlement: Settlement, totals: Sequence[KindTotal]) -> list[dict[str, Any]]:
    """From sales to payout, a bar per group of categories: left edge and width in per cent of the whole, ready for the page."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for one in totals:
        sums[one.category] += one.amount
    steps = fall(sums, deposit=settlement.total)
    low = min(ZERO, *(min(one.start, one.end) for one in steps))
    span = max(ZERO, *(max(one.start, one.end) for one in steps)) - low or Decimal(1)
    return [_bar(one, low, span, settlement.currency, last=one is steps[-1]) for one in steps if one.amount or one is steps[-1]]


def _bar(step: Step, low: Decimal, span: Decimal, currency: str, *, last: bool) -> dict[str, Any]:
    width = max(abs(step.amount) / span * 100, NARROWEST)
    left = min((min(step.start, step.end) - low) / span * 100, 100 - width)
    return {
        "name": step.label, "left": f"{left:.2f}", "width": f"{width:.2f}", "tone": "info" if last else TONE_OF[step.amount >= 0],
        "words": money(step.amount, currency),
        "categories": ", ".join(name for name in map(_category, step.categories) if name != step.label),
    }  # fmt: skip


def changes(settlement: Settlement) -> list[dict[str, Any]]:
    """What a re-issued report holds otherwise than the one that counts, by kind of line; nothing for any other settlement."""
    before = settlement.replaces
    if before is None or settlement.state != Settlement.State.PROPOSED:
        return []
    names = ("before", "after")
    return [
        {"kind": one.kind, "lines": f"{one.lines_before:,} → {one.lines_after:,}"} | {name: money(getattr(one, name)) for name in names}
        for one in reissued.differences(before, settlement)
    ]


def by_type(settlement: Settlement, totals: Sequence[KindTotal]) -> list[dict[str, Any]]:
    """One row per kind of line, in the file's words."""
    ordered = sorted(totals, key=lambda one: (one.transaction_type, one.amount_type, one.amount_description))
    return [
        {
            "id": one.id, "transaction_type": one.transaction_type, "amount_type": one.amount_type,
            "amount_description": one.amount_description, "lines": one.lines, "words": money(one.amount, settlement.currency),
        }
        for one in ordered
    ]  # fmt: skip


def orders(settlement: Settlement, *, result: str, order: str, after: str) -> dict[str, Any]:
    """A page of orders by their number, of one result if wanted, and how many orders have which result. Two queries."""
    mine = OrderMatch.objects.filter(settlement=settlement)
    counts = list(mine.order_by("result").values("result").annotate(count=Count("pk")))
    shown = mine.filter(order_id__gt=after).order_by("order_id")
    if result:
        shown = shown.filter(result=result)
    if order:
        shown = shown.filter(order_id=order)
    rows: list[Any] = list(
        shown.values("pk", "order_id", "result", "total", "settled", "expected", "difference", "words", "delivery", "accepted_at", "note")[
            : ORDERS + 1
        ]
    )
    choices = [
        {"id": row["result"], "words": _words(row["result"]), "count": row["count"], "here": row["result"] == result} for row in counts
    ]
    everything = {"id": "", "words": "All", "count": sum(row["count"] for row in counts), "here": not result}
    more = urlencode({"section": "orders", "result": result, "after": rows[ORDERS - 1]["order_id"]}) if len(rows) > ORDERS else ""
    return {
        "results": [everything, *choices],
        "rows": [_order(row, settlement.currency) for row in rows[:ORDERS]],
        "wanted": order,
        "next": f"?{more}" if more else "",
    }


def journals(settlement: Settlement) -> dict[str, Any]:
    """All journals with their lines, the latest first, and the payments beside them by state. Three queries."""
    found = list(
        JournalEntry.objects.filter(settlement=settlement)
        .select_related("rules__rule_set", "prepared_by", "approved_by", "target")
        .order_by("-id")
    )
    lines: dict[int, list[JournalLine]] = defaultdict(list)
    for line in JournalLine.objects.filter(journal__in=[one.pk for one in found]).order_by("journal", "number"):
        lines[line.journal_id].append(line)
    paid = (
        PaymentEntry.objects.filter(settlement=settlement).order_by("state").values("state").annotate(count=Count("pk"), sum=Sum("amount"))
    )
    states = [
        {"words": PaymentEntry.State(row["state"]).label, "count": row["count"], "amount": money(row["sum"], settlement.currency)}
        for row in paid
    ]
    return {"journals": [_journal(one, lines[one.pk]) for one in found], "payments": {"count": len(states), "states": states}}


def history(settlement: Settlement) -> list[dict[str, Any]]:
    """Every change of state with who made it, the earliest first."""
    rows = Transition.objects.filter(settlement=settlement).select_related("by", "journal")
    names = {**dict(JournalEntry.State.choices), **dict(Settlement.State.choices)}
    return [
        {
            "words": f"{row.journal or 'Settlement'}: {str(names.get(row.after, row.after)).lower()}", "reason": row.reason, "at": row.at,
            "by": row.by or "the hub", "tone": "ok" if row.after in ("posted", "deposited", "closed") else "info",
            "icon": "person" if row.by_id else "sync",
        }
        for row in rows
    ]  # fmt: skip


def _order(row: dict[str, Any], currency: str) -> dict[str, Any]:
    amounts = {name: money(row[name], currency) for name in ("total", "settled", "expected", "difference")}
    open_one = row["result"] in TO_EXPLAIN and row["accepted_at"] is None
    act = {"id": "accept", "words": "Accept…"} if open_one else {"id": "reopen", "words": "Open again…"} if row["accepted_at"] else None
    return {**row, **amounts, "badge": label(row["result"], _words(row["result"])), "act": act}


def _journal(row: JournalEntry, lines: Sequence[JournalLine]) -> dict[str, Any]:
    shown = [
        {
            "number": line.number, "account": line.account, "memo": line.memo or line.category.replace("_", " "),
            "debit": money(line.debit) if line.debit else "", "credit": money(line.credit) if line.credit else "",
        }
        for line in lines
    ]  # fmt: skip
    sums = {name: money(sum((getattr(line, name) for line in lines), ZERO), row.currency) for name in ("debit", "credit")}
    return {"row": row, "badge": label(row.state, row.get_state_display()), "lines": shown, **sums}


def _category(name: str) -> str:
    return "Not in a journal yet" if name == NOT_YET else category_label(name)


def _words(result: str) -> str:
    return result.replace("_", " ").capitalize() or "Not compared yet"
