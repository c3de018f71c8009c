"""The marketplaces in which the stand-in's seller sells."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from connectors.amazon.regions import BY_COUNTRY


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """One marketplace. `country` is ISO 3166 (GB, not UK), `site` its name in orders, `tax` in percent, `places` of its currency."""

    id: str
    region: str
    country: str
    site: str
    currency: str
    language: str
    tax: Decimal
    inclusive: bool
    facilitator: bool
    places: int = 2


_ROWS = (
    ("US", "US", "Amazon.com", "USD", "en_US", "8.9", False, True, 2),
    ("CA", "CA", "Amazon.ca", "CAD", "en_CA", "13", False, True, 2),
    ("UK", "GB", "Amazon.co.uk", "GBP", "en_GB", "20", True, False, 2),
    ("DE", "DE", "Amazon.de", "EUR", "de_DE", "19", True, False, 2),
    ("JP", "JP", "Amazon.co.jp", "JPY", "ja_JP", "10", True, False, 0),
)
MARKETS = {
    BY_COUNTRY[code].id: Market(
        id=BY_COUNTRY[code].id, region=BY_COUNTRY[code].region, country=country, site=site, currency=currency, language=language,
        tax=Decimal(tax), inclusive=inclusive, facilitator=facilitator, places=places,
    )
    for code, country, site, currency, language, tax, inclusive, facilitator, places in _ROWS
}  # fmt: skip
"""By marketplace id."""


def of_region(region: str) -> tuple[str, ...]:
    """The ids of a region's marketplaces."""
    return tuple(one.id for one in MARKETS.values() if one.region == region)
