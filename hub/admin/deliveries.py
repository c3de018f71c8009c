"""The list of deliveries: what, when, why, where to look, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import path
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import FieldTextFilter, RangeDateTimeFilter

from hub.admin import acts
from hub.admin.base import PageAdmin
from hub.admin.delivery_page import act_on_delivery, delivery_page, reveal
from hub.admin.export import csv_answer
from hub.admin.filters import DayFilter, RecordsFilter, StateFilter
from hub.admin.links import source_link, target_link
from hub.admin.words import badge, money, receipt, when
from hub.models import Delivery

HEAD = (
    "Record", "Title", "Flow", "State", "Reason code", "Reason", "Amount", "Currency", "Placed", "Target id", "Attempts",
    "Came in", "Changed",
)  # fmt: skip
FIELDS = (
    "key", "title", "flow__name", "state", "reason_code", "reason", "amount", "currency", "placed_at", "target_key", "attempts",
    "created_at", "changed_at",
)  # fmt: skip


@admin.register(Delivery)
class DeliveryAdmin(PageAdmin):
    """Read only; verbs instead of fields."""

    list_display = ("badge", "what", "why", "amount_words", "flow", "came", "elsewhere")
    list_display_links = ("what",)
    list_filter = (
        StateFilter,
        DayFilter,
        "flow",
        RecordsFilter,
        ("reason_code", FieldTextFilter),
        ("created_at", RangeDateTimeFilter),
    )
    list_select_related = ("flow__source", "flow__target", "flow__after__source")
    search_fields = ("key", "title", "target_key")
    search_help_text = "Record, title or target id"
    list_before_template = "hub/deliveries_above.html"
    empty_words = "Every record that a flow carries is listed here. Run a flow, or wait for its next webhook."
    actions: ClassVar = ["retry_selected", "release_selected", "hold_selected", "skip_selected", "export_selected"]

    def has_triage_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Retry, hold and skip."""
        return request.user.has_perm("hub.triage_delivery")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        rows: QuerySet[Delivery] = super().get_queryset(request)
        return rows.defer("masked", "sealed")

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        ours = [
            path("export/", view(self.export_view), name="hub_delivery_export"),
            path("<int:pk>/act/", view(self.act_view), name="hub_delivery_act"),
            path("<int:pk>/reveal/", view(self.reveal_view), name="hub_delivery_reveal"),
        ]
        return [*ours, *super().get_urls()]

    def row_page(self, request: HttpRequest, pk: str) -> HttpResponse:
        """The delivery's journey."""
        return delivery_page(self, request, pk)

    def act_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What the buttons of the page post."""
        return act_on_delivery(self, request, str(pk))

    def reveal_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Personal data, once, recorded."""
        return reveal(self, request, str(pk))

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """The list as it is filtered now, as CSV."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return csv_answer("deliveries", HEAD, _rows(self.get_changelist_instance(request).get_queryset(request)))

    @admin.display(description="State", ordering="state")
    def badge(self, delivery: Delivery) -> SafeString:
        """The state as a label."""
        return badge(delivery.state, delivery.get_state_display())

    @admin.display(description="Record", ordering="key")
    def what(self, delivery: Delivery) -> SafeString:
        """Title and key."""
        return format_html(
            '<span class="hub-strong">{}</span><span class="hub-sub">{}</span>', delivery.title or delivery.key, delivery.key
        )

    @admin.display(description="Why")
    def why(self, delivery: Delivery) -> SafeString:
        """The reason of its state."""
        return format_html('<span class="hub-clamp" title="{}">{}</span>', delivery.reason, receipt(delivery) or delivery.reason or "–")

    @admin.display(description="Amount", ordering="amount")
    def amount_words(self, delivery: Delivery) -> str:
        """With its currency."""
        return money(delivery.amount, delivery.currency) or "–"

    @admin.display(description="Came in", ordering="created_at")
    def came(self, delivery: Delivery) -> SafeString | str:
        """How long ago."""
        return when(delivery.created_at)

    @admin.display(description="Look at it in")
    def elsewhere(self, delivery: Delivery) -> SafeString | str:
        """Links to the record in both systems."""
        source = delivery.flow.source or (delivery.flow.after.source if delivery.flow.after else None)
        links = [(source_link(delivery), source.name if source else ""), (target_link(delivery), delivery.target_key)]
        shown = format_html_join(
            " ", '<a class="hub-out" href="{}" target="_blank" rel="noopener noreferrer">{}</a>', (one for one in links if one[0])
        )
        return shown or delivery.target_key or "–"

    @admin.action(description="Retry", permissions=["triage"])
    def retry_selected(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Queues them again, from the source on."""
        acts.retry_deliveries(self, request, queryset)

    @admin.action(description="Release", permissions=["triage"])
    def release_selected(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Lets held ones go on."""
        acts.release_deliveries(self, request, queryset)

    @admin.action(description="Hold with a reason", permissions=["triage"])
    def hold_selected(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> HttpResponse | None:
        """Keeps them back."""
        return acts.stop_deliveries(self, request, queryset, how="hold")

    @admin.action(description="Skip with a reason", permissions=["triage"])
    def skip_selected(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> HttpResponse | None:
        """Decides that they are never sent."""
        return acts.stop_deliveries(self, request, queryset, how="skip")

    @admin.action(description="Export as CSV")
    def export_selected(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> HttpResponseBase:
        """The chosen rows as CSV."""
        return csv_answer("deliveries", HEAD, _rows(queryset))


def _rows(deliveries: QuerySet[Delivery]) -> Iterator[tuple[Any, ...]]:
    labels = dict(Delivery.State.choices)
    for row in deliveries.values_list(*FIELDS).iterator(chunk_size=2000):
        yield (*row[:3], labels.get(row[3], row[3]), *row[4:])
