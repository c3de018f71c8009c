"""Every package that Amazon sent for another channel, with its order: what that channel must be told (Amazon SP-API reference, 11.3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from connectors.amazon import fulfilment_orders
from connectors.amazon.outbound import FINAL, SHIPPED, held, origin
from connectors.base import Payload, Record, Stream, Summary
from connectors.http import JsonClient

NEVER_SHIPPED = "never-shipped"
_ORDER = ("orderId", "displayOrderId", "marketplaceId", "orderedAt", "status", "speed")


def read(client: JsonClient, cursor: str) -> Iterator[Record]:
    """Packages of orders that changed since the cursor; a tracking number that comes late makes the package come again.

    Goods that Amazon took and will never ship come as the package `NEVER_SHIPPED`, whose status is that of the order.
    """
    for whole in fulfilment_orders.read(client, cursor):
        if whole.problem:
            yield whole
        else:
            yield from records(whole)


def read_one(client: JsonClient, key: str) -> Record | None:
    """The package of that key (`ChannelAdvisor-100045/Dx1-1`), None when there is none."""
    return next(iter(read_many(client, [key])), None)


def read_many(client: JsonClient, keys: Sequence[str]) -> list[Record]:
    """The packages of these keys; an order's own number stands for all its packages."""
    wanted = set(keys)
    orders = (held(client, name) for name in dict.fromkeys(key.partition("/")[0] for key in keys))
    found = (one for order in orders if order for one in records(fulfilment_orders.record(order)))
    return [one for one in found if {one.key, one.part_of} & wanted]


def summary(payload: Payload) -> Summary:
    """The channel's number, carrier and tracking number."""
    order, package = payload["order"], payload["package"]
    words = (order.get("displayOrderId") or order.get("orderId"), package.get("carrier"), package.get("trackingNumber"))
    return Summary(title=" ".join(str(word) for word in words if word), placed_at=str(package.get("shippedAt") or ""))


def records(whole: Record) -> Iterator[Record]:
    """The packages of a fulfilment order's record, and what Amazon will never ship of it."""
    order = {name: whole.payload[name] for name in _ORDER if name in whole.payload} | origin(whole.key)
    shipped = [one for one in whole.payload.get("packages") or () if one.get("status") == "Shipped"]
    for package in (*shipped, *_left_behind(whole.payload, shipped)):
        payload = {"package": package, "order": order}
        key = f"{whole.key}/{package['packageId']}"
        yield Record(key=key, payload=payload, cursor=whole.cursor, version=whole.version, part_of=whole.key)


def _left_behind(order: Payload, shipped: Sequence[Payload]) -> Iterator[Payload]:
    """What Amazon took and will not ship after all, as a package that never comes: else nobody would hear of it.

    Whoever cancelled it, here or in Seller Central: Amazon does not say, so the target decides whether it still expects the goods.
    """
    if order.get("status") not in FINAL:
        return
    sent = Counter[str]()
    for line in (line for package in shipped for line in package.get("lines") or ()):
        sent[str(line["lineId"])] += int(line["quantity"])
    # Until its packages are shown, what a shipped order lacks is only what Amazon says so itself.
    sure = order.get("status") == "Complete" or (order.get("status") in SHIPPED and not shipped)
    lines = [
        {"lineId": line["lineId"], "sku": line["sku"], "quantity": left, "sent": sent[str(line["lineId"])]}
        for line in order.get("lines") or ()
        if (left := _missing(line, 0 if sure else line["quantity"] - sent[str(line["lineId"])])) > 0
    ]
    if lines:
        yield {"packageId": NEVER_SHIPPED, "shipmentId": "", "status": str(order["status"]), "lines": lines}


def _missing(line: Payload, unsent: int) -> int:
    return max(int(line["unfulfillable"]) + int(line["cancelled"]), unsent)


FULFILMENT_PACKAGES = Stream(
    id="fulfilment_packages",
    label="Packages that Amazon sent for other channels",
    schema="fulfilment_package",
    read=read,
    read_one=read_one,
    read_many=read_many,
    summary=summary,
    limit="getFulfillmentOrder",
)
