"""Stock by item and location: what orders reserve, ship and give back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from connectors.sandbox import Refusal, Request, Response, Router, Row, Sandbox, reply
from connectors.tims.standin.documents import load
from connectors.tims.standin.events import announce
from connectors.tims.standin.totals import dec

STOCK = Router()
ZERO = Decimal(0)


def available(held: Row) -> Decimal:
    """What a location can still promise."""
    return dec(held["OnHand"]) - dec(held["Allocated"]) - dec(held.get("Unavailable"))


def quantity(box: Sandbox, item: Row, locations: list[str] | None = None) -> Row:
    """The quantity document of an item."""
    row = box.book.get("stock", item["SKU"]) or {"Locations": {}, "Version": 1, "AsOf": item["UpdatedAt"]}
    chosen = {code: held for code, held in row["Locations"].items() if not locations or code in locations}
    sums = {name: sum((dec(held.get(name)) for held in chosen.values()), ZERO) for name in ("OnHand", "Allocated", "Unavailable")}
    unlimited = item["ItemType"] in ("NonStock", "Service")
    return {
        "SKU": item["SKU"],
        "UnitOfMeasure": item["UnitOfMeasure"],
        **sums,
        "Available": sum((available(held) for held in chosen.values()), ZERO),
        "OnOrder": 0,
        "ExpectedDate": None,
        "BackOrdered": dec(row.get("BackOrdered")),
        "Unlimited": unlimited,
        "Locations": [{"LocationCode": code, **held, "Available": available(held)} for code, held in chosen.items()],
        "AsOf": row["AsOf"],
        "Version": row["Version"],
    }


@STOCK.on("GET", "/api/v1/inventory/items/{sku}/quantity")
def read_quantity(box: Sandbox, request: Request) -> Response:
    """Stock of one item."""
    return reply(quantity(box, find_item(box, request.params["sku"]), request.query.get("location")))


@STOCK.on("POST", "/api/v1/inventory/quantities/query")
def query(box: Sandbox, request: Request) -> Response:
    """Stock of up to 500 items."""
    skus = request.json().get("SKUs")
    if not isinstance(skus, list) or not 1 <= len(skus) <= 500:
        raise Refusal(400, "invalid_parameter", "SKUs is a list of 1 to 500.")
    known = [sku for sku in skus if box.book.has("items", str(sku).upper())]
    rows = [quantity(box, find_item(box, sku)) for sku in known]
    return reply({"Data": rows, "NotFound": [sku for sku in skus if sku not in known]})


def find_item(box: Sandbox, sku: str) -> Row:
    """An item, whatever the case of its letters. Raises Refusal 404."""
    return load(box, "items", sku.upper(), "Item")


def allocate(box: Sandbox, line: Row, wanted: str | None) -> None:
    """Reserves a line's open units as far as there are any; the rest is back-ordered."""
    open_units = dec(line["Quantity"]) - dec(line["QuantityCancelled"]) - dec(line["QuantityShipped"])
    row = box.book.get("stock", str(line["SKU"]).upper())
    if row is None:
        line["QuantityAllocated"], line["QuantityBackordered"] = open_units, 0
        return
    code = wanted or max(row["Locations"], key=lambda one: available(row["Locations"][one]))
    held = row["Locations"].setdefault(code, {"OnHand": 0, "Allocated": 0, "Unavailable": 0})
    taken = max(ZERO, min(open_units, available(held)))
    held["Allocated"] = dec(held["Allocated"]) + taken
    row["BackOrdered"] = dec(row.get("BackOrdered")) + open_units - taken
    line["QuantityAllocated"], line["QuantityBackordered"], line["LocationCode"] = taken, open_units - taken, code
    _save(box, row)


def give_back(box: Sandbox, line: Row, units: Decimal, *, shipped: bool = False) -> None:
    """Ends the reservation of units, back-ordered ones first; shipped ones also leave the shelf."""
    row = box.book.get("stock", str(line["SKU"]).upper())
    waiting = ZERO if shipped else min(units, dec(line["QuantityBackordered"]))
    reserved = min(units - waiting, dec(line["QuantityAllocated"]))
    line["QuantityBackordered"] = max(ZERO, dec(line["QuantityBackordered"]) - (units - reserved))
    line["QuantityAllocated"] = dec(line["QuantityAllocated"]) - reserved
    if row is None:
        return
    held = row["Locations"].get(line.get("LocationCode")) or next(iter(row["Locations"].values()))
    held["Allocated"] = dec(held["Allocated"]) - reserved
    if shipped:
        held["OnHand"] = dec(held["OnHand"]) - units
    row["BackOrdered"] = max(ZERO, dec(row.get("BackOrdered")) - (units - reserved))
    _save(box, row)


def set_stock(box: Sandbox, sku: str, on_hand: dict[str, Any]) -> None:
    """Sets what is on the shelves: location -> units."""
    row = box.book.get("stock", sku.upper()) or {"SKU": sku, "Locations": {}, "Version": 0}
    for code, units in on_hand.items():
        row["Locations"].setdefault(code, {"Allocated": 0, "Unavailable": 0})["OnHand"] = units
    _save(box, row)


def _save(box: Sandbox, row: Row) -> None:
    before = row.get("_Available")
    row["Version"] = int(row.get("Version") or 0) + 1
    row["AsOf"] = box.stamp()
    row["_Available"] = sum((available(held) for held in row["Locations"].values()), ZERO)
    box.book.put("stock", str(row["SKU"]).upper(), row)
    if before is not None and dec(before) != row["_Available"]:
        about = {"SKU": row["SKU"], "Available": row["_Available"], "PreviousAvailable": before}
        announce(
            box, "inventory.quantity_changed", ("inventory", row["SKU"], f"inventory/items/{row['SKU']}/quantity"), row["Version"], about
        )
