"""Amazon's selling regions and marketplaces (Amazon SP-API reference, 2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

TOKEN_URL = "https://api.amazon.com/auth/o2/token"  # noqa: S105 - an address
HOSTS = {
    "NA": "https://sellingpartnerapi-na.amazon.com",
    "EU": "https://sellingpartnerapi-eu.amazon.com",
    "FE": "https://sellingpartnerapi-fe.amazon.com",
}


@dataclass(frozen=True, slots=True)
class Marketplace:
    """One Amazon site. `country` is the code in Amazon's lists (UK, not GB)."""

    id: str
    country: str
    region: str

    @property
    def name(self) -> str:
        """As every channel and the ERP spell it: `Amazon US`."""
        return f"Amazon {self.country}"


_IDS = {
    "NA": {"US": "ATVPDKIKX0DER", "CA": "A2EUQ1WTGCTBG2", "MX": "A1AM78C64UM0Y8", "BR": "A2Q3Y263D00KWC"},
    "EU": {
        "IE": "A28R8C7NBKEWEA", "ES": "A1RKKUPIHCS9HS", "UK": "A1F83G8C2ARO7P", "FR": "A13V1IB3VIYZZH", "BE": "AMEN7PMS3EDWL",
        "NL": "A1805IZSGTT6HS", "DE": "A1PA6795UKMFR9", "IT": "APJ6JRA9NG5V4", "SE": "A2NODRKZP88ZB9", "ZA": "AE08WJ6YKNBMC",
        "PL": "A1C3SOZRARQ6R3", "EG": "ARBP9OOSHTCHU", "TR": "A33AVAJ2PDY3EV", "SA": "A17E79C6D8DWNP", "AE": "A2VIGQ35RCS4UG",
        "IN": "A21TJRUUN4KGV",
    },
    "FE": {"SG": "A19VAU5U5O7RUS", "AU": "A39IBJ37TRP1C6", "JP": "A1VC38T7YXB528"},
}  # fmt: skip

MARKETPLACES: Mapping[str, Marketplace] = {
    one: Marketplace(one, country, region) for region, places in _IDS.items() for country, one in places.items()
}
"""Every marketplace by its id."""

BY_COUNTRY: Mapping[str, Marketplace] = {one.country: one for one in MARKETPLACES.values()} | {"GB": MARKETPLACES["A1F83G8C2ARO7P"]}
"""Every marketplace by the country code of Amazon's lists, the British one also by its official code."""


def marketplace_name(marketplace_id: str) -> str:
    """The site's name as ChannelAdvisor and TIMS spell it; an unknown marketplace keeps its id: `Amazon A1XYZ`."""
    known = MARKETPLACES.get(marketplace_id)
    return known.name if known else f"Amazon {marketplace_id}"


def chosen(settings: Mapping[str, str]) -> tuple[str, ...]:
    """The marketplaces of a connection, as entered: ids or country codes, separated by commas or blanks; empty = all of the region."""
    names = settings.get("marketplace_ids", "").replace(",", " ").split()
    found = (BY_COUNTRY[name.upper()].id if name.upper() in BY_COUNTRY else name for name in names)
    region = settings.get("region") or "NA"
    return tuple(dict.fromkeys(found)) or tuple(one.id for one in MARKETPLACES.values() if one.region == region)


def derived(settings: Mapping[str, str]) -> dict[str, str]:
    """`marketplaces`: the ids of all marketplaces of the connection, separated by commas, for flows of which only one's records are."""
    return {"marketplaces": ",".join(chosen(settings))}
