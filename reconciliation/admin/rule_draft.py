"""The draft of posting rules: its rows, the form that adds or changes one, and what is still wrong with it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from hub.admin.base import PageAdmin, page
from reconciliation.admin.rule_pages import PUBLISH, by_category, draft_of_page, known_accounts, log, query_of
from reconciliation.core.posting.categories import CATEGORIES, ROLES
from reconciliation.core.posting.problems import problems
from reconciliation.engine import drafts, rules
from reconciliation.engine.states import RefusedError
from reconciliation.models import AccountRule, PostingRule, PostingRuleSet, PostingRuleVersion

MOST_WARNED = 20
ANY = {"placeholder": "any"}


def _text(**attrs: str) -> forms.TextInput:
    return forms.TextInput(attrs={"class": "hub-input", "autocomplete": "off", **attrs})


def _select() -> forms.Select:
    return forms.Select(attrs={"class": "hub-input"})


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """A kind of line and its category."""

    category = forms.ChoiceField(choices=[("", "–"), *CATEGORIES.items()], widget=_select())

    class Meta:
        model = PostingRule
        fields = ("transaction_type", "amount_type", "amount_description", "category")
        widgets = {"transaction_type": _text(**ANY), "amount_type": _text(), "amount_description": _text(**ANY)}


class AccountForm(forms.ModelForm):  # type: ignore[type-arg]
    """A category or a role and its account; chosen from the ledger's accounts where the ERP has told them."""

    category = forms.ChoiceField(
        label="Category or role", choices=[("", "–"), ("Roles", [*ROLES.items()]), ("Categories", [*CATEGORIES.items()])], widget=_select()
    )

    class Meta:
        model = AccountRule
        fields = ("category", "marketplace", "fulfilment", "account")
        widgets = {"marketplace": _text(**ANY), "fulfilment": _text(**ANY), "account": _text()}

    def __init__(self, *args: Any, accounts: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if accounts:
            present = self.instance.account
            gone = [(present, f"{present} (not in the ERP)")] if present and present not in accounts else []
            choices = [("", "–"), *((code, f"{code} {name}".strip()) for code, name in accounts.items()), *gone]
            self.fields["account"] = forms.ChoiceField(choices=choices, widget=_select())


def begin(admin: PageAdmin, request: HttpRequest, rule_set: PostingRuleSet) -> HttpResponse:
    """Makes the draft when there is none, and opens it."""
    if drafts.draft_of(rule_set) is None:
        log(admin, request, rule_set, f"Draft {drafts.begin(rule_set).number} was begun.")
    return redirect("admin:reconciliation_postingruleset_draft", rule_set.pk)


def draft(admin: PageAdmin, request: HttpRequest, rule_set: PostingRuleSet) -> HttpResponse:
    """Shows the draft, or does what a button on it says."""
    version, accounts = draft_of_page(rule_set), known_accounts(rule_set)
    chosen = {name: _chosen(request.GET.get(name), rows) for name, rows in (("rule", version.rules), ("account", version.accounts))}
    act = request.POST.get("act", "")
    if request.method == "POST" and act not in chosen:
        return _acted(admin, request, version, act)
    shown: dict[str, forms.ModelForm[Any]] = {
        "rule": RuleForm(request.POST if act == "rule" else None, instance=chosen["rule"], auto_id="rule_%s"),
        "account": AccountForm(
            request.POST if act == "account" else None, instance=chosen["account"], auto_id="account_%s", accounts=accounts
        ),
    }
    if act and shown[act].is_valid() and _saved(admin, request, version, shown[act]):
        return redirect(_here(version, request))
    answer = _page(admin, request, version, accounts, shown, chosen)
    answer.status_code = 422 if act else 200
    return answer


def _saved(admin: PageAdmin, request: HttpRequest, version: PostingRuleVersion, form: Any) -> bool:
    try:
        drafts.save_row(version, form.instance)
    except RefusedError as wrong:
        form.add_error(None, str(wrong))
        return False
    log(admin, request, version.rule_set, f"Draft {version.number}: {form.instance}")
    messages.success(request, f"Saved: {form.instance}. Nothing changes for postings before the draft is published.")
    return True


def _acted(admin: PageAdmin, request: HttpRequest, version: PostingRuleVersion, act: str) -> HttpResponse:
    if act == "tax":
        on = request.POST.get("on") == "yes"
        drafts.switch_tax(version, on=on)
        log(admin, request, version.rule_set, f"Draft {version.number}: facilitated tax is {'booked' if on else 'not booked'}")
        return redirect(_here(version, request))
    rows: Any = version.rules if act == "remove_rule" else version.accounts
    row = _chosen(request.POST.get("row"), rows) if act in ("remove_rule", "remove_account") else None
    if row is None:
        messages.warning(request, "This row is not there any more.")
        return redirect(_here(version, request))
    words = str(row)
    drafts.remove_row(version, row)
    log(admin, request, version.rule_set, f"Draft {version.number}: removed {words}")
    messages.success(request, f"Removed: {words}.")
    return redirect(_here(version, request))


def _here(version: PostingRuleVersion, request: HttpRequest) -> str:
    address, query = reverse("admin:reconciliation_postingruleset_draft", args=[version.rule_set_id]), query_of(request)
    return f"{address}?{urlencode({'q': query})}" if query else address


def _chosen(text: str | None, rows: Any) -> Any:
    return rows.filter(pk=text).first() if text and text.isascii() and text.isdecimal() and len(text) < 10 else None


def _page(
    admin: PageAdmin, request: HttpRequest, version: PostingRuleVersion, accounts: dict[str, str], shown: dict[str, Any],
    chosen: dict[str, Any],
) -> HttpResponse:  # fmt: skip
    query = query_of(request)
    return page(
        admin, request, "reconciliation/rules_draft.html", f"Draft {version.number} of {version.rule_set}", rule_set=version.rule_set,
        version=version, query=query, forms=shown, chosen=chosen, problems=problems(*rules.read_version(version.pk)),
        warning=_warning(version, accounts), may_publish=request.user.has_perm(PUBLISH), **by_category(version, query),
    )  # fmt: skip


def _warning(version: PostingRuleVersion, accounts: dict[str, str]) -> str:
    """Accounts that the ERP does not know: it may have been asked long ago, so this keeps nobody from publishing."""
    used = sorted({row.account for row in version.accounts.all()} - accounts.keys()) if accounts else []
    shown = ", ".join(used[:MOST_WARNED]) + (f" and {len(used) - MOST_WARNED} more" if len(used) > MOST_WARNED else "")
    return f"Not among the active accounts that the ERP has told: {shown}. Journals with them are refused there." if used else ""
