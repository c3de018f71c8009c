"""What a delivered order should bring, read from the payload that the ERP took (TIMS contract 3, entity map 7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from connectors.parts import part_name, part_of

ZERO = Decimal(0)


@dataclass(slots=True, kw_only=True)
class Sold:
    """One line of an order, or (without item code and SKU) what belongs to the order as a whole. `promotions` is what was spared."""

    item_code: str = ""
    sku: str = ""
    quantity: Decimal = ZERO
    price: Decimal = ZERO
    shipping: Decimal = ZERO
    giftwrap: Decimal = ZERO
    promotions: Decimal = ZERO
    tax: Decimal = ZERO

    def add(self, other: Sold) -> None:
        """The amounts of another line of the same item."""
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, Decimal):
                setattr(self, one.name, value + getattr(other, one.name))


def sold(order: Mapping[str, Any]) -> list[Sold]:
    """The money of a sales order as it was sent, one entry per item. Charges that no settlement names apart count as price."""
    found: dict[tuple[str, str], Sold] = {}
    for one in (*_lines(order), *_charges(order)):
        known = found.setdefault((one.item_code, one.sku), one)
        if known is not one:
            known.add(one)
    return list(found.values())


def _lines(order: Mapping[str, Any]) -> Iterator[Sold]:
    for line in order.get("LineItems") or ():
        quantity = _number(line.get("Quantity"))
        extended = line.get("ExtendedAmount")
        code, units = _as_sold(str(line.get("ExternalLineID") or ""), quantity)
        yield Sold(
            item_code=code,
            sku=str(line.get("SKU") or ""),
            quantity=units,
            price=quantity * _number(line.get("Price")) if extended is None else _number(extended),
            promotions=-_number(line.get("DiscountAmount")),
            tax=_number(line.get("TaxAmount")),
        )


def _as_sold(name: str, quantity: Decimal) -> tuple[str, Decimal]:
    """A multipack, which the ERP has as single units, under the name and in the units that the marketplace settles."""
    pack = part_of(name)
    if pack is None or part_name(pack.line, pack.need) != name:
        return name, quantity
    return pack.line, quantity * pack.need.denominator / pack.need.numerator


def _charges(order: Mapping[str, Any]) -> Iterator[Sold]:
    for charge in order.get("Charges") or ():
        amount, kind = _number(charge.get("Amount")), charge.get("Type")
        yield Sold(
            shipping=amount if kind == "Shipping" else ZERO,
            giftwrap=amount if kind == "GiftWrap" else ZERO,
            price=amount if kind not in ("Shipping", "GiftWrap") else ZERO,
            tax=_number(charge.get("TaxAmount")),
        )


def _number(value: Any) -> Decimal:
    return Decimal(str(value)) if isinstance(value, int | Decimal) and not isinstance(value, bool) else ZERO
