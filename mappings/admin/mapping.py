"""The list of mappings, and a mapping's own page with its versions."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.decorators import display

from connectors.registry import connectors
from mappings.admin import draft, exchange, release, trying
from mappings.admin.pages import ADD, CHANGE, PUBLISH, VIEW, route
from mappings.forms import MappingForm
from mappings.models import Mapping, MappingVersion
from mappings.samples import provider
from mappings.versions import draft_of, previous

MOST_VERSIONS = 100
STANDING = ("name", "slug", "from_records", "to_operation")


@admin.register(Mapping)
class MappingAdmin(ModelAdmin):  # type: ignore[misc]
    """How records become payloads: one row per mapping, everything about its versions on its page."""

    form = MappingForm
    list_display = ("name", "from_records", "to_operation", "live_version", "has_draft", "used_by")
    list_select_related = ("live",)
    list_per_page = 50
    show_full_result_count = False
    search_fields: ClassVar = ["name", "slug"]
    list_filter = ("source_connector", "target_connector")
    fields = ("name", "slug", "source", "target")
    change_form_outer_before_template = "mappings/mapping_panel.html"
    change_list_template = "mappings/mapping_list.html"
    empty_words = (
        "A mapping turns records of one system into records of another. Run manage.py load_starters, import a file, or add your own."
    )
    compressed_fields = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Mapping]:
        """With the answer whether there is a draft."""
        drafts = MappingVersion.objects.filter(mapping=OuterRef("pk"), state=MappingVersion.State.DRAFT)
        found: QuerySet[Mapping] = super().get_queryset(request)
        return found.annotate(drafted=Exists(drafts))

    @admin.display(description="from", ordering="source_connector")
    def from_records(self, row: Mapping) -> str:
        return source_words(row)

    @admin.display(description="to", ordering="target_connector")
    def to_operation(self, row: Mapping) -> str:
        return target_words(row)

    @display(description="live", label=True)  # type: ignore[untyped-decorator]
    def live_version(self, row: Mapping) -> str:
        return f"version {row.live.number}" if row.live else "nothing yet"

    @admin.display(description="draft")
    def has_draft(self, row: Mapping) -> str:
        return "being edited" if getattr(row, "drafted", False) else "–"

    @admin.display(description="used by")
    def used_by(self, row: Mapping) -> SafeString | str:
        flows = getattr(row, "flows_shown", ())
        return format_html_join(", ", '<a class="underline" href="{1}">{0}</a>', flows) if flows else "–"

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """With the flows of the mappings that are shown, asked for once."""
        page, keeper = super().get_changelist_instance(request), provider()
        flows = keeper.flows([row.pk for row in page.result_list]) if keeper else {}
        for row in page.result_list:
            row.flows_shown = flows.get(row.pk, ())
        return page

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None) -> Any:
        """With everything about the versions above the form."""
        mapping = Mapping.objects.select_related("live").filter(pk=int(object_id) if object_id.isdecimal() else 0).first()
        return super().change_view(
            request, object_id, form_url, {**(extra_context or {}), **(self._panel(request, mapping) if mapping else {})}
        )

    def _panel(self, request: HttpRequest, mapping: Mapping) -> dict[str, Any]:
        versions = list(mapping.versions.select_related("created_by", "published_by")[: MOST_VERSIONS + 1])
        keeper = provider()
        return {
            "mapping": mapping,
            "versions": versions[:MOST_VERSIONS],
            "draft": next((one for one in versions if one.state == MappingVersion.State.DRAFT), None),
            "previous": previous(mapping),
            "from_words": source_words(mapping),
            "to_words": target_words(mapping),
            "flows": keeper.flows([mapping.pk]).get(mapping.pk, ()) if keeper else (),
            "may_change": request.user.has_perm(CHANGE),
            "may_publish": request.user.has_perm(PUBLISH),
            "may_add": request.user.has_perm(ADD),
        }

    def save_model(self, request: HttpRequest, obj: Mapping, form: Any, change: bool) -> None:
        """A new mapping starts with an empty draft."""
        super().save_model(request, obj, form, change)
        if not change:
            draft_of(obj, by=request.user)

    def get_fields(self, request: HttpRequest, obj: Mapping | None = None) -> Any:
        """Once something is live, or for people who may only look, the sides are words instead of pickers."""
        return STANDING if obj and self._stands(request, obj) else self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Mapping | None = None) -> Any:
        """The sides of a live mapping stand: its published versions were made for them."""
        return STANDING[1:] if obj and self._stands(request, obj) else ()

    def _stands(self, request: HttpRequest, obj: Mapping) -> bool:
        return obj.live_id is not None or not self.has_change_permission(request, obj)

    def get_prepopulated_fields(self, request: HttpRequest, obj: Mapping | None = None) -> Any:
        """Only for a new mapping: the short name of an old one is in other people's commands and files."""
        return {} if obj else {"slug": ("name",)}

    def has_delete_permission(self, request: HttpRequest, obj: Mapping | None = None) -> bool:
        """What was ever published is evidence and stays."""
        return super().has_delete_permission(request, obj) and obj is not None and obj.live_id is None

    def get_urls(self) -> list[URLPattern]:
        """The pages about a mapping, before the admin's own."""
        return [
            route(self, "draft/", draft.edit, "draft", needs=CHANGE),
            route(self, "draft/new/", draft.start, "draft_new", needs=CHANGE, post_only=True),
            route(self, "draft/discard/", draft.throw_away, "draft_discard", needs=CHANGE),
            route(self, "publish/", release.publish_page, "publish", needs=PUBLISH),
            route(self, "rollback/", release.roll_back_page, "rollback", needs=PUBLISH),
            route(self, "live/<int:number>/", release.make_live_page, "make_live", needs=PUBLISH),
            route(self, "versions/<int:number>/", release.show, "version", needs=VIEW),
            route(self, "compare/", release.compare, "compare", needs=VIEW),
            route(self, "changes/", release.changes, "changes", needs=VIEW),
            route(self, "copy/", exchange.copy, "copy", needs=ADD),
            route(self, "export/<int:number>/", exchange.export, "export", needs=VIEW),
            route(self, "try/", trying.try_page, "try", needs=VIEW),
            path("import/", self.admin_site.admin_view(self.import_view), name="mappings_mapping_import"),
            *super().get_urls(),
        ]

    def history_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The history of a mapping is that of its rules and releases; nothing is reverted there, since that is what rolling back is for."""
        return redirect("admin:mappings_mapping_changes", object_id)

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Reads an exported file into a draft."""
        return exchange.import_page(self, request)


def source_words(row: Mapping) -> str:
    """Where the records come from, in words."""
    if not row.source_stream:
        return "success of another delivery"
    one = connectors().get(row.source_connector)
    label = next((found.label for found in one.streams if found.id == row.source_stream), row.source_stream) if one else row.source_stream
    return f"{one.label if one else row.source_connector}: {label}"


def target_words(row: Mapping) -> str:
    """Where the payloads go, in words."""
    one = connectors().get(row.target_connector)
    label = next((found.label for found in one.operations if found.id == row.target_operation), "") if one else ""
    return f"{one.label if one else row.target_connector}: {label or row.target_operation}"
