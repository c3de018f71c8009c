"""Names of journals and payments in the ERP: the same for the same settlement, part and revision, so that nothing is posted twice."""

from __future__ import annotations

from reconciliation.core.journal.values import PaymentType

LONGEST = 100


def journal_name(settlement_id: str, *, period: str = "", revision: int = 1) -> str:
    """`STL-19283746501`; with the period when the settlement is split, with the revision from the second on (TIMS contract, 9)."""
    return _fitting("STL-" + settlement_id + (f"-{period}" if period else "") + _again(revision))


def payment_name(settlement_id: str, order_id: str, *, kind: PaymentType, revision: int = 1) -> str:
    """`STL-19283746501:112-4455667-7788990` (TIMS contract, 8); a refund of the same order has a name of its own."""
    return _fitting(f"STL-{settlement_id}{_again(revision)}:{order_id}" + (":refund" if kind is PaymentType.REFUND else ""))


def _again(revision: int) -> str:
    return f"-R{revision}" if revision > 1 else ""


def _fitting(name: str) -> str:
    if len(name) > LONGEST:
        raise ValueError(f"{name[:40]}… is longer than the {LONGEST} characters that the ERP takes as a name.")
    return name
