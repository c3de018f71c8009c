"""A seeded generator of believable orders of the Orders API 2026-01-01 (Amazon SP-API reference, 6), with a few that must fail."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from connectors.amazon.regions import BY_COUNTRY
from connectors.amazon.standin.failing import PERSONAL_DATA_REMOVED, REASONS, spoil
from connectors.amazon.standin.markets import MARKETS, Market
from connectors.amazon.standin.order_lines import Manner, order_line
from connectors.amazon.standin.order_people import recipient_of, written_buyer
from connectors.amazon.standin.order_totals import add_tip, add_up
from connectors.amazon.times import written
from connectors.base import Payload
from connectors.sandbox.people import Buyer, buyer
from connectors.sandbox.prices import Rates

USUAL = {"US": 60, "CA": 10, "UK": 12, "DE": 12, "JP": 6}
"""How often which marketplace, by its code in Amazon's lists."""
KINDS = {
    "plain": 44, "prime": 8, "business": 8, "fba": 24, "replacement": 2, "non_amazon": 3, "pending": 5, "cancelled": 2, "ship_plus": 2,
    "cod": 2, "part_cancelled": 2,
}  # fmt: skip
"""How often which kind of order. `cod` only in Japan; elsewhere it is a plain one. Of one line nothing is cancelled in part."""
AT_AMAZON = ("fba", "non_amazon")
SKIPPED = ("non_amazon", "pending", "cancelled")
PROGRAMS = {"prime": ["PRIME"], "business": ["AMAZON_BUSINESS"], "ship_plus": ["FBM_SHIP_PLUS"]}
FIRST = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """An order, why it must not reach the ERP as it is, and why it is no order to take over; both "" where it must arrive.

    `expected` is one of `failing.REASONS`, `skipped` "non_amazon", "pending" (until it is paid) or "cancelled". `kind` is one of KINDS.
    """

    order: Payload
    expected: str = ""
    skipped: str = ""
    kind: str = "plain"


def generate(
    *,
    seed: int,
    count: int,
    now: datetime,
    skus: Sequence[str],
    first: int = FIRST,
    failing: float = 0.02,
    marks: str = "",
    weights: Mapping[str, int] | None = None,
    kinds: Mapping[str, int] | None = None,
    lines: tuple[int, int] | None = None,
    days: float = 3,
) -> Iterator[Generated]:
    """`count` orders placed in the `days` before `now`; the same arguments give the same orders.

    `first` begins the running numbers behind order numbers: use other ones for more orders. `failing` is the share of those that would
    arrive but must fail, its reasons in turn. `marks` puts that word into every name, mail and street. `weights` chooses marketplaces by
    code, `kinds` kinds of order, `lines` the smallest and largest number of lines.
    """
    chance = random.Random(seed)  # noqa: S311 - repeatable play, not secrets
    wishes, sorts = weights or USUAL, kinds or KINDS
    spoiled = 0
    for number in range(first, first + count):
        code = chance.choices(list(wishes), list(wishes.values()))[0]
        kind = _kind(chance, sorts, code)
        who = _buyer(chance, code, seed=seed, pool=max(3, count * 4 // 5), marks=marks)
        size = chance.randint(*lines) if lines else _size(chance)
        chosen = [chance.choice(skus) for _ in range(size)]
        placed = now - timedelta(seconds=chance.uniform(60, days * 86400))
        order = _order(chance, code, kind, who, number=number, placed=placed, skus=chosen)
        reason = ""
        if kind not in SKIPPED and chance.random() < failing:
            reason = _reason(spoiled, kind)
            spoil(order, reason, MARKETS[BY_COUNTRY[code].id])
            spoiled += 1
        yield Generated(order=order, expected=reason, skipped=kind if kind in SKIPPED else "", kind=kind)


def _kind(chance: random.Random, kinds: Mapping[str, int], code: str) -> str:
    kind = chance.choices(list(kinds), list(kinds.values()))[0]
    if kind == "cod":
        return kind if code == "JP" else "plain"
    return "plain" if kind == "ship_plus" and code != "US" else kind


def _reason(spoiled: int, kind: str) -> str:
    """The next reason in turn; Amazon's own shipments need no address."""
    reason = REASONS[spoiled % len(REASONS)]
    return REASONS[0] if reason == PERSONAL_DATA_REMOVED and kind in AT_AMAZON else reason


def _buyer(chance: random.Random, code: str, *, seed: int, pool: int, marks: str) -> Buyer:
    """One of the marketplace's buyers; some come again."""
    number = chance.randrange(pool)
    own = random.Random(f"{seed} {code} {number}")  # noqa: S311 - repeatable play, not secrets
    country = MARKETS[BY_COUNTRY[code].id].country
    return buyer(own, number, country=country, mail_domain="marketplace.amazon.example", user_prefix="a", mark=marks)


def _size(chance: random.Random) -> int:
    return chance.choices((1, 2, 3, chance.randint(4, 9), chance.randint(10, 15)), (58, 22, 10, 8, 2))[0]


def _order(chance: random.Random, code: str, kind: str, who: Buyer, *, number: int, placed: datetime, skus: Sequence[str]) -> Payload:
    market = MARKETS[BY_COUNTRY[code].id]
    manner = _manner(chance, market, kind)
    by_amazon = kind in AT_AMAZON or (kind == "pending" and chance.random() < 0.3)
    rows = [order_line(chance, sku, number=number, place=place, manner=manner) for place, sku in enumerate(skus)]
    created = written(placed)
    order: Payload = {
        "orderId": f"{market.numbers}-{1_000_000 + number * 48_271 % 8_999_999:07d}-{number % 10_000_000:07d}",
        "createdTime": created,
        "lastUpdatedTime": created,
        "programs": list(PROGRAMS.get(kind, [])),
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": market.id, "marketplaceName": market.site},
        "buyer": written_buyer(who, number, business=manner.business),
        "recipient": recipient_of(chance, who),
        "fulfillment": _fulfillment(chance, who, placed, by_amazon=by_amazon),
        "orderItems": rows,
        "packages": [],
    }
    _vary(chance, order, kind, market, by_amazon=by_amazon)
    add_up(order, market)
    if kind in ("plain", "prime") and market.country == "US" and chance.random() < 0.03:
        add_tip(order, market)
    return order


def _manner(chance: random.Random, market: Market, kind: str) -> Manner:
    rates = Rates(percent=market.tax, inclusive=market.inclusive, places=market.places)
    return Manner(
        market=market, rates=rates, business=kind == "business", free=kind in ("replacement", "non_amazon"), cod=kind == "cod",
        ioss=kind == "plain" and market.country == "DE" and chance.random() < 0.1, gifts=kind not in AT_AMAZON,
    )  # fmt: skip


def _fulfillment(chance: random.Random, who: Buyer, placed: datetime, *, by_amazon: bool) -> dict[str, Any]:
    levels = ("STANDARD", "STANDARD", "STANDARD", "EXPEDITED", "SECOND_DAY", "NEXT_DAY", "FREE_ECONOMY")
    return {
        "fulfillmentStatus": "UNSHIPPED",
        "fulfilledBy": "AMAZON" if by_amazon else "MERCHANT",
        "fulfillmentServiceLevel": "STANDARD" if who.kind else chance.choice(levels),
        "shipByWindow": {"earliestDateTime": written(placed), "latestDateTime": written(placed + timedelta(days=2))},
        "deliverByWindow": {
            "earliestDateTime": written(placed + timedelta(days=3)), "latestDateTime": written(placed + timedelta(days=7)),
        },
    }  # fmt: skip


def _vary(chance: random.Random, order: Payload, kind: str, market: Market, *, by_amazon: bool) -> None:
    """What sets an order of this kind apart; some have what no published model knows yet (Amazon SP-API reference, 18)."""
    fulfillment = order["fulfillment"]
    if by_amazon:
        _at_amazon(chance, order, kind)
    if kind == "pending":
        fulfillment["fulfillmentStatus"] = "PENDING"
    elif kind == "replacement":
        original = f"{order['orderId'][:4]}0{order['orderId'][5:]}"
        order["associatedOrders"] = [{"orderId": original, "associationType": "REPLACEMENT_ORIGINAL_ID"}]
    elif kind == "business" and market.country == "DE":
        registration = {"entityType": "BUYER", "taxRegistrationType": "VAT", "taxRegistrationNumber": "DE999999999"}
        order["tax"] = {"taxRegistrations": [registration]}
    elif kind == "cod":
        order["payment"] = {"paymentExecutions": [{"paymentMethod": "CashOnDelivery"}]}
    elif kind == "cancelled":
        cancel_lines(order, order["orderItems"], by=chance.choice(("BUYER", "MERCHANT", "AMAZON")), reason="Buyer cancelled")
        fulfillment["fulfillmentStatus"] = "CANCELLED"
    elif kind == "part_cancelled" and len(order["orderItems"]) > 1:
        cancel_lines(order, order["orderItems"][-1:], by="BUYER", reason="Buyer cancelled")
    if chance.random() < 0.1:
        fulfillment["promiseCalculationInputs"] = {"carrierTransitDays": 3}


def _at_amazon(chance: random.Random, order: Payload, kind: str) -> None:
    """Amazon ships: most often already done, and it keeps the address to itself."""
    if kind == "non_amazon":
        order["salesChannel"] = {"channelName": "NON_AMAZON", "marketplaceName": "Non-Amazon"}
        order["orderAliases"] = [{"aliasId": f"MCF-{order['orderId'][-7:]}", "aliasType": "SELLER_ORDER_ID"}]
    del order["recipient"]
    order["buyer"].pop("buyerEmail", None)
    if kind != "pending" and chance.random() < 0.6:
        ship_all(order)


def ship_all(order: Payload) -> None:
    """Every unit that is still wanted is shipped."""
    for line in order["orderItems"]:
        line["fulfillment"] |= {"quantityFulfilled": line["quantityOrdered"], "quantityUnfulfilled": 0}
    order["fulfillment"]["fulfillmentStatus"] = "SHIPPED"


def cancel_lines(order: Payload, lines: Sequence[Payload], *, by: str, reason: str) -> None:
    """Lines are cancelled: no quantity and no proceeds are left of them."""
    for line in lines:
        cancellation = line.setdefault("cancellation", {})
        cancellation["cancellationExecution"] = {"cancelledBy": by, "cancelReason": reason}
        line["quantityOrdered"] = line["fulfillment"]["quantityFulfilled"]
        line["fulfillment"]["quantityUnfulfilled"] = 0
        if not line["quantityOrdered"]:
            line.pop("proceeds", None)
