"""Exact numbers: from JSON to Decimal, minor units, half-up rounding, and shares that sum to the whole."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal, DecimalException, DivisionByZero, Inexact, InvalidOperation, Overflow, Subnormal
from typing import Any

from mappings.core.refusal import RefusedError

DIGITS = 40
EXACT = Context(prec=2 * DIGITS + 2, rounding=ROUND_HALF_UP, traps=[InvalidOperation, Overflow])
KEEPING = Context(prec=DIGITS, Emax=DIGITS, Emin=-DIGITS, traps=[Inexact, InvalidOperation, Overflow, Subnormal, DivisionByZero])
"""Arithmetic that refuses (DecimalException) rather than lose a digit."""
RATIO = Context(prec=28, rounding=ROUND_HALF_UP, traps=[InvalidOperation, Overflow])
ZERO = Decimal(0)
QUANTA = tuple(Decimal(1).scaleb(-scale) for scale in range(13))
NUMBER = re.compile(r"[+-]?(?:[0-9]{1,60}(?:\.[0-9]{0,60})?|\.[0-9]{1,60})\Z")
MINOR_UNITS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}


def minor_units(currency: Any) -> int:
    """Decimal places of a currency's smallest unit (ISO 4217): JPY 0, KWD 3, otherwise 2."""
    return MINOR_UNITS.get(currency.strip().upper(), 2) if isinstance(currency, str) else 2


def number(value: Any) -> Decimal:
    """A JSON number, or text that is a plain number, as Decimal. RefusedError for anything else and for more than 40 digits."""
    kind = value.__class__
    if kind is Decimal:
        return bounded(value)
    if kind is int:
        if value.bit_length() > 133:
            raise _too_long()
        return bounded(Decimal(value))
    if kind is str and len(value) < 130 and NUMBER.match(text := value.strip()):
        return bounded(Decimal(text))
    if kind is float:
        return bounded(Decimal(repr(value)))
    raise RefusedError("This is not a number. Correct the value in the source, or add a step.", code="type_mismatch", value=value)


def bounded(value: Decimal) -> Decimal:
    """The number itself. RefusedError when it is not finite or has more than 40 digits."""
    if not value.is_finite():
        raise RefusedError("This is not a number. Correct the value in the source.", code="type_mismatch")
    try:
        return KEEPING.plus(value)
    except DecimalException:
        raise _too_long() from None


def _too_long() -> RefusedError:
    return RefusedError(f"This number has more than {DIGITS} digits. Correct the value in the source, or round it.", code="type_mismatch")


def rounded(value: Decimal, scale: int) -> Decimal:
    """Half-up, away from zero: 0.125 → 0.13, -0.125 → -0.13. Never a negative zero."""
    return EXACT.plus(value.quantize(QUANTA[scale] if 0 <= scale <= 12 else Decimal(1).scaleb(-scale), ROUND_HALF_UP, EXACT))


def plain(value: Decimal) -> str:
    """A number as text without an exponent."""
    return format(value, "f")


def apportion(
    amount: Decimal,
    weights: Sequence[Decimal],
    *,
    scale: int,
    limits: Sequence[Decimal] | None = None,
    quantities: Sequence[Decimal] | None = None,
) -> list[Decimal]:
    """Shares of `amount` (rounded to `scale` places) by weight, summing exactly to it: largest remainder, ties to the lowest index.

    `limits` are the most that each share may be, without sign; what is over goes to the others. Weights that are all zero give way
    to `quantities`, and those to equal parts. RefusedError when the limits do not hold the whole amount, or there is nobody to share.
    """
    units = int(rounded(amount, scale).scaleb(scale, EXACT))
    sign = -1 if units < 0 else 1
    caps = None if limits is None else [int(rounded_down(limit, scale).scaleb(scale, EXACT)) for limit in limits]
    parts = _filled(abs(units), _whole(weights), caps, _whole(quantities or ()))
    return [EXACT.plus(Decimal(sign * part).scaleb(-scale, EXACT)) for part in parts]


def rounded_down(value: Decimal, scale: int) -> Decimal:
    """Cut towards zero; negative becomes zero."""
    return max(ZERO, value).quantize(Decimal(1).scaleb(-scale), "ROUND_FLOOR", EXACT)


def _whole(numbers: Sequence[Decimal]) -> list[int]:
    """The numbers in one common unit, negative ones as 0."""
    exponents = [exponent for one in numbers if isinstance(exponent := one.as_tuple().exponent, int)]
    places = max(0, -min(exponents, default=0))
    return [int(max(ZERO, one).scaleb(places, EXACT)) for one in numbers]


def _filled(units: int, weights: list[int], caps: list[int] | None, quantities: list[int]) -> list[int]:
    if caps is not None and sum(caps) < units:
        raise RefusedError(
            "The amount to share out is larger than the lines together. Check the order's discounts.", code="apportion", cause="apportion"
        )
    if units and not weights:
        raise RefusedError("There is no line to share the amount out to. Check the order's lines.", code="apportion", cause="apportion")
    shares = [0] * len(weights)
    open_lines, rest = list(range(len(weights))), units
    while rest:
        parts = _by_weight(rest, _usable(open_lines, weights, quantities))
        over = [line for line, part in zip(open_lines, parts, strict=True) if caps is not None and part > caps[line]]
        if caps is None or not over:
            for line, part in zip(open_lines, parts, strict=True):
                shares[line] = part
            break
        for line in over:
            shares[line] = caps[line]
            rest -= caps[line]
        open_lines = [line for line in open_lines if line not in set(over)]
    return shares


def _usable(lines: list[int], weights: list[int], quantities: list[int]) -> list[int]:
    """The weights of these lines; quantities when all are zero; equal weights when those are zero too."""
    for candidates in (weights, quantities):
        chosen = [candidates[line] for line in lines] if candidates else []
        if any(chosen):
            return chosen
    return [1] * len(lines)


def _by_weight(units: int, weights: list[int]) -> list[int]:
    whole = sum(weights)
    parts = [units * weight // whole for weight in weights]
    remainders = [units * weight % whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda line: -remainders[line])
    for line in order[: units - sum(parts)]:
        parts[line] += 1
    return parts
