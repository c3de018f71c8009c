"""Inbound events: webhooks and notifications, and what became of them."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from hub.admin.base import ReadOnlyAdmin
from hub.admin.words import badge, when
from hub.models import InboundEvent


@admin.register(InboundEvent)
class InboundEventAdmin(ReadOnlyAdmin):
    """Without bodies: these are sealed."""

    list_display = ("type", "state_badge", "key", "connection", "reason", "arrived")
    list_filter = ("state", "connection", "stream")
    list_select_related = ("connection",)
    search_fields = ("key", "event_id", "type")
    search_help_text = "Record, event id or type"
    empty_words = "Webhooks and notifications are listed here as they arrive. Open a connection to see its address and to subscribe."
    fields = (
        "connection", "event_id", "type", "stream", "key", "state", "reason", "occurred_at", "received_at", "due_at", "done_at", "attempts",
        "size", "run",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[InboundEvent]:
        rows: QuerySet[InboundEvent] = super().get_queryset(request)
        return rows.defer("sealed")

    @admin.display(description="State", ordering="state")
    def state_badge(self, event: InboundEvent) -> SafeString:
        """The state as a label."""
        return badge(event.state, event.get_state_display())

    @admin.display(description="Arrived", ordering="received_at")
    def arrived(self, event: InboundEvent) -> SafeString | str:
        """How long ago."""
        return when(event.received_at)
