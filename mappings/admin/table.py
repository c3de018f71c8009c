"""Lookup tables: the list, and a table's page with its rows, where it is used, files in and out."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin

from mappings.admin import table_import
from mappings.live import rule_value
from mappings.lookups import EntryError, set_entry
from mappings.models import LookupTable, Mapping, MappingRule, MappingVersion
from mappings.used import tables_used

PER_PAGE = 25
EDIT = ("mappings.add_lookupentry", "mappings.change_lookupentry")


@admin.register(LookupTable)
class TableAdmin(SimpleHistoryAdmin, ModelAdmin):  # type: ignore[misc]
    """Values of one system and what they are called in another."""

    list_display = ("name", "slug", "rows", "description")
    search_fields: ClassVar = ["name", "slug"]
    fields = ("name", "slug", "key_label", "value_label", "description")
    list_per_page = 50
    show_full_result_count = False
    compressed_fields = True
    change_form_outer_before_template = "mappings/table_panel.html"
    empty_words = "A lookup table says what a value of one system is called in another. manage.py load_starters brings the usual ones."

    def get_queryset(self, request: HttpRequest) -> QuerySet[LookupTable]:
        """With the number of rows."""
        found: QuerySet[LookupTable] = super().get_queryset(request)
        return found.annotate(row_count=Count("entries"))

    @admin.display(description="rows", ordering="row_count")
    def rows(self, row: LookupTable) -> int:
        return int(getattr(row, "row_count", 0))

    def get_readonly_fields(self, request: HttpRequest, obj: LookupTable | None = None) -> Any:
        """Rules name a table by its short name, so that stays."""
        return ("slug",) if obj else ()

    def get_prepopulated_fields(self, request: HttpRequest, obj: LookupTable | None = None) -> Any:
        """Only while the short name can still be chosen."""
        return {} if obj else {"slug": ("name",)}

    def has_delete_permission(self, request: HttpRequest, obj: LookupTable | None = None) -> bool:
        """A table that rules use stays."""
        return super().has_delete_permission(request, obj) and obj is not None and not uses(obj.slug)

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None) -> Any:
        """With rows, uses and files above the form."""
        table = LookupTable.objects.filter(pk=int(object_id) if object_id.isdecimal() else 0).first()
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **(_panel(request, table) if table else {})})

    def get_urls(self) -> list[URLPattern]:
        """The pages of a table, before the admin's own."""
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/set/", view(self.set_view), name="mappings_lookuptable_set"),
            path("<int:pk>/export.<str:kind>", view(self.export_view), name="mappings_lookuptable_export"),
            path("<int:pk>/import/", view(self.import_view), name="mappings_lookuptable_import"),
            path("<int:pk>/import/<int:upload>/", view(self.preview_view), name="mappings_lookuptable_preview"),
            *super().get_urls(),
        ]

    def set_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Adds or changes one row."""
        _demand(request, *EDIT)
        table = get_object_or_404(LookupTable, pk=pk)
        if request.method == "POST":
            try:
                entry = set_entry(table.slug, request.POST.get("key", ""), request.POST.get("value", ""), by=request.user)
                messages.success(request, f"{entry.key} → {entry.value} was saved. Deliveries use it from now on.")
            except EntryError as wrong:
                messages.error(request, f"Nothing was saved: {wrong}.".replace("..", "."))
        return redirect("admin:mappings_lookuptable_change", pk)

    def export_view(self, request: HttpRequest, pk: int, kind: str) -> HttpResponse:
        """All rows as a file."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return table_import.export(get_object_or_404(LookupTable, pk=pk), kind)

    def import_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Asks for a file and checks it."""
        _demand(request, *EDIT)
        return table_import.upload_page(self, request, get_object_or_404(LookupTable, pk=pk))

    def preview_view(self, request: HttpRequest, pk: int, upload: int) -> HttpResponse:
        """Shows what a file would change, and does it on request."""
        _demand(request, *EDIT)
        return table_import.preview_page(self, request, get_object_or_404(LookupTable, pk=pk), upload)


def uses(slug: str) -> list[dict[str, Any]]:
    """The rules of live versions and drafts that use a table: mapping, version, target fields."""
    live = Mapping.objects.filter(live__isnull=False).values("live")
    current = MappingVersion.objects.filter(state=MappingVersion.State.DRAFT) | MappingVersion.objects.filter(pk__in=live)
    versions = {one.pk: one for one in current.select_related("mapping")}
    targets: dict[int, list[str]] = defaultdict(list)
    for row in MappingRule.objects.filter(version__in=list(versions)).order_by("version", "position"):
        if slug in _tables_of(row):
            targets[row.version_id].append(row.target)
    return [{"version": versions[pk], "targets": found} for pk, found in targets.items()]


def _tables_of(row: MappingRule) -> set[str]:
    return tables_used([rule_value(row)])


def _panel(request: HttpRequest, table: LookupTable) -> dict[str, Any]:
    query = request.GET.get("q", "")[:200]
    entries = table.entries.order_by("key")
    if query:
        entries = entries.filter(key__icontains=query) | entries.filter(value__icontains=query)
    return {
        "table": table,
        "query": query,
        "shown": Paginator(entries, PER_PAGE).get_page(request.GET.get("page")),
        "uses": uses(table.slug),
        "may_edit": all(request.user.has_perm(one) for one in EDIT),
    }


def _demand(request: HttpRequest, *permissions: str) -> None:
    if not all(request.user.has_perm(one) for one in permissions):
        raise PermissionDenied
