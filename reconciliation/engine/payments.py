"""Invoice model: what a settlement pays for each order becomes a payment in the ERP, by the same road as its journals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from django.db.models import QuerySet

from connectors.base import Record, Summary
from connectors.wire import decode, encode
from hub.models import Connection, Delivery
from reconciliation.core.journal.payload import payment_payload
from reconciliation.core.journal.values import OrderPayment, PaymentType
from reconciliation.engine import flows
from reconciliation.engine.invoices import CREDIT_MEMO, INVOICE, Documents
from reconciliation.engine.periods import last_day
from reconciliation.models import Books, PaymentEntry, Settlement

State = PaymentEntry.State
SYSTEM = "Amazon"
ENDED = (State.REVERSED, State.DISCARDED)
STOPPED = (Delivery.State.FAILED, Delivery.State.HELD, Delivery.State.SKIPPED)
AT_ONCE = 2000


def write(settlement: Settlement, payments: Sequence[OrderPayment], documents: Documents, *, revision: int) -> int:
    """Keeps what is to be paid, as drafts; what cancels out is not sent. Answers how many."""
    rate = flows.exchange_rate(settlement.connection.books.target, settlement.currency, last_day(settlement))
    rows = [_row(settlement, one, documents, revision, rate) for one in payments if one.amount]
    PaymentEntry.objects.bulk_create(rows, batch_size=AT_ONCE)
    return len(rows)


def _row(settlement: Settlement, one: OrderPayment, documents: Documents, revision: int, rate: Decimal | None) -> PaymentEntry:
    kind = INVOICE if one.type is PaymentType.RECEIPT else CREDIT_MEMO
    mine = documents.get(one.order_id, [])
    open_ones = [(str(doc["InvoiceID"]), Decimal(doc["BalanceDue"] or 0)) for doc in mine if doc["DocumentType"] == kind]
    payload = payment_payload(one, source_system=SYSTEM, customer=str(mine[0]["CustomerID"]), open_documents=open_ones)
    return PaymentEntry(
        settlement=settlement, order_id=one.order_id, revision=revision, external_id=one.external_id, kind=str(one.type),
        amount=one.amount if one.type is PaymentType.RECEIPT else -one.amount, currency=one.currency, paid_on=one.day,
        payload=encode({**payload, "ExchangeRate": rate} if rate is not None else payload).decode(),
    )  # fmt: skip


def live(settlement: Settlement) -> list[PaymentEntry]:
    """The settlement's payments that count."""
    return list(settlement.payments.filter(reversal_of=None).exclude(state__in=ENDED).order_by("pk"))


def hand_in(settlement: Settlement, books: Books, *, now: datetime) -> int:
    """Gives the drafts to the hub, inside the transaction that approves them."""
    return _send([one for one in live(settlement) if one.state == State.DRAFT], books.target, flows.PAYMENTS, now=now)


def _send(chosen: list[PaymentEntry], target: Connection, operation: str, *, now: datetime) -> int:
    records = [
        Record(
            key=one.external_id, payload=decode(one.payload),
            summary=Summary(title=f"Payment {one}", amount=str(one.amount), currency=one.currency),
        )
        for one in chosen
    ]  # fmt: skip
    deliveries = flows.hand_in(target, operation, records, now=now)
    for one in chosen:
        one.state, one.delivery_id = State.SENT, deliveries[one.external_id]
    PaymentEntry.objects.bulk_update(chosen, ["state", "delivery"], batch_size=AT_ONCE)
    return len(chosen)


def reverse(settlement: Settlement, target: Connection, *, now: datetime, day: date) -> int:
    """Voids what is posted, inside the transaction that reverses the journals."""
    made = [
        PaymentEntry(
            settlement=settlement, order_id=one.order_id, revision=one.revision, external_id=f"{one.external_id}-void", kind=one.kind,
            amount=-one.amount, currency=one.currency, paid_on=day, reversal_of=one,
            payload=encode({"PaymentID": one.target_key, "PostingDate": str(day)}).decode(),
        )
        for one in live(settlement)
        if one.state == State.POSTED and not hasattr(one, "reversed_by")
    ]  # fmt: skip
    return _send(PaymentEntry.objects.bulk_create(made, batch_size=AT_ONCE), target, flows.VOIDS, now=now)


def followed(deliveries: Sequence[int]) -> QuerySet[PaymentEntry]:
    """The payments that these deliveries carry."""
    return PaymentEntry.objects.filter(delivery__in=deliveries, state__in=(State.SENT, State.BLOCKED, State.POSTED))


def follow(mine: QuerySet[PaymentEntry]) -> set[int]:
    """Brings payments to what became of their deliveries; answers the settlements that they belong to."""
    touched = set(mine.order_by().values_list("settlement_id", flat=True).distinct())
    if not touched:
        return touched
    arrived = list(mine.filter(delivery__state=Delivery.State.DELIVERED).exclude(state=State.POSTED).select_related("delivery"))
    for one in arrived:
        one.state, one.target_key = State.POSTED, one.delivery.target_key if one.delivery else ""
    PaymentEntry.objects.bulk_update(arrived, ["state", "target_key"], batch_size=AT_ONCE)
    voided = [one.reversal_of_id for one in arrived if one.reversal_of_id]
    PaymentEntry.objects.filter(pk__in=voided).update(state=State.REVERSED)
    open_ones = mine.exclude(state=State.POSTED)
    PaymentEntry.objects.filter(pk__in=open_ones.filter(delivery__state__in=STOPPED).values("pk")).update(state=State.BLOCKED)
    going = open_ones.exclude(delivery__state__in=[*STOPPED, Delivery.State.DELIVERED])
    PaymentEntry.objects.filter(pk__in=going.values("pk")).update(state=State.SENT)
    return touched


def states(settlement: Settlement) -> set[str]:
    """Of its payments, voids included; the words are those of journals."""
    return set(settlement.payments.exclude(state=State.DISCARDED).order_by().values_list("state", flat=True).distinct())
