"""Whether a document's lines, charges, discounts and taxes add up to its total."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from mappings.core.declare import Argument, Given, Transform, Work
from mappings.core.money import ZERO, minor_units, number, plain, rounded
from mappings.core.operands import add, multiply, num, subtract
from mappings.core.refusal import RefusedError
from mappings.core.state import State

AMOUNTS = ("Quantity", "Price", "ExtendedAmount", "DiscountAmount", "TaxAmount", "Amount")


def computed_total(payload: dict[str, Any], scale: int) -> Decimal:
    """The total as TIMS computes it (TIMS contract 5.2): lines and their discounts, charges, discounts that are not
    shared out to lines, and all taxes unless prices include them."""
    lines, charges = _groups(payload, "LineItems"), _groups(payload, "Charges")
    total = ZERO
    for line in lines:
        extended = line.get("ExtendedAmount")
        if extended is None:
            extended = rounded(multiply(line.get("Quantity"), line.get("Price")), scale)
        total = add(total, extended)
    parts = [line.get("DiscountAmount") for line in lines] + [charge.get("Amount") for charge in charges]
    parts += [discount.get("Amount") for discount in _groups(payload, "Discounts") if discount.get("Apportioned") is not True]
    if payload.get("PricesIncludeTax") is not True:
        parts += [part.get("TaxAmount") for part in (*lines, *charges)]
    for part in parts:
        if part is not None:
            total = add(total, part)
    return total


def _groups(payload: dict[str, Any], name: str) -> list[dict[str, Any]]:
    elements = payload.get(name)
    return [element for element in elements if element.__class__ is dict] if elements.__class__ is list else []


def _balance(given: Given) -> Work:
    currency, computed = given.path("currency"), given.formula("computed")

    def work(value: Any, state: State) -> Any:
        scale = minor_units(currency(state)) if currency else 2
        total = computed_total(state.payload, scale)
        if computed is not None and computed(state) is True:
            return rounded(total, scale)
        stated = rounded(number(value), scale)
        if not _amounts_failed(state):
            _settle(state, stated, total, scale)
        return stated

    return work


def _amounts_failed(state: State) -> bool:
    """An amount that has its own problem would only make the sum wrong a second time."""
    return any(problem.path.rpartition(".")[2] in AMOUNTS for problem in state.problems)


def _settle(state: State, stated: Decimal, total: Decimal, scale: int) -> None:
    over = subtract(stated, total)
    if not over:
        return
    lines = len(_groups(state.payload, "LineItems"))
    if over.copy_abs() <= multiply(Decimal(1).scaleb(-scale), max(lines, 1)):
        charge = {"Type": "Other", "Amount": over, "Description": "rounding"}
        state.payload.setdefault("Charges", []).append(charge)
        return
    words = f"The total is {plain(stated)}, but the lines, charges and taxes add up to {plain(total)}. Check the order at its source."
    raise RefusedError(words, code="totals", value=num(stated), cause="totals", hold="TOTALS")


BALANCE = Transform(
    name="balance",
    label="Check the total",
    help="Compares with what the document adds up to: cents become a charge “rounding”, more holds TOTALS. Put it last.",
    build=_balance,
    args=(
        Argument(name="currency", label="Currency field", type="path", default="$source.Currency"),
        Argument(name="computed", label="Take the computed total when", type="formula"),
    ),
)
