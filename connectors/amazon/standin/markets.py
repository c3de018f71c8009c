"""The marketplaces in which the stand-in's seller sells."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from connectors.amazon.regions import BY_COUNTRY


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """One marketplace. `country` is ISO 3166 (GB, not UK), `site` its name in orders, `tax` in percent.

    `numbers` is how its order numbers begin, `places` the decimals of its currency.
    """

    id: str
    region: str
    country: str
    site: str
    currency: str
    language: str
    tax: Decimal
    inclusive: bool
    facilitator: bool
    numbers: str
    places: int = 2


_ROWS = (
    ("US", "US", "Amazon.com", "USD", "en_US", "8.9", False, True, "112", 2),
    ("CA", "CA", "Amazon.ca", "CAD", "en_CA", "13", False, True, "702", 2),
    ("UK", "GB", "Amazon.co.uk", "GBP", "en_GB", "20", True, False, "203", 2),
    ("DE", "DE", "Amazon.de", "EUR", "de_DE", "19", True, False, "302", 2),
    ("JP", "JP", "Amazon.co.jp", "JPY", "ja_JP", "10", True, False, "503", 0),
)
MARKETS = {
    BY_COUNTRY[code].id: Market(
        id=BY_COUNTRY[code].id, region=BY_COUNTRY[code].region, country=country, site=site, currency=currency, language=language,
        tax=Decimal(tax), inclusive=inclusive, facilitator=facilitator, numbers=numbers, places=places,
    )
    for code, country, site, currency, language, tax, inclusive, facilitator, numbers, places in _ROWS
}  # fmt: skip
"""By marketplace id."""


def of_region(region: str) -> tuple[str, ...]:
    """The ids of a region's marketplaces."""
    return tuple(one.id for one in MARKETS.values() if one.region == region)
