"""What values mean inside formulas: as numbers, as text, as yes/no, compared. Blank counts as 0 and as empty text."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, DecimalException
from typing import Any

from mappings.core.money import DIGITS, KEEPING, NUMBER, RATIO, ZERO, bounded, number, plain
from mappings.core.refusal import RefusedError

LONGEST = 32_000
SMALL = 10**30
NUMBERS = (int, Decimal)


def is_blank(value: Any) -> bool:
    """True for nothing and for text without a visible character."""
    return value is None or (value.__class__ is str and (not value or value.isspace()))


def num(value: Any) -> Decimal:
    """The value in arithmetic; blank is 0. RefusedError for what is not a number."""
    kind = value.__class__
    if kind is Decimal and value.is_finite():
        return value  # type: ignore[no-any-return]
    if kind is int and -SMALL < value < SMALL:
        return Decimal(value)
    return ZERO if is_blank(value) else number(value)


def txt(value: Any) -> str:
    """The value as text; blank is empty. RefusedError for groups, lists and text over 32,000 characters."""
    kind = value.__class__
    if kind is str:
        return short(value)
    if value is None:
        return ""
    if kind is bool:
        return "TRUE" if value else "FALSE"
    if kind in (int, Decimal, float):
        return plain(number(value))
    raise RefusedError("A list or a group of fields cannot be used as text. Name one field of it.", code="type_mismatch")


def short(text: str) -> str:
    """The text itself. RefusedError when it is longer than 32,000 characters."""
    if len(text) > LONGEST:
        raise RefusedError(f"The text is longer than {LONGEST:,} characters.", code="max_length")
    return text


def truth(value: Any) -> bool:
    """The value as yes or no: blank is no, a number is yes unless 0. RefusedError for other text, lists and groups."""
    if value is True or value is False:
        return value is True
    if is_blank(value):
        return False
    if value.__class__ in NUMBERS:
        return bool(value)
    if value.__class__ is str and value.strip().upper() in ("TRUE", "FALSE"):
        return value.strip().upper() == "TRUE"
    raise RefusedError("A condition must give yes or no, such as Quantity > 0.", code="type_mismatch")


def _exact(work: Callable[[Any, Any], Decimal]) -> Callable[[Any, Any], Decimal]:
    def run(left: Any, right: Any) -> Decimal:
        try:
            if left.__class__ in NUMBERS and right.__class__ in NUMBERS:
                return work(left, right)
            return work(num(left), num(right))
        except DecimalException:
            raise RefusedError(f"The result has more than {DIGITS} digits. Round the parts first.", code="too_long") from None

    return run


add, subtract, multiply = _exact(KEEPING.add), _exact(KEEPING.subtract), _exact(KEEPING.multiply)


def divide(left: Any, right: Any) -> Decimal:
    """The quotient with 28 digits. RefusedError when dividing by zero."""
    divisor = num(right)
    if not divisor:
        raise RefusedError("This would divide by zero. Guard it with IF(… = 0, …).", code="divide_by_zero")
    try:
        return bounded(RATIO.divide(num(left), divisor))
    except DecimalException:
        raise RefusedError(f"The result has more than {DIGITS} digits.", code="too_long") from None


def join(left: Any, right: Any) -> str:
    """Both as one text."""
    return short(txt(left) + txt(right))


def equal(left: Any, right: Any) -> bool:
    """Equal as numbers where both can be, blank equal to 0, "" and FALSE; text with upper and lower case apart."""
    if left.__class__ is right.__class__ is str:
        return bool(left == right) or (left.isspace() and not right) or (right.isspace() and not left)
    one, other = _alike(left, right)
    return bool(one == other)


def before(left: Any, right: Any) -> bool:
    """True when the left is smaller. RefusedError for a text against a number, and for lists."""
    if left.__class__ in NUMBERS and right.__class__ in NUMBERS:
        return bool(left < right)
    one, other = _alike(left, right)
    if one.__class__ is not other.__class__ or one.__class__ not in (str, Decimal):
        raise RefusedError("Only two numbers or two texts can be compared by size.", code="type_mismatch")
    return bool(one < other)


def _alike(left: Any, right: Any) -> tuple[Any, Any]:
    if left.__class__ in NUMBERS and right.__class__ in NUMBERS:
        return left, right
    if is_blank(left) or is_blank(right):
        return _beside_blank(left, right)
    kinds = (left.__class__, right.__class__)
    if kinds == (str, str):
        return left, right
    if kinds[0] in NUMBERS or kinds[1] in NUMBERS:
        return _as_number(left), _as_number(right)
    return left, right


def _beside_blank(left: Any, right: Any) -> tuple[Any, Any]:
    other = right if is_blank(left) else left
    stand_in: Any = "" if is_blank(other) or other.__class__ is str else False if other.__class__ is bool else ZERO
    one, two = (stand_in if is_blank(value) else value for value in (left, right))
    return (_as_number(one), _as_number(two)) if stand_in is ZERO else (one, two)


def _as_number(value: Any) -> Any:
    numeric = value.__class__ in NUMBERS or (value.__class__ is str and len(value) < 100 and NUMBER.match(value.strip()))
    return num(value) if numeric else value
