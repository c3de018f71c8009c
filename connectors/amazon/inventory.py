"""Stock in Amazon's warehouses, marketplace by marketplace (Amazon SP-API reference, 10)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

from connectors.amazon.markets import key, opened, parted
from connectors.amazon.times import moved, normalised
from connectors.base import Payload, Record, Stream, Summary
from connectors.errors import CursorExpiredError, RejectedError, TransientError
from connectors.http import JsonClient
from connectors.wire import encode

PATH = "fba/inventory/v1/summaries"
LIMIT = "getInventorySummaries"
SKUS = 50
OVERLAP = -300
TRIES = 3


def read(client: JsonClient, cursor: str) -> Iterator[Record]:
    """What changed since the cursor, oldest change first. Changes of inbound quantities alone do not count as change at Amazon.

    Tokens of further pages live 30 seconds: every marketplace is read to its end before the first record is handed on.
    """
    since = moved(cursor, seconds=OVERLAP)
    records = [one for walk in opened(client, lambda marketplace: iter(_whole(client, marketplace, since))) for one in walk]
    yield from sorted(records, key=lambda one: one.version)


def read_one(client: JsonClient, name: str) -> Record | None:
    """The stock of one SKU; None when Amazon holds none of it in that marketplace."""
    marketplace, sku = parted(client, name)
    found = _page(client, marketplace, {"sellerSku": sku})[0]
    return next((record(one, marketplace) for one in found if isinstance(one, dict) and one.get("sellerSku") == sku), None)


def read_many(client: JsonClient, names: Sequence[str]) -> list[Record]:
    """The stock of several SKUs, 50 a call; a SKU with a comma alone, since lists are joined with commas."""
    wanted: dict[str, list[str]] = {}
    alone: list[Record | None] = []
    for name in dict.fromkeys(names):
        marketplace, sku = parted(client, name)
        if "," in sku:
            alone.append(read_one(client, name))
        else:
            wanted.setdefault(marketplace, []).append(sku)
    found = [one for one in alone if one]
    for marketplace, skus in wanted.items():
        for start in range(0, len(skus), SKUS):
            rows = _page(client, marketplace, {"sellerSkus": ",".join(skus[start : start + SKUS])})[0]
            found += [record(one, marketplace) for one in rows]
    return found


def record(summary: Any, marketplace: str) -> Record:
    """A summary as a Record, its marketplace beside it; one without its SKU fails alone."""
    if not isinstance(summary, dict) or not summary.get("sellerSku"):
        name = f"unreadable-{hashlib.sha256(encode([marketplace, summary])).hexdigest()[:16]}"
        return Record(key=name, payload={}, problem="Amazon sent a stock figure without its SKU; look at the stock in Seller Central.")
    at = normalised(summary.get("lastUpdatedTime"))
    payload = {**summary, "marketplaceId": marketplace}
    return Record(key=key(marketplace, str(summary["sellerSku"])), payload=payload, cursor=at, version=at)


def summary(stock: Payload) -> Summary:
    """SKU, and what of it can be sold."""
    sellable = (stock.get("inventoryDetails") or {}).get("fulfillableQuantity")
    return Summary(title=f"{stock.get('sellerSku') or ''}{'' if sellable is None else f': {sellable} sellable'}")


def _whole(client: JsonClient, marketplace: str, since: str) -> list[Record]:
    """All pages in one go; begun again where a token has expired, and without a start that Amazon no longer accepts (18 months)."""
    for _ in range(TRIES):
        try:
            return [record(one, marketplace) for one in _walk(client, marketplace, since)]
        except CursorExpiredError:
            continue
    raise CursorExpiredError("Amazon's pages of stock figures ended before they were read three times; they are read again later.")


def _walk(client: JsonClient, marketplace: str, since: str) -> Iterator[Any]:
    start = {"startDateTime": since} if since else {}
    try:
        rows, token = _page(client, marketplace, start)
    except RejectedError:
        if not start:
            raise
        start = {}
        rows, token = _page(client, marketplace, start)
    yield from rows
    while token:
        try:
            rows, token = _page(client, marketplace, {**start, "nextToken": token})
        except RejectedError as error:
            raise CursorExpiredError("A page of stock figures came too late.", status=error.status) from None
        yield from rows


def _page(client: JsonClient, marketplace: str, more: dict[str, str]) -> tuple[list[Any], str]:
    place = {"granularityType": "Marketplace", "granularityId": marketplace, "marketplaceIds": marketplace}
    body = client.call("GET", PATH, query={**place, "details": "true", **more}, limit=LIMIT).body
    held = body.get("payload") if isinstance(body, dict) else None
    rows = held.get("inventorySummaries") if isinstance(held, dict) else None
    if not isinstance(rows, list):
        raise TransientError("Amazon answered with something that is not a list of stock figures.")
    return rows, str((body.get("pagination") or {}).get("nextToken") or "")


FBA_INVENTORY = Stream(
    id="fba_inventory",
    label="Stock at Amazon",
    schema="fba_inventory",
    read=read,
    read_one=read_one,
    read_many=read_many,
    summary=summary,
    limit=LIMIT,
)
