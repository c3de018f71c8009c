"""Orders and settlement sums for the tests of matching: short names, amounts as text."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from reconciliation.core.lines import Kind, Sum
from reconciliation.core.matching.expected import Expected, ExpectedItem
from reconciliation.core.matching.orders import matches_of
from reconciliation.core.matching.result import Match
from reconciliation.core.matching.tolerance import Rules

TODAY = date(2026, 11, 21)
ORDER = "112-1234567-1234567"
PRINCIPAL = ("Order", "ItemPrice", "Principal")
SHIPPING = ("Order", "ItemPrice", "Shipping")
TAX = ("Order", "ItemPrice", "Tax")
WITHHELD = ("Order", "ItemWithheldTax", "MarketplaceFacilitatorTax-Principal")
PROMOTION = ("Order", "Promotion", "Principal")
COMMISSION = ("Order", "ItemFees", "Commission")
REFUND = ("Refund", "ItemPrice", "Principal")
REFUND_COMMISSION = ("Refund", "ItemFees", "Commission")


def item(price: str = "0", *, code: str = "1", sku: str = "MUG", quantity: int = 1, **amounts: str) -> ExpectedItem:
    """An item; further amounts by name as text."""
    money = {name: Decimal(value) for name, value in amounts.items()}
    return ExpectedItem(item_code=code, sku=sku, price=Decimal(price), quantity=quantity, **money)


def order(*items: ExpectedItem, **more: Any) -> Expected:
    """An order in USD, shipped ten days ago."""
    return Expected(**{"key": "7", "order_id": ORDER, "items": items, "currency": "USD", "shipped_on": date(2026, 11, 11)} | more)


def line(kind: tuple[str, str, str], amount: str, *, code: str = "1", sku: str = "MUG", **more: Any) -> Sum:
    """A line of the order."""
    values = {"order_id": ORDER, "merchant_order_id": ORDER, "marketplace": "Amazon.com", "day": date(2026, 11, 15)} | more
    return Sum(kind=Kind(*kind), amount=Decimal(amount), item_code=code, sku=sku, **values)


def matched(expected: Expected | None, *lines: Sum, rules: Rules | None = None, currency: str = "USD") -> Match:
    """The one match of these lines."""
    orders = [expected] if expected else []
    [match] = matches_of(lines, orders, currency=currency, today=TODAY, rules=rules or Rules())
    return match
