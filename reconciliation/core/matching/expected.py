"""What an order should bring, in the hub's numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedItem:
    """One line of an order, amounts for its whole quantity; without item code and SKU what belongs to the order as a whole.

    `promotions` is positive: what the buyer was spared.
    """

    item_code: str = ""
    sku: str = ""
    price: Decimal = ZERO
    shipping: Decimal = ZERO
    giftwrap: Decimal = ZERO
    promotions: Decimal = ZERO
    tax: Decimal = ZERO
    quantity: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """An order of the hub. `key` is the hub's own; `merchant_order_id` is the seller's number, by which multi-channel orders are found.

    `gross`: the prices hold the tax and `tax` is not added; otherwise tax stands beside them (0 everywhere: the order knows no tax).
    `returned`: whether goods came back; None while that is not known. `multi_channel`: Amazon ships it, another channel was paid.
    """

    key: str
    order_id: str
    merchant_order_id: str = ""
    items: tuple[ExpectedItem, ...] = ()
    currency: str = ""
    shipped_on: date | None = None
    gross: bool = False
    multi_channel: bool = False
    returned: bool | None = None
