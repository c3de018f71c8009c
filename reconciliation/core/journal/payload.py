"""A payment of an order as the ERP takes it (TIMS contract, 8)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from reconciliation.core.journal.values import OrderPayment

WRITE_OFF = Decimal("0.05")
"""What an order may be over or under before a person looks at it (entity map, 12)."""


def payment_payload(
    payment: OrderPayment,
    *,
    source_system: str,
    customer: str,
    method: str = "MARKETPLACE",
    open_documents: Sequence[tuple[str, Decimal]] = (),
) -> dict[str, Any]:
    """A payment of an order. `open_documents` are its invoices (for a refund its credit memos) with what is open on each, oldest first:
    the payment is applied in that order, and what is left stays unapplied."""
    dated = payment.day.isoformat()
    return {
        "PaymentType": str(payment.type),
        "SourceSystem": source_system,
        "ExternalPaymentID": payment.external_id,
        "CustomerID": customer,
        "PaymentDate": dated,
        "PostingDate": dated,
        "PaymentMethodCode": method,
        "Reference": payment.settlement_id,
        "Currency": payment.currency,
        "Amount": payment.amount,
        "BankAccountCode": payment.account,
        "Applications": applications(payment.amount, open_documents),
    }


def applications(amount: Decimal, open_documents: Sequence[tuple[str, Decimal]], *, write_off: Decimal = WRITE_OFF) -> list[dict[str, Any]]:
    """Never more than is open, never more than was paid. A rest of at most `write_off` on the last document is written off with it."""
    left, made = amount, list[dict[str, Any]]()
    short = sum((is_open for _, is_open in open_documents), Decimal(0)) - amount
    for number, is_open in open_documents:
        applied = min(left, is_open)
        if applied > 0:
            made.append({"InvoiceID": number, "Amount": applied})
            left -= applied
    if made and 0 < short <= write_off and made[-1]["InvoiceID"] == open_documents[-1][0]:
        made[-1]["DiscountTaken"] = short
    return made
