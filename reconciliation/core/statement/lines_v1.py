"""The V1 layout, an amount column per family, rewritten into V2's triples (settlement reference, 2, "V1 flat file")."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from reconciliation.core.statement.amounts import Decimals
from reconciliation.core.statement.problems import ORIGINAL, Problem, Quarantined
from reconciliation.core.statement.rows import Rows

FAMILIES = {
    "price": ("ItemPrice", "price_type"),
    "fee": ("ItemFees", "fee_type"),
    "promotion": ("Promotion", "promotion_type"),
    "shipment_fee": ("ShipmentFees", "shipment_fee_type"),
    "order_fee": ("OrderFees", "order_fee_type"),
    "direct_payment": ("DirectPayment", "direct_payment_type"),
    "misc_fee": ("MiscFee", ""),
    "other_fee": ("OtherFee", "other_fee_type"),
    "other": ("other-transaction", "transaction_type"),
}
REIMBURSEMENT = "^[A-Z]+(_[A-Z]+)+$"
"""Codes such as WAREHOUSE_LOST; all other kinds of other-amount are written in words."""
MICRO_DEPOSIT = ("Transfers", "Micro Deposit", "Micro Deposit")


def rewritten(rows: Rows, decimals: Decimals) -> tuple[Rows, Any]:
    """Lines with V2's three columns, and their amounts in minor units. Lines that only give a quantity fall away.

    An advertising fee and its tax stand in two columns of one line; they stay one line, as V2 writes it. Raises Quarantined when another
    line has two amounts.
    """
    texts = {name: pc.utf8_trim_whitespace(rows.text(name)) for name in FAMILIES}
    filled = {name: pc.not_equal(text, "") for name, text in texts.items()}
    service = pc.equal(rows.text("transaction_type"), "ServiceFee")
    _refuse_two(rows, filled, service)
    amounts = _total(rows, texts, decimals)
    triple = _triple(rows, filled, service)
    some = pc.greater(_how_many(filled), 0)
    return replace(rows, columns=rows.columns | triple).kept(some), amounts.filter(some)


def _how_many(filled: dict[str, Any]) -> Any:
    counts = [mask.cast(pa.int32()) for mask in filled.values()]
    total = counts[0]
    for one in counts[1:]:
        total = pc.add(total, one)
    return total


def _refuse_two(rows: Rows, filled: dict[str, Any], service: Any) -> None:
    at = pc.index(pc.and_(pc.greater(_how_many(filled), 1), pc.invert(service)), True).as_py()
    if at >= 0:
        number = rows.number(at)
        raise Quarantined(Problem.UNKNOWN_LAYOUT, f"Line {number} has two amounts where one is expected. {ORIGINAL}", line=number)


def _total(rows: Rows, texts: dict[str, Any], decimals: Decimals) -> Any:
    """The sum of a line's amounts; null when one of them is unreadable."""
    total = pa.repeat(pa.scalar(0, pa.int64()), rows.count)
    for text in texts.values():
        total = pc.add(total, decimals.many(pc.if_else(pc.equal(text, ""), "0", text)))
    return total


def _triple(rows: Rows, filled: dict[str, Any], service: Any) -> dict[str, Any]:
    was, other = rows.text("transaction_type"), filled["other"]
    micro = pc.and_(other, pc.equal(was, MICRO_DEPOSIT[1]))
    code = pc.and_(other, pc.match_substring_regex(was, REIMBURSEMENT))
    types = pc.case_when(_conditions(filled), *(pa.scalar(family) for family, _ in FAMILIES.values()))
    words = pc.case_when(_conditions(filled), *(rows.text(column) for _, column in FAMILIES.values()))
    types = pc.if_else(code, "FBA Inventory Reimbursement", pc.if_else(micro, MICRO_DEPOSIT[1], types))
    return {
        "transaction_type": pc.if_else(micro, MICRO_DEPOSIT[0], pc.if_else(other, "other-transaction", was)),
        "amount_type": pc.fill_null(pc.if_else(service, rows.text("fee_type"), types), ""),
        "amount_description": pc.fill_null(pc.if_else(service, "TransactionTotalAmount", words), ""),
    }


def _conditions(filled: dict[str, Any]) -> Any:
    return pc.make_struct(*filled.values(), field_names=list(filled))
