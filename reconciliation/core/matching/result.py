"""What comes out of the comparison of one order: exactly one result, notes beside it, and where the difference is."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Result(StrEnum):
    """The classes of settlement reference, 6.2. An order is in exactly one."""

    MATCHED = "matched"
    WITHIN_TOLERANCE = "within_tolerance"
    SHORT_PAID = "short_paid"
    OVER_PAID = "over_paid"
    DUPLICATE_PAYMENT = "duplicate_payment"
    PARTLY_SETTLED = "partly_settled"
    CURRENCY_MISMATCH = "currency_mismatch"
    UNMATCHED_ORDER = "unmatched_order"
    MULTI_CHANNEL = "multi_channel"
    AWAITED = "awaited"
    NOT_SETTLED = "not_settled"


SETTLED = frozenset((Result.MATCHED, Result.WITHIN_TOLERANCE, Result.MULTI_CHANNEL))
"""Nothing to do for a person."""
TO_EXPLAIN = frozenset(
    (
        Result.SHORT_PAID, Result.OVER_PAID, Result.DUPLICATE_PAYMENT, Result.CURRENCY_MISMATCH, Result.UNMATCHED_ORDER, Result.NOT_SETTLED
    )
)  # fmt: skip
"""A person must find out why, or accept it. What is partly settled or awaited only takes its time."""


class Flag(StrEnum):
    """Information beside the result; it changes no class."""

    REFUND_WITHOUT_RETURN = "refund_without_return"
    RETURN_WITHOUT_REFUND = "return_without_refund"
    REFUND_EXCEEDS_SALE = "refund_exceeds_sale"
    COMMISSION_NOT_RETURNED = "commission_not_returned"
    TAX_NOT_ZERO = "tax_not_zero"
    SHIFTED = "shifted"
    SEVERAL_ORDERS = "several_orders"
    PAID_FOR_OTHER_CHANNEL = "paid_for_other_channel"


class Component(StrEnum):
    """The parts in which an order and its settlement are compared."""

    PRICE = "price"
    SHIPPING = "shipping"
    GIFTWRAP = "giftwrap"
    PROMOTIONS = "promotions"
    TAX = "tax"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One part of an item, or of the order (item code and SKU blank), that was settled with another amount than expected."""

    component: Component
    expected: Decimal
    settled: Decimal
    item_code: str = ""
    sku: str = ""

    @property
    def amount(self) -> Decimal:
        """Negative when too little was settled."""
        return self.settled - self.expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One order of a settlement against the hub. `key` is the hub's order, blank when there is none; `order_id` what the file calls it
    (its merchant order id where it has no other), which no two matches of a settlement share.

    `settled` and `expected` are the sale (with the tax that is compared); `difference` is None where nothing was compared.
    `tolerance` is what the order's rule allows. `refunded` (negative) and `fees` (negative when paid) are information.
    """

    key: str
    order_id: str
    merchant_order_id: str
    result: Result
    currency: str
    settled: Decimal
    expected: Decimal | None = None
    difference: Decimal | None = None
    tolerance: Decimal = Decimal(0)
    differences: tuple[Difference, ...] = ()
    flags: tuple[Flag, ...] = ()
    refunded: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)
    tax_left: Decimal = Decimal(0)
    marketplace: str = ""
