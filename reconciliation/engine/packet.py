"""The close packet: what an accountant files for a month of an account, as tables that are read row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models import Sum as Added

from reconciliation.core.months import Month
from reconciliation.engine import unsettled
from reconciliation.engine.clearing import IN_LEDGER, clearing
from reconciliation.engine.sums import exact
from reconciliation.models import BankLine, Books, Discrepancy, JournalEntry, JournalLine, Settlement, StatementFile

AT_ONCE = 1000
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A table of the packet. Cells are texts, numbers, dates and times; `rows` asks anew each time. `empty` says it when there is none."""

    title: str
    head: tuple[str, ...]
    rows: Callable[[], Iterable[Row]]
    empty: str = "None."


def packet(books: Books, month: Month) -> list[Section]:
    """The sections in their order; nothing is asked before their rows are."""
    return [
        Section(title="Settlements", head=_SETTLEMENTS, rows=lambda: _settlements(books, month), empty="No settlement ends in this month."),
        Section(title="Journals", head=_JOURNALS, rows=lambda: _journals(books, month), empty="No journal is dated in this month."),
        Section(title="Accounts", head=("Account", "Currency", "Debit", "Credit", "Balance"), rows=lambda: _accounts(books, month),
                empty="Nothing was posted in this month."),
        Section(title="Deposits", head=_DEPOSITS, rows=lambda: _deposits(books, month), empty="No bank line is booked in this month."),
        Section(title="Clearing", head=_CLEARING, rows=lambda: _clearing(books, month), empty="Nothing was ever posted to clearing."),
        Section(title="Open on clearing", head=("Settlement", "Since", "Currency", "Amount", "Why"), rows=lambda: _open(books, month),
                empty="Nothing is open."),
        Section(title="Sold, not yet settled", head=_UNSETTLED, rows=lambda: _unsettled(books, month), empty="Nothing was held back."),
        Section(title="Released and settled", head=_RELEASED, rows=lambda: _released(books, month), empty="Nothing was released."),
        Section(title="Exceptions", head=_EXCEPTIONS, rows=lambda: _exceptions(books, month), empty="None is open or was accepted."),
        Section(title="Files", head=_FILES, rows=lambda: _files(books, month), empty="No file belongs to this month."),
    ]  # fmt: skip


_SETTLEMENTS = (
    "Settlement", "Revision", "State", "From (UTC)", "Until (UTC)", "Deposit (UTC)", "Currency", "Payout", "Sum of lines", "Difference",
    "Lines", "Posting model",
)  # fmt: skip
_JOURNALS = (
    "Journal", "Settlement", "Date", "State", "Currency", "Debit", "Credit", "Number in the ERP", "Prepared by", "Prepared (UTC)",
    "Approved by", "Approved (UTC)", "Posted (UTC)", "Reverses",
)  # fmt: skip
_DEPOSITS = ("Booked", "Reference", "Currency", "Amount", "Paid settlements", "For them")
_CLEARING = ("Currency", "Opening", "Posted", "Matched", "Closing", "Account", "In the ledger", "Not explained")
_FILES = ("File", "SHA-256", "Bytes", "Received (UTC)", "By", "State", "Problem")
_UNSETTLED = ("Kind of account", "Currency", "Opening", "Earned", "Released", "Closing", "Still open")
_RELEASED = ("Currency", "Orders", "Released", "In settlements", "Not explained", "Orders that differ", "For the next settlement")
_EXCEPTIONS = ("Settlement", "Order", "What", "Currency", "Amount", "State", "Stops posting", "What to do", "Accepted by", "Reason")


def settlements(books: Books, month: Month) -> QuerySet[Settlement]:
    """Those of the month: they end in it, or one of their journals is dated in it."""
    start, end = month.during(books.zone)
    dated = JournalEntry.objects.filter(_dated(month), settlement__connection=books.source_id)
    mine = Settlement.objects.filter(connection=books.source_id)
    return mine.filter(Q(ends_at__gte=start, ends_at__lt=end) | Q(pk__in=dated.values("settlement")))


def _dated(month: Month) -> Q:
    return Q(entry_date__gte=month.first, entry_date__lt=month.after) & ~Q(state=JournalEntry.State.DISCARDED)


def _settlements(books: Books, month: Month) -> Iterator[Row]:
    for one in settlements(books, month).order_by("ends_at", "pk").iterator(AT_ONCE):
        yield (
            one.settlement_id, one.revision, one.get_state_display(), _time(one.starts_at), _time(one.ends_at), _time(one.deposit_at),
            one.currency, one.total, one.lines_total, one.total - one.lines_total, one.line_count, one.model,
        )  # fmt: skip


def _journals(books: Books, month: Month) -> Iterator[Row]:
    mine = JournalEntry.objects.filter(_dated(month), settlement__connection=books.source_id)
    needed = ("settlement", "prepared_by", "approved_by", "reversal_of")
    for one in mine.select_related(*needed).order_by("entry_date", "pk").iterator(AT_ONCE):
        yield (
            one.external_id, one.settlement.settlement_id, one.entry_date, one.get_state_display(), one.currency, one.debit, one.credit,
            one.target_key, str(one.prepared_by or "the hub"), _time(one.prepared_at), str(one.approved_by or ""), _time(one.approved_at),
            _time(one.posted_at), str(one.reversal_of or ""),
        )  # fmt: skip


def _accounts(books: Books, month: Month) -> Iterator[Row]:
    """What the journals of the month posted to each account."""
    inside = {"journal__entry_date__gte": month.first, "journal__entry_date__lt": month.after, "journal__state__in": IN_LEDGER}
    lines = JournalLine.objects.filter(journal__settlement__connection=books.source_id, **inside).order_by("account", "journal__currency")
    sums = lines.values_list("account", "journal__currency").annotate(debits=Added("debit"), credits=Added("credit"))
    for account, currency, debit, credit in sums:
        yield account, currency, exact(debit), exact(credit), exact(debit) - exact(credit)


def _deposits(books: Books, month: Month) -> Iterator[Row]:
    mine = BankLine.objects.filter(books=books, booked_on__gte=month.first, booked_on__lt=month.after).order_by("booked_on", "pk")
    for one in mine.prefetch_related("matches__settlement").iterator(AT_ONCE):
        matches = list(one.matches.all())
        paid = exact(sum(match.amount for match in matches)) if matches else None
        yield one.booked_on, one.reference, one.currency, one.amount, ", ".join(match.settlement.settlement_id for match in matches), paid


def _clearing(books: Books, month: Month) -> Iterator[Row]:
    for one in clearing(books, month):
        rolled = one.rolled
        sums = rolled.opening, rolled.posted, rolled.matched, rolled.closing
        yield rolled.currency, *sums, one.account, one.booked, one.unexplained


def _open(books: Books, month: Month) -> Iterator[Row]:
    for one in clearing(books, month):
        for each in one.rolled.open_items:
            yield each.settlement_id, each.since, one.rolled.currency, each.amount, each.words


def _unsettled(books: Books, month: Month) -> Iterator[Row]:
    for one in unsettled.roll_forward(books, month):
        yield one.account, one.currency, one.opening, one.earned, one.released, one.closing, one.open_count


def _released(books: Books, month: Month) -> Iterator[Row]:
    for one in unsettled.agreements(books, month):
        yield one.currency, one.orders, one.due, one.settled, one.due - one.settled, one.different, one.later


def _exceptions(books: Books, month: Month) -> Iterator[Row]:
    shown = Discrepancy.objects.filter(settlement__in=settlements(books, month).values("pk")).exclude(state=Discrepancy.State.GONE)
    for one in shown.select_related("settlement", "by").order_by("settlement__ends_at", "settlement", "id").iterator(AT_ONCE):
        yield (
            one.settlement.settlement_id, one.order_id, one.words, one.settlement.currency, one.amount, one.get_state_display(),
            "yes" if one.blocking else "no", one.advice, str(one.by or ""), one.note,
        )  # fmt: skip


def _files(books: Books, month: Month) -> Iterator[Row]:
    """Those of its settlements, and what came in during the month and was quarantined."""
    start, end = month.during(books.zone)
    stuck = Q(state=StatementFile.State.QUARANTINED, received_at__gte=start, received_at__lt=end)
    mine = StatementFile.objects.filter(connection=books.source_id).filter(Q(pk__in=settlements(books, month).values("file")) | stuck)
    for one in mine.select_related("by").order_by("received_at", "pk").iterator(AT_ONCE):
        yield one.name, one.sha256, one.size, _time(one.received_at), str(one.by or "the hub"), one.get_state_display(), one.problem


def _time(when: datetime | None) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M}" if when else ""
