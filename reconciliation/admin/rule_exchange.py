"""Posting rules as files: out as JSON or CSV, in with a preview, into the draft alone."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from hub.admin.base import PageAdmin, page
from hub.admin.export import csv_answer
from mappings.workbooks import FileError
from reconciliation.admin.rule_pages import log, version_of
from reconciliation.core.posting.accounts import Accounts
from reconciliation.core.posting.differences import differences
from reconciliation.core.posting.problems import problems
from reconciliation.core.posting.rules import RuleSet
from reconciliation.engine import drafts
from reconciliation.engine.rule_files import ACCOUNT_FIELDS, MOST_BYTES, RULE_FIELDS, Content, as_json, merged, read_file
from reconciliation.engine.states import RefusedError
from reconciliation.models import PostingRuleSet, PostingRuleVersion

SHOWN = 200


class UploadForm(forms.Form):
    """A file, and whether it replaces what is there."""

    file = forms.FileField(
        label="File", help_text="JSON, CSV or Excel, as it is exported here.", widget=forms.ClearableFileInput(attrs={"class": "hub-input"})
    )
    mode = forms.ChoiceField(
        label="What is there already", required=False, widget=forms.Select(attrs={"class": "hub-input"}),
        choices=[("add", "stays; rows of the file are added or change it"), ("replace", "is replaced by the file")],
    )  # fmt: skip


def export(admin: PageAdmin, request: HttpRequest, rule_set: PostingRuleSet, *, number: int, kind: str) -> HttpResponseBase:
    """A version as a file; no cell of it can run as a formula."""
    version = version_of(rule_set, number)
    content, name = Content(*drafts.contents(version)), f"{rule_set.slug}-v{number}"
    if kind == "json":
        headers = {"Content-Disposition": f'attachment; filename="{name}.json"'}
        return HttpResponse(as_json(version, content), content_type="application/json", headers=headers)
    if kind == "rules.csv":
        return csv_answer(f"{name}-rules", RULE_FIELDS, content.rules or ())
    if kind == "accounts.csv":
        return csv_answer(f"{name}-accounts", ACCOUNT_FIELDS, content.accounts or ())
    raise Http404


def import_page(admin: PageAdmin, request: HttpRequest, rule_set: PostingRuleSet) -> HttpResponse:
    """Asks for a file, shows what it would change, and puts it into the draft; nothing that is published changes."""
    if "content" in request.POST:
        return _confirmed(admin, request, rule_set)
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            content = _read(form.cleaned_data["file"])
        except FileError as wrong:
            form.add_error("file", str(wrong))
        else:
            return _preview(admin, request, rule_set, content, replace=form.cleaned_data["mode"] == "replace")
    answer = page(admin, request, "reconciliation/rules_import.html", "Import posting rules", rule_set=rule_set, form=form)
    answer.status_code = 422 if form.errors else 200
    return answer


def _read(file: Any) -> Content:
    if file.size > MOST_BYTES:
        raise FileError(f"The file is larger than {MOST_BYTES // 1024 // 1024} MB; posting rules never are. Choose another file.")
    return read_file(file.name, file.read())


def _preview(admin: PageAdmin, request: HttpRequest, rule_set: PostingRuleSet, content: Content, *, replace: bool) -> HttpResponse:
    base = drafts.base(rule_set)
    now = Content(*drafts.contents(base))
    then = merged(content, now, replace=replace)
    found = differences((now.rules or (), then.rules or ()), (now.accounts or (), then.accounts or ()))
    return page(
        admin, request, "reconciliation/rules_preview.html", "What the file would change", rule_set=rule_set, base=base, replace=replace,
        differences=found[:SHOWN], more=max(len(found) - SHOWN, 0), mark=drafts.mark(base), count=len(found),
        problems=problems(RuleSet(then.rules or ()), Accounts(then.accounts or ())), content=_hidden(rule_set, then),
    )  # fmt: skip


def _hidden(rule_set: PostingRuleSet, content: Content) -> str:
    """The result travels with the page and is checked anew when it comes back; nothing is kept here before."""
    return as_json(PostingRuleVersion(rule_set=rule_set, number=0), content)


def _confirmed(admin: PageAdmin, request: HttpRequest, rule_set: PostingRuleSet) -> HttpResponse:
    here = redirect("admin:reconciliation_postingruleset_import", rule_set.pk)
    try:
        rules, accounts = read_file("", request.POST["content"].encode(errors="replace"))
        if rules is None or accounts is None:
            raise FileError("the preview did not come back whole. Choose the file again.")
        draft = drafts.take_over(rule_set, with_rules=rules, with_accounts=accounts, expected=request.POST.get("mark", ""))
    except FileError as wrong:
        messages.error(request, f"Nothing was imported: {wrong}")
        return here
    except RefusedError as wrong:
        messages.warning(request, str(wrong))
        return here
    log(admin, request, rule_set, f"Draft {draft.number}: a file was imported.")
    messages.success(request, f"Draft {draft.number} holds what the file says. Look at it, then publish it.")
    return redirect("admin:reconciliation_postingruleset_draft", rule_set.pk)
