"""Reads typed values out of foreign JSON: missing, null and empty mean the same there (ChannelAdvisor API reference, B5.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

_MOST = Decimal(10) ** 12


def text(value: Any) -> str:
    """Text; numbers as they are written, everything else empty."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else ""


def money(value: Any) -> Decimal:
    """An exact amount; null is zero. Raises ValueError when it is no amount that an order can have."""
    if value is None or value == "" or isinstance(value, bool):
        return Decimal(0)
    try:
        amount = Decimal(str(value)) if isinstance(value, int | float | str | Decimal) else None
    except InvalidOperation:
        amount = None
    if amount is None or not amount.is_finite() or abs(amount) >= _MOST or len(amount.as_tuple().digits) > 20:
        raise ValueError("it holds an amount that is not a number an order can have")
    return amount


def whole(value: Any) -> int:
    """A whole number; null is zero. Raises ValueError when it is none."""
    if value is None or isinstance(value, bool) or value == "":
        return 0
    amount = money(value)
    if amount != amount.to_integral_value():
        raise ValueError("it holds a fraction where a whole number belongs")
    return int(amount)


def objects(value: Any) -> Iterator[Mapping[str, Any]]:
    """The objects of a list; anything else holds none."""
    if isinstance(value, list):
        yield from (one for one in value if isinstance(one, dict))
