"""The stream of orders, Orders API 2026-01-01 (Amazon SP-API reference, 6)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

from connectors.amazon.account import open_marketplaces, shut_out
from connectors.amazon.census import census
from connectors.amazon.order_walk import Page, Place, place_of, walk
from connectors.amazon.regions import MARKETPLACES, marketplace_name
from connectors.amazon.times import normalised
from connectors.base import Payload, Record, Stream, Summary
from connectors.errors import CredentialsError, MissingError, TransientError
from connectors.http import JsonClient
from connectors.wire import encode

PATH = "orders/2026-01-01/orders"
PAGE = 100
AT_ONCE = 5
PERSONAL = {"BUYER": "buyer", "RECIPIENT": "recipient"}
"""The restricted blocks and the groups of an order that come with them (Amazon SP-API reference, 3.5)."""
INCLUDED = ("PROCEEDS", "PROMOTION", "CANCELLATION", "FULFILLMENT", "PACKAGES", "TAX")
STREAM = "orders"
OTHER_CHANNEL = "NON_AMAZON"
ENDED = frozenset({"SHIPPED", "CANCELLED", "UNFULFILLABLE"})


def read(client: JsonClient, cursor: str) -> Iterator[Record]:
    """Orders changed since the cursor, five minutes overlapping; an order may come twice. The cursor is described in `order_walk`."""
    found = walk(lambda place: _page(client, place), place_of(cursor, beginning=client.settings.get("orders_since", "")))
    for order, moves in found:
        yield _record(order, cursor=moves)


def read_one(client: JsonClient, key: str) -> Record | None:
    """The order of that number, None when Amazon does not know it (any more)."""
    return _one(client, key, included(client), cost=1)


def read_many(client: JsonClient, keys: Sequence[str]) -> list[Record]:
    """The orders of these numbers, a few at the same time; those that Amazon does not know are left out."""
    found: list[Record | None] = []
    blocks = included(client)
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        for at in range(0, len(keys), AT_ONCE):
            few = keys[at : at + AT_ONCE]
            # The calls are counted here, by the thread that reads.
            client.hooks.throttle("getOrder", len(few))
            found += pool.map(lambda key: _one(client, key, blocks, cost=0), few)
    return [record for record in found if record]


def settled_at(order: Payload) -> str:
    """When the buyer has the goods (the promised or the last shipping time, whichever is later) or the order ended; "" before that."""
    fulfillment = _group(order, "fulfillment")
    if fulfillment.get("fulfillmentStatus") not in ENDED:
        return ""
    updated = normalised(order.get("lastUpdatedTime"))
    if fulfillment.get("fulfillmentStatus") != "SHIPPED":
        return updated
    packages = order.get("packages")
    shipped = [normalised(one.get("shipTime")) for one in packages if isinstance(one, dict)] if isinstance(packages, list) else []
    return max([normalised(_group(fulfillment, "deliverByWindow").get("latestDateTime")), *shipped]) or updated


def compare(order: Payload) -> Payload:
    """Amazon takes the personal blocks away after a while: of an ended order they do not count, so that their end overwrites nothing."""
    if _group(order, "fulfillment").get("fulfillmentStatus") not in ENDED:
        return order
    return {name: value for name, value in order.items() if name not in ("buyer", "recipient")}


def summary(order: Payload) -> Summary:
    """Marketplace and order number, grand total, time of purchase."""
    total = _group(_group(order, "proceeds"), "grandTotal")
    return Summary(
        title=f"{_marketplace(order)} {_text(order.get('orderId'))}".strip(),
        amount=_text(total.get("amount")),
        currency=_text(total.get("currencyCode")),
        placed_at=_text(order.get("createdTime")),
    )


def sequence(order: Payload) -> str:
    """The buyer, by a hash of the alias address: orders of one customer stay in sequence (entity map 13, no. 23)."""
    mail = _text(_group(order, "buyer").get("buyerEmail")).strip().casefold()
    return hashlib.sha256(mail.encode()).hexdigest()[:20] if mail else ""


def included(client: JsonClient) -> str:
    """The blocks that are asked for; a personal one only where somebody reads it and the connection does not forbid it."""
    return ",".join((*personal(client), *INCLUDED))


def personal(client: JsonClient) -> tuple[str, ...]:
    """The restricted blocks that are needed."""
    if client.settings.get("personal_data") == "no":
        return ()
    read = client.hooks.reads(STREAM)
    groups = {path.partition(".")[0] for path in read} if read is not None else set(PERSONAL.values())
    return tuple(block for block, group in PERSONAL.items() if group in groups)


def _page(client: JsonClient, place: Place) -> Page:
    """The page at a place. Without a token the marketplaces may be narrowed; with one Amazon wants the same parameters."""
    query = {
        "lastUpdatedAfter": place.since,
        "marketplaceIds": ",".join(open_marketplaces(client)),
        **({} if client.settings.get("fba_mode", "orders") == "orders" else {"fulfilledBy": "MERCHANT"}),
        "maxResultsPerPage": PAGE,
        "includedData": included(client),
        **({"paginationToken": place.token} if place.token else {}),
    }
    try:
        body = client.call("GET", PATH, query=query, limit="searchOrders").body
    except CredentialsError as error:
        if not shut_out(client, error):
            raise
        return _page(client, place)
    orders = body.get("orders") if isinstance(body, dict) else None
    if not isinstance(orders, list):
        raise TransientError("Amazon answered with something that is not a list of orders.")
    token = _text(_group(body, "pagination").get("nextToken"))
    return Page(orders=orders, next_token=token, before=normalised(body.get("lastUpdatedBefore")))


def _one(client: JsonClient, key: str, blocks: str, *, cost: int) -> Record | None:
    try:
        body = client.call("GET", f"{PATH}/{quote(key, safe='')}", query={"includedData": blocks}, limit="getOrder", cost=cost).body
    except MissingError:
        return None
    order = body.get("order") if isinstance(body, dict) else None
    if not isinstance(order, dict):
        raise TransientError(f"Amazon answered the question for order {key} with something that is not an order.")
    return _record(order)


def _record(order: Any, *, cursor: str = "") -> Record:
    """An order as a record; one that is not whole becomes a record with a problem, so that the others go on."""
    key = _text(order.get("orderId")) if isinstance(order, dict) else ""
    if not key:
        digest = hashlib.sha256(encode(order)).hexdigest()[:16]
        return Record(key=f"unreadable-{digest}", payload={}, cursor=cursor, problem="Amazon sent an order without an order number.")
    if not _whole(order):
        words = f"Order {key} came from Amazon without its lines. Read it again (Resync); if it stays so, open a case with Amazon."
        return Record(key=key, payload={}, cursor=cursor, problem=words)
    name = _marketplace(order)
    return Record(
        key=key, payload=order, cursor=cursor, version=normalised(order.get("lastUpdatedTime")), aliases=(f"{name}:{key}",) if name else ()
    )


def _whole(order: Payload) -> bool:
    """Every line is there and has its number: a partly read order goes nowhere."""
    lines = order.get("orderItems")
    return isinstance(lines, list) and all(isinstance(line, dict) and _text(line.get("orderItemId")) for line in lines)


def _marketplace(order: Payload) -> str:
    """`Amazon US`; "" for an order of another channel or of no known marketplace."""
    channel = _group(order, "salesChannel")
    place = _text(channel.get("marketplaceId"))
    return marketplace_name(place) if place in MARKETPLACES and channel.get("channelName") != OTHER_CHANNEL else ""


def _group(value: Payload, name: str) -> Payload:
    held = value.get(name)
    return held if isinstance(held, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


ORDERS = Stream(
    id=STREAM,
    label="Orders",
    schema="order",
    read=read,
    read_one=read_one,
    read_many=read_many,
    keys_at_once=AT_ONCE,
    system="Amazon",
    compare=compare,
    settled_at=settled_at,
    summary=summary,
    sequence=sequence,
    link=f"{PATH}/{{key}}",
    limit="searchOrders",
    keys_limit="getOrder",
    dated_events=True,
    census=census,
)
