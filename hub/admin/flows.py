"""Flows: what travels from where to where, and the buttons that run, resync and pause it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.safestring import SafeString
from simple_history.admin import SimpleHistoryAdmin

from hub import schedules
from hub.admin import confirm
from hub.admin.base import HubAdmin, person
from hub.admin.completeness import ask_for_check
from hub.admin.flow_form import FlowForm
from hub.admin.resync_page import resync_page
from hub.admin.words import badge, stream_label, when
from hub.engine.read import start_run
from hub.engine.records import stream_of
from hub.models import Flow, SyncRun
from hub.wake import wake

RECENT = 8


@admin.register(Flow)
class FlowAdmin(SimpleHistoryAdmin, HubAdmin):  # type: ignore[misc]
    """Editable configuration with its recent runs above the form."""

    form = FlowForm
    list_display = ("name", "switch", "route", "mapping", "poll_words", "read")
    list_filter = ("enabled", "source", "target")
    list_select_related = ("source", "target", "after__target", "mapping")
    search_fields = ("name", "slug")
    prepopulated_fields: ClassVar = {"slug": ("name",)}
    autocomplete_fields = ("source", "target", "after")
    change_form_outer_before_template = "hub/flow_above.html"
    empty_words = "A flow carries records from one connection to another. Add connections and a mapping first, then the flow."
    fieldsets = (
        (None, {"fields": ("name", "slug", "enabled")}),
        ("From", {"fields": (("source", "stream"), "after")}),
        ("Through", {"fields": ("mapping", "filter", "filter_words", "list_others", "send_changes")}),
        ("To", {"fields": (("target", "operation"),)}),
        ("When", {"fields": ("poll_minutes", "webhooks", "batch", "priority")}),
    )

    def get_prepopulated_fields(self, request: HttpRequest, obj: Flow | None = None) -> dict[str, Any]:
        return {} if obj else self.prepopulated_fields

    def has_resync_permission(self, request: HttpRequest) -> bool:
        """Run now and Resync."""
        return request.user.has_perm("hub.resync_delivery")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A flow that ever carried a record stays, switched off, for its history."""
        used = obj is not None and (obj.deliveries.exists() or obj.followers.exists())
        return not used and bool(super().has_delete_permission(request, obj))

    def save_model(self, request: HttpRequest, obj: Flow, form: FlowForm, change: bool) -> None:
        """The schedules follow the flows."""
        super().save_model(request, obj, form, change)
        schedules.sync()

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        ours = [
            path("<int:pk>/act/", view(self.act_view), name="hub_flow_act"),
            path("<int:pk>/resync/", view(self.resync_view), name="hub_flow_resync"),
        ]
        return [*ours, *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        flow = Flow.objects.select_related("source", "target", "after").filter(pk=object_id).first() if object_id.isdecimal() else None
        extra = {
            "flow": flow,
            "runs": [(run, badge(run.state, run.get_state_display()), when(run.created_at)) for run in flow.runs.all()[:RECENT]],
            "may_run": self.has_resync_permission(request) and flow.source is not None,
            "may_check": self.has_resync_permission(request) and _can_be_counted(flow),
            "may_switch": self.has_change_permission(request),
        } if flow else {}  # fmt: skip
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **extra})  # type: ignore[no-any-return]

    def act_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Run now, check completeness, pause, resume."""
        flow, what = get_object_or_404(Flow.objects.select_related("source"), pk=pk), request.POST.get("act", "")
        allowed = self.has_resync_permission(request) if what in ("run", "check") else self.has_change_permission(request)
        if request.method != "POST" or not allowed:
            raise PermissionDenied
        if what == "run":
            return self._run(request, flow)
        if what == "check":
            return ask_for_check(self, request, flow)
        if what != "resume" and (asked := self._may_pause(request, flow)):
            return asked
        flow.enabled = what == "resume"
        flow.save(update_fields=["enabled"])
        schedules.sync()
        if flow.enabled and flow.target_id:
            wake("deliver", flow.target_id)
        words = f"{flow} is switched {'on' if flow.enabled else 'off: nothing new is read and nothing is sent'}."
        self.message_user(request, words, messages.SUCCESS)
        self.log_change(request, flow, words)
        return redirect("admin:hub_flow_change", pk)

    def _may_pause(self, request: HttpRequest, flow: Flow) -> HttpResponse | None:
        words = "Nothing new is read and nothing is sent until somebody resumes it. What already came in is kept and goes on then."
        back = reverse("admin:hub_flow_change", args=[flow.pk])
        return confirm.agreed(self, request, title=f"Pause “{flow}”?", words=words, button="Pause", back=back)

    def _run(self, request: HttpRequest, flow: Flow) -> HttpResponse:
        if flow.source is None:
            self.message_user(request, "This flow follows another one and reads nothing itself.", messages.WARNING)
            return redirect("admin:hub_flow_change", flow.pk)
        run = start_run(flow, trigger=SyncRun.Trigger.PERSON, asked_by=person(request))
        self.log_change(request, flow, f"Run {run.pk} asked for.")
        return redirect("admin:hub_syncrun_change", run.pk)

    def resync_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Chooses records, shows what would happen, then starts the run."""
        if not self.has_resync_permission(request):
            raise PermissionDenied
        return resync_page(self, request, get_object_or_404(Flow.objects.select_related("source", "target"), pk=pk))

    @admin.display(description="State", ordering="enabled")
    def switch(self, flow: Flow) -> SafeString:
        """On or off."""
        return badge("working" if flow.enabled else "stopped", "On" if flow.enabled else "Off")

    @admin.display(description="From → to")
    def route(self, flow: Flow) -> str:
        """In words."""
        start = f"{flow.source} {stream_label(flow.source.connector, flow.stream)}" if flow.source else f"after {flow.after}"
        return f"{start} → {flow.target}" if flow.target else f"{start} (list of what exists)"

    @admin.display(description="Read every", ordering="poll_minutes")
    def poll_words(self, flow: Flow) -> str:
        """Its schedule."""
        return f"{flow.poll_minutes} min" if flow.poll_minutes and flow.source_id else "–"

    @admin.display(description="Last read", ordering="last_read_at")
    def read(self, flow: Flow) -> SafeString | str:
        """When the last run ended well."""
        return when(flow.last_read_at)


def _can_be_counted(flow: Flow) -> bool:
    """Whether its source offers another list than the one that is read."""
    stream = stream_of(flow) if flow.operation else None
    return stream is not None and stream.census is not None
