"""Orders for what TIMS sells: of ChannelAdvisor, of Amazon, and of both."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from connectors.amazon.standin.orders import KINDS
from connectors.amazon.standin.orders import Generated as AmazonGenerated
from connectors.amazon.standin.orders import generate as generate_amazon
from connectors.base import Payload
from connectors.channeladvisor.standin.orders import Generated, generate
from hub.demo.standins import StandIns
from hub.demo.twins import as_channeladvisor

FIRST_ID = 19_918_546
TWINS = 30_000_000
"""Where ChannelAdvisor's numbers of orders begin that Amazon brings, too."""
PLACES = {"US": 80, "CA": 20}
"""Where one connection's orders come from: it belongs to one region."""
PACKS = {f"TK-{1001 + at}-{units}PK": (f"TK-{1001 + at}", units) for at, units in enumerate((2, 3, 6) * 4)}
"""Multipacks that Amazon sells: what is in them, and how often."""
SOLD = {kind: share for kind, share in KINDS.items() if kind not in ("cod", "ship_plus")}


def goods_of(opened: StandIns) -> tuple[list[str], dict[str, dict[str, int]]]:
    """The SKUs that TIMS sells, and its bundles with their parts."""
    items = [one for one in opened.tims.book.rows("items") if one["Status"] == "Active" and one["Sellable"]]
    bundles = {
        one["SKU"]: {part["SKU"]: int(part["Quantity"]) for part in one["KitComponents"]} for one in items if one.get("KitComponents")
    }
    return sorted(one["SKU"] for one in items if one["SKU"] not in bundles), bundles


def invented(opened: StandIns, count: int, *, seed: int, failing: float = 0.02) -> list[Generated]:
    """Orders for ChannelAdvisor, with numbers that the stand-in has not used yet."""
    skus, bundles = goods_of(opened)
    first = FIRST_ID + opened.channeladvisor.book.count("order")
    return list(
        generate(seed=seed, count=count, now=opened.channeladvisor.now(), skus=skus, bundles=bundles, first_id=first, failing=failing)
    )


def invented_at_amazon(
    opened: StandIns, count: int, *, seed: int, failing: float = 0.02, kinds: Mapping[str, int] | None = None
) -> list[AmazonGenerated]:
    """Orders for Amazon, some of multipacks, with numbers that the stand-in has not used yet."""
    skus = [*goods_of(opened)[0], *PACKS, *PACKS]
    first = 1 + opened.amazon.book.count("orders")
    return list(
        generate_amazon(
            seed=seed, count=count, now=opened.amazon.now(), skus=skus, first=first, failing=failing, weights=PLACES, kinds=kinds or SOLD
        )
    )


def twins_of(orders: Sequence[AmazonGenerated], count: int, chance: random.Random) -> dict[str, Generated]:
    """Some of Amazon's orders as ChannelAdvisor brings them, by Amazon's number; none with packs, of which it has no single units."""
    plain = [one.order for one in orders if one.kind == "plain" and not (one.expected or one.skipped or _has_packs(one.order))]
    chosen = chance.sample(plain, min(count, len(plain)))
    return {order["orderId"]: Generated(order=as_channeladvisor(order, number=TWINS + at)) for at, order in enumerate(chosen)}


def _has_packs(order: Payload) -> bool:
    return any(line["product"].get("sellerSku") in PACKS for line in order["orderItems"])
