"""The warehouse of the stand-in: packs open orders whole, in parts, in several parcels, and now and then makes its mistakes."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from connectors.sandbox import Request, Response, Row, Sandbox, rfc3339
from connectors.tims.standin import documents, shipments, tracking
from connectors.tims.standin.actions import ACTIVE, CONTROLS, allow, open_units, settle
from connectors.tims.standin.kits import parents
from connectors.tims.standin.orders import KIND
from connectors.tims.standin.totals import dec

NEXT_DAY = timedelta(hours=20)
"""The rest of an order that was shipped in part follows after this."""
WAYS = (("whole", 62), ("parcels", 12), ("part", 12), ("later", 14))
WITHOUT_NUMBER, MISREAD = 0.05, 0.04


@CONTROLS.on("POST", "/__sandbox__/advance_order/{order_id}")
def advance_order(box: Sandbox, request: Request) -> Response:
    """One step: an open order ships (`{"Lines": [{"LineNumber", "Quantity"}]}` or whole), a fulfilled one is invoiced and completed."""
    order_id, lines = request.params["order_id"], (request.json() if request.body else {}).get("Lines")
    order = documents.load(box, KIND, order_id, "Sales order")
    if order["OrderStatus"] == "Fulfilled":
        return documents.shown(request, completed(box, order))
    ship(box, order_id, [lines] if lines else None)
    return documents.shown(request, documents.load(box, KIND, order_id, "Sales order"))


@CONTROLS.on("POST", "/__sandbox__/ship_open")
def ship_open_orders(box: Sandbox, request: Request) -> Response:
    """One round over all open orders."""
    ship_open(box, box.random, box.now())
    return Response(status=204)


def completed(box: Sandbox, order: Row) -> Row:
    """Invoices and closes a fulfilled order."""
    for line in order["LineItems"]:
        line["QuantityInvoiced"] = line["QuantityShipped"]
    return settle(box, order, "Completed", ["LineItems", "OrderStatus"], by="warehouse")


def ship(
    box: Sandbox,
    order_id: str,
    plan: Sequence[Sequence[Row]] | None = None,
    *,
    at: datetime | None = None,
    tracked: bool = True,
    chance: random.Random | None = None,
) -> Row:
    """One shipment of an order; answers it. Raises Refusal 409, 422.

    `plan` holds the parcels, each `[{"LineNumber", "Quantity"}]`; None = everything open in one. Without `tracked` no parcel has a number.
    """
    order = documents.load(box, KIND, order_id, "Sales order")
    allow(order, ACTIVE)
    dice, carrier = chance or box.random, order.get("CarrierID") or _carrier(box, order)
    lines = {line["LineNumber"]: line for line in order["LineItems"]}
    parcels = plan or [to_pack(order)]
    packages = []
    for at_, parcel in enumerate(parcels):
        packed = [{"LineNumber": one["LineNumber"], "SKU": lines[one["LineNumber"]]["SKU"], "Quantity": one["Quantity"]} for one in parcel]
        code = tracking.number(carrier, dice) if tracked else None
        packages.append({"PackageNumber": at_ + 1, "TrackingNumber": code, "Lines": packed})
    first = lines[parcels[0][0]["LineNumber"]]
    row: Row = {
        "SalesOrderID": order_id, "Status": "Shipped", "ShippedAt": rfc3339(at or box.now()), "CarrierID": carrier,
        "LocationCode": first.get("LocationCode") or order.get("FulfillmentLocationCode") or "RENO",
        "ShippingMethod": order.get("ShippingMethod") or "WILLCALL", "Packages": packages,
    }  # fmt: skip
    return shipments.add(box, row, by="warehouse")


def to_pack(order: Row) -> list[Row]:
    """What is left to ship of an order; of a kit its components."""
    kits, lines = parents(order), order["LineItems"]
    return [
        {"LineNumber": line["LineNumber"], "Quantity": open_units(line)}
        for line in lines
        if open_units(line) and line["LineNumber"] not in kits
    ]


def _carrier(box: Sandbox, order: Row) -> str:
    method = box.book.get("reference", f"shipping_methods/{order.get('ShippingMethod')}") or {}
    return str(method.get("CarrierID") or "OTHER")


def retracked(box: Sandbox, row: Row, number: str | None, *, package: int = 1) -> Row:
    """A package gets its number, or the right one."""
    for one in row["Packages"]:
        if one["PackageNumber"] == package:
            one["TrackingNumber"] = number
    return shipments.changed(box, row, ["Packages"])


def ship_open(box: Sandbox, chance: random.Random, now: datetime, *, stay: Collection[str] = ()) -> list[str]:
    """One round over all open orders of our own warehouse, as a day there goes; answers the shipments made or changed.

    First numbers that were missing come in, and a few that were misread are corrected. Then each open order ships whole, in several
    parcels, in part (the rest a day later) or not yet; held orders do not, nor those in `stay`. The same `chance` and state give the
    same day.
    """
    touched = _numbers(box, chance)
    for order_id in [*box.book.find(KIND, "status", "Open"), *box.book.find(KIND, "status", "PartiallyFulfilled")]:
        order = box.book.get(KIND, order_id) or {}
        if order["FulfilledBy"] == "Seller" and order_id not in stay and not outside(box, order):
            touched += _one(box, order, chance, now)
    return touched


def outside(box: Sandbox, order: Row) -> bool:
    """Whether somebody else's warehouse ships the order, such as Amazon's for other channels."""
    place = box.book.get("reference", f"locations/{order.get('FulfillmentLocationCode')}") or {}
    return bool(place.get("IsExternal"))


def _numbers(box: Sandbox, chance: random.Random) -> list[str]:
    touched = []
    ours = (row for row in list(box.book.rows(shipments.KIND)) if not row.get("ExternalShipmentID"))
    for row in ours:
        wrong = row.pop("_Misread", False)
        for package in row["Packages"] if row["Status"] == "Shipped" else ():
            if package["TrackingNumber"] is None or wrong:
                retracked(box, row, tracking.number(row["CarrierID"], chance), package=package["PackageNumber"])
                touched.append(str(row["ShipmentID"]))
    return touched


def _one(box: Sandbox, order: Row, chance: random.Random, now: datetime) -> list[str]:
    earlier = [row for row in shipments.of_order(box, order["SalesOrderID"]) if row["Status"] != "Voided"]
    if earlier and max(str(row["ShippedAt"]) for row in earlier) > rfc3339(now - NEXT_DAY):
        return []
    way = "whole" if earlier else chance.choices([name for name, _ in WAYS], [share for _, share in WAYS])[0]
    if way == "later":
        return []
    plan = _plan(order, way)
    tracked = chance.random() >= WITHOUT_NUMBER
    row = ship(box, order["SalesOrderID"], plan, at=now, tracked=tracked, chance=chance)
    if tracked and chance.random() < MISREAD:
        box.book.put(shipments.KIND, row["ShipmentID"], {**row, "_Misread": True})
    return [str(row["ShipmentID"])]


def _plan(order: Row, way: str) -> list[list[Row]] | None:
    """Several parcels, or about half of the units; None where the order has too little for that."""
    units = to_pack(order)
    if len(units) == 1 and dec(units[0]["Quantity"]) > 1:
        half = dec(units[0]["Quantity"]) // 2
        units = [{**units[0], "Quantity": half}, {**units[0], "Quantity": dec(units[0]["Quantity"]) - half}]
    if way == "whole" or len(units) < 2 or any(one["Quantity"] <= Decimal(0) for one in units):
        return None
    middle = len(units) // 2
    return [units[:middle], units[middle:]] if way == "parcels" else [units[:middle]]
