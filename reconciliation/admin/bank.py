"""Bank lines: which of them paid which settlements, suggested by amount and date and confirmed by a person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from hub.admin import confirm
from hub.admin.base import PageAdmin, page, person
from reconciliation.admin.bank_upload import upload_page
from reconciliation.admin.words import label, money
from reconciliation.engine import bank
from reconciliation.engine.states import RefusedError
from reconciliation.models import BankLine, Books, Settlement

ADD, CHANGE = "reconciliation.add_bankline", "reconciliation.change_bankline"
SHOWN = 100


class MatchFilter(admin.SimpleListFilter):
    """Matched with settlements or not."""

    title = "matched"
    parameter_name = "matched"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", "Open"), ("yes", "Matched")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[BankLine]) -> QuerySet[BankLine]:
        return queryset.filter(matches__isnull=self.value() == "no").distinct() if self.value() in ("no", "yes") else queryset


@admin.register(BankLine)
class BankLineAdmin(PageAdmin):
    """Money that arrived, the latest first."""

    list_display = ("booked", "amount_words", "state_badge", "paid", "words", "account")
    list_filter = (MatchFilter, "books__source", "currency", "booked_on")
    list_select_related = ("books__source",)
    search_fields = ("words",)
    list_before_template = "reconciliation/bank_above.html"
    empty_words = "Upload a bank statement as CSV: its lines are matched with the settlements that they paid."

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        """An amount is found by its number, everything else by its words."""
        plain = search_term.strip().replace(",", "")
        is_amount = plain.replace(".", "", 1).isdecimal() and plain.isascii() and len(plain) < 16
        if is_amount and (found := queryset.filter(amount=plain)).exists():
            return found, False
        return queryset.filter(words__icontains=search_term) if search_term else queryset, False

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("upload/", view(self.upload_view), name="reconciliation_bankline_upload"),
            path("clear/", view(self.clear_view), name="reconciliation_bankline_clear"),
            path("<int:pk>/act/", view(self.act_view), name="reconciliation_bankline_act"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[BankLine]:
        """With the settlements, asked for once."""
        found: QuerySet[BankLine] = super().get_queryset(request)
        return found.prefetch_related("matches__settlement")

    def upload_view(self, request: HttpRequest) -> HttpResponse:
        """A bank statement, step by step."""
        if not request.user.has_perm(ADD):
            raise PermissionDenied
        return upload_page(self, request)

    def clear_view(self, request: HttpRequest) -> HttpResponse:
        """Matches everything that fits in one way only, after a question."""
        if request.method != "POST" or not request.user.has_perm(CHANGE):
            raise PermissionDenied
        here, all_books = reverse("admin:reconciliation_bankline_changelist"), list(Books.objects.select_related("source"))
        count = sum(len(bank.deposits(one).matched) for one in all_books)
        if not count:
            self.message_user(
                request, "No open bank line fits a posted settlement in one way only. Open a line to choose.", messages.WARNING
            )
            return redirect(here)
        words = f"{count} bank line{'s' if count != 1 else ''} fit posted settlements exactly, and in one way only."
        button = "Match them"
        asked = confirm.agreed(self, request, title="Match what is clear?", words=words, button=button, danger=False, back=here)
        if asked:
            return asked
        done = sum(bank.match_clear(one, by=person(request), now=timezone.now()) for one in all_books)
        self.message_user(request, f"{done} bank line{'s are' if done != 1 else ' is'} matched.", messages.SUCCESS)
        return redirect(here)

    def row_page(self, request: HttpRequest, pk: str) -> HttpResponse:
        """One line: what it paid, or what it may have paid."""
        line = get_object_or_404(BankLine.objects.select_related("books__source"), pk=pk)
        paid = [one.settlement for one in line.matches.select_related("settlement")]
        offered = {} if paid else _offered(line)
        return page(
            self, request, "reconciliation/bank_line.html", f"Bank line of {line.booked_on}", line=line, badge=_badge(bool(paid)),
            amount=money(line.amount, line.currency), paid=[_settlement(one) for one in paid], may=request.user.has_perm(CHANGE), **offered,
        )  # fmt: skip

    def act_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Match and take back, each after a question."""
        acts: dict[str, Callable[[HttpRequest, BankLine, str], HttpResponse]] = {"match": self._match, "unmatch": self._unmatch}
        act = acts.get(request.POST.get("act", ""))
        if request.method != "POST" or not request.user.has_perm(CHANGE) or act is None:
            raise PermissionDenied
        here = reverse("admin:reconciliation_bankline_change", args=[pk])
        try:
            return act(request, get_object_or_404(BankLine, pk=pk), here)
        except RefusedError as wrong:
            self.message_user(request, str(wrong), messages.ERROR)
            return redirect(here)

    def _match(self, request: HttpRequest, line: BankLine, here: str) -> HttpResponse:
        ids = {int(one) for one in request.POST.getlist("settlement") if one.isascii() and one.isdecimal() and len(one) < 18}
        names = ", ".join(map(str, Settlement.objects.filter(pk__in=ids))) or "no settlement"
        words = f"{money(line.amount, line.currency)} of {line.booked_on} paid {names}. They are “paid to the bank” from then on."
        asked = confirm.agreed(self, request, title="Match?", words=words, button="Match", danger=False, back=here)
        if asked:
            return asked
        found = bank.match(line, ids, by=person(request), now=timezone.now(), reason=f"Paid by the bank line of {line.booked_on}.")
        self.log_change(request, line, f"Matched with {', '.join(map(str, found))}")
        self.message_user(request, f"Matched with {', '.join(map(str, found))}.", messages.SUCCESS)
        return redirect(here)

    def _unmatch(self, request: HttpRequest, line: BankLine, here: str) -> HttpResponse:
        words = "Its settlements wait for the bank again; the line is open."
        given = confirm.reason(
            self, request, title="Take the match back?", words=words, label="Why", button="Take back", danger=True, back=here
        )
        if isinstance(given, HttpResponse):
            return given
        found = bank.unmatch(line, by=person(request), now=timezone.now(), reason=given)
        self.log_change(request, line, f"No longer matched with {', '.join(map(str, found))}: {given}")
        self.message_user(request, "The match is taken back.", messages.SUCCESS)
        return redirect(here)

    @admin.display(description="Date", ordering="booked_on")
    def booked(self, row: BankLine) -> str:
        """The bank's day."""
        return f"{row.booked_on:%Y-%m-%d}"

    @admin.display(description="Amount", ordering="amount")
    def amount_words(self, row: BankLine) -> str:
        """With its currency."""
        return money(row.amount, row.currency)

    @admin.display(description="State")
    def state_badge(self, row: BankLine) -> SafeString:
        """Matched or open."""
        return _badge(bool(row.matches.all()))

    @admin.display(description="Paid")
    def paid(self, row: BankLine) -> SafeString | str:
        """The settlements."""
        links = [
            (reverse("admin:reconciliation_settlement_change", args=[one.settlement_id]), one.settlement.settlement_id)
            for one in row.matches.all()
        ]
        return format_html_join(", ", '<a href="{}">{}</a>', links) if links else "–"

    @admin.display(description="Account", ordering="books__source__name")
    def account(self, row: BankLine) -> str:
        """Whose settlements it may have paid."""
        return row.books.source.name


def _badge(matched: bool) -> SafeString:
    return label("posted", "Matched") if matched else label("proposed", "Open")


def _settlement(one: Settlement) -> dict[str, Any]:
    due = one.deposit_at or one.ends_at
    return {
        "row": one,
        "amount": money(one.total, one.currency),
        "due": due.date(),
        "period": f"{one.starts_at:%Y-%m-%d} – {one.ends_at:%Y-%m-%d}",
    }


def _offered(line: BankLine) -> dict[str, Any]:
    """What fits, and everything that waits for the bank in the line's currency."""
    found = bank.deposits(line.books)
    open_ones = {one.pk: one for one in bank.unpaid(line.books) if one.currency == line.currency}
    words = next((one.words for one in found.suggested if one.line == str(line.pk)), "")
    sets = bank.chosen([*found.matched, *(one for suggestion in found.suggested for one in suggestion.candidates)], line)
    return {
        "words": words,
        "candidates": [[_settlement(open_ones[pk]) for pk in some if pk in open_ones] for some in sets],
        "waiting": [_settlement(one) for one in list(open_ones.values())[:SHOWN]],
    }
