"""Transforms of numbers and money."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from mappings.core.balance import BALANCE
from mappings.core.convert import copied
from mappings.core.declare import Argument, BadArgumentError, ColumnWork, Given, Transform, Work
from mappings.core.money import KEEPING, ZERO, apportion, bounded, minor_units, number, rounded
from mappings.core.operands import add, divide, is_blank, multiply, num, txt
from mappings.core.refusal import RefusedError
from mappings.core.state import Look, State
from mappings.core.walks import Bound


def scale_of(given: Given) -> Callable[[State], int]:
    """Decimal places: a fixed number, or those of the record's currency."""
    scale, currency = given.values["scale"], given.path("currency")
    if str(scale) != "currency":
        places = given.whole("scale")
        if not 0 <= places <= 12:
            raise BadArgumentError("Decimal places must be between 0 and 12, or currency")
        return lambda state: places
    if currency is None:
        return lambda state: 2
    return lambda state: minor_units(currency(state))


def _dec(given: Given) -> Work:
    scale = scale_of(given)
    return lambda value, state: rounded(number(value), scale(state))


def _int(given: Given) -> Work:
    return lambda value, state: int(rounded(number(value), 0))


def _negative(given: Given) -> Work:
    return lambda value, state: KEEPING.minus(number(value).copy_abs())


def _sum(given: Given) -> Work:
    def work(value: Any, state: State) -> Any:
        values = [one for one in (value if value.__class__ is list else [value]) if not is_blank(one)]
        total = ZERO
        for one in values:
            total = add(total, one)
        return total if values else None

    return work


def _prorate(given: Given) -> Work:
    part, whole = given.formula("part"), given.formula("whole")

    def work(value: Any, state: State) -> Any:
        some, every = num(part(state)) if part else ZERO, num(whole(state)) if whole else ZERO
        return value if some == every else divide(multiply(value, some), every)

    return work


def _largest(given: Given) -> Work:
    by, take = given.text("by"), given.text("take")

    def work(value: Any, state: State) -> Any:
        if value.__class__ is not list:
            raise RefusedError("A list is expected here.", code="type_mismatch")
        groups = [one for one in value if one.__class__ is dict]
        best = max(groups, key=lambda one: num(one.get(by)).copy_abs(), default=None)
        return copied(best.get(take)) if best else None

    return work


def _apportion(given: Given) -> ColumnWork:
    amount, weight, limit = given.formula("amount"), given.formula("weight"), given.formula("limit")
    quantity, scale = given.formula("quantity"), scale_of(given)

    def work(values: list[Any], bounds: list[Bound], state: State) -> list[Any]:
        whole = _per_record(amount, state)
        if not whole:
            return values
        weights = _per_element(weight, bounds, state)
        limits = _per_element(limit, bounds, state) if limit else None
        shares = apportion(whole, weights, scale=scale(state), limits=limits, quantities=_per_element(quantity, bounds, state))
        return [add(value, share) if share else value for value, share in zip(values, shares, strict=True)]

    return work


def _per_record(look: Look | None, state: State) -> Decimal:
    if look is None:
        return ZERO
    levels, state.levels = state.levels, ({},) * 8
    try:
        return bounded(num(look(state)))
    finally:
        state.levels = levels


def _per_element(look: Look | None, bounds: list[Bound], state: State) -> list[Decimal]:
    numbers = []
    for _, _, state.levels, state.outs, state.indexes in bounds:
        numbers.append(bounded(num(look(state))) if look else ZERO)
    return numbers


def _upper_currency(given: Given) -> Work:
    def work(value: Any, state: State) -> Any:
        code = txt(value).strip().upper()
        if len(code) == 3 and code.isascii() and code.isalpha():
            return code
        raise RefusedError("This is not a currency code such as USD. Correct it in the source.", code="currency", value=value)

    return work


SCALE = Argument(name="scale", label="Decimal places", type="scale", default="currency", help="A number, or currency.")
CURRENCY = Argument(name="currency", label="Currency field", type="path", default="$source.Currency")
MONEY = (
    Transform(name="dec", label="Amount", help="A number rounded half up.", build=_dec, args=(SCALE, CURRENCY)),
    Transform(name="int", label="Whole number", help="A number rounded half up to a whole one.", build=_int),
    Transform(name="negative", label="As a deduction", help="The amount below zero, whatever its sign.", build=_negative),
    Transform(name="sum", label="Sum", help="The sum of a list.", build=_sum),
    Transform(
        name="prorate", label="Part of", help="The amount times part ÷ whole, such as units left ÷ units ordered.", build=_prorate,
        args=(
            Argument(name="part", label="Part", type="formula", required=True),
            Argument(name="whole", label="Whole", type="formula", required=True),
        ),
    ),
    Transform(
        name="largest", label="Of the largest", help="One field of the list's element with the largest amount.", build=_largest,
        args=(Argument(name="by", label="Amount field", required=True), Argument(name="take", label="Field to take", required=True)),
    ),
    Transform(
        name="apportion", label="Share out", column=True, takes_blank=True, build=_apportion,
        help="Adds a share of the record's amount to each line, by weight; the shares sum exactly to it.",
        args=(
            Argument(name="amount", label="Amount of the record", type="formula", required=True),
            Argument(name="weight", label="Weight of a line", type="formula", required=True),
            Argument(name="limit", label="Most that a line can take", type="formula"),
            Argument(name="quantity", label="Weight when all are zero", type="formula"), SCALE, CURRENCY,
        ),
    ),
    Transform(name="currency", label="Currency code", help="Three capital letters.", build=_upper_currency),
    BALANCE,
)  # fmt: skip
