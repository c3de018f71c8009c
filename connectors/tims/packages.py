"""What the warehouse sent: one record per package of a shipment, with the order it belongs to (TIMS contract 6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from connectors.base import Payload, Record, Summary
from connectors.errors import MissingError
from connectors.http import JsonClient
from connectors.parts import bundles_of
from connectors.tims.bundles import Place, completed
from connectors.tims.streams import PAGE, changed, fetch, listed, moment, record

PATH = "shipments"
LEFT_THE_HOUSE = ("Shipped", "Delivered")
FEW = 5
"""So many orders are asked for one by one; more are first looked for among those that changed with their shipments."""
ORDER_FIELDS = (
    "SalesOrderID", "SourceSystem", "ExternalOrderID", "MarketplaceOrderID", "MarketplaceName", "FulfilledBy", "OrderedAt", "OrderStatus",
)  # fmt: skip


def read(client: JsonClient, cursor: str) -> Iterator[Record]:
    """Packages of shipments that changed since the cursor; those of a shipment that never left the house are left out.

    A shipment voided after it was sent comes with `Status` Voided: what a channel was told cannot be taken back there. `Package.Completes`
    holds the units of the channel's lines that are complete with the package; of an order with bundles all packages come together.
    """
    rows = changed(client, PATH, cursor)
    while page := list(islice(rows, PAGE)):
        yield from _of_rows(client, page)


def read_one(client: JsonClient, key: str) -> Record | None:
    """The package of that key (`SH-000771-1`), None when there is none."""
    return next(iter(read_many(client, [key])), None)


def read_many(client: JsonClient, keys: Sequence[str]) -> list[Record]:
    """The packages of these keys; `SH-000771`, as webhooks name it, stands for every package of the shipment."""
    shipments = []
    for shipment_id in dict.fromkeys(map(_shipment_of, keys)):
        try:
            shipments.append(fetch(client, PATH, shipment_id))
        except MissingError:
            continue
    wanted = set(keys)
    return [one for one in _of_rows(client, [(row, "") for row in shipments]) if {one.key, one.part_of} & wanted]


def compare(package: Payload) -> Payload:
    """That the carrier has delivered it is no news for a channel that was told it is on its way."""
    return {**package, "Status": "Shipped"} if package.get("Status") == "Delivered" else package


def summary(package: Payload) -> Summary:
    """Shipment and package, marketplace order, time of shipping."""
    order, box = package.get("Order") or {}, package.get("Package") or {}
    title = f"{package.get('ShipmentID')} package {box.get('PackageNumber')} {order.get('MarketplaceName') or ''}"
    number = order.get("MarketplaceOrderID") or order.get("ExternalOrderID") or ""
    return Summary(title=f"{title.strip()} {number}".strip(), placed_at=moment(package.get("ShippedAt")))


def _shipment_of(key: str) -> str:
    """A package's number has at most two digits, a shipment's at least three (TIMS contract 6)."""
    shipment_id, _, number = key.rpartition("-")
    return shipment_id if shipment_id and number.isdigit() and len(number) <= 2 else key


def _of_rows(client: JsonClient, rows: Sequence[tuple[Any, str]]) -> Iterator[Record]:
    """The packages of these shipments, each with its place. Those of an order with bundles come with the last of its shipments here."""
    orders = _orders(client, [row for row, _ in rows])
    bundled = {key for key, order in orders.items() if bundles_of(order.get("LineItems") or ())}
    last = {_order_of(row): at for at, (row, _) in enumerate(rows)}
    for at, (row, place) in enumerate(rows):
        key = _order_of(row)
        if key not in bundled:
            yield from _records(row, orders.get(key), place)
        elif last[key] == at:
            yield from _together(client, orders[key], place)


def _together(client: JsonClient, order: Payload, place: str) -> Iterator[Record]:
    """Every package of an order: what one of them completes depends on the others."""
    rows = list(listed(client, PATH, sales_order_id=order["SalesOrderID"]))
    named = [row for row in rows if isinstance(row, dict) and row.get("ShipmentID")]
    done = completed(order, [row for row in named if _has_left(row)])
    # What a package completes may change without its own shipment, so all of them together say how new it is.
    version = f"{sum(int(row.get('Version') or 0) for row in named):012d}"
    for row in rows:
        yield from (replace(one, version=version) for one in _records(row, order, place, done))


def _order_of(row: Any) -> str:
    return str(row.get("SalesOrderID") or "") if isinstance(row, dict) else ""


def _has_left(row: Payload) -> bool:
    return row.get("Status") in LEFT_THE_HOUSE or (row.get("Status") == "Voided" and bool(row.get("ShippedAt")))


def _records(row: Any, order: Payload | None, place: str, done: Mapping[Place, list[Payload]] | None = None) -> Iterator[Record]:
    whole = record(row, "ShipmentID", place)
    if whole.problem:
        yield whole
    elif _has_left(row):
        done = completed(order, [row]) if done is None and order else done or {}
        for box in row.get("Packages") or ():
            yield _package(whole, box, order, done)


def _package(whole: Record, box: Any, order: Payload | None, done: Mapping[Place, list[Payload]]) -> Record:
    number = box.get("PackageNumber") if isinstance(box, dict) else None
    key = f"{whole.key}-{number or 'unreadable'}"
    if not number or order is None:
        lacks = "a package without its number" if not number else "no sales order that TIMS knows"
        words = f"Shipment {whole.key} has {lacks}; correct it in TIMS, then resync."
        return Record(key=key, payload={}, cursor=whole.cursor, version=whole.version, problem=words, part_of=whole.key)
    shipment = {name: value for name, value in whole.payload.items() if name != "Packages"}
    about = {name: order.get(name) for name in ORDER_FIELDS}
    package = {**box, "Lines": _lines(box, order), "Completes": done.get((whole.key, number), [])}
    payload = {**shipment, "Package": package, "Order": about}
    return Record(key=key, payload=payload, cursor=whole.cursor, version=whole.version, part_of=whole.key)


def _lines(box: Payload, order: Payload) -> list[Payload]:
    """The package's lines with their names in the order, which tell the channel's own line."""
    external = {line.get("LineNumber"): line.get("ExternalLineID") for line in order.get("LineItems") or ()}
    return [{**line, "ExternalLineID": external.get(line.get("LineNumber"))} for line in box.get("Lines") or ()]


def _orders(client: JsonClient, shipments: Sequence[Any]) -> dict[str, Payload]:
    """The sales orders of these shipments. TIMS gives several at once only as a list of changes, so that is tried before single reads."""
    rows = [row for row in shipments if isinstance(row, dict) and row.get("SalesOrderID")]
    wanted = dict.fromkeys(str(row["SalesOrderID"]) for row in rows)
    found = {order["SalesOrderID"]: order for order in _changed_since(client, rows, len(wanted)) if order["SalesOrderID"] in wanted}
    for order_id in wanted.keys() - found.keys():
        try:
            found[order_id] = fetch(client, "sales_orders", order_id)
        except MissingError:
            continue
    return found


def _changed_since(client: JsonClient, shipments: Sequence[Payload], count: int) -> Iterable[Payload]:
    """Orders that changed since the earliest of these shipments did: shipping an order changes it. At most a page more than is sought."""
    times = [at for at in (moment(row.get("UpdatedAt")) for row in shipments) if at]
    if count <= FEW or not times:
        return
    query: dict[str, Any] = {"updated_since": min(times), "limit": PAGE, "fields": ",".join((*ORDER_FIELDS, "LineItems"))}
    for _ in range(count // PAGE + 2):
        page = client.get("api/v1/sales_orders", **query)
        yield from (row for row in page.get("Data") or () if isinstance(row, dict) and row.get("SalesOrderID"))
        after = str((page.get("Paging") or {}).get("NextCursor") or "")
        if not after:
            return
        query = {"limit": PAGE, "cursor": after, "fields": query["fields"]}
