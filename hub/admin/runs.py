"""Sync runs: the list, and the page that shows a run while it works."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from hub.admin import confirm
from hub.admin.base import PageAdmin, page
from hub.admin.words import LOOKS, badge, when
from hub.models import SyncRun

ACTIVE = (SyncRun.State.WAITING, SyncRun.State.RUNNING)


@admin.register(SyncRun)
class SyncRunAdmin(PageAdmin):
    """What was read, when and by whose wish."""

    list_display = ("number", "state_badge", "flow", "trigger", "counts", "message", "began", "asked_by")
    list_filter = ("state", "trigger", "flow")
    list_select_related = ("flow", "asked_by")
    search_fields = ("message", "flow__name")
    empty_words = "A run is one reading of a source. Open a flow and press Run now to start the first."

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        ours = [
            path("<int:pk>/progress/", view(self.progress_view), name="hub_syncrun_progress"),
            path("<int:pk>/stop/", view(self.stop_view), name="hub_syncrun_stop"),
        ]
        return [*ours, *super().get_urls()]

    def row_page(self, request: HttpRequest, pk: str) -> HttpResponse:
        """The run with its live progress."""
        run = get_object_or_404(SyncRun.objects.select_related("flow__source", "flow__target", "asked_by"), pk=pk)
        may_stop = request.user.has_perm("hub.resync_delivery") and run.state in ACTIVE
        return page(
            self, request, "hub/run.html", str(run), run=run, now=progress(run), badge=badge(run.state, run.get_state_display()),
            may_stop=may_stop, keys=run.keys[:50], more_keys=max(len(run.keys) - 50, 0),
        )  # fmt: skip

    def progress_view(self, request: HttpRequest, pk: int) -> JsonResponse:
        """What the page asks for every second while the run works."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        answer = JsonResponse(progress(get_object_or_404(SyncRun, pk=pk)))
        answer["Cache-Control"] = "no-store"
        return answer

    def stop_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Asks a run to stop after its present page; one that has not begun ends at once."""
        if request.method != "POST" or not request.user.has_perm("hub.resync_delivery"):
            raise PermissionDenied
        run = get_object_or_404(SyncRun, pk=pk)
        question = "The run stops after the page it is reading. What was read is kept, the rest is read by the next run."
        back = reverse("admin:hub_syncrun_change", args=[pk])
        if asked := confirm.agreed(self, request, title=f"Stop run {pk}?", words=question, button="Stop the run", back=back):
            return asked
        words = f"Stopped by {request.user} before it began."
        waiting = SyncRun.objects.filter(pk=pk, state=SyncRun.State.WAITING)
        ended = waiting.update(state=SyncRun.State.STOPPED, stop_asked=True, message=words, finished_at=timezone.now())
        running = SyncRun.objects.filter(pk=pk, state=SyncRun.State.RUNNING).update(stop_asked=True)
        self.log_change(request, run, "Stop asked for.")
        if ended or running:
            self.message_user(request, "The run stops after the page it is reading; what was read is kept.", messages.SUCCESS)
        else:
            self.message_user(request, "The run has already ended.", messages.WARNING)
        return redirect("admin:hub_syncrun_change", pk)

    @admin.display(description="Run", ordering="id")
    def number(self, run: SyncRun) -> str:
        """Its number."""
        return f"Run {run.pk}"

    @admin.display(description="State", ordering="state")
    def state_badge(self, run: SyncRun) -> SafeString:
        """The state as a label."""
        return badge(run.state, run.get_state_display())

    @admin.display(description="Records")
    def counts(self, run: SyncRun) -> str:
        """Read and taken."""
        return f"{run.read:,} read, {run.accepted:,} taken"

    @admin.display(description="Asked for", ordering="created_at")
    def began(self, run: SyncRun) -> SafeString | str:
        """How long ago."""
        return when(run.created_at)


def progress(run: SyncRun) -> dict[str, Any]:
    """Counts of a run as JSON; `share` is a percentage, None while the end is not known."""
    active = run.state in ACTIVE
    share = min(100, run.read * 100 // run.wanted) if run.wanted else None
    ended = run.finished_at or timezone.now()
    return {
        "active": active, "state": run.get_state_display(), "tone": LOOKS.get(run.state, "mute"), "share": share if active else 100,
        "read": run.read, "accepted": run.accepted, "unchanged": run.unchanged, "skipped": run.skipped, "unreadable": run.unreadable,
        "wanted": run.wanted, "message": run.message, "stop_asked": run.stop_asked,
        "seconds": round((ended - run.started_at).total_seconds()) if run.started_at else 0,
    }  # fmt: skip
