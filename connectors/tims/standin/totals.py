"""The sums of a sales order."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from connectors.sandbox import Row
from connectors.tims.standin.checks import Flaw, flaw

CENT = Decimal("0.01")
ZERO = Decimal(0)


def dec(value: Any) -> Decimal:
    """A JSON number, or zero."""
    return Decimal(value) if value is not None else ZERO


def fill(order: Row) -> list[Flaw]:
    """Completes the line amounts and the sums of an order in place; answers what does not add up."""
    flaws = [found for at, line in enumerate(order["LineItems"]) for found in _line(line, at)]
    lines, charges = order["LineItems"], order.get("Charges") or []
    discounts = [one for one in order.get("Discounts") or [] if not one.get("Apportioned")]
    sums = {
        "SubtotalAmount": sum((dec(line["ExtendedAmount"]) for line in lines), ZERO),
        "ChargesAmount": sum((dec(one["Amount"]) for one in charges), ZERO),
        "DiscountAmount": sum((dec(one["DiscountAmount"]) for one in lines), ZERO) + sum((dec(one["Amount"]) for one in discounts), ZERO),
        "TaxAmount": sum((dec(one.get("TaxAmount")) for one in [*lines, *charges]), ZERO),
    }
    tax = ZERO if order.get("PricesIncludeTax") else sums["TaxAmount"]
    total = sums["SubtotalAmount"] + sums["ChargesAmount"] + sums["DiscountAmount"] + tax
    tolerance = CENT * len(lines)
    for name, computed in {**sums, "TotalAmount": total}.items():
        sent = order.get(name)
        if sent is not None and abs(dec(sent) - computed) > tolerance:
            flaws.append(flaw(name, "sum_mismatch", f"{computed} computed, {sent} given.", sent))
    order.update(sums)
    return flaws


def _line(line: Row, at: int) -> list[Flaw]:
    quantity = dec(line["Quantity"])
    computed = (quantity * dec(line["Price"])).quantize(CENT, ROUND_HALF_UP)
    sent = line.get("ExtendedAmount")
    line["ExtendedAmount"] = computed if sent is None else sent
    line["DiscountAmount"] = dec(line.get("DiscountAmount"))
    line["TaxAmount"] = dec(line.get("TaxAmount"))
    if sent is None or abs(dec(sent) - computed) < CENT * quantity:
        return []
    return [flaw(f"LineItems[{at}].ExtendedAmount", "sum_mismatch", f"{computed} computed, {sent} given.", sent)]
