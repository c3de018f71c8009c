"""Who did what in the admin."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin.models import LogEntry

from hub.admin.base import ReadOnlyAdmin


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnlyAdmin):
    """Read only."""

    list_display = ("action_time", "user", "object_repr", "kind", "words")
    list_filter = ("user", "content_type")
    list_select_related = ("user", "content_type")
    search_fields = ("object_repr", "change_message")
    empty_words = "What people do in this admin is listed here."

    @admin.display(description="Of")
    def kind(self, entry: LogEntry) -> str:
        """What was changed."""
        return entry.content_type.name if entry.content_type else "–"

    @admin.display(description="What")
    def words(self, entry: LogEntry) -> str:
        """The change in words."""
        return entry.get_change_message()
