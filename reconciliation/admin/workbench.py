"""The workbench of one settlement: where the money went, what does not fit and what to do about it, and the journals."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from hub.admin.base import PageAdmin, page
from reconciliation.admin import exceptions, figures, steps
from reconciliation.admin.words import label, money
from reconciliation.engine import ledger
from reconciliation.models import Settlement

ORDERS = 50
SECTIONS = ("money", "orders", "exceptions", "journals", "history")


def workbench(admin: PageAdmin, request: HttpRequest, settlement: Settlement) -> HttpResponse:
    """The page. Its number of queries does not depend on the number of lines, orders or differences."""
    section = request.GET.get("section", "")
    section = section if section in SECTIONS else "money"
    return page(
        admin, request, "reconciliation/workbench.html", str(settlement),
        settlement=settlement,
        badge=label(settlement.state, settlement.get_state_display()),
        total=money(settlement.total, settlement.currency),
        unexplained=money(getattr(settlement, "unexplained", None), settlement.currency),
        open_count=getattr(settlement, "open_count", 0),
        sections=[{"id": one, "words": words, "here": one == section} for one, words in _tabs(settlement)],
        section=section,
        buttons=steps.buttons(settlement, request), seen=ledger.shown(ledger.live(settlement)),
        **_contents(section, settlement, request),
    )  # fmt: skip


def _tabs(settlement: Settlement) -> list[tuple[str, str]]:
    count = getattr(settlement, "open_count", 0)
    return [
        ("money", "Where the money went"),
        ("orders", "Orders"),
        ("exceptions", f"Exceptions ({count:,})" if count else "Exceptions"),
        ("journals", "Journals"),
        ("history", "History"),
    ]


def _contents(section: str, settlement: Settlement, request: HttpRequest) -> dict[str, Any]:
    if section == "money":
        totals = figures.kind_totals(settlement)
        return {
            "changes": figures.changes(settlement),
            "bars": figures.waterfall(settlement, totals),
            "categories": figures.by_category(settlement, totals),
            "types": figures.by_type(settlement, totals),
        }
    if section == "orders":
        may = {"may_decide": request.user.has_perm(exceptions.DECIDE)}
        return may | figures.orders(settlement, result=request.GET.get("result", ""), order=request.GET.get("order", "").strip()[:60],
                              after=request.GET.get("after", "")[:60])  # fmt: skip
    if section == "exceptions":
        return exceptions.listed(settlement, request)
    if section == "journals":
        return figures.journals(settlement)
    return {"stops": figures.history(settlement)}
