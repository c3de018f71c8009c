"""What all pages of posting rules share: who may do what, the set and the version they are about, and what is kept of who did it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path

from hub.admin.base import PageAdmin
from hub.models import KnownRecord
from reconciliation.core.posting.categories import CATEGORIES, ROLES, label
from reconciliation.engine.drafts import draft_of
from reconciliation.engine.states import RefusedError
from reconciliation.models import Books, PostingRuleSet, PostingRuleVersion

VIEW, EDIT = "reconciliation.view_postingruleset", "reconciliation.change_postingruleset"
PUBLISH = "reconciliation.publish_postingruleset"
ACCOUNTS = "gl_accounts"
SEARCHED = 100

View = Callable[..., HttpResponseBase]
"""A page about one set of rules: `view(admin, request, rule_set, **parts of the address)`."""


def route(admin: PageAdmin, tail: str, view: View, name: str, *, needs: str, post_only: bool = False) -> URLPattern:
    """The address of a page about one set, `admin:reconciliation_postingruleset_<name>`; what cannot be done is said on the set's page."""

    @wraps(view)
    def inner(request: HttpRequest, pk: int, **kwargs: Any) -> HttpResponseBase:
        if not request.user.has_perm(needs) and not (needs == VIEW and request.user.has_perm(EDIT)):
            raise PermissionDenied
        rule_set = get_object_or_404(PostingRuleSet, pk=pk)
        if post_only and request.method != "POST":
            return to_rules(rule_set)
        try:
            return view(admin, request, rule_set, **kwargs)
        except RefusedError as wrong:
            messages.error(request, str(wrong))
            return to_rules(rule_set)

    wrapped: View = admin.admin_site.admin_view(inner)
    return path(f"<int:pk>/{tail}", wrapped, name=f"reconciliation_postingruleset_{name}")


def to_rules(rule_set: PostingRuleSet) -> HttpResponseRedirect:
    """Back to the page of the set."""
    return redirect("admin:reconciliation_postingruleset_change", rule_set.pk)


def version_of(rule_set: PostingRuleSet, number: int) -> PostingRuleVersion:
    """The version with this number. RefusedError when there is none."""
    found = rule_set.versions.select_related("rule_set", "published_by").filter(number=number).first()
    if found is None:
        raise RefusedError(f"{rule_set} has no version {number} (any more).")
    return found


def draft_of_page(rule_set: PostingRuleSet) -> PostingRuleVersion:
    """The draft that a page is about. RefusedError when it was published or discarded."""
    found = draft_of(rule_set)
    if found is None:
        raise RefusedError("There is no draft of these rules. Press “Edit as a draft” to begin one.")
    return found


def log(admin: PageAdmin, request: HttpRequest, rule_set: PostingRuleSet, words: str) -> None:
    """Keeps who did what; shown on the page of the set and under Activity."""
    admin.log_change(request, rule_set, words)


def by_category(version: PostingRuleVersion, query: str) -> dict[str, list[dict[str, Any]]]:
    """Rules and accounts of a version, category by category as journals show them, those with the word in them. Two queries."""
    wanted = query.casefold()
    rules = [row for row in version.rules.all() if wanted in f"{row} {label(row.category)}".casefold()]
    accounts = [
        row for row in version.accounts.all() if wanted in f"{row} {label(row.category)} {row.marketplace} {row.fulfilment}".casefold()
    ]
    return {"rules": _grouped(rules), "accounts": _grouped(accounts)}


def _grouped(rows: list[Any]) -> list[dict[str, Any]]:
    order = [*ROLES, *CATEGORIES]
    codes = sorted({row.category for row in rows}, key=lambda code: (order.index(code) if code in order else len(order), code))
    return [{"label": label(code), "code": code, "rows": [row for row in rows if row.category == code]} for code in codes]


def query_of(request: HttpRequest) -> str:
    """What is searched for."""
    return request.GET.get("q", "").strip()[:SEARCHED]


def known_accounts(rule_set: PostingRuleSet) -> dict[str, str]:
    """The ledger accounts that the ERPs behind these rules have told and that can be used: code → name. One query; empty before."""
    targets = Books.objects.filter(rules=rule_set).values("target")
    rows = KnownRecord.objects.filter(connection__in=targets, stream=ACCOUNTS, usable=True)
    return dict(rows.order_by("key").values_list("key", "label"))
