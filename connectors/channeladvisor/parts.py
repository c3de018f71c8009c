"""An order that the seller ships in part and the marketplace in part becomes two, `…-S` and `…-X` (entity map 2). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from connectors.base import Payload
from connectors.channeladvisor.values import money, objects, text, whole

SELLER, MARKETPLACE = "S", "X"
_OF_LINES = {
    "Tax": ("TaxAmount",), "Shipping": ("ShippingAmount",), "ShippingTax": ("ShippingTaxAmount",), "GiftWrap": ("GiftWrapAmount",),
    "GiftWrapTax": ("GiftWrapTaxAmount",), "Recycling": ("RecyclingFee",), "Discount": ("DiscountAmount", "ShippingDiscountAmount"),
    "Insurance": (), "Additional": (),
}  # fmt: skip
"""The totals of an order and the fields of its lines that they sum up."""
_PLAIN = ("Items", "Shipping", "GiftWrap", "Insurance", "Recycling", "Additional", "Discount")
_TAXES = ("Tax", "ShippingTax", "GiftWrapTax")


def parts_of(order: Payload, external: frozenset[str]) -> list[Payload]:
    """The order itself; one with `FulfilledBy` Mixed as two orders, each with its lines and its share of every amount.

    `external`: codes (upper case) of the distribution centres that the marketplace runs. A part has `Part` "S" or "X", its own order
    number and, when none of its units is left, the status Cancelled. The shares of an amount sum to it exactly. Raises ValueError in
    words when the lines do not tell the parts from each other.
    """
    if order.get("FulfilledBy") != "Mixed":
        return [order]
    lines = list(objects(order.get("OrderItem")))
    sides = [text(line.get("DistributionCenter")).upper() in external for line in lines]
    theirs = [line for line, marketplaces in zip(lines, sides, strict=True) if marketplaces]
    ours = [line for line, marketplaces in zip(lines, sides, strict=True) if not marketplaces]
    if not theirs or not ours:
        raise ValueError(
            "the marketplace ships a part of it, but the distribution centres of its lines do not tell which. Name the marketplace's "
            "centres in the connection (External distribution centres)"
        )
    their_amounts = _amounts(order, theirs, lines)
    our_amounts = {name: None if amount is None else money(amount) - their_amounts[name] for name, amount in _totals(order).items()}
    discounts = list(objects(order.get("Discounts")))
    shares = [_share(money(one.get("Amount")), theirs, lines) for one in discounts]
    return [
        _part(order, SELLER, ours, our_amounts, [money(one.get("Amount")) - share for one, share in zip(discounts, shares, strict=True)]),
        _part(order, MARKETPLACE, theirs, their_amounts, shares),
    ]


def _part(order: Payload, part: str, lines: list[Any], totals: Payload, discounts: Sequence[Decimal]) -> Payload:
    left = any(whole(line.get("Quantity")) > whole(line.get("QuantityCancelled")) for line in lines)
    amounts = zip(objects(order.get("Discounts")), discounts, strict=True)
    return {
        **order,
        "Part": part,
        "OrderID": f"{text(order.get('OrderID'))}-{part}",
        "OrderStatus": order.get("OrderStatus") if left else "Cancelled",
        "FulfilledBy": "Seller" if part == SELLER else "External",
        "OrderItem": lines,
        "Totals": totals,
        "Discounts": [{**one, "Amount": amount} for one, amount in amounts if amount],
    }


def _totals(order: Payload) -> Payload:
    totals = order.get("Totals")
    return totals if isinstance(totals, dict) else {}


def _amounts(order: Payload, part: Sequence[Any], lines: Sequence[Any]) -> Payload:
    """The totals of a part: what its lines say, and a share of what only the order says."""
    found: Payload = {"Items": _goods(part)}
    for name, amount in _totals(order).items():
        if name in _OF_LINES:
            fields = _OF_LINES[name]
            found[name] = _sum(part, fields) + _share(money(amount) - _sum(lines, fields), part, lines)
    taxes = _TAXES if order.get("TaxMode") == "Exclusive" else ()
    found["Grand"] = sum((found.get(name, Decimal(0)) for name in (*_PLAIN, *taxes)), Decimal(0))
    return {name: found.get(name, Decimal(0)) for name in _totals(order)}


def _sum(lines: Sequence[Any], fields: Sequence[str]) -> Decimal:
    return sum((money(line.get(field)) for line in lines for field in fields), Decimal(0))


def _goods(lines: Sequence[Any]) -> Decimal:
    return sum((money(line.get("UnitPrice")) * whole(line.get("Quantity")) for line in lines), Decimal(0))


def _share(amount: Decimal, part: Sequence[Any], lines: Sequence[Any]) -> Decimal:
    """A part's share by the value of its goods, in the amount's own decimals; an order of free goods leaves all with the seller."""
    goods = _goods(lines)
    return (amount * _goods(part) / goods).quantize(amount, ROUND_HALF_UP) if goods else Decimal(0)
