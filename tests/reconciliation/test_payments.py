"""Invoice model: every invoiced order gets its payment once, and receivables and clearing come back to zero."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from hub import clients
from hub.engine import triage
from hub.models import Delivery, Flow
from reconciliation.engine import files, intake, ledger, match, prepare, reverse, rules
from reconciliation.engine.sold import ORDERS
from reconciliation.engine.states import RefusedError
from reconciliation.models import Books, OrderMatch, PaymentEntry, Settlement, SoldItem
from tests.connectors.tims import books as ledger_books
from tests.reconciliation import rows
from tests.reconciliation.conftest import Erp
from tests.reconciliation.statements import line, report

pytestmark = pytest.mark.django_db(transaction=True)
KNOWN, UNKNOWN = "113-0000001", "113-9999999"
FEES = {"Order/ItemFees/Commission": "-14.25", "Order/ItemFees/FBAPerUnitFulfillmentFee": "-3.50"}
SOLD = {
    "Order/ItemPrice/Principal": "100.00",
    "Order/ItemPrice/Shipping": "5.00",
    "Order/ItemPrice/Tax": "8.66",
    "Order/ItemWithheldTax/MarketplaceFacilitatorTax-Principal": "-8.66",
    "Order/Promotion/Principal": "-10.00",
}


@pytest.fixture
def books(erp: Erp) -> Books:
    made = rows.books(target=erp.connection, rules=rules.load_starter(now=rows.NOW), model="invoice")
    order_id, _ = ledger_books.invoiced(clients.client(erp.connection), erp.box)
    flow = Flow.objects.create(slug="o", name="o", source=made.source, stream="orders", target=made.target, operation=ORDERS)
    times = dict.fromkeys(("due_at", "created_at", "changed_at"), rows.NOW)
    delivery = Delivery.objects.create(flow=flow, key=KNOWN, state="delivered", fingerprint="", target_key=order_id, **times)
    SoldItem.objects.create(
        source=made.source, order_id=KNOWN, currency="USD", price=100, shipping=5, promotions=10, tax="8.66", delivery=delivery
    )
    return made


def prepared(books: Books, *orders: str, **more: str) -> Settlement:
    """A settlement of the example for each of these orders, prepared."""
    lines = [line(kind, amount, order) for order in orders for kind, amount in {**SOLD, **FEES, **more}.items()]
    file = files.keep([report(lines)], connection=books.source, name="report.txt", now=rows.NOW)
    settlement = intake.take_in(file, books, now=rows.NOW).settlement
    assert settlement
    match.match(settlement, books, now=rows.NOW)
    prepare.prepare(Settlement.objects.get(pk=settlement.pk), books, by=None, now=rows.NOW)
    return Settlement.objects.get(pk=settlement.pk)


def post(settlement: Settlement, books: Books, erp: Erp) -> str:
    ledger.approve(settlement, books, by=None, now=timezone.now())
    erp.send()
    settlement.refresh_from_db()
    return settlement.state


def paid(erp: Erp) -> list[dict[str, Any]]:
    return list(erp.box.book.rows("payments"))


def test_the_payment_closes_the_invoice_and_clearing_comes_back_to_zero(erp: Erp, books: Books) -> None:
    settlement = prepared(books, KNOWN)
    assert post(settlement, books, erp) == "posted"
    (payment,) = paid(erp)
    assert (payment["Amount"], payment["Status"], payment["ExternalPaymentID"]) == (
        Decimal("95.00"), "Applied", f"STL-{settlement.settlement_id}:{KNOWN}",
    )  # fmt: skip
    assert PaymentEntry.objects.get().target_key == payment["PaymentID"]
    moved = ledger_books.moved(erp.box)
    assert {code: amount for code, amount in moved.items() if code in ("1100", "1105", "2210")} == {}
    assert moved["1010"] == Decimal("77.25")


def test_an_order_without_an_invoice_is_no_payment(erp: Erp, books: Books) -> None:
    settlement = prepared(books, KNOWN, UNKNOWN)
    assert list(settlement.payments.values_list("order_id", flat=True)) == [KNOWN]
    assert OrderMatch.objects.get(order_id=UNKNOWN).result == "unmatched_order"
    assert post(settlement, books, erp) == "posted"


def test_approving_twice_or_losing_the_answer_pays_once(erp: Erp, books: Books) -> None:
    settlement = prepared(books, KNOWN)
    erp.box.faults.add("drop_after", "/api/v1/payments*", method="POST", count=1)
    post(settlement, books, erp)
    erp.later()
    settlement.refresh_from_db()
    assert (settlement.state, len(paid(erp))) == ("posted", 1)


def test_a_payment_that_the_erp_refuses_blocks_until_a_retry(erp: Erp, books: Books) -> None:
    erp.box.faults.add("422", "/api/v1/payments*", method="POST", count=1)
    settlement = prepared(books, KNOWN)
    assert post(settlement, books, erp) == "blocked"
    triage.retry(Delivery.objects.filter(flow__operation="payments"), by=None)
    erp.send()
    settlement.refresh_from_db()
    assert settlement.state == "posted"


def test_a_reversal_takes_the_payments_back_and_they_can_be_made_anew(erp: Erp, books: Books) -> None:
    settlement = prepared(books, KNOWN)
    post(settlement, books, erp)
    by = User.objects.create(username="anna")
    reverse.reverse(settlement, books, by=by, now=timezone.now(), day=date(2026, 11, 20), reason="Wrong account")
    erp.send()
    settlement.refresh_from_db()
    assert (settlement.state, [one["Status"] for one in paid(erp)]) == ("reversed", ["Void"])
    prepare.prepare(settlement, books, by=None, now=timezone.now())
    settlement.refresh_from_db()
    assert post(settlement, books, erp) == "posted"
    assert [one["Status"] for one in paid(erp)] == ["Void", "Applied"]


def test_preparing_again_leaves_one_draft_of_each_payment(erp: Erp, books: Books) -> None:
    settlement = prepared(books, KNOWN)
    prepare.prepare(settlement, books, by=None, now=rows.NOW)
    assert sorted(settlement.payments.values_list("state", flat=True)) == ["discarded", "draft"]


def test_payments_of_a_journal_that_was_not_taken_are_taken_back_before_it_is_posted_anew(erp: Erp, books: Books) -> None:
    erp.box.faults.add("422", "/api/v1/gl_entries*", method="POST", count=1)
    settlement = prepared(books, KNOWN)
    assert post(settlement, books, erp) == "blocked"
    reverse.discard(settlement, by=None, now=rows.NOW, reason="Wrong account")
    settlement.refresh_from_db()
    assert (settlement.state, PaymentEntry.objects.get().state) == ("blocked", "posted")
    reverse.reverse(settlement, books, by=None, now=rows.NOW, day=date(2026, 11, 20), reason="Wrong account")
    erp.send()
    settlement.refresh_from_db()
    assert settlement.state == "reversed"
    prepare.prepare(settlement, books, by=None, now=rows.NOW)
    assert post(settlement, books, erp) == "posted"
    assert sorted(one["Status"] for one in paid(erp)) == ["Applied", "Void"]


def test_a_payment_that_is_being_sent_is_not_discarded(books: Books) -> None:
    settlement = prepared(books, KNOWN)
    ledger.approve(settlement, books, by=None, now=timezone.now())
    PaymentEntry.objects.update(state="blocked")
    Delivery.objects.filter(flow__operation="payments").update(state="sending", lease="one")
    with pytest.raises(RefusedError, match="at this moment"):
        reverse.discard(settlement, by=None, now=rows.NOW, reason="Wrong account")
    assert PaymentEntry.objects.get().state == "blocked"


def test_nothing_is_reversed_while_a_payment_is_on_its_way(erp: Erp, books: Books) -> None:
    erp.box.faults.add("drop_after", "/api/v1/payments*", method="POST", count=1)
    settlement = prepared(books, KNOWN)
    assert post(settlement, books, erp) == "posting"
    with pytest.raises(RefusedError, match="Only what is posted"):
        reverse.reverse(settlement, books, by=None, now=rows.NOW, day=date(2026, 11, 20), reason="Wrong account")
