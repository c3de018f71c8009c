"""The clearing account of a month: settlements posted less deposits matched, and the proof that the ledger holds the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.db.models import Max, Q
from django.db.models import Sum as Added

from reconciliation.core.chain import CHARGED, DEBT, RETURNED, carried
from reconciliation.core.lines import Kind, Sum
from reconciliation.core.months import Month
from reconciliation.core.posting.categories import CLEARING
from reconciliation.core.rollforward.clearing import Clearing, Deposit, Entry, Posted, posted, roll_forward
from reconciliation.engine.prepare import header_of
from reconciliation.engine.sums import exact
from reconciliation.models import BankMatch, Books, JournalEntry, JournalLine, JournalShare, LineKind, Settlement

POSTED = (Settlement.State.POSTED, Settlement.State.DEPOSITED, Settlement.State.CLOSED)
IN_LEDGER = (JournalEntry.State.POSTED, JournalEntry.State.REVERSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """The clearing account of one currency: as settlements and deposits have it, and what the journals booked on its account."""

    rolled: Clearing
    account: str
    booked: Decimal

    @property
    def unexplained(self) -> Decimal:
        """What the ledger's account holds, less the deposits, beyond the open items. Must be zero."""
        return self.booked - self.rolled.closing


def clearing(books: Books, month: Month) -> list[Proven]:
    """Each currency of the account at the end of the month. Seven queries, whatever the number of settlements."""
    matches = BankMatch.objects.filter(settlement__connection=books.source_id).select_related("settlement__connection", "bank_line")
    deposits = [_deposit(one) for one in matches]
    booked, accounts = _booked(books, month.after)
    settlements = [*_taken_back(books, accounts), *_posted(books)]
    paid: dict[str, Decimal] = defaultdict(Decimal)
    for one in deposits:
        paid[one.currency] += one.amount if one.on < month.after else 0
    return [
        Proven(rolled=one, account=", ".join(sorted(accounts)), booked=booked[one.currency] - paid[one.currency])
        for one in roll_forward(settlements, deposits, start=month.first, end=month.after)
    ]


def _deposit(one: BankMatch) -> Deposit:
    return Deposit(
        account=one.settlement.connection.name, settlement_id=one.settlement.settlement_id, currency=one.settlement.currency,
        on=one.bank_line.booked_on, amount=one.amount, entry=Entry.SETTLEMENT if one.amount > 0 else Entry.CHARGE,
    )  # fmt: skip


def _posted(books: Books) -> list[Posted]:
    live = Q(journals__state=JournalEntry.State.POSTED, journals__reversal_of=None)
    mine = Settlement.objects.filter(connection=books.source_id, state__in=POSTED).select_related("connection")
    found = [one for one in mine.annotate(posted_on=Max("journals__entry_date", filter=live)) if one.posted_on]
    carried_over = _carried([one.pk for one in found])
    return [
        posted(
            header_of(one), carried_over[one.pk], account=one.connection.name, posted_on=one.posted_on,
            carried_on=min((each.day for each in carried_over[one.pk]), default=None),
        )
        for one in found
    ]  # fmt: skip


def _carried(settlements: Sequence[int]) -> dict[int, list[Sum]]:
    """The sums of each settlement that move clearing beside its total (debts, charges on the card, transfers that came back), on the
    date of the journal that holds them."""
    rows = LineKind.objects.values_list("pk", "transaction_type", "amount_type", "amount_description")
    kinds = {pk: kind for pk, *words in rows if carried(kind := Kind(*words)).startswith((DEBT, CHARGED, RETURNED))}
    shares = JournalShare.objects.filter(settlement__in=settlements, kind__in=list(kinds), live=True, journal_line__isnull=False)
    sums = shares.order_by().values_list("settlement", "kind", "journal_line__journal__entry_date").annotate(sum=Added("amount"))
    found: dict[int, list[Sum]] = defaultdict(list)
    for settlement, kind, day, amount in sums:
        found[settlement].append(Sum(kind=kinds[kind], day=day, amount=exact(amount)))
    return found


def _taken_back(books: Books, accounts: Collection[str]) -> list[Posted]:
    """Journals that were posted and reversed, with what they booked on these accounts in between."""
    mine = JournalEntry.objects.filter(settlement__connection=books.source_id, state=JournalEntry.State.REVERSED)
    sides = {name: Added(f"lines__{name}", filter=Q(lines__account__in=accounts)) for name in ("debit", "credit")}
    rows = mine.annotate(debits=sides["debit"], credits=sides["credit"]).select_related("settlement__connection", "reversed_by")
    return [
        replace(
            posted(header_of(one.settlement), (), account=one.settlement.connection.name, posted_on=one.entry_date),
            total=exact(one.debits) - exact(one.credits), taken_back_on=one.reversed_by.entry_date,
        )
        for one in rows
    ]  # fmt: skip


def _booked(books: Books, end: date) -> tuple[dict[str, Decimal], set[str]]:
    """Debits less credits of all our journals on the accounts that payouts are booked to, by currency, and these accounts."""
    lines = JournalLine.objects.filter(journal__settlement__connection=books.source_id, journal__state__in=IN_LEDGER).order_by()
    accounts = set(lines.filter(category=CLEARING).values_list("account", flat=True).distinct())
    sums = lines.filter(account__in=accounts, journal__entry_date__lt=end).values_list("journal__currency")
    booked: dict[str, Decimal] = defaultdict(Decimal)
    for currency, debit, credit in sums.annotate(debits=Added("debit"), credits=Added("credit")):
        booked[currency] = exact(debit) - exact(credit)
    return booked, accounts
