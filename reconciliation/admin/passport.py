"""The passport of money: one search box, and everything that hangs together with a number."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.http import urlencode

from hub.admin.base import PageAdmin, page
from reconciliation.engine.evidence import Step
from reconciliation.engine.states import RefusedError
from reconciliation.engine.trace import LONGEST, trace

ICONS = {
    "journal": "menu_book", "settlement": "payments", "line": "receipt_long", "kind": "receipt_long", "order": "shopping_bag",
    "delivery": "local_shipping", "bank": "account_balance",
}  # fmt: skip
DEEPEST = 5


def passport(admin: PageAdmin, request: HttpRequest) -> HttpResponse:
    """The search and what it found; the number of queries does not depend on how much that is."""
    wanted = request.GET.get("q", "").strip()[:LONGEST]
    steps: list[dict[str, Any]] = []
    refused = ""
    if wanted:
        try:
            steps = [_shown(one) for one in trace(wanted)]
        except RefusedError as error:
            refused = str(error)
    return page(admin, request, "reconciliation/passport.html", "Passport", wanted=wanted, steps=steps, refused=refused, longest=LONGEST)


def address(step: Step) -> str:
    """The page that shows what a step is about, "" where there is none."""
    if not step.model:
        return ""
    if step.model == "order":
        return f"{reverse('admin:reconciliation_passport')}?{urlencode({'q': step.key})}"
    try:
        if step.model == "bank":
            return f"{reverse('admin:reconciliation_bankline_changelist')}?{urlencode({'q': step.key})}"
        return _page(step)
    except NoReverseMatch:
        return ""


def _page(step: Step) -> str:
    names = {
        "journal": "reconciliation_journalentry_change",
        "settlement": "reconciliation_settlement_change",
        "delivery": "hub_delivery_change",
    }
    if step.model in names:
        mark = f"#line-{step.line}" if step.model == "journal" and step.line else ""
        return reverse(f"admin:{names[step.model]}", args=[step.key]) + mark
    query = {"kind": step.line} if step.model == "kind" else {"after": step.line - 1}
    return f"{reverse('admin:reconciliation_settlement_lines', args=[step.key])}?{urlencode(query)}"


def _shown(step: Step) -> dict[str, Any]:
    return {"words": step.words, "depth": min(step.depth, DEEPEST), "href": address(step), "icon": ICONS.get(step.model, "")}
