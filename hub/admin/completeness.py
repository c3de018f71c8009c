"""Completeness checks: the daily statement for every flow, such as “1,284 of 1,284”."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from hub.admin import confirm
from hub.admin.base import HubAdmin, ReadOnlyAdmin, person
from hub.admin.words import badge, when
from hub.engine.completeness import LATE, start_check
from hub.models import CompletenessCheck, Flow


@admin.register(CompletenessCheck)
class CompletenessCheckAdmin(ReadOnlyAdmin):
    """What was counted, what was missing, and that it was fetched."""

    list_display = ("flow", "statement_badge", "window", "fetched", "message", "counted")
    list_filter = ("flow", "state")
    list_select_related = ("flow", "run")
    search_fields = ("flow__name", "message", "absent")
    empty_words = (
        "Once a day the hub counts what each source has in another list than the one it reads, and fetches what is missing. "
        "Open a flow and press Check completeness to count now."
    )

    @admin.display(description="In the hub", ordering="state")
    def statement_badge(self, check: CompletenessCheck) -> SafeString:
        """ "1,284 of 1,284" in green, anything less in red."""
        over = check.state == CompletenessCheck.State.DONE
        return badge(("done" if check.complete else "failed") if over else check.state, check.statement)

    @admin.display(description="Window", ordering="until")
    def window(self, check: CompletenessCheck) -> str:
        """From and to, in the site's time zone."""
        return " – ".join(f"{timezone.localtime(moment):%Y-%m-%d %H:%M}" for moment in (check.since, check.until))

    @admin.display(description="Missing at first", ordering="missing")
    def fetched(self, check: CompletenessCheck) -> SafeString | str:
        """How many had to be fetched, with the run that did it."""
        if not check.run:
            return f"{check.missing:,}"
        return format_html('<a href="{}">{} fetched</a>', reverse("admin:hub_syncrun_change", args=[check.run.pk]), f"{check.missing:,}")

    @admin.display(description="Counted", ordering="created_at")
    def counted(self, check: CompletenessCheck) -> SafeString | str:
        """How long ago."""
        return when(check.created_at)


def ask_for_check(admin_page: HubAdmin, request: HttpRequest, flow: Flow) -> HttpResponse:
    """After a confirmation counts the last day of a flow."""
    back = reverse("admin:hub_flow_change", args=[flow.pk])
    words = "The hub counts the records of the last day in another list of the source than the one it reads, and fetches what is missing."
    if asked := confirm.agreed(
        admin_page, request, title=f"Check “{flow}”?", words=words, button="Check completeness", danger=False, back=back
    ):
        return asked
    until = timezone.now() - LATE
    check = start_check(flow, since=until - timedelta(days=1), until=until, asked_by=person(request))
    if check is None:
        admin_page.message_user(request, "A check of this flow is not over yet.", messages.WARNING)
        return redirect("admin:hub_flow_change", flow.pk)
    admin_page.log_change(request, flow, "Completeness check asked for.")
    return redirect("admin:hub_completenesscheck_changelist")
