"""The old layout, an amount column per family, gives the triples of the new one."""

from __future__ import annotations

from decimal import Decimal

import pytest

from reconciliation.core.lines import Kind
from reconciliation.core.statement import Layout, Problem
from tests.reconciliation.core.statement.reading import refused, whole
from tests.reconciliation.core.statement.writing import OFFSET, V1, Dialect, header, line, table

PROMOTIONS = ("promotion-id", "promotion-type", "promotion-amount")
HEAD = header(currency="CAD")
SUMMARY = {
    "settlement-id": HEAD.settlement_id, "settlement-start-date": HEAD.start.strftime(OFFSET), "currency": "CAD",
    "settlement-end-date": HEAD.end.strftime(OFFSET), "deposit-date": HEAD.end.strftime(OFFSET),
}  # fmt: skip


def _v1(*rows: dict[str, str], total: str, columns: list[str] | None = None) -> bytes:
    """A V1 file of rows that all belong to one order, but for what they say themselves."""
    shared = {"settlement-id": HEAD.settlement_id, "posted-date": line().posted_at.strftime(OFFSET)}
    return table([SUMMARY | {"total-amount": total}, *(shared | row for row in rows)], Dialect(columns=columns or V1))


@pytest.mark.parametrize(
    ("row", "kind", "amount"),
    [
        ({"transaction-type": "Order", "price-type": "Principal", "price-amount": "35.00"}, ("Order", "ItemPrice", "Principal"), "35.00"),
        (
            {"transaction-type": "Refund", "item-related-fee-type": "RefundCommission", "item-related-fee-amount": "-1.93"},
            ("Refund", "ItemFees", "RefundCommission"),
            "-1.93",
        ),
        (
            {"transaction-type": "Order", "promotion-type": "Shipping", "promotion-amount": "-6.99", "promotion-id": "MP-1"},
            ("Order", "Promotion", "Shipping"),
            "-6.99",
        ),
        (
            {"transaction-type": "Order", "shipment-fee-type": "FBA transportation fee", "shipment-fee-amount": "-7.88"},
            ("Order", "ShipmentFees", "FBA transportation fee"),
            "-7.88",
        ),
        ({"transaction-type": "Order", "order-fee-type": "Base", "order-fee-amount": "-1.00"}, ("Order", "OrderFees", "Base"), "-1.00"),
        (
            {"transaction-type": "Payable to Amazon", "other-amount": "-321.69    "},
            ("other-transaction", "other-transaction", "Payable to Amazon"),
            "-321.69",
        ),
        (
            {"transaction-type": "REVERSAL_REIMBURSEMENT", "other-amount": "43.29"},
            ("other-transaction", "FBA Inventory Reimbursement", "REVERSAL_REIMBURSEMENT"),
            "43.29",
        ),
        ({"transaction-type": "Micro Deposit", "other-amount": "-0.01"}, ("Transfers", "Micro Deposit", "Micro Deposit"), "-0.01"),
        (
            {
                "transaction-type": "ServiceFee", "item-related-fee-type": "Cost of Advertising", "item-related-fee-amount": "-1.16",
                "other-fee-amount": "-0.14", "other-fee-reason-description": "TaxAmount",
            },
            ("ServiceFee", "Cost of Advertising", "TransactionTotalAmount"),
            "-1.30",
        ),
        (
            {"transaction-type": "Other", "other-fee-amount": "-2.00", "other-fee-reason-description": "Handling"},
            ("Other", "OtherFee", "Handling"),
            "-2.00",
        ),
        ({"transaction-type": "Other", "misc-fee-amount": "-2.00"}, ("Other", "MiscFee", ""), "-2.00"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)  # fmt: skip
def test_each_family_of_amounts_has_its_triple(row: dict[str, str], kind: tuple[str, str, str], amount: str) -> None:
    statement, (found,) = whole(_v1(row, total=amount))
    assert statement.layout is Layout.V1
    assert (found.kind, found.amount, found.number) == (Kind(*kind), Decimal(amount), 3)
    assert found.posted_at == line().posted_at


def test_a_file_without_promotions_has_33_columns() -> None:
    columns = [name for name in V1 if name not in PROMOTIONS]
    assert len(columns) == 33
    row = {"transaction-type": "Order", "price-type": "Principal", "price-amount": "35.00"}
    assert whole(_v1(row, total="35.00", columns=columns))[0].lines == 1


def test_a_line_that_only_gives_a_quantity_is_none_and_the_others_keep_their_numbers() -> None:
    row = {"transaction-type": "Order", "order-id": "702-1101758-6751437"}
    rows = [row | {"quantity-purchased": "1"}, row | {"price-type": "Principal", "price-amount": "35.00", "sku": "TK-1"}]
    statement, (found,) = whole(_v1(*rows, total="35.00"))
    assert (found.number, found.order_id, found.sku, statement.lines) == (4, "702-1101758-6751437", "TK-1", 1)


def test_two_amounts_in_one_line_are_refused() -> None:
    row = {"transaction-type": "Order", "price-type": "Principal", "price-amount": "35.00", "other-amount": "1.00"}
    problem = refused(_v1(row, total="36.00"))
    assert (problem.code, problem.line) == (Problem.UNKNOWN_LAYOUT, 3)


def test_an_amount_that_cannot_be_read_is_refused_in_any_column() -> None:
    row = {"transaction-type": "Order", "promotion-type": "Shipping", "promotion-amount": "free"}
    problem = refused(_v1(row, total="0.00"))
    assert (problem.code, problem.line) == (Problem.UNREADABLE, 3)
    assert "free" in problem.words


def test_a_file_that_only_gives_quantities_holds_no_lines() -> None:
    assert whole(_v1({"transaction-type": "Order", "quantity-purchased": "1"}, total="0.00"))[1] == []
