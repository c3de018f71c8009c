"""The lines of generated orders: prices, promotions, gift wrap and tax, exact to the smallest coin."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from connectors.base import Payload
from connectors.sandbox.prices import MESSAGES, Rates, price_of

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """What one line sells; `components` (SKU to quantity per unit) only for a bundle."""

    sku: str
    components: Mapping[str, int] | None = None


def goods(chance: random.Random, size: int, skus: Sequence[str], bundles: Mapping[str, Mapping[str, int]]) -> list[Goods]:
    """`size` goods; about one in twenty a bundle, and now and then the same SKU twice."""
    names = sorted(bundles)
    chosen: list[Goods] = []
    for _ in range(size):
        roll = chance.random()
        if names and roll < 0.05:
            name = chance.choice(names)
            chosen.append(Goods(sku=name, components=bundles[name]))
        elif chosen and roll > 0.96:
            chosen.append(chosen[-1])
        else:
            chosen.append(Goods(sku=chance.choice(skus)))
    return chosen


def order_line(chance: random.Random, what: Goods, *, number: int, rates: Rates, center: str) -> Payload:
    """One line; every amount but the unit price is for all its units."""
    quantity = chance.choices((1, 2, 3, chance.randint(4, 12)), (75, 15, 6, 4))[0]
    price = price_of(what.sku, places=rates.places)
    shipping = rates.rounded(Decimal(chance.choice((0, 0, 399, 599, 899))) / 100)
    promotion = _promotion(chance, price * quantity, shipping, rates)
    wrap = rates.rounded(Decimal("3.99")) if chance.random() < 0.06 else ZERO
    discount, less_shipping = promotion.get("Amount", ZERO), promotion.get("ShippingAmount", ZERO)
    return {
        "ItemID": number, "MarketplaceItemID": f"M{number}", "SKU": what.sku, "Title": f"Article {what.sku}",
        "Quantity": quantity, "UnitPrice": price, "TaxAmount": rates.tax(price * quantity + discount), "DiscountAmount": discount,
        "ShippingAmount": shipping, "ShippingTaxAmount": rates.tax(shipping + less_shipping), "ShippingDiscountAmount": less_shipping,
        "GiftWrapAmount": wrap, "GiftWrapTaxAmount": rates.tax(wrap), "GiftMessage": chance.choice(MESSAGES) if wrap else "",
        "GiftWrapLevel": "Classic" if wrap else "", "RecyclingFee": ZERO, "Promotions": [promotion] if promotion else [],
        "QuantityShipped": 0, "QuantityCancelled": 0, "QuantityReturned": 0, "IsBundle": what.components is not None,
        "BundleComponents": [
            {"SKU": sku, "Quantity": each * quantity, "Title": f"Article {sku}"} for sku, each in (what.components or {}).items()
        ],
        "DistributionCenter": center,
    }  # fmt: skip


def _promotion(chance: random.Random, worth: Decimal, shipping: Decimal, rates: Rates) -> Payload:
    roll = chance.random()
    if roll < 0.12:
        return {"Code": "NOV5", "Amount": -rates.rounded(worth / 20), "ShippingAmount": ZERO}
    if roll < 0.16 and shipping:
        return {"Code": "FREESHIP", "Amount": ZERO, "ShippingAmount": -shipping}
    return {}
