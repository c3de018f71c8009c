"""Financial transactions: what the marketplace booked before a settlement closes, and what of it is sold and not yet settled."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from hub.admin.base import PageAdmin, page
from hub.admin.export import csv_answer
from reconciliation.admin.choice import Choice, chosen
from reconciliation.admin.words import label, money
from reconciliation.engine import unsettled
from reconciliation.models import FinanceTransaction

OLDEST = 20
EXPORTED = ("transaction_id", "order_id", "what", "account", "posted_at", "amount", "currency", "reason", "matures_at", "status")
REASONS = {"DD7": "Seven days after delivery"}
STATES = {"DEFERRED": ("open", "Held back"), "DEFERRED_RELEASED": ("posted", "Released"), "RELEASED": ("posted", "Released at once")}


@admin.register(FinanceTransaction)
class FinanceTransactionAdmin(PageAdmin):
    """Every transaction that was read, the latest first."""

    list_display = ("transaction", "connection", "state_badge", "posted_at", "amount_words", "held_because", "matures_at", "released_at")
    list_filter = ("status", "connection", "currency", "account", "what")
    list_select_related = ("connection",)
    search_fields = ("order_id__exact", "transaction_id__exact")
    search_help_text = "Order number or transaction"
    empty_words = "Transactions of accounts that have books are read every hour. Add the account's books first."

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        ours = [
            path("unsettled/", view(self.unsettled_view), name="reconciliation_unsettled"),
            path("unsettled.csv", view(self.unsettled_csv), name="reconciliation_unsettled_csv"),
        ]
        return [*ours, *super().get_urls()]

    def row_page(self, request: HttpRequest, pk: str) -> HttpResponse:
        """All transactions of its order."""
        found = get_object_or_404(FinanceTransaction, pk=pk)
        query = urlencode({"q": found.order_id or found.transaction_id})
        return redirect(f"{reverse('admin:reconciliation_financetransaction_changelist')}?{query}")

    def unsettled_view(self, request: HttpRequest) -> HttpResponse:
        """Sold, not yet settled: the roll-forward of an account's month."""
        choice = self._choice(request)
        if choice is None:
            return page(self, request, "reconciliation/no_books.html", "Sold, not yet settled")
        return page(self, request, "reconciliation/unsettled.html", "Sold, not yet settled", **choice.context, **_figures(choice))

    def unsettled_csv(self, request: HttpRequest) -> HttpResponseBase:
        """Everything that is held back at the end of the month, streamed."""
        choice = self._choice(request)
        rows = unsettled.still_open(choice.books, choice.month).values_list(*EXPORTED).iterator(chunk_size=2000) if choice else ()
        name = f"unsettled-{choice.books.source.slug}-{choice.month}" if choice else "unsettled"
        return csv_answer(name, EXPORTED, rows)

    def _choice(self, request: HttpRequest) -> Choice | None:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return chosen(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[FinanceTransaction]:
        rows: QuerySet[FinanceTransaction] = super().get_queryset(request)
        return rows.filter(repeats=False)

    @admin.display(description="Transaction", ordering="order_id")
    def transaction(self, row: FinanceTransaction) -> str:
        """What it is, and of which order."""
        return str(row)

    @admin.display(description="State", ordering="status")
    def state_badge(self, row: FinanceTransaction) -> SafeString:
        """Held back or released."""
        return label(*STATES.get(row.status, ("", row.status)))

    @admin.display(description="Amount", ordering="amount")
    def amount_words(self, row: FinanceTransaction) -> str:
        """Signed as in settlements."""
        return money(row.amount, row.currency)

    @admin.display(description="Held back because", ordering="reason")
    def held_because(self, row: FinanceTransaction) -> str:
        """The reason in words where it is known."""
        return REASONS.get(row.reason, row.reason) or "–"


def _figures(choice: Choice) -> dict[str, Any]:
    """What the page shows; the number of queries depends on the number of currencies alone."""
    books, month = choice.books, choice.month
    oldest = list(unsettled.still_open(books, month)[:OLDEST])
    return {
        "rolled": [
            {"account": one.account or "Standard", "currency": one.currency, "count": one.open_count,
             **{name: money(getattr(one, name), one.currency) for name in ("opening", "earned", "released", "closing")}}
            for one in unsettled.roll_forward(books, month)
        ],
        "reasons": [
            {"words": REASONS.get(one.reason, one.reason) or "No reason given", "count": one.count, "due": one.due,
             "amount": money(one.amount, one.currency), "overdue": money(one.overdue, one.currency) if one.overdue else ""}
            for one in unsettled.reasons(books, month)
        ],
        "oldest": [{"row": one, "amount": money(one.amount, one.currency), "why": REASONS.get(one.reason, one.reason)} for one in oldest],
        "agreements": [_agreement(one) for one in unsettled.agreements(books, month)],
    }  # fmt: skip


def _agreement(one: unsettled.Agreement) -> dict[str, Any]:
    sums = {name: money(getattr(one, name), one.currency) for name in ("due", "settled", "later")}
    differing = [
        {
            "order": order,
            "due": money(due, one.currency),
            "settled": money(settled, one.currency),
            "left": money(due - settled, one.currency),
        }
        for order, due, settled in one.differing
    ]
    return {"one": one, **sums, "differing": differing, "left": money(one.due - one.settled, one.currency)}
