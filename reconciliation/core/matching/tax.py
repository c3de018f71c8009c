"""Tax: what of it belongs into the comparison, and whether the marketplace passed on all it collected (settlement reference, 4)."""

from __future__ import annotations

from decimal import Decimal

from reconciliation.core.matching.expected import ZERO, Expected
from reconciliation.core.matching.settled import Amounts
from reconciliation.core.matching.slots import TAXES, Slot


def knows_tax(order: Expected) -> bool:
    """Whether the order's numbers say what the tax is, within its prices or beside them."""
    return order.gross or any(item.tax for item in order.items)


def settled_tax(amounts: Amounts, *, known: bool) -> Decimal:
    """Tax to compare. Against an order that knows no tax only what the seller was left with: the marketplace's tax nets to zero."""
    collected = sum([amounts[slot] for slot in TAXES], ZERO)
    return collected if known else collected + amounts[Slot.WITHHELD]


def left_over(amounts: Amounts) -> Decimal:
    """Collected plus withheld tax of sale, refund and retrocharge: zero where the marketplace facilitates all of it.

    Zero too where it withholds none: that tax is the seller's own.
    """
    withheld = amounts[Slot.WITHHELD], amounts[Slot.LATER_WITHHELD]
    if not any(withheld):
        return ZERO
    return sum([amounts[slot] for slot in (*TAXES, Slot.LATER_TAX)], sum(withheld, ZERO))
