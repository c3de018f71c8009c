"""The draft editor: rules in rows, fields picked from the schemas, problems beside the rule they belong to."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.admin import ModelAdmin

from connectors.schema import Field
from mappings.admin.pages import draft_of_page, page, to_mapping
from mappings.core.formula import FUNCTIONS
from mappings.core.rules import schema_path
from mappings.core.transforms import TRANSFORMS
from mappings.drafts import findings, save_rules
from mappings.forms import RuleForms, initial, rule_forms
from mappings.models import LookupTable, Mapping, MappingVersion
from mappings.schemas import source_fields, target_fields
from mappings.versions import discard, draft_of


def start(admin: ModelAdmin, request: HttpRequest, mapping: Mapping, **kwargs: Any) -> HttpResponse:
    """Makes the draft when there is none, and opens it."""
    draft_of(mapping, by=request.user)
    return redirect("admin:mappings_mapping_draft", mapping.pk)


def throw_away(admin: ModelAdmin, request: HttpRequest, mapping: Mapping, **kwargs: Any) -> HttpResponse:
    """Discards the draft after a question."""
    draft = draft_of_page(mapping)
    if request.method == "POST":
        discard(draft, by=request.user)
        messages.success(request, f"Draft {draft.number} was discarded. What is live did not change.")
        return to_mapping(mapping)
    words = f"All changes in draft {draft.number} are thrown away. What is live stays as it is."
    return page(admin, request, "mappings/confirm.html", "Discard draft", mapping=mapping, words=words, button="Discard draft", danger=True)


def edit(admin: ModelAdmin, request: HttpRequest, mapping: Mapping, **kwargs: Any) -> HttpResponse:
    """Shows the draft's rules, or saves them."""
    draft = draft_of_page(mapping)
    if request.method != "POST":
        return _shown(admin, request, draft, _stored(draft))
    forms = rule_forms(request.POST)
    if not forms.is_valid():
        messages.error(request, "Nothing was saved yet: some rules hold text that is not understood. They are marked below.")
        return _shown(admin, request, draft, forms, status=422)
    changed = save_rules(draft, forms.edited(), by=request.user, revision=_whole(request.POST.get("revision")))
    _say(request, changed, findings(draft).count)
    after = {"try": "admin:mappings_mapping_try", "publish": "admin:mappings_mapping_publish"}.get(request.POST.get("then", ""))
    return redirect(after or "admin:mappings_mapping_draft", mapping.pk)


def _say(request: HttpRequest, changed: int, open_problems: int) -> None:
    saved = f"{changed} {'rule' if changed == 1 else 'rules'} saved." if changed else "Nothing had changed."
    if open_problems:
        messages.warning(
            request, f"{saved} {open_problems} {'thing is' if open_problems == 1 else 'things are'} to be done before publishing."
        )
    else:
        messages.success(request, f"{saved} The draft can be published.")


def _whole(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else 0


def _stored(draft: MappingVersion) -> RuleForms:
    rows = draft.rules.order_by("position", "id")
    return rule_forms(initial=[initial(row, position) for position, row in enumerate(rows)])


def _shown(admin: ModelAdmin, request: HttpRequest, draft: MappingVersion, forms: RuleForms, *, status: int = 200) -> HttpResponse:
    mapping, found = draft.mapping, findings(draft)
    targets = {one.path: one for one in target_fields(mapping)}
    stored = {row.pk: place for place, row in enumerate(draft.rules.order_by("position", "id"))}
    rows = [
        (form, found.by_rule.get(stored.get(_pk(form), -1), []), targets.get(schema_path(str(form["target"].value() or ""))))
        for form in forms
    ]
    answer = page(
        admin, request, "mappings/draft.html", f"Draft {draft.number} of {mapping.name}",
        mapping=mapping, draft=draft, forms=forms, rows=rows, found=found,
        picker={"source": _picks(source_fields(mapping)), "target": _picks(target_fields(mapping))},
        transforms=list(TRANSFORMS.values()), functions=sorted(FUNCTIONS.values(), key=lambda one: one.name),
        tables=LookupTable.objects.values_list("slug", "name").order_by("slug"),
        may_publish=request.user.has_perm("mappings.publish_mapping"),
    )  # fmt: skip
    answer.status_code = status
    return answer


def _pk(form: Any) -> int:
    return _whole(str(form["pk"].value() or ""))


def _picks(fields: tuple[Field, ...]) -> list[dict[str, Any]]:
    return [{"path": one.path, "label": one.label, "type": one.type, "required": one.required, "help": one.help[:200]} for one in fields]
