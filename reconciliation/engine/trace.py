"""The passport of money: from a line of a file to the ledger and back, as sentences with their place in the tree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db.models import Q

from hub.models import Delivery
from reconciliation.core.lines import Kind
from reconciliation.engine import rules
from reconciliation.engine.states import RefusedError
from reconciliation.models import JournalEntry, JournalLine, JournalShare, OrderMatch, PaymentEntry, Settlement, SettlementLine

SHOWN = 40


@dataclass(frozen=True, slots=True)
class Step:
    """One sentence; `depth` is its place in the tree."""

    depth: int
    words: str


def trace(what: str) -> Iterator[Step]:
    """Everything known of an order number, of a settlement line (`26123456789:17`) or of a journal's name. Raises RefusedError."""
    settlement, _, number = what.rpartition(":")
    journal = JournalEntry.objects.filter(external_id=what).exclude(state=JournalEntry.State.DISCARDED).order_by("-pk").first()
    if journal is not None:
        yield from of_journal(journal)
    elif settlement and number.isdecimal() and (line := _line(settlement, int(number))):
        yield from of_line(line)
    elif SettlementLine.objects.filter(order_id=what).exists() or OrderMatch.objects.filter(order_id=what).exists():
        yield from of_order(what)
    else:
        raise RefusedError(
            f"{what} is no order, line or journal of any settlement. Write an order number, 26123456789:17 or STL-26123456789."
        )


def _line(settlement_id: str, number: int) -> SettlementLine | None:
    lines = SettlementLine.objects.filter(settlement__settlement_id=settlement_id, number=number)
    return lines.exclude(settlement__state__in=Settlement.PAST).select_related("settlement__file", "kind").first()


def of_journal(journal: JournalEntry, depth: int = 0) -> Iterator[Step]:
    """A journal, who let it go, and which lines each of its bookings holds."""
    yield Step(
        depth, f"Journal {journal} of {journal.entry_date}: {journal.debit:.2f} {journal.currency}, {journal.get_state_display().lower()}"
    )
    yield Step(depth + 1, _number(journal))
    if journal.rules:
        yield Step(depth + 1, f"by {journal.rules}")
    for words, who, at in (("prepared", journal.prepared_by, journal.prepared_at), ("approved", journal.approved_by, journal.approved_at)):
        if at:
            yield Step(depth + 1, f"{words} by {who or 'the hub'} on {at:%Y-%m-%d %H:%M} UTC")
    yield from _of_settlement(journal.settlement, depth + 1)
    for line in journal.lines.order_by("number").prefetch_related("shares__kind"):
        yield from _of_booking(line, depth + 1)


def _number(journal: JournalEntry) -> str:
    return f"{journal.target}: {journal.target_key}" if journal.target_key else f"not in {journal.target}"


def _of_booking(line: JournalLine, depth: int) -> Iterator[Step]:
    side = f"debit {line.debit:.2f}" if line.debit else f"credit {line.credit:.2f}"
    yield Step(depth, f"{line.account} {side} {line.memo}")
    for share in line.shares.all():
        yield Step(depth + 1, f"{share.lines} lines {share.kind}: {share.amount:.2f}")


def _of_settlement(settlement: Settlement, depth: int) -> Iterator[Step]:
    file = settlement.file
    yield Step(depth, f"{settlement} of {settlement.connection}, revision {settlement.revision}, {settlement.get_state_display().lower()}")
    yield Step(depth + 1, f"file {file.name}, sha256 {file.sha256}")


def of_line(line: SettlementLine, depth: int = 0) -> Iterator[Step]:
    """A line, its order, and where it is booked or why not."""
    about = f" of order {line.order_id}" if line.order_id else ""
    yield Step(
        depth, f"Line {line.number}{about}: {line.kind} {line.amount:.2f} {line.settlement.currency}, {line.posted_at:%Y-%m-%d %H:%M} UTC"
    )
    yield from _of_settlement(line.settlement, depth + 1)
    yield from _booked(line, depth + 1)
    if line.order_id and not depth:
        yield from _delivered(line.order_id, depth + 1)


def share_of(line: SettlementLine) -> JournalShare | None:
    """Where a line is booked, or left out; None before its settlement's journals were prepared."""
    day = line.posted_at.astimezone(ZoneInfo(line.settlement.zone)).date()
    shares = JournalShare.objects.filter(
        settlement=line.settlement_id, kind=line.kind_id, marketplace=line.marketplace, fulfilment=line.fulfilment, live=True,
        first_day__lte=day, last_day__gte=day,
    )  # fmt: skip
    found = list(shares.select_related("journal_line__journal__target").order_by("paid"))
    if len(found) > 1:
        paid = PaymentEntry.objects.filter(settlement=line.settlement_id, order_id=line.order_id, reversal_of=None)
        has_payment = paid.exclude(state__in=("reversed", "discarded")).exists()
        found = [one for one in found if one.paid is has_payment]
    return found[0] if found else None


def _booked(line: SettlementLine, depth: int) -> Iterator[Step]:
    share = share_of(line)
    if share is None:
        yield Step(depth, "not posted: the settlement's journals are not prepared")
    elif share.journal_line is None:
        yield Step(depth, f"not posted, because: {share.reason}")
    else:
        booking = share.journal_line
        words = f"booked to {booking.account} ({share.category}) in journal {booking.journal}, line {booking.number}"
        yield Step(depth, f"{words}: {_number(booking.journal)}")
        if booking.journal.rules:
            decision = rules.asked(booking.journal.rules).rules.decide(Kind(*_words(line)))
            yield Step(depth + 1, f"by {booking.journal.rules}: {decision.rule or 'no rule'}")


def _words(line: SettlementLine) -> tuple[str, str, str]:
    return line.kind.transaction_type, line.kind.amount_type, line.kind.amount_description


def of_order(order_id: str, depth: int = 0) -> Iterator[Step]:
    """An order: how it reached the ERP, its result in every settlement, and all of its lines."""
    yield Step(depth, f"Order {order_id}")
    yield from _delivered(order_id, depth + 1)
    for one in OrderMatch.objects.filter(order_id=order_id).select_related("settlement").order_by("settlement__ends_at"):
        words = f"{one.total:.2f} {one.settlement.currency}, {(one.result or 'not compared').replace('_', ' ')}"
        yield Step(depth + 1, f"{one.settlement}: {words}. {one.words}".rstrip(". ") + ".")
    lines = SettlementLine.objects.filter(order_id=order_id).exclude(settlement__state__in=Settlement.PAST)
    for line in lines.select_related("settlement__file", "kind").order_by("posted_at", "settlement", "number")[:SHOWN]:
        words = f"{line.settlement}:{line.number} {line.kind} {line.amount:.2f}"
        yield Step(depth + 1, words)
        yield from _booked(line, depth + 2)
    for payment in PaymentEntry.objects.filter(order_id=order_id).order_by("pk"):
        yield Step(depth + 1, f"Payment {payment}: {payment.amount:.2f} {payment.currency}, {payment.get_state_display().lower()}")


def _delivered(order_id: str, depth: int) -> Iterator[Step]:
    """The order's deliveries to the ERP, with the mapping that made them."""
    about = Q(key=order_id) | Q(pk__in=OrderMatch.objects.filter(order_id=order_id).exclude(delivery=None).values("delivery"))
    found = Delivery.objects.filter(about, flow__operation="sales_orders").select_related("flow__target", "mapping_version__mapping")
    for one in found.order_by("pk"):
        mapping = f", by {one.mapping_version}" if one.mapping_version else ""
        number = f" as {one.target_key}" if one.target_key else ""
        yield Step(depth, f"{one.flow}: {one.get_state_display().lower()}{number} in {one.flow.target}{mapping}")
    if not found:
        yield Step(depth, "never delivered by the hub")
