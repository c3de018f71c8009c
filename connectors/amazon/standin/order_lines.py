"""The lines of generated orders: prices, promotions of either sign, gift wrap and tax, exact to the smallest coin.

Where prices include the tax, the TAX breakdown is contained in the others and no part of the total (Amazon SP-API reference, 6.3, 6.6).
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from connectors.amazon.standin.goods import asin_of
from connectors.amazon.standin.markets import Market
from connectors.base import Payload
from connectors.sandbox.prices import MESSAGES, Rates, price_of

ZERO = Decimal(0)
FACILITATOR = {"model": "MARKETPLACE_FACILITATOR", "responsibleParty": "Amazon Services, Inc."}
IOSS_NUMBER = "IM2760000000"
COD_FEE = Decimal(330)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How the lines of one order are sold: `free` for replacements, `cod` adds the fee to the first line."""

    market: Market
    rates: Rates
    business: bool = False
    free: bool = False
    cod: bool = False
    ioss: bool = False
    gifts: bool = True


@dataclass(slots=True, kw_only=True)
class Parts:
    """The amounts of one line by kind, discounts as positive numbers."""

    item: Decimal
    shipping: Decimal = ZERO
    wrap: Decimal = ZERO
    cod: Decimal = ZERO
    discount: Decimal = ZERO
    shipping_discount: Decimal = ZERO
    taxes: dict[str, Decimal] = field(default_factory=dict)

    def total(self, *, inclusive: bool) -> Decimal:
        """What the buyer pays for the line."""
        tax = ZERO if inclusive else sum(self.taxes.values(), ZERO)
        return self.item + self.shipping + self.wrap + self.cod - self.discount - self.shipping_discount + tax


def money(amount: Decimal, market: Market) -> dict[str, str]:
    """An amount as Amazon writes it: text, with the decimals of its currency."""
    return {"amount": f"{amount:.{market.places}f}", "currencyCode": market.currency}


def order_line(chance: random.Random, sku: str, *, number: int, place: int, manner: Manner) -> Payload:
    """One line; every amount but the unit price is for all its units."""
    market = manner.market
    quantity = chance.choices((1, 2, 3, chance.randint(4, 12)), (75, 15, 6, 4))[0]
    price = ZERO if manner.free else price_of(sku, places=market.places)
    parts, promotion = _parts(chance, price * quantity, manner, first=place == 0)
    unit = {"unitPrice": money(price, market), **({"priceDesignation": "BUSINESS_PRICE"} if manner.business else {})}
    line: Payload = {
        "orderItemId": str(90_000_000_000_000 + number * 20 + place),
        "quantityOrdered": quantity,
        "product": {
            "asin": asin_of(sku), "title": f"Article {sku}", "sellerSku": sku, "condition": {"conditionType": "NEW"}, "price": unit,
        },
        "proceeds": _proceeds(parts, market, sign=chance.choice((1, -1))),
        "fulfillment": {"quantityFulfilled": 0, "quantityUnfulfilled": quantity},
    }  # fmt: skip
    if promotion:
        line["promotion"] = {"breakdowns": [{"promotionId": promotion}]}
    if parts.wrap:
        line["fulfillment"]["packing"] = {"giftOption": {"giftMessage": chance.choice(MESSAGES), "giftWrapLevel": "Classic"}}
    if market.country == "JP":
        line["expense"] = {"pointsCost": {"pointsGranted": {"pointsNumber": 10, "pointsMonetaryValue": money(Decimal(10), market)}}}
    return line | _tax(line, manner)


def _parts(chance: random.Random, worth: Decimal, manner: Manner, *, first: bool) -> tuple[Parts, str]:
    """The amounts and the promotion ("" = none)."""
    if manner.free:
        return Parts(item=ZERO), ""
    rates = manner.rates
    shipping = _coins(rates, chance.choice((0, 0, 399, 599, 899)))
    wrap = _coins(rates, 399) if manner.gifts and chance.random() < 0.06 else ZERO
    parts = Parts(item=worth, shipping=shipping, wrap=wrap, cod=COD_FEE if manner.cod and first else ZERO)
    roll, promotion = chance.random(), ""
    if roll < 0.14:
        parts.discount, promotion = rates.rounded(worth / 20), "PAWS-V2-NOV5"
    elif roll < 0.19 and shipping:
        parts.shipping_discount, promotion = shipping, "Core Free Shipping"
    taxable = {"ITEM": worth - parts.discount, "SHIPPING": shipping - parts.shipping_discount, "GIFT_WRAP": wrap, "COD_FEE": parts.cod}
    parts.taxes = {kind: rates.tax(amount) for kind, amount in taxable.items() if amount}
    return parts, promotion


def _coins(rates: Rates, cents: int) -> Decimal:
    """A small amount in the marketplace's money: 3.99, or 399 yen."""
    return Decimal(cents) / (100 if rates.places else 1)


def _proceeds(parts: Parts, market: Market, *, sign: int) -> dict[str, Any]:
    """The breakdowns and their total. `sign`: Amazon does not say whether discounts are written as positive or as negative amounts."""
    plain = (("ITEM", parts.item), ("SHIPPING", parts.shipping), ("GIFT_WRAP", parts.wrap), ("COD_FEE", parts.cod))
    rows = [_row(kind, amount, {}, market) for kind, amount in plain if amount or kind == "ITEM"]
    if parts.taxes:
        rows.append(_row("TAX", sum(parts.taxes.values(), ZERO), parts.taxes, market))
    less = {"ITEM": parts.discount * sign, "SHIPPING": parts.shipping_discount * sign}
    if any(less.values()):
        rows.append(_row("DISCOUNT", sum(less.values(), ZERO), {kind: amount for kind, amount in less.items() if amount}, market))
    return {"proceedsTotal": money(parts.total(inclusive=market.inclusive), market), "breakdowns": rows}


def _row(kind: str, amount: Decimal, details: dict[str, Decimal], market: Market) -> dict[str, Any]:
    row: dict[str, Any] = {"type": kind, "subtotal": money(amount, market)}
    if details:
        row["detailedBreakdowns"] = [{"subtype": subtype, "value": money(value, market)} for subtype, value in details.items()]
    return row


def _tax(line: Payload, manner: Manner) -> Payload:
    if manner.ioss:
        line["fulfillment"]["shipping"] = {"internationalShipping": {"iossNumber": IOSS_NUMBER}}
        return {"tax": {"taxCalculationBreakdowns": [{"reportingScheme": "IOSS"}], "taxCollections": [FACILITATOR]}}
    return {"tax": {"taxCollections": [FACILITATOR]}} if manner.market.facilitator else {}
