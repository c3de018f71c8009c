"""Kinds of lines without a rule: what stands in suspense for them, what they resemble, and the button that adds a rule to the draft."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from hub.admin.base import PageAdmin, page
from reconciliation.admin.rule_pages import EDIT, log
from reconciliation.admin.words import money
from reconciliation.core.lines import Kind
from reconciliation.core.posting.categories import CATEGORIES, label
from reconciliation.core.posting.rules import RuleSet
from reconciliation.core.posting.suggest import suggestions
from reconciliation.engine import drafts, rules
from reconciliation.engine.effects import Unruled, unruled
from reconciliation.engine.states import RefusedError
from reconciliation.models import LineKind, PostingRule, PostingRuleSet

SHOWN = 100


def kinds(admin: PageAdmin, request: HttpRequest, rule_set: PostingRuleSet) -> HttpResponse:
    """All of them, judged by the draft where there is one."""
    draft = drafts.draft_of(rule_set)
    asked = _asked(rule_set)
    found = unruled(asked)
    return page(
        admin, request, "reconciliation/rules_kinds.html", "Kinds without a rule", rule_set=rule_set, version=draft,
        rows=[_row(one, asked) for one in found[:SHOWN]], more=max(len(found) - SHOWN, 0), categories=[*CATEGORIES.items()],
        may_edit=request.user.has_perm(EDIT),
    )  # fmt: skip


def _asked(rule_set: PostingRuleSet) -> RuleSet:
    version = drafts.base(rule_set)
    return rules.read_version(version.pk).rules if version else RuleSet(())


def _row(one: Unruled, asked: RuleSet) -> dict[str, Any]:
    alike = suggestions(one.kind, asked)
    return {
        "id": one.id, "kind": one.kind, "lines": one.lines, "held": " · ".join(money(amount, currency) for currency, amount in one.sums),
        "suggestions": [{"label": label(found.rule.category), "words": str(found.rule)} for found in alike],
        "category": alike[0].rule.category if alike else "",
    }  # fmt: skip


def add(admin: PageAdmin, request: HttpRequest, rule_set: PostingRuleSet) -> HttpResponse:
    """A rule for exactly this kind, in the draft, which is begun where there is none."""
    here = redirect("admin:reconciliation_postingruleset_kinds", rule_set.pk)
    number, category = request.POST.get("kind", ""), request.POST.get("category", "")
    found = LineKind.objects.filter(pk=number).first() if number.isascii() and number.isdecimal() and len(number) < 10 else None
    if found is None or category not in CATEGORIES:
        messages.error(request, "Nothing was added: choose a category of the list.")
        return here
    kind = Kind(found.transaction_type, found.amount_type, found.amount_description)
    if not kind.amount_type:
        messages.error(request, "A rule must name the amount type, and this kind has none. Such lines stay in suspense.")
        return here
    draft = drafts.begin(rule_set)
    row = PostingRule(category=category, **kind._asdict())
    try:
        drafts.save_row(draft, row)
    except RefusedError as wrong:
        messages.warning(request, str(wrong))
        return here
    log(admin, request, rule_set, f"Draft {draft.number}: {row}")
    messages.success(request, f"Draft {draft.number} has the rule {row}. Publish it, then prepare the settlement anew.")
    return here
