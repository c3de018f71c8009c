"""Settlements: the list of payouts with what is still unexplained, and the way into each one's workbench."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, DecimalField, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Abs, Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from hub.admin.base import PageAdmin, page
from hub.admin.export import csv_answer
from hub.admin.words import when
from reconciliation.admin import exceptions, month_pages, steps
from reconciliation.admin.lines import FIELDS, PAGE, Wanted, lines, page_of_lines
from reconciliation.admin.passport import passport
from reconciliation.admin.words import STORED, label, money
from reconciliation.admin.workbench import workbench
from reconciliation.core.matching.result import TO_EXPLAIN
from reconciliation.models import Discrepancy, OrderMatch, Settlement

_MONEY = DecimalField(max_digits=20, decimal_places=4)
EXPORTED = (
    "settlement_id", "connection__name", "state", "currency", "starts_at", "ends_at", "deposit_at", "total", "lines_total", "line_count",
)  # fmt: skip


def with_open(settlements: QuerySet[Settlement]) -> QuerySet[Settlement]:
    """Each with `unexplained` (open differences and orders that differ, added up whatever their sign) and `open_count`, in one query."""
    rows = Discrepancy.objects.filter(settlement=OuterRef("pk"), state=Discrepancy.State.OPEN).order_by().values("settlement")
    orders = OrderMatch.objects.filter(settlement=OuterRef("pk"), result__in=TO_EXPLAIN, accepted_at=None).order_by().values("settlement")
    sums = [_sum(rows, Abs("amount")), _sum(orders, Abs(Coalesce("difference", "total")))]
    counts = [Coalesce(Subquery(one.annotate(n=Count("pk")).values("n")), 0) for one in (rows, orders)]
    return settlements.annotate(unexplained=sums[0] + sums[1], open_count=counts[0] + counts[1])


def _sum(rows: QuerySet[Any], amount: Any) -> Any:
    return Coalesce(Subquery(rows.annotate(all=Sum(amount)).values("all"), output_field=_MONEY), Value(Decimal(0), output_field=_MONEY))


class WorkFilter(admin.SimpleListFilter):
    """What needs somebody."""

    title = "what to do"
    parameter_name = "todo"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("decide", "Needs a decision"),
            ("prepare", "To be prepared"),
            ("approve", "Waits for approval"),
            ("bank", "Waits for the bank"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Settlement]) -> QuerySet[Settlement]:
        states = {
            "decide": (Settlement.State.BLOCKED, Settlement.State.PROPOSED), "prepare": (Settlement.State.PARSED, Settlement.State.MATCHED),
            "approve": (Settlement.State.READY,), "bank": (Settlement.State.POSTED,),
        }  # fmt: skip
        chosen = states.get(self.value() or "")
        return queryset.filter(state__in=chosen) if chosen else queryset


@admin.register(Settlement)
class SettlementAdmin(PageAdmin):
    """Every payout of every account, the latest first."""

    list_display = ("settlement", "account", "state_badge", "period", "deposit", "total_words", "unexplained_words", "exceptions", "age")
    list_filter = (WorkFilter, "state", "connection", "currency", "model")
    list_select_related = ("connection",)
    search_fields = ("settlement_id", "matches__order_id__exact")
    date_hierarchy = None
    actions = ("export",)
    list_before_template = "reconciliation/settlements_above.html"
    empty_words = (
        "Settlements are what a marketplace pays out for a fortnight. Press Fetch to read those that Amazon lists, or Upload a settlement "
        "file that you downloaded from Seller Central."
    )

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        ours = [
            path("clearing/", view(self.clearing_view), name="reconciliation_clearing"),
            path("packet/", view(self.packet_view), name="reconciliation_packet"),
            path("packet.<str:kind>", view(self.packet_file), name="reconciliation_packet_file"),
            path("passport/", view(self.passport_view), name="reconciliation_passport"),
            path("<int:pk>/lines/", view(self.lines_view), name="reconciliation_settlement_lines"),
            path("<int:pk>/lines.csv", view(self.lines_csv), name="reconciliation_settlement_lines_csv"),
            path("<int:pk>/act/", view(self.act_view), name="reconciliation_settlement_act"),
            path("<int:pk>/orders/<int:order>/", view(self.order_view), name="reconciliation_settlement_order"),
            path("<int:pk>/exceptions/<int:exception>/", view(self.exception_view), name="reconciliation_settlement_exception"),
        ]
        return [*ours, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Settlement]:
        return with_open(super().get_queryset(request))

    def row_page(self, request: HttpRequest, pk: str) -> HttpResponse:
        """The workbench of one settlement."""
        found = with_open(Settlement.objects.select_related("connection", "file", "replaces"))
        return workbench(self, request, get_object_or_404(found, pk=pk))

    def clearing_view(self, request: HttpRequest) -> HttpResponse:
        """The clearing account of a month."""
        self._look(request)
        return month_pages.clearing_page(self, request)

    def packet_view(self, request: HttpRequest) -> HttpResponse:
        """The close packet of a month."""
        self._look(request)
        return month_pages.packet_page(self, request)

    def packet_file(self, request: HttpRequest, kind: str) -> HttpResponseBase:
        """The close packet as a file."""
        self._look(request)
        made = {"csv": month_pages.packet_csv, "xlsx": month_pages.packet_xlsx}.get(kind)
        if made is None:
            raise Http404
        return made(request)

    def passport_view(self, request: HttpRequest) -> HttpResponse:
        """From any number to everything behind it."""
        self._look(request)
        return passport(self, request)

    def lines_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The lines of a settlement, page by page."""
        settlement, wanted = self._seen(request, pk), Wanted.of(request)
        return page(
            self, request, "reconciliation/lines.html", f"Lines of {settlement}", settlement=settlement, size=PAGE,
            page=page_of_lines(settlement, wanted), export=wanted.address(after=0),
        )  # fmt: skip

    def lines_csv(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The same lines as a download, streamed."""
        settlement = self._seen(request, pk)
        rows = lines(settlement, Wanted.of(request)).values_list(*FIELDS).iterator(chunk_size=5000)
        return csv_answer(f"settlement-{settlement.settlement_id}-lines", FIELDS, rows)

    def act_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A button of the workbench."""
        return steps.act(self, request, self._seen(request, pk))

    def order_view(self, request: HttpRequest, pk: int, order: int) -> HttpResponse:
        """A button beside an order."""
        return exceptions.decide_order(self, request, pk, order)

    def exception_view(self, request: HttpRequest, pk: int, exception: int) -> HttpResponse:
        """A button beside an exception."""
        return exceptions.act(self, request, pk, exception)

    def _look(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def _seen(self, request: HttpRequest, pk: int) -> Settlement:
        self._look(request)
        return get_object_or_404(Settlement.objects.select_related("connection", "file"), pk=pk)

    @admin.display(description="Settlement", ordering="settlement_id")
    def settlement(self, row: Settlement) -> str:
        """Its number, and which issue of the report it is."""
        return row.settlement_id if row.revision == 1 else f"{row.settlement_id} (issue {row.revision})"

    @admin.display(description="Account", ordering="connection__name")
    def account(self, row: Settlement) -> str:
        """The selling account."""
        return row.connection.name

    @admin.display(description="State", ordering="state")
    def state_badge(self, row: Settlement) -> SafeString:
        """The state as a label."""
        return label(row.state, row.get_state_display())

    @admin.display(description="Period", ordering="starts_at")
    def period(self, row: Settlement) -> str:
        """First and last day."""
        return f"{row.starts_at:%Y-%m-%d} – {row.ends_at:%Y-%m-%d}"

    @admin.display(description="Deposit", ordering="deposit_at")
    def deposit(self, row: Settlement) -> str:
        """When the marketplace says it pays."""
        return f"{row.deposit_at:%Y-%m-%d}" if row.deposit_at else "–"

    @admin.display(description="Payout", ordering="total")
    def total_words(self, row: Settlement) -> str:
        """Signed; negative when the seller owes the marketplace."""
        return money(row.total, row.currency)

    @admin.display(description="Unexplained", ordering="unexplained")
    def unexplained_words(self, row: Any) -> SafeString:
        """Must read 0.00."""
        tone = "error" if row.unexplained.quantize(STORED) else "quiet"
        return format_html('<span class="hub-{}">{}</span>', tone, money(row.unexplained, row.currency))

    @admin.display(description="Exceptions", ordering="open_count")
    def exceptions(self, row: Any) -> str:
        """How many differences nobody has decided about."""
        return f"{row.open_count:,}" if row.open_count else "–"

    @admin.display(description="Age", ordering="-ends_at")
    def age(self, row: Settlement) -> SafeString | str:
        """Since its end."""
        return when(row.ends_at) if row.ends_at <= timezone.now() else "–"

    @admin.action(description="Export as CSV")
    def export(self, request: HttpRequest, queryset: QuerySet[Settlement]) -> HttpResponseBase:
        """The chosen settlements."""
        rows = queryset.values_list(*EXPORTED, "unexplained").iterator()
        return csv_answer("settlements", [*EXPORTED, "unexplained"], rows)
