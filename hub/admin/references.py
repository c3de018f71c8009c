"""Both names of a thing: cross references, and what exists at a system."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString

from hub.admin.base import ReadOnlyAdmin
from hub.admin.words import when
from hub.models import CrossReference, KnownRecord


@admin.register(CrossReference)
class CrossReferenceAdmin(ReadOnlyAdmin):
    """From the source's key to the target's."""

    list_display = ("source_key", "source", "stream", "target_key", "target", "mapping_version", "changed")
    list_filter = ("source", "stream", "target", "operation")
    list_select_related = ("source", "target", "mapping_version__mapping")
    search_fields = ("=source_key", "=target_key")
    search_help_text = "Source key or target id, complete"
    empty_words = "Both names of a record are kept here with its first delivery."

    @admin.display(description="Changed", ordering="changed_at")
    def changed(self, reference: CrossReference) -> SafeString | str:
        """How long ago."""
        return when(reference.changed_at)


@admin.register(KnownRecord)
class KnownRecordAdmin(ReadOnlyAdmin):
    """Such as the items that the ERP can sell."""

    list_display = ("key", "label", "usable", "connection", "stream", "seen")
    list_filter = ("connection", "stream", "usable")
    list_select_related = ("connection",)
    search_fields = ("key", "label")
    empty_words = "A flow without a target fills this list, such as the one that reads what the ERP can sell."

    @admin.display(description="Seen", ordering="seen_at")
    def seen(self, record: KnownRecord) -> SafeString | str:
        """How long ago."""
        return when(record.seen_at)
