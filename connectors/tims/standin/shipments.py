"""Shipments of the stand-in: read, made by a warehouse system, voided; what leaves the house moves stock and the order's status."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from connectors.sandbox import Refusal, Request, Response, Router, Row, Sandbox
from connectors.tims.standin import documents, invoicing, orders
from connectors.tims.standin.actions import ACTIVE, allow, open_units, settle, status_by_units
from connectors.tims.standin.checks import Flaw, code_flaws, flaw, refuse, shape
from connectors.tims.standin.events import announce
from connectors.tims.standin.kits import follow, parents
from connectors.tims.standin.stock import allocate, give_back
from connectors.tims.standin.totals import dec

SHIPMENTS = Router()
KIND = "shipments"
CODES = {"LocationCode": "locations", "CarrierID": "carriers", "ShippingMethod": "shipping_methods"}
LEFT = ("Shipped", "Delivered")
FIRST_NUMBER = 771


def declare(box: Sandbox) -> None:
    """The indexes and the order of shipments."""
    box.book.order(KIND, lambda row: str(row["UpdatedAt"]))
    box.book.index(KIND, "order", lambda row: [str(row["SalesOrderID"])])
    box.book.index(KIND, "external", lambda row: [_name(row)] if row.get("ExternalShipmentID") else [])


def of_order(box: Sandbox, order_id: str) -> list[Row]:
    """Every shipment of a sales order, oldest first."""
    rows = [box.book.get(KIND, key) or {} for key in box.book.find(KIND, "order", order_id)]
    return sorted(rows, key=lambda row: int(row["Sequence"]))


@SHIPMENTS.on("GET", "/api/v1/shipments")
def listed(box: Sandbox, request: Request) -> Response:
    """Delta list."""
    return documents.listing(box, request, KIND, _filter)


def _filter(query: dict[str, list[str]]) -> Callable[[Row], bool]:
    wanted = [(member, query[name][-1]) for name, member in (("sales_order_id", "SalesOrderID"), ("status", "Status")) if name in query]
    return lambda row: all(row.get(member) == value for member, value in wanted)


@SHIPMENTS.on("GET", "/api/v1/shipments/{shipment_id}")
def read(box: Sandbox, request: Request) -> Response:
    """One shipment."""
    return documents.shown(request, documents.load(box, KIND, request.params["shipment_id"], "Shipment"))


@SHIPMENTS.on("POST", "/api/v1/shipments")
def create(box: Sandbox, request: Request) -> Response:
    """A shipment that a warehouse system made."""
    row, flaws = shape(request, request.json(), "shipment")
    refuse("shipment", flaws)
    refuse("shipment", _more_flaws(box, row))
    row = add(box, {"Status": "Open", **{name: value for name, value in row.items() if value is not None}})
    return documents.shown(request, row, 201, {"Location": f"/api/v1/shipments/{row['ShipmentID']}"})


@SHIPMENTS.on("POST", "/api/v1/shipments/{shipment_id}/void")
def void(box: Sandbox, request: Request) -> Response:
    """Takes a shipment back."""
    row = documents.load(box, KIND, request.params["shipment_id"], "Shipment")
    documents.guard(request, row)
    return documents.shown(request, voided(box, row))


def add(box: Sandbox, row: Row, *, by: str = "api") -> Row:
    """Stores a checked shipment; one that is Shipped takes its units from stock and order. Raises Refusal 409, 422."""
    _twice(box, row)
    order = documents.load(box, orders.KIND, row["SalesOrderID"], "Sales order")
    allow(order, ACTIVE)
    for at, package in enumerate(row["Packages"]):
        package.setdefault("PackageNumber", at + 1)
    _refuse_over_shipped(box, row, order)
    sequence = box.book.next_number(KIND, FIRST_NUMBER)
    row = {"ShipmentID": f"SH-{sequence:06d}", "Sequence": sequence, **row, "Currency": row.get("Currency") or order["Currency"]}
    documents.save(box, KIND, row["ShipmentID"], row, changed=[], by=by)
    if row["Status"] in LEFT:
        _take_from_order(box, row, order, by)
    tell(box, "shipment.created", row)
    return row


def voided(box: Sandbox, row: Row, *, by: str = "api") -> Row:
    """Restores what the shipment took. Raises Refusal 409 when it is delivered, void already, or its order is completed."""
    order = documents.load(box, orders.KIND, row["SalesOrderID"], "Sales order")
    if row["Status"] in ("Voided", "Delivered") or order["OrderStatus"] == "Completed":
        words = f"Shipment {row['ShipmentID']} is {row['Status']}, its order {order['OrderStatus']}."
        raise Refusal(409, "state_conflict", words, AllowedTransitions=[], ExistingStatus=row["Status"])
    left, row["Status"] = row["Status"] in LEFT, "Voided"
    documents.save(box, KIND, row["ShipmentID"], row, changed=["Status"], by=by)
    if left:
        invoicing.void_of(box, row["ShipmentID"], order["SalesOrderID"])
        order = documents.load(box, orders.KIND, row["SalesOrderID"], "Sales order")
        _give_to_order(box, row, order, by)
    tell(box, "shipment.voided", row)
    return row


def changed(box: Sandbox, row: Row, names: list[str], *, by: str = "warehouse") -> Row:
    """Stores what people corrected in a shipment, and announces it."""
    documents.save(box, KIND, row["ShipmentID"], row, changed=names, by=by)
    tell(box, "shipment.updated", row)
    return row


def sent(box: Sandbox, row: Row, at: str, *, by: str = "warehouse") -> Row:
    """A shipment that was being packed leaves the house. Raises Refusal 409."""
    order = documents.load(box, orders.KIND, row["SalesOrderID"], "Sales order")
    allow(order, ACTIVE)
    row |= {"Status": "Shipped", "ShippedAt": at}
    _take_from_order(box, row, order, by)
    return changed(box, row, ["Status", "ShippedAt"], by=by)


def tell(box: Sandbox, event: str, row: Row) -> None:
    """Queues an event of a shipment."""
    about = {name: row[name] for name in ("ShipmentID", "SalesOrderID", "Status")}
    announce(box, event, ("shipment", row["ShipmentID"], f"shipments/{row['ShipmentID']}"), row["Version"], about)


def contents(row: Row) -> Iterator[tuple[str, Row]]:
    """Every line of every package with its path."""
    for at, package in enumerate(row["Packages"]):
        for place, line in enumerate(package["Lines"]):
            yield f"Packages[{at}].Lines[{place}]", line


def _name(row: Row) -> str:
    return f"{row.get('SourceSystem') or ''}\x1f{row['ExternalShipmentID']}"


def _twice(box: Sandbox, row: Row) -> None:
    found = box.book.find(KIND, "external", _name(row)) if row.get("ExternalShipmentID") else []
    if found:
        held = box.book.get(KIND, found[0]) or {}
        raise Refusal(
            409, "duplicate_external_id", f"ExternalShipmentID {row['ExternalShipmentID']} already exists.",
            headers={"Location": f"/api/v1/shipments/{found[0]}"}, ExistingID=found[0], ExistingVersion=held["Version"],
            ExistingStatus=held["Status"],
        )  # fmt: skip


def _more_flaws(box: Sandbox, row: Row) -> list[Flaw]:
    """What the schema cannot say; a channel's line ids are not TIMS's business."""
    flaws = code_flaws(box, row, CODES)
    if row.get("Status") in LEFT and not row.get("ShippedAt"):
        flaws.append(flaw("ShippedAt", "required", "A shipped shipment needs its time."))
    for path, line in contents(row):
        if "ExternalLineID" in line:
            flaws.append(flaw(f"{path}.ExternalLineID", "unknown_field", "This member is not known."))
        if line.get("LineNumber") is None:
            flaws.append(flaw(f"{path}.LineNumber", "required", "A value is required."))
    order = box.book.get(orders.KIND, row["SalesOrderID"])
    if order is None:
        return [*flaws, flaw("SalesOrderID", "not_found", f"Sales order {row['SalesOrderID']} does not exist.", row["SalesOrderID"])]
    return flaws + _line_flaws(row, order)


def _line_flaws(row: Row, order: Row) -> list[Flaw]:
    flaws, by_number, kits = [], {line["LineNumber"]: line for line in order["LineItems"]}, parents(order)
    for path, line in contents(row):
        held = by_number.get(line.get("LineNumber"))
        if line.get("LineNumber") in kits:
            flaws.append(flaw(f"{path}.LineNumber", "invalid_choice", "A kit is shipped by its components.", line["LineNumber"]))
        if held is None and line.get("LineNumber") is not None:
            flaws.append(flaw(f"{path}.LineNumber", "not_found", "The order has no such line.", line["LineNumber"]))
        elif held and line["SKU"].upper() != held["SKU"].upper():
            flaws.append(flaw(f"{path}.SKU", "invalid_choice", f"Line {line['LineNumber']} is {held['SKU']}.", line["SKU"]))
        elif held and held.get("UnitOfMeasure", "EA") == "EA" and dec(line["Quantity"]) % 1:
            flaws.append(flaw(f"{path}.Quantity", "max_decimals", "Whole numbers only for items counted in EA.", line["Quantity"]))
    return flaws


def _refuse_over_shipped(box: Sandbox, row: Row, order: Row) -> None:
    """Raises Refusal 422 `over_shipped` for units that the order does not have open, other shipments under way included."""
    left = {line["LineNumber"]: open_units(line) for line in order["LineItems"]}
    for other in of_order(box, order["SalesOrderID"]):
        for _, line in contents(other) if other["Status"] in ("Open", "Packed") else ():
            left[line["LineNumber"]] -= dec(line["Quantity"])
    flaws = []
    for path, line in contents(row):
        left[line["LineNumber"]] -= dec(line["Quantity"])
        if left[line["LineNumber"]] < 0:
            flaws.append(flaw(f"{path}.Quantity", "over_shipped", "More than the order has left.", line["Quantity"]))
    if flaws:
        raise Refusal(422, "over_shipped", f"More units than sales order {order['SalesOrderID']} has left to ship.", Fields=flaws)


def _take_from_order(box: Sandbox, row: Row, order: Row, by: str) -> None:
    by_number = {line["LineNumber"]: line for line in order["LineItems"]}
    for _, packed in contents(row):
        line, units = by_number[packed["LineNumber"]], dec(packed["Quantity"])
        if order["FulfilledBy"] == "Seller":
            give_back(box, line, units, shipped=True)
        line["QuantityShipped"] = dec(line["QuantityShipped"]) + units
        line["LineStatus"] = "Open" if open_units(line) else "Shipped"
    follow(order)
    settle(box, order, status_by_units(order), ["LineItems", "OrderStatus"], by)
    invoicing.invoice_shipped(box, order, str(row["ShippedAt"])[:10], row["ShipmentID"])


def _give_to_order(box: Sandbox, row: Row, order: Row, by: str) -> None:
    by_number = {line["LineNumber"]: line for line in order["LineItems"]}
    for _, packed in contents(row):
        line, units = by_number[packed["LineNumber"]], dec(packed["Quantity"])
        line["QuantityShipped"], line["LineStatus"] = dec(line["QuantityShipped"]) - units, "Open"
        if order["FulfilledBy"] == "Seller":
            _restock(box, line, units)
    follow(order)
    settle(box, order, status_by_units(order), ["LineItems", "OrderStatus"], by)


def _restock(box: Sandbox, line: Row, units: Decimal) -> None:
    """The units are on the shelf again and the line reserves what it still needs."""
    stock: Any = box.book.get("stock", str(line["SKU"]).upper())
    if stock:
        held = stock["Locations"][line.get("LocationCode") or next(iter(stock["Locations"]))]
        held["OnHand"] = dec(held["OnHand"]) + units
        held["Allocated"] = dec(held["Allocated"]) - dec(line["QuantityAllocated"])
        stock["BackOrdered"] = dec(stock.get("BackOrdered")) - dec(line["QuantityBackordered"])
        box.book.put("stock", str(line["SKU"]).upper(), stock)
    allocate(box, line, line.get("LocationCode"))
