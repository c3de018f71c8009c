"""What became of orders that Amazon ships for other channels, with every package (Amazon SP-API reference, 11.3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from connectors.amazon.outbound import FINAL, SHIPPED, Dialect, dialect, held
from connectors.amazon.times import moved
from connectors.base import Payload, Record, Stream, Summary
from connectors.http import JsonClient, pages

BEGINNING = "2015-01-01T00:00:00.000Z"
OVERLAP = -300.0
PATIENCE = -3 * 86400.0
"""How long the reading comes back to a shipped order whose tracking numbers are not all there: they are no change to Amazon's list."""


def read(client: JsonClient, cursor: str) -> Iterator[Record]:
    """Every order whose status changed since the cursor, oldest change first.

    An order that shipped without a tracking number holds the cursor back, so that the number is found when it comes.
    """
    version = dialect(client.settings)
    found = {str(one.get("orderId") or ""): one for one in _listed(client, version, moved(cursor or BEGINNING, seconds=OVERLAP))}
    listed = sorted(found.values(), key=lambda one: (str(one.get("statusAt") or ""), str(one.get("orderId") or "")))
    oldest = moved(str(listed[-1].get("statusAt") or ""), seconds=PATIENCE) if listed else ""
    held_back = ""
    for row in listed:
        order = row if version.whole else held(client, str(row.get("orderId")))
        if order is None:
            continue
        at = str(order.get("statusAt") or row.get("statusAt") or "")
        if not held_back and untracked(order) and at > oldest:
            held_back = at
        place = str(row.get("statusAt") or "")
        yield record(order, cursor=max(cursor, min(place, held_back or place)))


def read_one(client: JsonClient, key: str) -> Record | None:
    """One order; None when Amazon has none of that number."""
    order = held(client, key)
    return record(order) if order else None


def record(order: Payload, *, cursor: str = "") -> Record:
    """An order as a Record."""
    if not order.get("orderId"):
        return Record(
            key="unreadable-fulfilment-order", payload={}, cursor=cursor, problem="Amazon sent a fulfilment order without its number."
        )
    return Record(key=str(order["orderId"]), payload=order, cursor=cursor, version=str(order.get("statusAt") or ""))


def untracked(order: Payload) -> bool:
    """Whether a package that left has no number yet by which it can be followed."""
    packages = [one for one in order.get("packages") or () if one.get("status") == "Shipped"]
    if order.get("status") in SHIPPED and not packages:
        return True
    return any(not (one.get("trackingNumber") or one.get("amazonTrackingNumber")) for one in packages)


def summary(order: Payload) -> Summary:
    """The channel's number and the status."""
    title = f"{order.get('displayOrderId') or order.get('orderId') or ''} {order.get('status') or ''}"
    return Summary(title=title.strip(), placed_at=str(order.get("orderedAt") or ""))


def settled_at(order: Payload) -> str:
    """When nothing is left to ship, the time of the last change."""
    return str(order.get("statusAt") or "") if order.get("status") in FINAL else ""


def _listed(client: JsonClient, version: Dialect, since: str) -> Iterator[Payload]:
    first = {version.since: since}

    def fetch(token: str) -> tuple[list[Payload], str]:
        query: dict[str, Any] = {**(first if version.together or not token else {}), **({version.next_page: token} if token else {})}
        return version.page(client.call("GET", version.path, query=query, limit="listAllFulfillmentOrders").body)

    return pages(fetch)


FULFILMENT_ORDERS = Stream(
    id="fulfilment_orders",
    label="Orders of other channels that Amazon ships",
    schema="fulfilment_order",
    read=read,
    read_one=read_one,
    summary=summary,
    settled_at=settled_at,
    limit="getFulfillmentOrder",
)
