"""Believable tracking numbers: right length, right check digit, of nobody's parcel."""

from __future__ import annotations

import random
from collections.abc import Callable


def number(carrier: str, chance: random.Random) -> str:
    """A number as this carrier writes them."""
    return _MAKERS.get(carrier, _plain)(chance)


def _ups(chance: random.Random) -> str:
    body = f"999AA1{chance.choice(('03', '01', '02'))}{chance.randrange(10**7):07d}"
    digits = [int(sign) if sign.isdigit() else (ord(sign) - 63) % 10 for sign in body]
    total = sum(digit * (2 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"1Z{body}{-total % 10}"


def _usps(chance: random.Random) -> str:
    body = f"9400111899{chance.randrange(10**11):011d}"
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
    return f"{body}{-total % 10}"


def _fedex(chance: random.Random) -> str:
    body = f"{chance.randrange(10**11):011d}"
    weights = (3, 1, 7, 3, 1, 7, 3, 1, 7, 3, 1)
    return f"{body}{sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True)) % 11 % 10}"


def _dhl(chance: random.Random) -> str:
    body = chance.randrange(10**8, 10**9)
    return f"{body}{body % 7}"


def _plain(chance: random.Random) -> str:
    return f"TL{chance.randrange(10**10):010d}US"


_MAKERS: dict[str, Callable[[random.Random], str]] = {"UPS": _ups, "USPS": _usps, "FEDEX": _fedex, "DHL": _dhl}
