"""The exceptions of a settlement, each with what can be done about it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone

from hub.admin import confirm
from hub.admin.base import PageAdmin, person
from reconciliation.admin.words import label, money
from reconciliation.core.matching.result import TO_EXPLAIN
from reconciliation.engine import discrepancies, order_decisions
from reconciliation.engine.states import RefusedError
from reconciliation.models import Discrepancy, OrderMatch, Settlement

PAGE = 50
State = Discrepancy.State
DECIDE = "reconciliation.decide_settlement"


def listed(settlement: Settlement, request: HttpRequest) -> dict[str, Any]:
    """A page of exceptions: the open ones first, blocking before others. One query."""
    given = request.GET.get("after", "")
    after = int(given) if given.isascii() and given.isdecimal() and len(given) < 9 else 0
    mine = (
        Discrepancy.objects.filter(settlement=settlement)
        .exclude(state=State.GONE)
        .select_related("by")
        .alias(open_first=Q(state=State.OPEN))
    )
    rows = list(mine.order_by("-open_first", "-blocking", "id")[after : after + PAGE + 1])
    may = request.user.has_perm(DECIDE)
    more = f"?section=exceptions&after={after + PAGE}" if len(rows) > PAGE else ""
    return {"rows": [_row(one, settlement, may=may) for one in rows[:PAGE]], "next": more, "differing": _differing(settlement)}


def _differing(settlement: Settlement) -> list[dict[str, Any]]:
    """Orders that nobody has explained, by their result."""
    mine = OrderMatch.objects.filter(settlement=settlement, result__in=TO_EXPLAIN, accepted_at=None).order_by("result")
    counts = mine.values("result").annotate(count=Count("pk"))
    return [{"id": row["result"], "words": row["result"].replace("_", " "), "count": row["count"]} for row in counts]


def act(admin: PageAdmin, request: HttpRequest, pk: int, exception: int) -> HttpResponse:
    """Accepts a difference with a reason, or opens it again."""
    _refuse_strangers(request)
    found = get_object_or_404(Discrepancy.objects.select_related("settlement"), pk=exception, settlement=pk)
    back = f"{reverse('admin:reconciliation_settlement_change', args=[pk])}?section=exceptions"
    return _decide(admin, request, found, discrepancies, words=found.words, back=back)


def decide_order(admin: PageAdmin, request: HttpRequest, pk: int, order: int) -> HttpResponse:
    """Accepts the difference of an order with a reason, or opens it again."""
    _refuse_strangers(request)
    found = get_object_or_404(OrderMatch.objects.select_related("settlement"), pk=order, settlement=pk)
    back = f"{reverse('admin:reconciliation_settlement_change', args=[pk])}?section=orders&result={found.result}"
    return _decide(admin, request, found, order_decisions, words=found.words or f"Order {found}", back=back)


def _refuse_strangers(request: HttpRequest) -> None:
    if request.method != "POST" or not request.user.has_perm(DECIDE):
        raise PermissionDenied


def _decide(admin: PageAdmin, request: HttpRequest, found: Any, engine: Any, *, words: str, back: str) -> HttpResponse:
    accepting = request.POST.get("act") == "accept"
    title, button = ("Accept this difference?", "Accept") if accepting else ("Open it again?", "Open again")
    given = confirm.reason(admin, request, title=title, words=words, label="Why (kept with your name)", button=button, back=back)
    if isinstance(given, HttpResponse):
        return given
    change = engine.accept if accepting else engine.reopen
    try:
        change(found, reason=given, by=person(request), now=timezone.now())
    except RefusedError as error:
        admin.message_user(request, str(error), messages.ERROR)
    else:
        admin.log_change(request, found.settlement, f"{button}: {words} Reason: {given}")
        admin.message_user(request, "Accepted; your reason is kept." if accepting else "It is open again.", messages.SUCCESS)
    return redirect(back)


def _row(row: Discrepancy, settlement: Settlement, *, may: bool) -> dict[str, Any]:
    acts = {State.OPEN.value: ("accept", "Accept…"), State.ACCEPTED.value: ("reopen", "Open again…")}
    return {
        "row": row, "open": row.state == State.OPEN, "badge": label(row.state, row.get_state_display()),
        "amount": money(row.amount, settlement.currency),
        "acts": [dict(zip(("id", "words"), acts[row.state], strict=True))] if may and row.state in acts else [],
    }  # fmt: skip
