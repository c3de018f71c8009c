"""A seeded generator of believable v2 orders whose totals obey the control sum, with a few that must fail for a known reason."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from connectors.base import Payload
from connectors.channeladvisor.standin.failing import REASONS, spoil
from connectors.channeladvisor.standin.lines import goods, order_line
from connectors.channeladvisor.times import written
from connectors.sandbox.people import Buyer, buyer
from connectors.sandbox.prices import Rates

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One marketplace as ChannelAdvisor knows it (site ids: ChannelAdvisor API reference, B8). `tax` in percent."""

    id: int
    name: str
    account: int
    country: str
    currency: str
    mode: str
    tax: str
    collects: bool
    numbers: str
    mail: str
    methods: tuple[tuple[str, str], ...]


AT_HOME = (("UPS", "GROUND"), ("UPS", "GROUND"), ("USPS", "PRIORITY"), ("FEDEX", "2DAY"))
ABROAD = (("USPS", "PRIORITY"), ("FEDEX", "2DAY"))
_AMAZON, _EBAY, _WALMART = "{p}-{a:07d}-{b:07d}", "{p:02d}-{a:05d}-{b:05d}", "20{p:03d}{a:05d}{b:05d}"
SITES = tuple(
    Site(id=i, name=n, account=a, country=c, currency=cur, mode=m, tax=t, collects=col, numbers=num, mail=mail, methods=ship)
    for i, n, a, c, cur, m, t, col, num, mail, ship in (
        (640, "Amazon US", 501, "US", "USD", "Exclusive", "8.9", True, _AMAZON, "marketplace.amazon.example", AT_HOME),
        (1, "eBay US", 502, "US", "USD", "Exclusive", "8.25", True, _EBAY, "members.ebay.example", AT_HOME),
        (996, "Walmart Marketplace", 503, "US", "USD", "Exclusive", "7", True, _WALMART, "relay.walmart.example", AT_HOME),
        (644, "Amazon CA", 504, "CA", "CAD", "Exclusive", "13", False, _AMAZON, "marketplace.amazon.example", ABROAD),
        (641, "Amazon UK", 505, "GB", "GBP", "Inclusive", "20", False, _AMAZON, "marketplace.amazon.example", ABROAD),
        (642, "Amazon DE", 506, "DE", "EUR", "Inclusive", "19", False, _AMAZON, "marketplace.amazon.example", ABROAD),
        (689, "Amazon JP", 507, "JP", "JPY", "Inclusive", "10", False, _AMAZON, "marketplace.amazon.example", ABROAD),
    )
)
USUAL = {"Amazon US": 45, "eBay US": 15, "Walmart Marketplace": 12, "Amazon CA": 8, "Amazon UK": 10, "Amazon DE": 10}


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """An order and why it must not reach the ERP as it is: one of `failing.REASONS`, or "" when it must arrive."""

    order: Payload
    expected: str = ""


def generate(
    *,
    seed: int,
    count: int,
    now: datetime,
    skus: Sequence[str],
    bundles: Mapping[str, Mapping[str, int]] | None = None,
    first_id: int = 19_918_546,
    failing: float = 0.02,
    marks: str = "",
    weights: Mapping[str, int] | None = None,
    lines: tuple[int, int] | None = None,
) -> Iterator[Generated]:
    """`count` orders placed in the three days before `now`; the same arguments give the same orders.

    `skus` are sold singly, `bundles` name their components and quantities. `failing` is the share that must fail, its reasons in turn.
    `marks` puts that word into every name, mail and street, and one fixed phone number everywhere. `weights` chooses marketplaces by
    name (default: without Japan), `lines` the smallest and largest number of lines.
    """
    chosen = weights or USUAL
    sites = [site for site in SITES if chosen.get(site.name)]
    chance = random.Random(seed)  # noqa: S311 - repeatable play, not secrets
    spoiled = 0
    for number in range(count):
        site = chance.choices(sites, [chosen[one.name] for one in sites])[0]
        who = _buyer(chance, site, seed=seed, pool=max(3, count * 4 // 5), marks=marks)
        size = chance.randint(*lines) if lines else _size(chance)
        order = _order(chance, site, who, number=first_id + number, now=now, goods=goods(chance, size, skus, bundles or {}))
        reason = ""
        if chance.random() < failing:
            reason = REASONS[spoiled % len(REASONS)]
            spoil(order, reason)
            spoiled += 1
        yield Generated(order=order, expected=reason)


def _buyer(chance: random.Random, site: Site, *, seed: int, pool: int, marks: str) -> Buyer:
    """One of the marketplace's buyers; some come again."""
    number = chance.randrange(pool)
    own = random.Random(f"{seed} {site.id} {number}")  # noqa: S311 - repeatable play, not secrets
    return buyer(own, number, country=site.country, mail_domain=site.mail, user_prefix=f"u{site.id}", mark=marks)


def _size(chance: random.Random) -> int:
    return chance.choices((1, 2, 3, chance.randint(4, 9), chance.randint(10, 25)), (58, 22, 10, 8, 2))[0]


def _order(chance: random.Random, site: Site, who: Buyer, *, number: int, now: datetime, goods: list[Any]) -> Payload:
    placed = now - timedelta(seconds=chance.randrange(60, 3 * 86400))
    carrier, shipping_class = ("USPS", "PRIORITY") if who.kind else chance.choice(site.methods)
    rates = Rates(percent=Decimal(site.tax), inclusive=site.mode == "Inclusive", places=0 if site.currency == "JPY" else 2)
    center = chance.choice(("RENO", "RENO", "ATLANTA"))
    lines = [order_line(chance, one, number=number * 100 + place, rates=rates, center=center) for place, one in enumerate(goods)]
    discounts = _discounts(chance, lines, places=rates.places)
    return {
        "ChannelAdvisorOrderID": number,
        "OrderID": site.numbers.format(p=chance.randrange(10, 99) if site.id == 1 else 112, a=chance.randrange(10**5), b=number % 100_000),
        "SecondaryOrderID": "", "SellerOrderID": "",
        "Marketplace": {"SiteID": site.id, "Name": site.name, "AccountID": site.account},
        "OrderStatus": "New", "PaymentStatus": "Cleared", "FulfillmentStatus": "Unshipped", "FulfilledBy": "Seller",
        "OrderDate": written(placed), "PaymentDateUtc": written(placed + timedelta(minutes=2)), "ShippedDateUtc": None,
        "ShipByDateUtc": written(placed + timedelta(days=2)), "DeliverByDateUtc": written(placed + timedelta(days=7)),
        "Currency": site.currency, "CustomerInfo": dict(who.info), "ShippingAddress": dict(who.shipping),
        "BillingAddress": dict(who.billing) if who.billing else None,
        "ShippingMethod": {"Carrier": carrier, "Class": shipping_class},
        "OrderItem": lines, "Totals": totals(lines, discounts, mode=site.mode, additional=_additional(chance)),
        "TaxMode": site.mode, "TaxCollectedByMarketplace": site.collects, "Discounts": discounts,
        "Payment": {"Method": "Marketplace", "TransactionID": f"TX{number}", "MerchantReference": ""},
        "Notes": {"Public": "", "Private": "", "Buyer": ""}, "Tags": [], "Attributes": [],
        "Exported": False, "PersonalDataRemoved": False, "PersonalDataRemovalDateUtc": None,
    }  # fmt: skip


def totals(lines: Sequence[Payload], discounts: Sequence[Payload], *, mode: str, additional: Decimal = ZERO) -> dict[str, Decimal]:
    """The totals of an order by the control sum (ChannelAdvisor API reference, A5.4)."""

    def of(field: str) -> Decimal:
        return sum((line[field] for line in lines), ZERO)

    found = {
        "Items": sum((line["UnitPrice"] * line["Quantity"] for line in lines), ZERO), "Tax": of("TaxAmount"),
        "Shipping": of("ShippingAmount"), "ShippingTax": of("ShippingTaxAmount"),
        "GiftWrap": of("GiftWrapAmount"), "GiftWrapTax": of("GiftWrapTaxAmount"),
        "Insurance": ZERO, "Recycling": of("RecyclingFee"),
        "Discount": of("DiscountAmount") + of("ShippingDiscountAmount") + sum((one["Amount"] for one in discounts), ZERO),
        "Additional": additional,
    }  # fmt: skip
    taxes = found["Tax"] + found["ShippingTax"] + found["GiftWrapTax"] if mode == "Exclusive" else ZERO
    plain = ("Items", "Shipping", "GiftWrap", "Insurance", "Recycling", "Additional", "Discount")
    return {**found, "Grand": sum((found[name] for name in plain), ZERO) + taxes}


def _discounts(chance: random.Random, lines: Sequence[Payload], *, places: int) -> list[Payload]:
    """An order discount of about a tenth of the goods, now and then; tax was settled per line before it."""
    if chance.random() >= 0.08:
        return []
    goods_worth = sum((line["UnitPrice"] * line["Quantity"] + line["DiscountAmount"] for line in lines), ZERO)
    amount = (goods_worth / 10).quantize(Decimal(1).scaleb(-places))
    return [{"Code": "NOV10", "Amount": -amount, "Scope": "Order"}] if amount > 0 else []


def _additional(chance: random.Random) -> Decimal:
    roll = chance.random()
    return Decimal("-1") if roll < 0.01 else Decimal("2") if roll < 0.02 else ZERO
