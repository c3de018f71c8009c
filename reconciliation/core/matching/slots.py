"""Which part of an order's money a settlement line is, by its triple (settlement reference, 3 and 4)."""

from __future__ import annotations

from enum import IntEnum
from functools import lru_cache

from reconciliation.core.lines import Kind, normalised


class Slot(IntEnum):
    """Parts of what was settled for an order item. The first ten are its sale; what comes later or as a fee is only information."""

    PRICE = 0
    SHIPPING = 1
    GIFTWRAP = 2
    PROMOTIONS = 3
    PRICE_TAX = 4
    SHIPPING_TAX = 5
    GIFTWRAP_TAX = 6
    PROMOTIONS_TAX = 7
    OTHER = 8
    WITHHELD = 9
    REFUND_PRINCIPAL = 10
    REFUND_OTHER = 11
    CHARGEBACK = 12
    LATER_TAX = 13
    LATER_WITHHELD = 14
    COMMISSION_BACK = 15
    FEES = 16


SALE = tuple(Slot)[: Slot.WITHHELD + 1]
"""What tells that an item, or a part of it, was settled."""
SOLD = SALE[:-1]
"""What the buyer paid."""
REFUNDS = (Slot.REFUND_PRINCIPAL, Slot.REFUND_OTHER, Slot.CHARGEBACK)
TAXES = (Slot.PRICE_TAX, Slot.SHIPPING_TAX, Slot.GIFTWRAP_TAX, Slot.PROMOTIONS_TAX)

ORDER = "order"
REFUND = "refund"
CHARGEBACKS = frozenset(("chargebackrefund", "atozguaranteerefund"))
RETROCHARGES = frozenset(("orderretrocharge", "refundretrocharge"))
FACILITATED = ("marketplacefacilitator", "lowvaluegoodstax")
"""Tax that the marketplace keeps to pay it itself; what India withholds (TCS, TDS) is the seller's own."""
ITEM_PRICE = {
    "principal": Slot.PRICE,
    "shipping": Slot.SHIPPING,
    "giftwrap": Slot.GIFTWRAP,
    "tax": Slot.PRICE_TAX,
    "shippingtax": Slot.SHIPPING_TAX,
    "giftwraptax": Slot.GIFTWRAP_TAX,
}


@lru_cache(maxsize=4096)
def slot_of(kind: Kind) -> Slot | None:
    """None for a line that is not about the sale or refund of an order: service fees, storage, removals, reimbursements, postage."""
    transaction, amount_type, description = map(normalised, kind)
    if transaction not in (ORDER, REFUND) and transaction not in CHARGEBACKS | RETROCHARGES:
        return None
    if amount_type == "itemwithheldtax":
        return _withheld(transaction, description)
    if amount_type not in ("itemprice", "promotion"):
        back = transaction == REFUND and (amount_type, description) == ("itemfees", "commission")
        return Slot.COMMISSION_BACK if back else Slot.FEES
    return _sold(amount_type, description) if transaction == ORDER else _given_back(transaction, amount_type, description)


def _withheld(transaction: str, description: str) -> Slot:
    if not description.startswith(FACILITATED):
        return Slot.FEES
    return Slot.WITHHELD if transaction == ORDER else Slot.LATER_WITHHELD


def _sold(amount_type: str, description: str) -> Slot:
    if amount_type == "promotion":
        return Slot.PROMOTIONS_TAX if "tax" in description else Slot.PROMOTIONS
    return ITEM_PRICE.get(description, Slot.OTHER)


def _given_back(transaction: str, amount_type: str, description: str) -> Slot:
    if "tax" in description:
        return Slot.LATER_TAX
    if transaction in CHARGEBACKS:
        return Slot.CHARGEBACK
    is_principal = transaction == REFUND and (amount_type, description) == ("itemprice", "principal")
    return Slot.REFUND_PRINCIPAL if is_principal else Slot.REFUND_OTHER
