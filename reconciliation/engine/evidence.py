"""What is known of a line, an order, a journal, a settlement or a bank line: sentences with their place in the tree, from the file to
the ledger and back. Never a person's data: keys, amounts, states and times alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from hub.models import Delivery
from reconciliation.core.lines import Kind
from reconciliation.core.posting.categories import label
from reconciliation.engine import rules
from reconciliation.engine.booked import Place, number_words, shares_of
from reconciliation.engine.names import deliveries_of
from reconciliation.models import (
    BankLine,
    BankMatch,
    FinanceTransaction,
    JournalEntry,
    JournalLine,
    JournalShare,
    OrderMatch,
    PaymentEntry,
    Settlement,
    SettlementLine,
)

SHOWN = 40
LINES = ("settlement__file", "settlement__connection", "kind")


@dataclass(frozen=True, slots=True)
class Step:
    """One sentence; `depth` is its place in the tree. `model`, `key` and `line` say what it is about, for pages that link to it."""

    depth: int
    words: str
    model: str = ""
    key: str = ""
    line: int = 0


def of_journal(journal: JournalEntry, depth: int = 0) -> Iterator[Step]:
    """A journal, who let it go, and which lines each of its bookings holds."""
    sum_words = f"{journal.debit:.2f} {journal.currency}, {journal.get_state_display().lower()}"
    yield Step(depth, f"Journal {journal} of {journal.entry_date}: {sum_words}", "journal", str(journal.pk))
    yield Step(depth + 1, number_words(journal), "delivery" if journal.delivery_id else "", str(journal.delivery_id or ""))
    if journal.reversal_of:
        yield Step(depth + 1, f"reverses {journal.reversal_of}", "journal", str(journal.reversal_of_id))
    if journal.rules:
        yield Step(depth + 1, f"by {journal.rules}")
    for words, who, at in (("prepared", journal.prepared_by, journal.prepared_at), ("approved", journal.approved_by, journal.approved_at)):
        if at:
            yield Step(depth + 1, f"{words} by {who or 'the hub'} on {at:%Y-%m-%d %H:%M} UTC")
    yield from of_settlement(journal.settlement, depth + 1)
    for line in journal.lines.order_by("number").prefetch_related("shares__kind"):
        yield from _of_booking(line, journal, depth + 1)


def _of_booking(line: JournalLine, journal: JournalEntry, depth: int) -> Iterator[Step]:
    side = f"debit {line.debit:.2f}" if line.debit else f"credit {line.credit:.2f}"
    yield Step(depth, f"{line.account} {side} {line.memo}", "journal", str(journal.pk), line.number)
    for share in line.shares.all():
        yield Step(depth + 1, f"{share.lines} lines {share.kind}: {share.amount:.2f}", "kind", str(share.settlement_id), share.kind_id)


def of_settlement(settlement: Settlement, depth: int = 0, *, whole: bool = False) -> Iterator[Step]:
    """A settlement, its file and the bank line that paid it; the `whole` of it with its journals."""
    state = settlement.get_state_display().lower()
    words = f"{settlement} of {settlement.connection}, revision {settlement.revision}, {state}"
    yield Step(depth, words, "settlement", str(settlement.pk))
    yield Step(depth + 1, f"file {settlement.file.name}, sha256 {settlement.file.sha256}")
    if whole:
        total = f"{settlement.total:.2f} {settlement.currency} in {settlement.line_count} lines"
        yield Step(depth + 1, f"{total}, {settlement.starts_at:%Y-%m-%d} to {settlement.ends_at:%Y-%m-%d}")
        for journal in settlement.journals.select_related("target").order_by("pk"):
            state = journal.get_state_display().lower()
            yield Step(depth + 1, f"journal {journal}: {state}, {number_words(journal)}", "journal", str(journal.pk))
    paid = BankMatch.objects.filter(settlement=settlement).select_related("bank_line").first()
    if paid:
        yield _paid(paid, depth + 1)


def _paid(one: BankMatch, depth: int) -> Step:
    bank = one.bank_line
    words = f"paid to the bank on {bank.booked_on}: {bank.amount:.2f} {bank.currency}, reference {bank.reference}"
    return Step(depth, words, "bank", bank.reference)


def of_bank_line(line: BankLine, depth: int = 0) -> Iterator[Step]:
    """A deposit and the settlements that it paid."""
    yield Step(
        depth, f"Bank line of {line.booked_on}: {line.amount:.2f} {line.currency}, reference {line.reference}", "bank", line.reference
    )
    paid = Settlement.objects.filter(bank_match__bank_line=line).select_related("file", "connection")
    for settlement in paid.order_by("pk"):
        yield from of_settlement(settlement, depth + 1, whole=True)
    if not paid:
        yield Step(depth + 1, "matched to no settlement")


def of_line(line: SettlementLine, depth: int = 0) -> Iterator[Step]:
    """A line, where it is booked or why not, its order and how that reached the ERP."""
    yield _line(line, depth)
    yield from of_settlement(line.settlement, depth + 1)
    yield from _booked(line, shares_of([line]), depth + 1)
    if line.order_id:
        yield Step(depth + 1, f"Order {line.order_id}", "order", line.order_id)
        yield from _delivered(line.order_id, depth + 2)


def _line(line: SettlementLine, depth: int) -> Step:
    about = f" of order {line.order_id}" if line.order_id else ""
    amount = f"{line.amount:.2f} {line.settlement.currency}, {line.posted_at:%Y-%m-%d %H:%M} UTC"
    return Step(depth, f"Line {line.number}{about}: {line.kind} {amount}", "line", str(line.settlement_id), line.number)


def _booked(line: SettlementLine, shares: Mapping[Place, JournalShare], depth: int) -> Iterator[Step]:
    share = shares.get((line.settlement_id, line.number))
    if share is None:
        yield Step(depth, "not posted: the settlement's journals are not prepared")
    elif share.journal_line is None:
        yield Step(depth, f"not posted, because: {share.reason}")
    else:
        booking, journal = share.journal_line, share.journal_line.journal
        words = (
            f"booked to {booking.account} ({label(share.category)}) in journal {journal}, line {booking.number}: {number_words(journal)}"
        )
        yield Step(depth, words, "journal", str(journal.pk), booking.number)
        if journal.rules:
            kind = Kind(line.kind.transaction_type, line.kind.amount_type, line.kind.amount_description)
            approved = f", approved by {journal.approved_by or 'the hub'}" if journal.approved_at else ""
            yield Step(depth + 1, f"by {journal.rules}: {rules.asked(journal.rules).rules.decide(kind).rule or 'no rule'}{approved}")


def of_order(order_id: str, depth: int = 0) -> Iterator[Step]:
    """An order: how it reached the ERP, its result in every settlement, its lines, payments and transactions."""
    yield Step(depth, f"Order {order_id}", "order", order_id)
    yield from _delivered(order_id, depth + 1)
    matches = OrderMatch.objects.filter(order_id=order_id).exclude(settlement__state__in=Settlement.PAST)
    for one in matches.select_related("settlement").order_by("settlement__ends_at"):
        words = f"{one.total:.2f} {one.settlement.currency}, {(one.result or 'not compared').replace('_', ' ')}"
        words = f"{one.settlement}: {words}. {one.words}".rstrip(". ") + "."
        yield Step(depth + 1, words, "settlement", str(one.settlement_id))
    lines = SettlementLine.objects.filter(order_id=order_id).exclude(settlement__state__in=Settlement.PAST)
    shown = list(lines.select_related(*LINES).order_by("posted_at", "settlement", "number")[: SHOWN + 1])
    yield from _of_lines(shown, order_id, depth + 1)
    for payment in PaymentEntry.objects.filter(order_id=order_id).order_by("pk"):
        number = f", {payment.target_key}" if payment.target_key else ""
        words = f"Payment {payment}: {payment.amount:.2f} {payment.currency}, {payment.get_state_display().lower()}{number}"
        yield Step(depth + 1, words, "delivery" if payment.delivery_id else "", str(payment.delivery_id or ""))
    yield from _of_transactions(FinanceTransaction.objects.filter(order_id=order_id, repeats=False), depth + 1)


def _of_lines(lines: Sequence[SettlementLine], order_id: str, depth: int) -> Iterator[Step]:
    """The lines under the settlement that holds them."""
    shares, shown = shares_of(lines[:SHOWN]), lines[:SHOWN]
    for settlement in {line.settlement_id: line.settlement for line in shown}.values():
        yield from of_settlement(settlement, depth)
        for line in shown:
            if line.settlement_id == settlement.pk:
                yield _line(line, depth + 1)
                yield from _booked(line, shares, depth + 2)
    if len(lines) > SHOWN:
        yield Step(depth, f"and more lines of order {order_id}; the settlement's page shows all of them")


def _of_transactions(found: QuerySet[FinanceTransaction], depth: int) -> Iterator[Step]:
    for one in found.order_by("posted_at", "pk")[:SHOWN]:
        released = f"released {one.released_at:%Y-%m-%d}" if one.released_at else f"held back ({one.reason or 'no reason given'})"
        yield Step(depth, f"{one.what or 'Transaction'} of {one.posted_at:%Y-%m-%d}: {one.amount:.2f} {one.currency}, {released}")


def _delivered(order_id: str, depth: int) -> Iterator[Step]:
    """The order's deliveries to the ERP, with the mapping that made them."""
    found = list(deliveries_of(order_id))
    yield from _of_deliveries(found, depth)
    if not found:
        yield Step(depth, "never delivered by the hub")


def _of_deliveries(found: Iterable[Delivery], depth: int) -> Iterator[Step]:
    for one in found:
        mapping = f", by {one.mapping_version}" if one.mapping_version else ""
        number = f" as {one.target_key}" if one.target_key else ""
        words = f"{one.flow}: {one.get_state_display().lower()}{number} in {one.flow.target}{mapping}"
        yield Step(depth, words, "delivery", str(one.pk))
