"""To the type that the target's schema names; nothing is lost on the way, or it is refused."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from mappings.core import dates
from mappings.core.money import bounded, number
from mappings.core.operands import SMALL, is_blank, txt
from mappings.core.refusal import RefusedError

Convert = Callable[[Any], Any]
YES, NO = ("true", "yes", "y", "1"), ("false", "no", "n", "0")
DEEPEST = 40


def as_text(value: Any) -> Any:
    """Text; whole numbers without a point, yes/no as true and false. Blank is None."""
    if value.__class__ is str:
        return None if not value or value.isspace() else value
    if value.__class__ is int and -SMALL < value < SMALL:
        return str(value)
    if value.__class__ is bool:
        return "true" if value else "false"
    return None if value is None else txt(value)


def as_number(value: Any) -> Any:
    """int or Decimal as it came; plain numeric text as Decimal."""
    if value.__class__ is Decimal:
        return bounded(value)
    if value.__class__ is int and -SMALL < value < SMALL:
        return value
    return None if is_blank(value) else number(value)


def as_whole_number(value: Any) -> Any:
    """int. Refused when something would be cut off."""
    if value.__class__ is int:
        return value
    if is_blank(value):
        return None
    exact = number(value)
    if exact != exact.to_integral_value():
        raise RefusedError(
            "This is not a whole number. Correct the value, or add the step Whole number.", code="type_mismatch", value=value
        )
    return int(exact)


def as_yes_no(value: Any) -> Any:
    """bool from true/false, yes/no, 1/0."""
    if value is True or value is False:
        return value
    if is_blank(value):
        return None
    word = str(value).strip().lower() if value.__class__ is str or value in (0, 1) else ""
    if word in YES or word in NO:
        return word in YES
    raise RefusedError("This is neither yes nor no. Correct the value, or map it.", code="type_mismatch", value=value)


def as_date(value: Any) -> Any:
    """A date as text. A time is refused: only a rule knows the time zone."""
    return None if is_blank(value) else dates.day(value).isoformat()


def as_time(value: Any) -> Any:
    """A time with its offset, as text in UTC."""
    return None if is_blank(value) else dates.in_utc(value)


def as_it_is(value: Any) -> Any:
    """Any JSON; groups and lists as own copies, blank text as None."""
    kind = value.__class__
    if kind is str:
        return None if not value or value.isspace() else value
    return copied(value) if kind is dict or kind is list else value


def copied(value: Any, depth: int = 0) -> Any:
    """A copy of groups and lists, so that the payload never shares them with the source."""
    if value.__class__ not in (dict, list):
        return value
    if depth > DEEPEST:
        raise RefusedError(f"The value is nested deeper than {DEEPEST} levels.", code="type_mismatch")
    if value.__class__ is dict:
        return {name: copied(one, depth + 1) for name, one in value.items()}
    return [copied(one, depth + 1) for one in value]


CONVERTERS: dict[str, Convert] = {
    "": as_it_is,
    "text": as_text,
    "number": as_number,
    "whole number": as_whole_number,
    "yes/no": as_yes_no,
    "date": as_date,
    "time": as_time,
    "list": as_it_is,
    "group": as_it_is,
}


def of_formula(value: Any) -> Any:
    """A formula's result for a target of unknown type: numbers without a point as int, blank text as None."""
    if value.__class__ is Decimal and bounded(value).as_tuple().exponent == 0:
        return int(value)
    return as_it_is(value)
