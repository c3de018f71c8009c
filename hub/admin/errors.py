"""Error records: grouped by cause, then one by one, with everything a person can do about them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from hub.admin import acts
from hub.admin.base import ReadOnlyAdmin, page
from hub.admin.cause_page import cause_page
from hub.admin.causes import top_causes, top_waits
from hub.admin.words import badge, when
from hub.models import ErrorRecord

SHOWN = 200


@admin.register(ErrorRecord)
class ErrorRecordAdmin(ReadOnlyAdmin):
    """The list of single error records; `causes/` and `held/` group them."""

    list_display = ("badge", "message_link", "record", "path", "value", "flow", "created")
    list_display_links = ("message_link",)
    list_filter = ("state", "category", "flow", "severity")
    list_select_related = ("flow", "delivery")
    search_fields = ("cause", "code", "delivery__key", "delivery__title", "path", "value")
    search_help_text = "Record, field, value or cause"
    list_before_template = "hub/error_tabs.html"
    empty_words = "No record ever needed a person. What goes wrong is listed here with what to do about it."
    actions: ClassVar = ["retry_selected", "resolve_selected", "ignore_selected"]
    fieldsets = (
        (None, {"fields": ("state", "message", "advice", "delivery", "flow", "connection")}),
        ("What exactly", {"fields": ("path", "value", "category", "code", "cause", "severity")}),
        ("How it ended", {"fields": ("note", "created_at", "closed_at", "closed_by")}),
    )

    def has_triage_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Retry, resolve and ignore."""
        return request.user.has_perm("hub.triage_errorrecord")

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        ours = [
            path("causes/", view(self.causes_view), name="hub_errorrecord_causes"),
            path("held/", view(self.held_view), name="hub_errorrecord_held"),
            path("cause/", view(self.cause_view), name="hub_errorrecord_cause"),
        ]
        return [*ours, *super().get_urls()]

    def causes_view(self, request: HttpRequest) -> HttpResponse:
        """Open errors grouped by cause."""
        self._check_view(request)
        return page(self, request, "hub/causes.html", "Errors", causes=top_causes(SHOWN), shown=SHOWN)

    def held_view(self, request: HttpRequest) -> HttpResponse:
        """Held deliveries grouped by what they wait for."""
        self._check_view(request)
        return page(self, request, "hub/held.html", "Held deliveries", waits=top_waits(SHOWN), shown=SHOWN)

    def cause_view(self, request: HttpRequest) -> HttpResponse:
        """All records of one cause and what can be done for them together."""
        self._check_view(request)
        return cause_page(self, request)

    def _check_view(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    @admin.display(description="State", ordering="state")
    def badge(self, error: ErrorRecord) -> SafeString:
        """The state as a label."""
        return badge(error.state, error.get_state_display())

    @admin.display(description="What is wrong")
    def message_link(self, error: ErrorRecord) -> SafeString:
        """The sentence and the advice under it."""
        return format_html('<span class="hub-clamp">{}</span><span class="hub-sub hub-clamp">{}</span>', error.message, error.advice)

    @admin.display(description="Record")
    def record(self, error: ErrorRecord) -> SafeString | str:
        """A link to the delivery."""
        if error.delivery is None:
            return str(error.connection or "–")
        return format_html('<a href="{}">{}</a>', reverse("admin:hub_delivery_change", args=[error.delivery_id]), error.delivery)

    @admin.display(description="Since", ordering="created_at")
    def created(self, error: ErrorRecord) -> SafeString | str:
        """When it was found."""
        return when(error.created_at)

    @admin.action(description="Retry", permissions=["triage"])
    def retry_selected(self, request: HttpRequest, queryset: QuerySet[ErrorRecord]) -> None:
        """Queues the deliveries of the chosen errors again."""
        acts.retry_errors(self, request, queryset)

    @admin.action(description="Resolve with a note", permissions=["triage"])
    def resolve_selected(self, request: HttpRequest, queryset: QuerySet[ErrorRecord]) -> HttpResponse | None:
        """Closes them: a person has done it by hand."""
        return acts.close_errors(self, request, queryset, how="resolve")

    @admin.action(description="Ignore with a reason", permissions=["triage"])
    def ignore_selected(self, request: HttpRequest, queryset: QuerySet[ErrorRecord]) -> HttpResponse | None:
        """Closes them: it need not be done."""
        return acts.close_errors(self, request, queryset, how="ignore")
