"""Resync: records by key or since a time, first as a preview of what would happen, then for good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from unfold.widgets import UnfoldAdminSplitDateTimeWidget, UnfoldAdminTextareaWidget

from hub.admin.base import HubAdmin, page, person
from hub.admin.words import badge
from hub.engine.read import start_run
from hub.models import CrossReference, Delivery, Flow, SyncRun

MOST_KEYS = 1000
SHOWN = 200


class ResyncForm(forms.Form):
    """Either keys or a time."""

    keys = forms.CharField(
        label="Records",
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 5}),
        help_text="Source keys, one per line or separated by commas.",
    )
    since = forms.SplitDateTimeField(
        label="Or everything changed since", required=False, widget=UnfoldAdminSplitDateTimeWidget(), help_text="In the hub's time zone."
    )

    def clean_keys(self) -> list[str]:
        keys = list(dict.fromkeys(part.strip() for part in self.cleaned_data["keys"].replace(",", "\n").splitlines() if part.strip()))
        if len(keys) > MOST_KEYS:
            raise forms.ValidationError(f"At most {MOST_KEYS} records at once; these are {len(keys)}. Use a time instead.")
        if any(len(key) > 200 for key in keys):
            raise forms.ValidationError("A key has at most 200 characters.")
        return keys

    def clean_since(self) -> datetime | None:
        since: datetime | None = self.cleaned_data["since"]
        if since and since > timezone.now():
            raise forms.ValidationError("This time has not come yet.")
        return since

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if not self.errors and bool(given.get("keys")) == bool(given.get("since")):
            raise forms.ValidationError("Enter either records or a time.")
        return given


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a resync would mean for one key."""

    key: str
    state: str
    words: str


def resync_page(admin: HubAdmin, request: HttpRequest, flow: Flow) -> HttpResponse:
    """The form, the preview, or the started run."""
    if flow.source is None or not flow.stream:
        admin.message_user(request, "This flow follows another one; resync the flow before it.", messages.WARNING)
        return redirect("admin:hub_flow_change", flow.pk)
    form = ResyncForm(request.POST or None)
    valid = request.method == "POST" and form.is_valid()
    if valid and request.POST.get("act") == "start":
        run = start_run(flow, trigger=SyncRun.Trigger.PERSON, asked_by=person(request), **_wanted(form))
        admin.log_change(request, flow, f"Resync asked for: run {run.pk}.")
        return redirect("admin:hub_syncrun_change", run.pk)
    preview = _preview(flow, form) if valid else {}
    return page(admin, request, "hub/resync.html", f"Resync: {flow}", form=form, flow=flow, shown=SHOWN, **preview)


def _wanted(form: ResyncForm) -> dict[str, Any]:
    since = form.cleaned_data["since"]
    return {"keys": form.cleaned_data["keys"], "since": since.astimezone(UTC).isoformat().replace("+00:00", "Z") if since else ""}


def _preview(flow: Flow, form: ResyncForm) -> dict[str, Any]:
    keys, since = form.cleaned_data["keys"], form.cleaned_data["since"]
    if since:
        known = Delivery.objects.filter(flow=flow, created_at__gte=since).order_by().values("key").distinct().count()
        words = f"Everything that changed at {flow.source} since then is read again. The hub knows {known} such records"
        return {"ready": True, "words": f"{words}; what is unchanged is not sent twice."}
    return {"ready": True, "expected": _expected(flow, keys), "count": len(keys)}


def _expected(flow: Flow, keys: list[str]) -> list[tuple[Expected, Any]]:
    """Three queries, however many keys."""
    latest: dict[str, Delivery] = {}
    for row in Delivery.objects.filter(flow=flow, key__in=keys).only("key", "state", "reason").order_by("id"):
        latest[row.key] = row
    made = CrossReference.objects.filter(source=flow.source, stream=flow.stream, source_key__in=keys, target=flow.target)
    targets = dict(made.filter(operation=flow.operation).values_list("source_key", "target_key"))
    lines = [_line(key, latest.get(key), targets.get(key, ""), flow) for key in keys[:SHOWN]]
    return [(line, badge(line.state, _label(line.state))) for line in lines]


def _label(state: str) -> str:
    return str(Delivery.State(state).label) if state else "Not seen yet"


def _line(key: str, last: Delivery | None, made: str, flow: Flow) -> Expected:
    if last is not None and last.state == Delivery.State.SENDING:
        return Expected(key=key, state=last.state, words="Is being sent right now; the new reading queues behind it.")
    if made:
        words = f"Is read again and compared; {made} in {flow.target} is changed, never doubled."
        return Expected(key=key, state=last.state if last else "", words=words)
    if last is not None:
        return Expected(key=key, state=last.state, words="Is read again and replaces the delivery that has not got through.")
    return Expected(key=key, state="", words="Is read and delivered for the first time, if it exists.")
