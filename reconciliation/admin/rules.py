"""Posting rules: the list of sets, and a set's own page with its versions and who changed them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils import timezone
from django.utils.safestring import SafeString

from hub.admin.base import PageAdmin, page
from reconciliation.admin import rule_draft, rule_exchange, rule_kinds, rule_release
from reconciliation.admin.rule_pages import EDIT, PUBLISH, VIEW, by_category, query_of, route, to_rules, version_of
from reconciliation.admin.words import label
from reconciliation.engine import drafts, rules
from reconciliation.engine.effects import unruled
from reconciliation.models import Books, PostingRuleSet, PostingRuleVersion

MOST_VERSIONS = 100
CHANGES = 30
State = PostingRuleVersion.State


@admin.register(PostingRuleSet)
class PostingRuleSetAdmin(PageAdmin):
    """Which kind of line belongs to which category, and which account that is."""

    list_display = ("name", "in_force", "comment", "draft", "used_by")
    search_fields = ("name", "slug")
    fields = ("name", "slug")
    prepopulated_fields: ClassVar = {"slug": ("name",)}
    list_before_template = "reconciliation/rules_above.html"
    empty_words = "Posting rules say to which account a line of a settlement goes. Load those that ship with the product, then adapt them."

    def get_urls(self) -> list[Any]:
        edit: dict[str, Any] = {"needs": EDIT}
        return [
            path("starter/", self.admin_site.admin_view(self.starter_view), name="reconciliation_postingruleset_starter"),
            route(self, "versions/<int:number>/", show, "version", needs=VIEW),
            route(self, "versions/<int:number>/export.<str:kind>", rule_exchange.export, "export", needs=VIEW),
            route(self, "versions/<int:number>/roll-back/", rule_release.roll_back, "roll_back", needs=PUBLISH, post_only=True),
            route(self, "kinds/", rule_kinds.kinds, "kinds", needs=VIEW),
            route(self, "kinds/add/", rule_kinds.add, "kinds_add", post_only=True, **edit),
            route(self, "draft/begin/", rule_draft.begin, "begin", post_only=True, **edit),
            route(self, "draft/", rule_draft.draft, "draft", **edit),
            route(self, "draft/effect/", rule_release.effect_page, "effect", **edit),
            route(self, "draft/publish/", rule_release.publish, "publish", needs=PUBLISH),
            route(self, "draft/discard/", rule_release.discard, "discard", post_only=True, **edit),
            route(self, "import/", rule_exchange.import_page, "import", **edit),
            *super().get_urls(),
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A set of its own for another marketplace."""
        return bool(request.user.has_perm("reconciliation.add_postingruleset"))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may change may look."""
        return super().has_view_permission(request, obj) or bool(request.user.has_perm(EDIT))

    def response_add(self, request: HttpRequest, obj: PostingRuleSet, post_url_continue: str | None = None) -> HttpResponse:
        """On to its page, where the draft begins."""
        return to_rules(obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[PostingRuleSet]:
        """With the version in force and whether there is a draft."""
        mine = PostingRuleVersion.objects.filter(rule_set=OuterRef("pk"))
        live = mine.filter(state=State.PUBLISHED)
        found: QuerySet[PostingRuleSet] = super().get_queryset(request)
        return found.annotate(
            live=Subquery(live.values("number")), noted=Subquery(live.values("note")), drafted=Exists(mine.filter(state=State.DRAFT))
        ).prefetch_related("books_using__source")

    @admin.display(description="In force")
    def in_force(self, row: Any) -> SafeString:
        """The published version."""
        return label("published", f"Version {row.live}") if row.live else label("draft", "Nothing yet")

    @admin.display(description="Comment")
    def comment(self, row: Any) -> str:
        """What was said on publishing."""
        return row.noted or "–"

    @admin.display(description="Draft")
    def draft(self, row: Any) -> str:
        """Whether somebody edits it."""
        return "being edited" if row.drafted else "–"

    @admin.display(description="Used by")
    def used_by(self, row: Any) -> str:
        """The accounts whose settlements are posted by it."""
        return ", ".join(str(one.source) for one in row.books_using.all()) or "–"

    def row_page(self, request: HttpRequest, pk: str) -> HttpResponse:
        """A set of rules with its versions."""
        rule_set = get_object_or_404(PostingRuleSet, pk=pk)
        versions = list(rule_set.versions.select_related("published_by")[:MOST_VERSIONS])
        live = next((one for one in versions if one.state == State.PUBLISHED), None)
        return page(
            self, request, "reconciliation/rules.html", rule_set.name, rule_set=rule_set, live=live,
            draft=next((one for one in versions if one.state == State.DRAFT), None),
            versions=[(one, label(one.state, one.get_state_display())) for one in versions],
            books=list(Books.objects.filter(rules=rule_set).select_related("source", "target")),
            unruled=len(unruled(rules.read_version(live.pk).rules)) if live else 0, changes=_changes(rule_set),
            may_edit=request.user.has_perm(EDIT), may_publish=request.user.has_perm(PUBLISH),
        )  # fmt: skip

    def starter_view(self, request: HttpRequest) -> HttpResponse:
        """Loads the rules that ship with the product."""
        if request.method != "POST" or not (request.user.has_perm(EDIT) and request.user.has_perm(PUBLISH)):
            raise PermissionDenied
        made = rules.load_starter(now=timezone.now())
        self.log_change(request, made, "The rules that ship with the product were loaded.")
        messages.success(request, "The rules that ship with the product are there. Choose them on the page of the books.")
        return redirect("admin:reconciliation_postingruleset_change", made.pk)


def _changes(rule_set: PostingRuleSet) -> list[dict[str, Any]]:
    kind = ContentType.objects.get_for_model(PostingRuleSet)
    rows = LogEntry.objects.filter(content_type=kind, object_id=str(rule_set.pk)).select_related("user").order_by("-action_time", "-pk")
    return [{"at": row.action_time, "by": row.user, "words": row.get_change_message()} for row in rows[:CHANGES]]


def show(admin: PageAdmin, request: HttpRequest, rule_set: PostingRuleSet, *, number: int) -> HttpResponse:
    """A version, to read: rules by category, accounts, and what it does otherwise than the one before."""
    version, query = version_of(rule_set, number), query_of(request)
    before = rule_set.versions.filter(number__lt=number).first()
    return page(
        admin, request, "reconciliation/rules_version.html", str(version), rule_set=rule_set, version=version, query=query, before=before,
        badge=label(version.state, version.get_state_display()), is_draft=version.state == State.DRAFT,
        differences=drafts.compared(before, version) if before else [], may_edit=request.user.has_perm(EDIT),
        may_roll_back=version.state == State.RETIRED and request.user.has_perm(PUBLISH), **by_category(version, query),
    )  # fmt: skip
