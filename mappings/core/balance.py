"""Whether a document's lines, charges, discounts and taxes add up to its total."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from mappings.core.declare import Argument, Given, Transform, Work
from mappings.core.money import ZERO, minor_units, number, plain, rounded
from mappings.core.operands import add, is_blank, multiply, num
from mappings.core.refusal import RefusedError
from mappings.core.state import State

AMOUNTS = ("Quantity", "Price", "ExtendedAmount", "DiscountAmount", "TaxAmount", "Amount")


def computed_total(payload: dict[str, Any], scale: int) -> Decimal:
    """The total as TIMS computes it (TIMS contract 5.2): lines and their discounts, charges, discounts that are not
    shared out to lines, and all taxes unless prices include them."""
    total = ZERO
    for line in _groups(payload, "LineItems"):
        extended = line.get("ExtendedAmount")
        if is_blank(extended):
            extended = rounded(multiply(line.get("Quantity"), line.get("Price")), scale)
        total = add(add(total, extended), line.get("DiscountAmount"))
    for charge in _groups(payload, "Charges"):
        total = add(total, charge.get("Amount"))
    for discount in _groups(payload, "Discounts"):
        total = add(total, ZERO if discount.get("Apportioned") is True else discount.get("Amount"))
    if payload.get("PricesIncludeTax") is not True:
        for part in (*_groups(payload, "LineItems"), *_groups(payload, "Charges")):
            total = add(total, part.get("TaxAmount"))
    return total


def _groups(payload: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    elements = payload.get(name)
    if elements.__class__ is list:
        yield from (element for element in elements if element.__class__ is dict)


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
    over = add(stated, -total)
    if not over:
        return
    lines = sum(1 for _ in _groups(state.payload, "LineItems"))
    if abs(over) <= multiply(Decimal(1).scaleb(-scale), max(lines, 1)):
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
