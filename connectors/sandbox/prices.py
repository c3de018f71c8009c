"""Invented prices of generated orders, and how a marketplace taxes them."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

MESSAGES = ("Happy birthday! 🎂", "With love from all of us", "Alles Gute!", "Enjoy – see you soon")
"""What people write on gifts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """How a marketplace taxes: `percent`, whether prices include it, and the decimal places of its currency."""

    percent: Decimal
    inclusive: bool
    places: int

    def rounded(self, amount: Decimal) -> Decimal:
        """Half up to the smallest coin."""
        return amount.quantize(Decimal(1).scaleb(-self.places), ROUND_HALF_UP)

    def tax(self, amount: Decimal) -> Decimal:
        """The tax on top of an amount, or contained in it."""
        return self.rounded(amount * self.percent / (100 + self.percent if self.inclusive else Decimal(100)))


def price_of(sku: str, *, places: int = 2) -> Decimal:
    """The price of a SKU, always the same one: 4.99 to 204.99, or whole coins."""
    units = 4 + zlib.crc32(sku.encode()) % 200
    return Decimal(units * 100) if places == 0 else Decimal(units) + Decimal("0.99")
