"""The stream of orders: one set of records from both dialects, always in the v2 shape."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from connectors.base import Payload, Record, Stream, Summary
from connectors.channeladvisor import rest_v1, v2
from connectors.channeladvisor.census import census
from connectors.channeladvisor.customers import customer_key
from connectors.channeladvisor.dialect import Dialect, Row
from connectors.channeladvisor.parts import SELLER, parts_of
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
        yield from _records(client, row, moves=not cursor)
    if cursor:
        for row in dialect.sweep(client, False, moved(cursor, seconds=-OVERLAP)):
            yield from _records(client, row, moves=True)


def read_one(client: JsonClient, key: str) -> Record | None:
    """The order of that number, or the part of an order, None when there is none."""
    return next(iter(read_many(client, [key])), None)


def read_many(client: JsonClient, keys: Sequence[str]) -> list[Record]:
    """The orders of these numbers, without those that do not exist. Of an order in parts `…-S` names one part, its number both."""
    wanted = set(keys)
    rows = _dialect(client).many(client, [key.partition("-")[0] for key in keys])
    return [one for row in rows for one in _records(client, row, moves=False) if {one.key, one.part_of} & wanted]


def compare(order: Payload) -> Payload:
    """That an order was taken is our own doing, and no change of the order."""
    return {**order, "OrderStatus": "New"} if order.get("OrderStatus") == "Acknowledged" else order


def settled_at(order: Payload) -> str:
    """When the order was shipped or cancelled, empty while it is still on its way."""
    field = _SETTLED.get(str(order.get("OrderStatus")))
    return normalised(order.get(field)) or normalised(order.get("UpdatedDateUtc")) if field else ""


def removed_at(order: Payload) -> str:
    """When ChannelAdvisor removes the buyer's data, if it says so (ChannelAdvisor API reference, `UserDataRemovalDateUTC`)."""
    return normalised(order.get("PersonalDataRemovalDateUtc"))


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


def sequence(order: Payload) -> str:
    """The buyer: orders of one customer stay in sequence (entity map 13, no. 23)."""
    info = order.get("CustomerInfo")
    return text(info.get("CustomerKey")) if isinstance(info, dict) else ""


def _dialect(client: JsonClient) -> Dialect:
    return _DIALECTS[client.settings.get("dialect") or "v2"]


def _records(client: JsonClient, row: Row, *, moves: bool) -> list[Record]:
    """A row as a record, or as two; one that cannot be read becomes a record with a problem, so that the others go on."""
    dialect = _dialect(client)
    key = _key(row.raw, dialect.id_field)
    if not key:
        words = "ChannelAdvisor sent an order without an order number; open a case there."
        return [Record(key=_unreadable(row.raw), payload={}, problem=words)]
    try:
        parts = parts_of(dialect.shape(client, row), dialect.external(client))
    except ValueError as error:
        return [Record(key=key, payload={}, problem=f"Order {key} of ChannelAdvisor cannot be read: {error}. Correct it, then resync.")]
    updated = normalised(parts[0].get("UpdatedDateUtc"))
    found = [_record(key, part, updated) for part in parts]
    # The last part moves the cursor, so that a sweep that ends between them reads both again.
    return [*found[:-1], replace(found[-1], cursor=min(updated, row.as_of or updated) if moves else "")]


def _record(key: str, order: Payload, updated: str) -> Record:
    info, part = order.get("CustomerInfo"), order.get("Part")
    if info is None or isinstance(info, dict):
        order["CustomerInfo"] = {**(info or {}), "CustomerKey": customer_key(order)}
    return Record(
        key=f"{key}-{part}" if part else key,
        part_of=key if part else "",
        payload=order,
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
    """The marketplace's own name of the order. The seller's part bears that of the whole: no other road may bring it a second time."""
    marketplace, number = order.get("Marketplace"), text(order.get("OrderID"))
    name = text(marketplace.get("Name")) if isinstance(marketplace, dict) else ""
    if order.get("Part") == SELLER:
        number = number.removesuffix(f"-{SELLER}")
    return (f"{name}:{number}",) if name and number else ()


def _listed(client: JsonClient, since: str, until: str) -> Iterator[str]:
    return census(client, since, until, records=lambda api, row: _records(api, row, moves=False))


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
    removed_at=removed_at,
    summary=summary,
    census=_listed,
    sequence=sequence,
)
