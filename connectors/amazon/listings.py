"""The seller's offers on Amazon, oldest change first (Amazon SP-API reference, 8.1)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from heapq import merge
from typing import Any
from urllib.parse import quote

from connectors.amazon.markets import key, opened, parted
from connectors.amazon.times import moved, normalised
from connectors.base import Payload, Record, Stream, Summary
from connectors.errors import MissingError, TransientError, UnsupportedError
from connectors.http import JsonClient
from connectors.wire import encode

PATH = "listings/2021-08-01/items"
INCLUDED = "summaries,offers,fulfillmentAvailability,issues"
PAGE = 20
MOST = 1000
"""Listings that one search reaches, however often it is turned over."""
OVERLAP = -300
_OUT_OF_REACH = (
    f"{MOST} listings or more were changed at the very same moment; Amazon's search may not reach all of them. They are read as soon as "
    "they change again. Until then, compare them with Amazon's report of all listings (GET_MERCHANT_LISTINGS_ALL_DATA)."
)


def read(client: JsonClient, cursor: str) -> Iterator[Record]:
    """Every listing changed since the cursor, of all marketplaces, in time order.

    Raises UnsupportedError only where more than 1,000 listings carry the very same time of change, which no search can tell apart.
    """
    since = moved(cursor, seconds=OVERLAP)
    walks = opened(client, lambda marketplace: _changed(client, marketplace, since))
    yield from merge(*walks, key=lambda one: one.version)


def read_one(client: JsonClient, name: str) -> Record | None:
    """One listing; None when Amazon does not know it in that marketplace."""
    marketplace, sku = parted(client, name)
    try:
        return record(fetch(client, marketplace, sku), marketplace)
    except MissingError:
        return None


def fetch(client: JsonClient, marketplace: str, sku: str) -> Payload:
    """A listing as Amazon has it. Raises MissingError."""
    query = {"marketplaceIds": marketplace, "includedData": INCLUDED}
    found: Payload = client.call("GET", sku_path(client, sku), query=query, limit="getListingsItem").body
    return found


def sku_path(client: JsonClient, sku: str) -> str:
    """The path of a SKU; its own slashes and blanks are encoded (Amazon SP-API reference, 4.1)."""
    return f"{PATH}/{quote(client.settings.get('seller_id', ''), safe='')}/{quote(sku, safe='')}"


def search(client: JsonClient, marketplace: str, **query: Any) -> Payload:
    """One page of the seller's listings in a marketplace."""
    path = f"{PATH}/{quote(client.settings.get('seller_id', ''), safe='')}"
    wanted = {"marketplaceIds": marketplace, "includedData": INCLUDED, "pageSize": PAGE, **query}
    page = client.call("GET", path, query=wanted, limit="searchListingsItems").body
    if not isinstance(page, dict) or not isinstance(page.get("items"), list):
        raise TransientError("Amazon answered with something that is not a list of listings.")
    return page


def record(listing: Any, marketplace: str) -> Record:
    """A listing as a Record; one without its SKU fails alone."""
    if not isinstance(listing, dict) or not listing.get("sku"):
        name = f"unreadable-{hashlib.sha256(encode(listing)).hexdigest()[:16]}"
        return Record(key=name, payload={}, problem="Amazon sent a listing without its SKU; look at the listings in Seller Central.")
    at = _changed_at(listing, marketplace)
    return Record(key=key(marketplace, str(listing["sku"])), payload=listing, cursor=at, version=at)


def summary(listing: Payload) -> Summary:
    """SKU and title, price."""
    told: Payload = next(iter(listing.get("summaries") or ()), {})
    price = next((one.get("price") or {} for one in listing.get("offers") or ()), {})
    title = f"{listing.get('sku') or ''} {told.get('itemName') or ''}".strip()
    return Summary(title=title, amount=str(price.get("amount") or ""), currency=str(price.get("currencyCode") or ""))


def about(listing: Payload, marketplace: str) -> Payload:
    """The summary of a listing for one marketplace; {} when it has none."""
    told = [one for one in listing.get("summaries") or () if isinstance(one, dict)]
    return next((one for one in told if one.get("marketplaceId") == marketplace), told[0] if len(told) == 1 else {})


def _changed_at(listing: Payload, marketplace: str) -> str:
    return normalised(about(listing, marketplace).get("lastUpdatedDate"))


def _changed(client: JsonClient, marketplace: str, since: str) -> Iterator[Record]:
    """A search begins anew behind every page: one search reaches 1,000 listings only, and its pages shift while listings change."""
    seen: set[tuple[str, str]] = set()
    token, reached = "", 0
    while True:
        page = _page(client, marketplace, since, token)
        found = [record(one, marketplace) for one in page["items"]]
        for one in found:
            if (one.key, one.version) not in seen:
                seen.add((one.key, one.version))
                yield one
        token, reached = str((page.get("pagination") or {}).get("nextToken") or ""), reached + len(found)
        last = max((one.version for one in found), default="")
        if last > since:
            since, reached = last, 0
            if not token:
                return
            token = ""
        elif not token or not found:
            if reached >= MOST:
                raise UnsupportedError(_OUT_OF_REACH)
            return


def _page(client: JsonClient, marketplace: str, since: str, token: str) -> Payload:
    order = {"sortBy": "lastUpdatedDate", "sortOrder": "ASC"}
    place = {**({"lastUpdatedAfter": since} if since else {}), **({"pageToken": token} if token else {})}
    return search(client, marketplace, **order, **place)


LISTINGS = Stream(
    id="listings",
    label="Listings",
    schema="listing",
    read=read,
    read_one=read_one,
    summary=summary,
    limit="searchListingsItems",
    keys_limit="getListingsItem",
)
