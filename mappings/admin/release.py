"""Publishing, going back, and looking at what was published."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin

from connectors.schema import Field
from mappings.admin.pages import PUBLISH, draft_of_page, page, to_mapping, version_of
from mappings.core.rules import schema_path
from mappings.differences import aspects, differences
from mappings.drafts import findings
from mappings.models import Mapping, MappingRule, MappingVersion
from mappings.schemas import target_fields
from mappings.versions import VersionError, make_live, previous, publish, roll_back

PER_PAGE = 50


def publish_page(admin: ModelAdmin, request: HttpRequest, mapping: Mapping, **kwargs: Any) -> HttpResponse:
    """Asks for a comment, shows what changes, and publishes."""
    draft = draft_of_page(mapping)
    problem = ""
    if request.method == "POST":
        try:
            publish(draft, by=request.user, comment=request.POST.get("comment", ""))
        except VersionError as wrong:
            problem = str(wrong)
        else:
            messages.success(request, f"Version {draft.number} of {mapping.name} is live. Deliveries use it from now on.")
            return to_mapping(mapping)
    answer = page(
        admin, request, "mappings/publish.html", f"Publish draft {draft.number} of {mapping.name}",
        mapping=mapping, draft=draft, found=findings(draft), problem=problem, comment=request.POST.get("comment", ""),
        differences=differences(mapping.live, draft),
    )  # fmt: skip
    answer.status_code = 422 if problem else 200
    return answer


def roll_back_page(admin: ModelAdmin, request: HttpRequest, mapping: Mapping, **kwargs: Any) -> HttpResponse:
    """One step back, after a question that shows what that changes."""
    before = previous(mapping)
    if before is None:
        raise VersionError("There is no earlier published version to go back to.")
    if request.method == "POST":
        _expect_live(request, mapping)
        roll_back(mapping, by=request.user)
        return _went_live(request, mapping, before)
    return _ask(admin, request, mapping, before, title=f"Roll back {mapping.name}", button=f"Roll back to version {before.number}")


def make_live_page(admin: ModelAdmin, request: HttpRequest, mapping: Mapping, *, number: int, **kwargs: Any) -> HttpResponse:
    """Makes any published version live again, after a question."""
    chosen = version_of(mapping, number)
    if request.method == "POST":
        _expect_live(request, mapping)
        make_live(chosen, by=request.user)
        return _went_live(request, mapping, chosen)
    title = f"Make version {number} of {mapping.name} live"
    return _ask(admin, request, mapping, chosen, title=title, button=f"Make version {number} live")


def _expect_live(request: HttpRequest, mapping: Mapping) -> None:
    """A question that was answered twice, or after somebody else acted, does nothing."""
    if request.POST.get("live") != str(mapping.live.number if mapping.live else ""):
        raise VersionError("Another version went live meanwhile. Nothing was changed; look again.")


def _went_live(request: HttpRequest, mapping: Mapping, version: MappingVersion) -> HttpResponse:
    messages.success(request, f"Version {version.number} of {mapping.name} is live again. Deliveries use it from now on.")
    return to_mapping(mapping)


def _ask(admin: ModelAdmin, request: HttpRequest, mapping: Mapping, version: MappingVersion, *, title: str, button: str) -> HttpResponse:
    words = (
        f"Version {version.number} (“{version.comment}”) becomes live at once. Nothing is deleted; you can go forward again the same way."
    )
    return page(
        admin, request, "mappings/confirm.html", title,
        mapping=mapping, words=words, button=button, live=mapping.live, differences=differences(mapping.live, version),
    )  # fmt: skip


def show(admin: ModelAdmin, request: HttpRequest, mapping: Mapping, *, number: int, **kwargs: Any) -> HttpResponse:
    """The rules of a version, to read."""
    version = version_of(mapping, number)
    targets = {one.path: one for one in target_fields(mapping)}
    rows = [_reading(row, targets) for row in version.rules.order_by("position", "id")]
    is_draft = version.state == MappingVersion.State.DRAFT
    return page(
        admin, request, "mappings/version.html", f"Version {number} of {mapping.name}",
        mapping=mapping, version=version, rows=rows, is_draft=is_draft, may_publish=request.user.has_perm(PUBLISH),
        found=findings(version) if is_draft else None,
    )  # fmt: skip


def _reading(row: MappingRule, targets: dict[str, Field]) -> dict[str, Any]:
    return {"rule": row, "field": targets.get(schema_path(row.target)), "aspects": aspects(row)}


def compare(admin: ModelAdmin, request: HttpRequest, mapping: Mapping, **kwargs: Any) -> HttpResponse:
    """What is different between two versions; without a choice, the newest and the one before it."""
    versions = list(mapping.versions.all()[:200])
    if not versions:
        raise VersionError("There are no versions to compare yet.")
    after = _chosen(request.GET.get("after"), versions) or versions[0]
    earlier = next((one for one in versions if one.number < after.number), None)
    before = _chosen(request.GET.get("before"), versions) or earlier
    title = f"What changed in {mapping.name}"
    found = differences(before, after)
    return page(
        admin, request, "mappings/compare.html", title, mapping=mapping, versions=versions, before=before, after=after, differences=found
    )


def _chosen(text: str | None, versions: list[MappingVersion]) -> MappingVersion | None:
    return next((one for one in versions if str(one.number) == text), None)


def changes(admin: ModelAdmin, request: HttpRequest, mapping: Mapping, **kwargs: Any) -> HttpResponse:
    """Who changed which rule, discarded drafts included, and what was published when; the newest first."""
    numbers = dict(MappingVersion.history.filter(mapping_id=mapping.pk).values_list("id", "number"))
    of_rules = MappingRule.history.filter(version_id__in=list(numbers)).select_related("history_user")
    shown = Paginator(of_rules.order_by("-history_date", "-history_id"), PER_PAGE).get_page(request.GET.get("page"))
    of_mapping = Mapping.history.filter(id=mapping.pk).select_related("history_user").order_by("-history_date", "-history_id")
    return page(
        admin, request, "mappings/changes.html", f"Changes of {mapping.name}",
        mapping=mapping, changes=[_change(one, numbers) for one in shown], shown=shown, releases=list(of_mapping[:PER_PAGE]),
    )  # fmt: skip


def _change(one: Any, numbers: dict[int, int]) -> dict[str, Any]:
    words = {"+": "added", "~": "changed", "-": "removed"}[one.history_type]
    return {
        "kind": words, "when": one.history_date, "who": one.history_user, "number": numbers[one.version_id],
        "target": one.target, "aspects": aspects(one.instance),
    }  # fmt: skip
