"""The totals of an order: its lines added up, and the tip, which belongs to no line."""

from __future__ import annotations

from decimal import Decimal

from connectors.amazon.standin.markets import MARKETS, Market
from connectors.amazon.standin.order_lines import money
from connectors.base import Payload

ZERO = Decimal(0)
TIP = Decimal(5)
_BY_NUMBER = {one.numbers: one for one in MARKETS.values()}
_FIRST = next(iter(MARKETS.values()))


def market_of(order: Payload) -> Market:
    """The marketplace of an order; that of other channels' orders shows in their numbers."""
    named = MARKETS.get(str(order["salesChannel"].get("marketplaceId")))
    return named or _BY_NUMBER.get(str(order["orderId"]).partition("-")[0], _FIRST)


def add_up(order: Payload, market: Market) -> None:
    """Writes the order's breakdowns and grand total from its lines; a tip stays."""
    sums: dict[str, Decimal] = {}
    total = ZERO
    for line in order["orderItems"]:
        proceeds = line.get("proceeds") or {"breakdowns": [], "proceedsTotal": {"amount": "0"}}
        total += Decimal(proceeds["proceedsTotal"]["amount"])
        for row in proceeds["breakdowns"]:
            sums[row["type"]] = sums.get(row["type"], ZERO) + Decimal(row["subtotal"]["amount"])
    rows = [{"type": kind, "subtotal": money(amount, market)} for kind, amount in sums.items()]
    for tip in _tips(order):
        rows.append(tip)
        total += Decimal(tip["subtotal"]["amount"])
    order["proceeds"] = {"grandTotal": money(total, market), "breakdowns": rows}


def add_tip(order: Payload, market: Market, *, amount: Decimal = TIP, status: str = "PENDING") -> None:
    """The buyer promises a tip, or Amazon settles it ("FINALIZED")."""
    others = [row for row in order["proceeds"]["breakdowns"] if row["type"] != "DELIVERY_TIP"]
    order["proceeds"]["breakdowns"] = [*others, {"type": "DELIVERY_TIP", "status": status, "subtotal": money(amount, market)}]
    add_up(order, market)


def _tips(order: Payload) -> list[Payload]:
    return [row for row in order.get("proceeds", {}).get("breakdowns", []) if row["type"] == "DELIVERY_TIP"]
