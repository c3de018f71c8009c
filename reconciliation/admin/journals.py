"""Journal entries: every booking with the settlement lines behind it, down to the file, and who approved it."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.safestring import SafeString

from hub.admin.base import PageAdmin, page
from reconciliation.admin.words import label, money
from reconciliation.models import JournalEntry, JournalLine, JournalShare


@admin.register(JournalEntry)
class JournalEntryAdmin(PageAdmin):
    """What was and will be posted, the latest first."""

    list_display = ("external_id", "state_badge", "settlement", "entry_date", "sum_words", "target_key", "prepared_by", "approved_by")
    list_filter = ("state", "settlement__connection", "currency", "entry_date")
    list_select_related = ("settlement", "prepared_by", "approved_by")
    search_fields = ("external_id", "target_key", "settlement__settlement_id")
    empty_words = "Journals are prepared on the page of a settlement; nothing goes to the ERP before somebody approves."

    def row_page(self, request: HttpRequest, pk: str) -> HttpResponse:
        """The passport of a journal: each booking, the lines of the file that it holds, and where it stands in the ERP."""
        found = JournalEntry.objects.select_related(
            "settlement__file",
            "settlement__connection",
            "rules__rule_set",
            "prepared_by",
            "approved_by",
            "target",
            "reversal_of",
            "delivery",
        )
        journal = get_object_or_404(found, pk=pk)
        return page(
            self, request, "reconciliation/journal.html", str(journal), journal=journal, settlement=journal.settlement,
            badge=label(journal.state, journal.get_state_display()), lines=bookings(journal),
            debit=money(journal.debit, journal.currency), credit=money(journal.credit, journal.currency),
            reversal=JournalEntry.objects.filter(reversal_of=journal).first(),
        )  # fmt: skip

    @admin.display(description="State", ordering="state")
    def state_badge(self, row: JournalEntry) -> SafeString:
        """The state as a label."""
        return label(row.state, row.get_state_display())

    @admin.display(description="Sum", ordering="debit")
    def sum_words(self, row: JournalEntry) -> str:
        """Of one side; the other is the same."""
        return money(row.debit, row.currency)


def bookings(journal: JournalEntry) -> list[dict[str, Any]]:
    """Every line of a journal with the kinds of settlement lines that it holds. Two queries."""
    shares: dict[int, list[dict[str, Any]]] = defaultdict(list)
    rows = JournalShare.objects.filter(journal_line__journal=journal).select_related("kind").order_by("kind")
    for share in rows:
        where = " · ".join(filter(None, (share.marketplace, share.fulfilment)))
        shares[share.journal_line_id or 0].append(
            {"kind": share.kind_id, "words": str(share.kind), "where": where, "lines": share.lines, "amount": money(share.amount)}
        )
    return [
        {
            "line": line, "memo": line.memo or line.category.replace("_", " "), "shares": shares[line.pk],
            "debit": money(line.debit) if line.debit else "", "credit": money(line.credit) if line.credit else "",
        }
        for line in JournalLine.objects.filter(journal=journal).order_by("number")
    ]  # fmt: skip
