"""What a settlement becomes in the ledger, by example."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from reconciliation.core.journal.values import Model, NotPostableError
from reconciliation.core.lines import Kind
from reconciliation.core.posting import starter
from reconciliation.core.posting.accounts import AccountRule, Accounts
from tests.reconciliation.core.journal.values import (
    ACCOUNTS,
    CHARGE,
    CURRENT_RESERVE,
    EXAMPLE,
    FBA,
    ORDER,
    PAYABLE,
    PREVIOUS_RESERVE,
    PRINCIPAL,
    REFUND,
    SHIPPING,
    STORAGE,
    TAX,
    UNKNOWN,
    WITHHELD,
    a_sum,
    balances,
    booked,
    header,
    months,
    on_account,
    prepared,
)

ONE_ORDER = tuple(a_sum(kind, amount) for kind, amount in (*EXAMPLE, (FBA, "-3.50")))
INVOICE = {"1100": Decimal("95.00"), "4900": Decimal("10.00"), "4000": Decimal("-100.00"), "4010": Decimal("-5.00")}


def money(**accounts: str) -> dict[str, Decimal]:
    return {account[1:]: Decimal(amount) for account, amount in accounts.items()}


def test_in_the_summary_model_revenue_comes_from_the_settlement() -> None:
    (journal,) = prepared(*ONE_ORDER).journals
    assert balances(journal) == money(
        _1010="77.25", _4000="-100.00", _4010="-5.00", _4900="10.00", _6100="14.25", _6110="3.50"
    )  # fmt: skip


def test_in_the_invoice_model_the_three_documents_bring_receivables_and_clearing_to_zero() -> None:
    found = prepared(*ONE_ORDER, model=Model.INVOICE, invoiced={ORDER})
    (journal,), (payment,) = found.journals, found.payments
    ledger = dict(INVOICE)
    for account, amount in (*balances(journal).items(), (payment.account, payment.amount), ("1100", -payment.amount)):
        ledger[account] = ledger.get(account, Decimal(0)) + amount
    assert balances(journal) == money(_1010="77.25", _6100="14.25", _6110="3.50", _1105="-95.00")
    assert {account: amount for account, amount in ledger.items() if amount} == money(
        _1010="77.25", _4000="-100.00", _4010="-5.00", _4900="10.00", _6100="14.25", _6110="3.50"
    )


def test_facilitator_tax_stands_on_one_account_and_cancels_out() -> None:
    (journal,) = prepared(*ONE_ORDER).journals
    assert booked(journal)["2210", "tax_collected"] == Decimal("-8.66")
    assert booked(journal)["2210", "tax_withheld_by_marketplace"] == Decimal("8.66")
    assert prepared(*ONE_ORDER).discrepancies == ()


def test_with_the_switch_off_facilitator_tax_is_left_out_and_the_reason_kept() -> None:
    found = prepared(*ONE_ORDER, accounts=Accounts(starter.accounts(), book_facilitator_tax=False))
    assert "2210" not in {line.account for line in found.journals[0].lines}
    assert {(one.share.kind, "not booked" in one.reason) for one in found.left_out} == {(TAX, True), (WITHHELD, True)}


def test_facilitator_tax_that_does_not_cancel_out_is_booked_even_with_the_switch_off_and_reported() -> None:
    found = prepared(a_sum(TAX, "8.66"), a_sum(WITHHELD, "-8.00"), accounts=Accounts(starter.accounts(), book_facilitator_tax=False))
    assert balances(*found.journals)["2210"] == Decimal("-0.66")
    assert [(one.code, one.amount) for one in found.discrepancies] == [("facilitator_tax", Decimal("0.66"))]


def test_tax_that_the_seller_owes_is_no_residue() -> None:
    found = prepared(a_sum(TAX, "19.00", marketplace="Amazon.de"))
    assert balances(*found.journals)["2200"] == Decimal("-19.00")
    assert found.discrepancies == ()


def test_an_invoice_holds_the_tax_that_the_seller_owes() -> None:
    lines = a_sum(PRINCIPAL, "100.00", marketplace="Amazon.de"), a_sum(TAX, "19.00", marketplace="Amazon.de")
    found = prepared(*lines, model=Model.INVOICE, invoiced={ORDER})
    assert [payment.amount for payment in found.payments] == [Decimal("119.00")]
    assert balances(*found.journals) == money(_1010="119.00", _1105="-119.00")


def test_a_negative_settlement_credits_the_payout_account() -> None:
    (journal,) = prepared(on_account(STORAGE, "-321.69")).journals
    assert balances(journal) == money(_1010="-321.69", _6120="321.69")
    assert [line.memo for line in journal.lines if line.account == "1010"] == ["Owed to the marketplace"]


def test_a_debt_and_its_charge_on_the_card_never_touch_profit_and_loss() -> None:
    """The chain of the settlement reference, 4: -321.69, then a settlement of -62.31 that carries the debt and its charge."""
    first = prepared(on_account(STORAGE, "-321.69"))
    lines = on_account(PAYABLE, "-321.69"), on_account(CHARGE, "321.69"), on_account(STORAGE, "-62.31")
    second = prepared(*lines, about=header(*lines, settlement_id="19283746502"))
    assert balances(*first.journals, *second.journals) == money(_1010="-384.00", _6120="384.00")
    assert [(line.memo, line.debit, line.credit) for line in second.journals[0].lines if line.account == "1010"] == [
        ("Carried balance: Payable to Amazon", Decimal("321.69"), 0),
        ("Carried balance: Successful charge", 0, Decimal("321.69")),
        ("Owed to the marketplace", 0, Decimal("62.31")),
    ]


def test_what_the_next_payout_settles_closes_what_the_negative_settlement_left_open() -> None:
    first = prepared(on_account(STORAGE, "-62.31")).journals
    second = prepared(on_account(PAYABLE, "-62.31"), a_sum(PRINCIPAL, "100.00")).journals
    assert balances(*first, *second) == money(_1010="37.69", _6120="62.31", _4000="-100.00")


def test_a_reserve_is_held_by_the_marketplace_and_no_cost() -> None:
    (journal,) = prepared(a_sum(PRINCIPAL, "100.00"), on_account(CURRENT_RESERVE, "-40.00"), on_account(PREVIOUS_RESERVE, "15.00")).journals
    assert balances(journal) == money(_1010="75.00", _4000="-100.00", _1115="25.00")


def test_a_total_of_zero_made_of_a_reserve_has_no_payout_line() -> None:
    (journal,) = prepared(a_sum(PRINCIPAL, "40.00"), on_account(CURRENT_RESERVE, "-40.00")).journals
    assert balances(journal) == money(_4000="-40.00", _1115="40.00")


@pytest.mark.parametrize(
    ("words", "account"),
    [
        (("other-transaction", "other-transaction", "Transfer of funds unsuccessful: your bank refused it."), "1010"),
        (("Transfers", "Micro Deposit", "Micro Deposit"), None),
        (("other-transaction", "other-transaction", "Amazon Capital Services"), "9990"),
    ],
)
def test_failed_transfers_micro_deposits_and_loans_are_no_profit_or_loss(words: tuple[str, str, str], account: str | None) -> None:
    found = prepared(a_sum(PRINCIPAL, "100.00"), on_account(Kind(*words), "7.00"))
    booking = {line.account for line in found.journals[0].lines if line.credit == Decimal("7.00")}
    assert booking == {account or "1010"}


def test_an_empty_settlement_becomes_no_journal() -> None:
    assert prepared().journals == ()


def test_zero_lines_are_kept_and_not_posted() -> None:
    found = prepared(a_sum(PRINCIPAL, "100.00"), a_sum(SHIPPING, "0.00"))
    assert [line.category for line in found.journals[0].lines] == ["sales", "clearing"]
    assert [(one.share.kind, one.share.lines) for one in found.left_out] == [(SHIPPING, 1)]


def test_each_marketplace_and_fulfilment_has_its_line() -> None:
    lines = (a_sum(PRINCIPAL, "1.00"), a_sum(PRINCIPAL, "2.00", fulfilment="MFN"), a_sum(PRINCIPAL, "4.00", marketplace="Amazon.ca"))
    (journal,) = prepared(*lines).journals
    assert [(line.credit, line.memo) for line in journal.lines if line.category == "sales"] == [
        (Decimal("4.00"), "Sales, Amazon.ca, AFN"),
        (Decimal("1.00"), "Sales, Amazon.com, AFN"),
        (Decimal("2.00"), "Sales, Amazon.com, MFN"),
    ]


def test_an_unknown_kind_goes_to_suspense_with_a_suggestion() -> None:
    found = prepared(on_account(UNKNOWN, "-5.00"))
    assert balances(*found.journals)["9990"] == Decimal("5.00")
    (discrepancy,) = found.discrepancies
    assert (discrepancy.code, discrepancy.amount) == ("unmapped_kind", Decimal("-5.00"))
    assert "Storage (any / other-transaction / Storage Fee → fee_storage)" in discrepancy.advice


def test_a_category_without_an_account_is_refused_by_name() -> None:
    accounts = Accounts(
        [AccountRule("clearing", "1010"), AccountRule("carried_forward", "1105"), AccountRule("sales", "4000", "Amazon.de")]
    )
    with pytest.raises(NotPostableError, match=r"Sales \(sales\) has no account for Amazon.com, AFN\. Add one to the posting rules\."):
        prepared(a_sum(PRINCIPAL, "1.00"), accounts=accounts)


def test_a_category_of_zero_lines_needs_no_account() -> None:
    accounts = Accounts(rule for rule in starter.accounts() if rule.category != "sales_shipping")
    assert len(prepared(a_sum(PRINCIPAL, "1.00"), a_sum(SHIPPING, "0.00"), accounts=accounts).journals) == 1


def test_lines_that_are_not_the_total_are_refused() -> None:
    lines = (a_sum(PRINCIPAL, "100.00"),)
    with pytest.raises(NotPostableError, match=r"come to 100\.00 USD, its total says 100\.01") as refused:
        prepared(*lines, about=header(*lines, total=Decimal("100.01")))
    assert [(one.code, one.amount, one.blocking) for one in refused.value.discrepancies] == [("total_mismatch", Decimal("-0.01"), True)]


def test_yen_have_no_decimals() -> None:
    lines = (a_sum(PRINCIPAL, "100.5", marketplace="Amazon.co.jp"),)
    with pytest.raises(NotPostableError, match=r"100\.5 has more decimals than JPY knows \(0\)"):
        prepared(*lines, about=header(*lines, currency="JPY"))


def test_a_journal_of_more_lines_than_the_erp_takes_is_refused_in_words() -> None:
    lines = [a_sum(PRINCIPAL, "1.00", marketplace=f"Shop {number}") for number in range(1000)]
    with pytest.raises(NotPostableError, match=r"has 1001 lines; the ERP takes 1000"):
        prepared(*lines)


def test_a_second_revision_has_a_name_of_its_own() -> None:
    assert prepared(a_sum(PRINCIPAL, "1.00"), revision=2).journals[0].external_id == "STL-19283746501-R2"


def test_a_settlement_is_dated_by_its_deposit_unless_that_is_made_in_a_later_period() -> None:
    ends = datetime(2026, 11, 30, 7, tzinfo=UTC)
    lines = (a_sum(PRINCIPAL, "1.00"), a_sum(REFUND, "-0.40"))
    (journal,) = prepared(*lines, about=header(*lines, end=ends, deposit=datetime(2026, 12, 2, 7, tzinfo=UTC))).journals
    assert journal.part.entry_date == date(2026, 11, 30)


def test_accounts_of_the_example_are_those_of_the_entity_map() -> None:
    assert [ACCOUNTS.account(name) for name in ("clearing", "order_clearing", "reserve", "suspense")] == ["1010", "1105", "1115", "9990"]
    assert months("2026-02")[0].end == date(2026, 2, 28)
