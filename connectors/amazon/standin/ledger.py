"""What Amazon books for an order: the same amounts for settlement lines and for transactions. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from connectors.amazon.standin.markets import Market
from connectors.base import Payload

ZERO = Decimal(0)
COMMISSION = Decimal("0.15")
KEPT_ON_REFUND = Decimal("0.2")
FBA_FEE = Decimal("3.86")
_PRICES = {
    ("ITEM", ""): ("ItemPrice", "Principal"),
    ("SHIPPING", ""): ("ItemPrice", "Shipping"),
    ("GIFT_WRAP", ""): ("ItemPrice", "GiftWrap"),
    ("COD_FEE", ""): ("ItemPrice", "COD"),
    ("TAX", "ITEM"): ("ItemPrice", "Tax"),
    ("TAX", "SHIPPING"): ("ItemPrice", "ShippingTax"),
    ("TAX", "GIFT_WRAP"): ("ItemPrice", "GiftWrapTax"),
    ("DISCOUNT", "ITEM"): ("Promotion", "Principal"),
    ("DISCOUNT", "SHIPPING"): ("Promotion", "Shipping"),
}
_TAXES = {"Tax": "Principal", "ShippingTax": "Shipping", "GiftWrapTax": "Giftwrap"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One signed amount of one order item: a line of the settlement file, a leaf of the transaction."""

    amount_type: str
    description: str
    amount: Decimal

    @property
    def group(self) -> str:
        """The kind of breakdown under which the transaction shows it."""
        if self.amount_type == "ItemPrice" and self.description.endswith("Tax"):
            return "Tax"
        if self.amount_type == "ItemPrice":
            return self.description if self.description in ("Shipping", "GiftWrap") else "ProductCharges"
        return {"Promotion": "PromotionalRebates", "ItemWithheldTax": "MarketplaceWithheldTax"}.get(self.amount_type, "AmazonFees")


def sale(item: Payload, market: Market, *, by_amazon: bool) -> list[Entry]:
    """What is booked when all units of an order item were shipped: the buyer's money, the tax that Amazon withholds, its fees."""
    prices = list(_prices(item))
    principal = total(one for one in prices if one.description == "Principal")
    fees = [Entry(amount_type="ItemFees", description="Commission", amount=-rounded(principal * COMMISSION, market))]
    if by_amazon:
        units = int(item.get("quantityOrdered") or 0)
        fees.append(Entry(amount_type="ItemFees", description="FBAPerUnitFulfillmentFee", amount=-rounded(FBA_FEE * units, market)))
    return [one for one in [*prices, *_withheld(prices, market), *fees] if one.amount]


def refund(item: Payload, market: Market, units: int) -> list[Entry]:
    """What is booked when so many units are refunded: the same amounts back, the commission too, less what Amazon keeps of it."""
    share = Decimal(units) / max(int(item.get("quantityOrdered") or 1), 1)
    sold = [one for one in sale(item, market, by_amazon=False) if one.description != "Shipping"]
    back = [Entry(amount_type=one.amount_type, description=one.description, amount=-rounded(one.amount * share, market)) for one in sold]
    commission = total(one for one in back if one.description == "Commission")
    kept = Entry(amount_type="ItemFees", description="RefundCommission", amount=-rounded(commission * KEPT_ON_REFUND, market))
    return [one for one in [*back, kept] if one.amount]


def total(entries: Iterable[Entry]) -> Decimal:
    """The exact sum."""
    return sum((one.amount for one in entries), ZERO)


def rounded(amount: Decimal, market: Market) -> Decimal:
    """Half up, to the places of the marketplace's currency."""
    return amount.quantize(Decimal(1).scaleb(-market.places), ROUND_HALF_UP)


def _prices(item: Payload) -> Iterator[Entry]:
    """The parts of an order item; a tax or discount that its details do not explain whole is booked as one of the item."""
    for part in (item.get("proceeds") or {}).get("breakdowns") or ():
        kind, whole = str(part.get("type")), _amount(part.get("subtotal"))
        for detail in part.get("detailedBreakdowns") or ():
            value = _amount(detail.get("value"))
            whole -= value
            yield _price(kind, str(detail.get("subtype")), value)
        if whole:
            yield _price(kind, "ITEM" if kind in ("TAX", "DISCOUNT") else "", whole)


def _price(kind: str, subtype: str, amount: Decimal) -> Entry:
    fallback = _PRICES.get((kind, "ITEM"), ("ItemPrice", "Other"))
    amount_type, description = _PRICES.get((kind, subtype), fallback)
    return Entry(amount_type=amount_type, description=description, amount=-abs(amount) if kind == "DISCOUNT" else amount)


def _withheld(prices: list[Entry], market: Market) -> list[Entry]:
    """Where Amazon collects the tax for the state, it never reaches the seller."""
    if not market.facilitator:
        return []
    names = {one.description: f"MarketplaceFacilitatorTax-{_TAXES[one.description]}" for one in prices if one.description in _TAXES}
    return [
        Entry(amount_type="ItemWithheldTax", description=names[one.description], amount=-one.amount)
        for one in prices
        if one.description in names
    ]


def _amount(value: Any) -> Decimal:
    return Decimal(str(value.get("amount") or 0)) if isinstance(value, dict) else ZERO
