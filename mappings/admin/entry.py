"""The rows of all lookup tables in one searchable list; values are edited in place."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin

from mappings.models import LookupEntry


@admin.register(LookupEntry)
class EntryAdmin(SimpleHistoryAdmin, ModelAdmin):  # type: ignore[misc]
    """One row per entry."""

    list_display = ("key", "value", "note", "table")
    list_editable: ClassVar = ["value", "note"]
    list_filter = ("table",)
    list_select_related = ("table",)
    search_fields: ClassVar = ["key", "value", "note"]
    autocomplete_fields: ClassVar = ["table"]
    list_per_page = 50
    show_full_result_count = False
    compressed_fields = True

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A row stays in its table."""
        return ("table",) if obj else ()
