"""Payments reach TIMS once, close the invoices they pay, and bring receivables and clearing back to zero."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connectors import schema
from connectors.base import Payload, Receipt, Reference
from connectors.errors import ConflictError, ConnectorError, OutcomeUnknownError, RejectedError
from connectors.tims import gl_entries, invoices, payments
from connectors.tims.client import PACKAGE, TimsClient
from connectors.tims.sandbox import TimsSandbox
from tests.connectors.tims.books import credit_memo, entry, invoiced, lines, moved, payment, settlement, sold

FULL = Decimal(95)


@pytest.fixture
def invoice_id(client: TimsClient, box: TimsSandbox) -> str:
    return invoiced(client, box)[1]


def send(client: TimsClient, payload: Payload, **changes: str) -> Receipt:
    return payments.send(client, payload, settlement(**{"key": "STL-1:113-1", **changes}))


def act(key: str = "act") -> Reference:
    return settlement(key=key)


def due(box: TimsSandbox, invoice_id: str) -> tuple[Decimal, str]:
    row = box.book.get("invoices", invoice_id) or {}
    return Decimal(row["BalanceDue"]), row["Status"]


def test_the_three_documents_of_a_sale_bring_receivables_and_clearing_back_to_zero(
    client: TimsClient, box: TimsSandbox, invoice_id: str
) -> None:
    booked = {"1100": FULL, "4900": Decimal(10), "4000": Decimal(-100), "4010": Decimal(-5)}
    assert moved(box) == booked
    send(client, payment((invoice_id, FULL)))
    assert (box.balances()["1100"], box.balances()["1105"]) == (0, FULL)
    gl_entries.send(client, entry(), settlement())
    assert moved(box) == {
        "1010": Decimal("77.25"), "6100": Decimal("14.25"), "6110": Decimal("3.50"), "4900": Decimal(10), "4000": Decimal(-100),
        "4010": Decimal(-5),
    }  # fmt: skip
    assert due(box, invoice_id) == (0, "Paid")


def test_a_refund_runs_the_same_way_backwards(client: TimsClient, box: TimsSandbox) -> None:
    order_id, invoice_id = invoiced(client, box)
    send(client, payment((invoice_id, FULL)))
    memo = invoices.send(client, credit_memo(order_id, invoice_id), settlement(key="RET-1")).key
    refund = send(client, payment((memo, FULL), PaymentType="Refund"), key="STL-2:113-1")
    gl_entries.send(client, entry(Lines=lines(("1105", FULL), ("1010", -FULL))), settlement(2))
    assert (refund.answer or {})["Status"] == "Applied"
    assert due(box, memo) == (0, "Paid")
    assert moved(box) == {"4000": Decimal(-100), "4910": Decimal(100), "1105": FULL, "1010": -FULL}


def test_sent_again_it_stays_one_payment(client: TimsClient, box: TimsSandbox, invoice_id: str) -> None:
    first = send(client, payment((invoice_id, FULL)))
    for changes in ({}, {"version": "v2"}, {"scope": "another flow"}, {"target": first.key}):
        again = send(client, payment((invoice_id, FULL)), **changes)
        assert (again.key, again.outcome) == (first.key, "unchanged")
    assert (box.book.count("payments"), box.balances()["1105"]) == (1, FULL)


@pytest.mark.parametrize("fault", ["drop_after", "truncate", "html_after", "500", "503", "reset", "429"])
def test_whatever_goes_wrong_there_is_one_payment(client: TimsClient, box: TimsSandbox, invoice_id: str, fault: str) -> None:
    box.faults.add(fault, "/api/v1/payments", method="POST")
    with pytest.raises(ConnectorError) as caught:
        send(client, payment((invoice_id, FULL)))
    assert caught.value.retryable
    found = payments.find(client, settlement(key="STL-1:113-1"))
    receipt = send(client, payment((invoice_id, FULL)), target=found.key if found else "")
    assert box.book.keys("payments") == [receipt.key]
    assert (due(box, invoice_id), box.balances()["1105"]) == ((0, "Paid"), FULL)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"Amount": Decimal("94.99")}, "Amount: the hub says 94.99, TIMS has 95.00."),
        ({"BankAccountCode": "1010"}, "BankAccountCode: the hub says 1010, TIMS has 1105."),
        ({"PostingDate": "2026-11-29"}, "PostingDate: the hub says 2026-11-29, TIMS has 2026-11-28."),
    ],
)
def test_another_payment_under_the_same_name_is_a_conflict_in_words(client: TimsClient, changes: Payload, words: str) -> None:
    send(client, payment())
    with pytest.raises(ConflictError) as caught:
        send(client, payment(**changes), version="v2")
    assert words in caught.value.message


def test_an_invoice_that_came_later_is_paid_by_the_payment_that_waited(client: TimsClient, box: TimsSandbox) -> None:
    first = send(client, payment())
    assert (first.answer or {})["UnappliedAmount"] == 95
    _, invoice_id = invoiced(client, box)
    again = send(client, payment((invoice_id, FULL)), version="v2", target=first.key)
    assert (again.key, again.outcome, (again.answer or {})["Status"]) == (first.key, "changed", "Applied")
    assert due(box, invoice_id) == (0, "Paid")


def test_one_payment_closes_several_invoices(client: TimsClient, box: TimsSandbox) -> None:
    keys = [invoiced(client, box, number)[1] for number in (1, 2)]
    receipt = send(client, payment(*((key, FULL) for key in keys), Amount=2 * FULL))
    assert (receipt.answer or {})["Status"] == "Applied"
    assert [due(box, key)[1] for key in keys] == ["Paid", "Paid"]


def test_some_cents_less_are_written_off_when_the_payment_says_so(client: TimsClient, box: TimsSandbox, invoice_id: str) -> None:
    short = {"InvoiceID": invoice_id, "Amount": Decimal("94.97"), "DiscountTaken": Decimal("0.03")}
    send(client, payment(Amount=Decimal("94.97"), Applications=[short]))
    assert due(box, invoice_id) == (0, "Paid")
    assert (box.balances()["6190"], box.balances()["1100"]) == (Decimal("0.03"), 0)


def test_a_part_leaves_the_rest_due(client: TimsClient, box: TimsSandbox, invoice_id: str) -> None:
    receipt = send(client, payment((invoice_id, 40)))
    assert due(box, invoice_id) == (55, "PartiallyPaid")
    assert ((receipt.answer or {})["Status"], (receipt.answer or {})["UnappliedAmount"]) == ("PartiallyApplied", 55)


def test_applying_and_taking_off_can_be_repeated(client: TimsClient, box: TimsSandbox, invoice_id: str) -> None:
    key = send(client, payment()).key
    wish = {"PaymentID": key, "Applications": [{"InvoiceID": invoice_id, "Amount": FULL}]}
    assert [payments.apply(client, wish, act()).outcome for _ in range(2)] == ["changed", "unchanged"]
    assert due(box, invoice_id) == (0, "Paid")
    off = {"PaymentID": key, "Applications": [{"InvoiceID": invoice_id}]}
    assert [payments.unapply(client, off, act("off")).outcome for _ in range(2)] == ["changed", "unchanged"]
    assert due(box, invoice_id) == (95, "Posted")
    assert payments.apply(client, wish, act()).outcome == "changed"
    assert payments.unapply(client, {"PaymentID": key}, act("off")).outcome == "changed"
    assert box.balances()["1100"] == 0


@pytest.mark.parametrize("fault", ["drop_after", "truncate", "412"])
def test_an_application_whose_answer_was_lost_is_made_once(client: TimsClient, box: TimsSandbox, invoice_id: str, fault: str) -> None:
    key = send(client, payment()).key
    wish = {"PaymentID": key, "Applications": [{"InvoiceID": invoice_id, "Amount": 40}]}
    box.faults.add(fault, "/api/v1/payments/*/apply", method="POST")
    if fault == "412":
        assert payments.apply(client, wish, act()).outcome == "changed"
    else:
        with pytest.raises(OutcomeUnknownError):
            payments.apply(client, wish, act())
    payments.apply(client, wish, act())
    assert due(box, invoice_id) == (55, "PartiallyPaid")


def test_an_application_of_another_amount_is_a_conflict(client: TimsClient, invoice_id: str) -> None:
    key = send(client, payment((invoice_id, 40))).key
    with pytest.raises(ConflictError) as caught:
        payments.apply(client, {"PaymentID": key, "Applications": [{"InvoiceID": invoice_id, "Amount": 50}]}, act())
    assert "Applications[0].Amount: the hub says 50.00, TIMS has 40.00." in caught.value.message


def test_a_void_gives_everything_back_once(client: TimsClient, box: TimsSandbox, invoice_id: str) -> None:
    before = moved(box)
    key = send(client, payment((invoice_id, FULL))).key
    assert [payments.void(client, {"PaymentID": key}, act()).outcome for _ in range(2)] == ["cancelled", "unchanged"]
    assert (due(box, invoice_id), moved(box)) == ((95, "Posted"), before)
    for again in (lambda: send(client, payment((invoice_id, FULL))), lambda: send(client, payment((invoice_id, FULL)), target=key)):
        with pytest.raises(ConflictError) as caught:
            again()
        assert "was voided in TIMS" in caught.value.message


def test_a_closed_period_is_named_for_payment_and_void(client: TimsClient, box: TimsSandbox) -> None:
    key = send(client, payment()).key
    box.close_period("2026-11")
    with pytest.raises(RejectedError) as sending:
        send(client, payment(), key="STL-1:113-2")
    with pytest.raises(RejectedError) as voiding:
        payments.void(client, {"PaymentID": key}, act())
    assert all("fiscal period 2026-11, which is closed" in one.value.message for one in (sending, voiding))
    assert payments.void(client, {"PaymentID": key, "PostingDate": "2026-12-01"}, act()).outcome == "cancelled"
    box.close_period("2026-11", "Open")
    assert send(client, payment(), key="STL-1:113-2").outcome == "created"


def test_many_payments_are_one_call_with_an_outcome_each(client: TimsClient, box: TimsSandbox, invoice_id: str) -> None:
    send(client, payment((invoice_id, 40)), key="known")
    parts = [
        (payment((invoice_id, 40)), settlement(key="known", version="v2")),
        (payment((invoice_id, 55), Amount=55), settlement(key="new")),
        (payment(BankAccountCode="4711"), settlement(key="wrong")),
        (payment(PostingDate="2099-01-01"), settlement(key="late")),
    ]
    known, new, wrong, late = payments.send_many(client, parts)
    assert isinstance(known, Receipt)
    assert isinstance(new, Receipt)
    assert (known.outcome, new.outcome) == ("unchanged", "created")
    assert "TIMS has no account “4711”" in str(wrong)
    assert "no open fiscal period" in str(late)
    assert (due(box, invoice_id), box.book.count("payments")) == ((0, "Paid"), 2)
    again = payments.send_many(client, parts[:2])
    assert [getattr(one, "key", one) for one in again] == [known.key, new.key]
    assert box.book.count("payments") == 2


def test_the_difference_between_two_days_rates_is_an_exchange_difference(client: TimsClient, box: TimsSandbox) -> None:
    _, key = invoiced(client, box, Currency="EUR", ExchangeRate=Decimal("1.10"))
    send(client, payment((key, FULL), Currency="EUR", ExchangeRate=Decimal("1.12")))
    found = moved(box)
    assert ("1100" in found, found["6900"], found["1105"]) == (False, Decimal("-1.90"), Decimal("106.40"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"Amount": 20}, "Applications add up to more than the payment"),
        ({"PaymentType": "Refund"}, "a receipt pays invoices, a refund credit memos"),
        ({"CustomerID": "C-CA-GUEST", "Applications": [{"InvoiceID": "IN-9", "Amount": 1}]}, "TIMS has no invoice or credit memo “IN-9”"),
        ({"Currency": "EUR", "ExchangeRate": 1}, "is in another currency"),
        ({"PaymentMethodCode": "SHELLS"}, "“SHELLS” does not exist in TIMS"),
    ],
)
def test_a_payment_that_does_not_fit_is_refused_in_words(client: TimsClient, invoice_id: str, changes: Payload, words: str) -> None:
    with pytest.raises(RejectedError) as caught:
        send(client, payment((invoice_id, FULL)) | changes)
    assert words in caught.value.message


def test_more_than_is_due_is_refused_in_words(client: TimsClient, invoice_id: str) -> None:
    with pytest.raises(RejectedError) as caught:
        send(client, payment((invoice_id, Decimal("95.01")), Amount=Decimal("95.01")))
    assert "more than is still due" in caught.value.message


def test_the_marketplace_pays_for_its_buyers_and_a_buyer_only_for_himself(client: TimsClient, box: TimsSandbox) -> None:
    _, theirs = invoiced(client, box, CustomerID="C-CA-GUEST")
    assert send(client, payment((theirs, 40))).outcome == "created"
    box.edit("customers", "C-AMZ-DE", {"CustomerType": "Person"})
    with pytest.raises(RejectedError):
        send(client, payment((theirs, 5), CustomerID="C-AMZ-DE"), key="other")


def test_the_example_of_the_contract_is_a_valid_payload() -> None:
    known = {"SourceSystem": "Amazon", "ExternalPaymentID": "STL-19283746501:112-4455667-7788990"}
    assert not schema.validate(PACKAGE, "payment", {**payment(("IN-000912", Decimal("141.48"))), **known})
    wrong = {one.path: one.code for one in schema.validate(PACKAGE, "payment", payment(Amount="95.00", Nonsense=1))}
    assert wrong == {"Amount": "type_mismatch", "Nonsense": "unknown_field"}


def test_an_order_without_invoice_has_no_entry(client: TimsClient) -> None:
    assert invoices.of_orders(client, [sold(client)]) == {}
