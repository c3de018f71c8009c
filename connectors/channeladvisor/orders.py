"""The stream of orders: one set of records from both dialects, always in the v2 shape."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

from connectors.base import Payload, Record, Stream, Summary
from connectors.channeladvisor import rest_v1, v2
from connectors.channeladvisor.customers import customer_key
from connectors.channeladvisor.dialect import Dialect, Row
from connectors.channeladvisor.times import moved, normalised
from connectors.channeladvisor.values import text
from connectors.http import JsonClient
from connectors.wire import encode

OVERLAP = 120
_DIALECTS: dict[str, Dialect] = {"v2": v2.DIALECT, "rest-v1": rest_v1.DIALECT}
_SETTLED = {"Shipped": "ShippedDateUtc", "Completed": "ShippedDateUtc", "Cancelled": "UpdatedDateUtc"}


def read(client: JsonClient, cursor: str) -> Iterator[Record]:
    """Orders that this application has not taken; with a cursor also every order changed since then, 120 s overlapping.

    With a cursor the first part carries none, so that it does not move it. The cursor is the time of change, but never later than the
    system's own time when the sweep began: what changes during a long sweep is read again by the next one (ChannelAdvisor API
    reference, A2.2). An order may come twice.
    """
    dialect = _dialect(client)
    for row in dialect.sweep(client, True, ""):
        yield _record(client, row, moves=not cursor)
    if cursor:
        for row in dialect.sweep(client, False, moved(cursor, seconds=-OVERLAP)):
            yield _record(client, row, moves=True)


def read_one(client: JsonClient, key: str) -> Record | None:
    """The order of that number, None when there is none."""
    row = _dialect(client).one(client, key)
    return None if row is None else _record(client, row, moves=False)


def read_many(client: JsonClient, keys: Sequence[str]) -> list[Record]:
    """The orders of these numbers, without those that do not exist."""
    return [_record(client, row, moves=False) for row in _dialect(client).many(client, keys)]


def compare(order: Payload) -> Payload:
    """That an order was taken is our own doing, and no change of the order."""
    return {**order, "OrderStatus": "New"} if order.get("OrderStatus") == "Acknowledged" else order


def settled_at(order: Payload) -> str:
    """When the order was shipped or cancelled, empty while it is still on its way."""
    field = _SETTLED.get(str(order.get("OrderStatus")))
    return normalised(order.get(field)) or normalised(order.get("UpdatedDateUtc")) if field else ""


def summary(order: Payload) -> Summary:
    """Marketplace and order number, grand total, time of purchase."""
    marketplace, totals = order.get("Marketplace"), order.get("Totals")
    name = text(marketplace.get("Name")) if isinstance(marketplace, dict) else ""
    return Summary(
        title=f"{name} {text(order.get('OrderID'))}".strip(),
        amount=text(totals.get("Grand")) if isinstance(totals, dict) else "",
        currency=text(order.get("Currency")),
        placed_at=text(order.get("OrderDate")),
    )


def _dialect(client: JsonClient) -> Dialect:
    return _DIALECTS[client.settings.get("dialect") or "v2"]


def _record(client: JsonClient, row: Row, *, moves: bool) -> Record:
    """A row as a record; one that cannot be read becomes a record with a problem, so that the others go on."""
    dialect = _dialect(client)
    key = _key(row.raw, dialect.id_field)
    if not key:
        return Record(
            key=_unreadable(row.raw), payload={}, problem="ChannelAdvisor sent an order without an order number; open a case there."
        )
    try:
        order = dialect.shape(client, row)
    except ValueError as error:
        return Record(key=key, payload={}, problem=f"Order {key} of ChannelAdvisor cannot be read: {error}. Correct it there, then resync.")
    info = order.get("CustomerInfo")
    if info is None or isinstance(info, dict):
        order["CustomerInfo"] = {**(info or {}), "CustomerKey": customer_key(order)}
    updated = normalised(order.get("UpdatedDateUtc"))
    return Record(
        key=key,
        payload=order,
        cursor=min(updated, row.as_of or updated) if moves else "",
        version=_version(order, updated),
        aliases=_aliases(order),
    )


def _key(raw: Any, field: str) -> str:
    value = raw.get(field) if isinstance(raw, dict) else None
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and value > 0 else ""


def _unreadable(raw: Any) -> str:
    return f"unreadable-{hashlib.sha256(encode(raw)).hexdigest()[:16]}"


def _version(order: Payload, updated: str) -> str:
    number = order.get("Version")
    return f"{number:012d}" if isinstance(number, int) and not isinstance(number, bool) and number >= 0 else updated


def _aliases(order: Payload) -> tuple[str, ...]:
    marketplace, number = order.get("Marketplace"), text(order.get("OrderID"))
    name = text(marketplace.get("Name")) if isinstance(marketplace, dict) else ""
    return (f"{name}:{number}",) if name and number else ()


ORDERS = Stream(
    id="orders",
    label="Orders",
    schema="order",
    compare=compare,
    link="v2/orders/{key}",
    read=read,
    read_one=read_one,
    read_many=read_many,
    system="ChannelAdvisor",
    settled_at=settled_at,
    summary=summary,
)
