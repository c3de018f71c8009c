"""Invoice model: what becomes a payment, what stays in the journal, and what the ERP is told."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from reconciliation.core.journal.names import journal_name, payment_name
from reconciliation.core.journal.payload import applications, payment_payload
from reconciliation.core.journal.values import Model, PaymentType
from reconciliation.core.lines import Kind, Sum
from reconciliation.core.posting import starter
from reconciliation.core.posting.accounts import Accounts
from tests.reconciliation.core.journal.values import (
    COMMISSION,
    EXAMPLE,
    FBA,
    ORDER,
    PRINCIPAL,
    REFUND,
    SHIPPING,
    a_sum,
    balances,
    booked,
    header,
    prepared,
)

SALE = tuple(a_sum(kind, amount) for kind, amount in (*EXAMPLE, (FBA, "-3.50")))
RECEIPT, BACK = PaymentType.RECEIPT, PaymentType.REFUND


def invoiced(*sums: Sum, **fields: Any) -> Any:
    return prepared(*sums, model=Model.INVOICE, **{"invoiced": {ORDER}, **fields})


def test_a_sale_is_a_receipt_without_the_tax_that_the_marketplace_pays() -> None:
    (payment,) = invoiced(*SALE).payments
    assert (payment.type, payment.amount, payment.account, payment.day) == (RECEIPT, Decimal("95.00"), "1105", date(2026, 11, 17))


def test_a_refund_is_paid_back_against_the_credit_memo() -> None:
    found = invoiced(a_sum(REFUND, "-60.00"), a_sum(Kind("Refund", "ItemFees", "Commission"), "9.00"))
    assert [(one.type, one.amount) for one in found.payments] == [(BACK, Decimal("60.00"))]
    assert balances(*found.journals) == {"1105": Decimal("60.00"), "6100": Decimal("-9.00"), "1010": Decimal("-51.00")}


def test_a_sale_and_its_refund_in_one_settlement_are_two_payments() -> None:
    found = invoiced(a_sum(PRINCIPAL, "60.00"), a_sum(REFUND, "-60.00"), a_sum(COMMISSION, "-1.80"))
    assert [(one.type, one.amount, one.external_id) for one in found.payments] == [
        (RECEIPT, Decimal("60.00"), f"STL-19283746501:{ORDER}"), (BACK, Decimal("60.00"), f"STL-19283746501:{ORDER}:refund"),
    ]  # fmt: skip
    assert balances(*found.journals) == {"6100": Decimal("1.80"), "1010": Decimal("-1.80")}


def test_a_sale_that_comes_to_less_than_zero_is_paid_back() -> None:
    (payment,) = invoiced(a_sum(PRINCIPAL, "-5.00"), a_sum(REFUND, "-1.00")).payments
    assert (payment.type, payment.amount) == (BACK, Decimal("6.00"))


def test_lines_of_an_order_that_cancel_out_pay_nothing_and_still_name_the_order() -> None:
    found = invoiced(a_sum(SHIPPING, "5.00"), a_sum(Kind("Order", "Promotion", "Shipping"), "-5.00"))
    assert [(one.order_id, one.amount) for one in found.payments] == [(ORDER, 0)]
    assert found.journals == ()


def test_a_chargeback_stays_in_the_journal_since_no_goods_come_back() -> None:
    found = invoiced(a_sum(Kind("Chargeback Refund", "ItemPrice", "Principal"), "-18.91"))
    assert found.payments == ()
    assert booked(found.journals[0])["4910", "chargebacks"] == Decimal("18.91")


def test_an_order_without_an_invoice_waits_in_suspense() -> None:
    found = invoiced(*SALE, invoiced={"112-0000000-0000000"})
    assert found.payments == ()
    assert balances(*found.journals) == {
        "9990": Decimal("-95.00"), "6100": Decimal("14.25"), "6110": Decimal("3.50"), "1010": Decimal("77.25"),
    }  # fmt: skip


def test_without_an_account_for_them_orders_without_an_invoice_go_to_their_own_categories() -> None:
    accounts = Accounts(rule for rule in starter.accounts() if rule.category != "orders_without_invoice")
    found = invoiced(*SALE, invoiced=set(), accounts=accounts)
    assert booked(found.journals[0])["4000", "sales"] == Decimal("-100.00")


def test_in_the_summary_model_nothing_is_a_payment() -> None:
    assert prepared(*SALE, invoiced={ORDER}).payments == ()


OCTOBER, NOVEMBER = date(2026, 10, 31), date(2026, 11, 1)
REFUND_OF_LESS = Kind("Refund", "ItemPrice", "RestockingFee")


@pytest.mark.parametrize("days", [(OCTOBER, NOVEMBER), (NOVEMBER, OCTOBER)])
@pytest.mark.parametrize("second", [SHIPPING, REFUND_OF_LESS])
def test_an_order_over_a_month_end_is_paid_with_its_last_lines(days: tuple[date, date], second: Kind) -> None:
    found = invoiced(a_sum(PRINCIPAL, "1.00", day=days[0]), a_sum(second, "2.00", day=days[1]))
    assert [(one.amount, one.day) for one in found.payments] == [(Decimal("3.00"), date(2026, 11, 17))]
    assert [balances(one).get("1010") for one in found.journals] == [None, Decimal("3.00")]


def test_a_refund_over_a_month_end_is_dated_apart_from_its_sale() -> None:
    found = invoiced(a_sum(PRINCIPAL, "5.00", day=OCTOBER), a_sum(REFUND, "-2.00", day=NOVEMBER))
    assert [(one.type, one.day) for one in found.payments] == [(RECEIPT, OCTOBER), (BACK, date(2026, 11, 17))]


@pytest.mark.parametrize(("kind", "type_"), [(PRINCIPAL, RECEIPT), (REFUND, BACK)])
def test_nothing_paid_is_still_a_receipt_of_a_sale_and_a_refund_of_a_refund(kind: Kind, type_: PaymentType) -> None:
    assert [(one.type, one.amount) for one in invoiced(a_sum(kind, "0.00")).payments] == [(type_, 0)]


def test_the_payload_is_the_one_of_the_contract() -> None:
    (payment,) = invoiced(a_sum(PRINCIPAL, "141.48"), about=header(a_sum(PRINCIPAL, "141.48"))).payments
    assert payment_payload(payment, source_system="Amazon", customer="C-AMZ-US", open_documents=[("IN-000912", Decimal("141.48"))]) == {
        "PaymentType": "Receipt", "SourceSystem": "Amazon", "ExternalPaymentID": "STL-19283746501:112-4455667-7788990",
        "CustomerID": "C-AMZ-US", "PaymentDate": "2026-11-17", "PostingDate": "2026-11-17", "PaymentMethodCode": "MARKETPLACE",
        "Reference": "19283746501", "Currency": "USD", "Amount": Decimal("141.48"), "BankAccountCode": "1105",
        "Applications": [{"InvoiceID": "IN-000912", "Amount": Decimal("141.48")}],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("amount", "applied"),
    [
        ("30.00", [("A", "10.00", None), ("B", "20.00", None)]),
        ("12.00", [("A", "10.00", None), ("B", "2.00", None)]),
        ("40.00", [("A", "10.00", None), ("B", "20.00", None)]),
        ("29.95", [("A", "10.00", None), ("B", "19.95", "0.05")]),
        ("29.94", [("A", "10.00", None), ("B", "19.94", None)]),
        ("0.00", []),
    ],
)
def test_a_payment_is_applied_to_the_oldest_first_and_a_few_cents_are_written_off(amount: str, applied: list[Any]) -> None:
    found = applications(Decimal(amount), [("A", Decimal("10.00")), ("B", Decimal("20.00"))])
    assert [
        (one["InvoiceID"], str(one["Amount"]), str(one["DiscountTaken"]) if "DiscountTaken" in one else None) for one in found
    ] == applied


def test_names_are_the_same_every_time_and_differ_by_part_and_revision() -> None:
    assert journal_name("1", period="2026-10") == "STL-1-2026-10"
    assert journal_name("1", period="2026-10", revision=3) == "STL-1-2026-10-R3"
    assert payment_name("1", "112-1", kind=BACK, revision=2) == "STL-1-R2:112-1:refund"


def test_a_name_that_the_erp_would_not_take_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than the 100 characters"):
        payment_name("1", "x" * 100, kind=RECEIPT)
