"""How a fulfilment order lives by itself: New, Received, Planning, Processing, Complete, with packages and late tracking numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from connectors.amazon.standin import outbound_orders
from connectors.amazon.standin.outbound_checks import invalid
from connectors.amazon.times import written
from connectors.sandbox import Row

if TYPE_CHECKING:
    from connectors.amazon.sandbox import AmazonSandbox

KIND, SWITCHES = "fulfilment_orders", "fulfilment_switches"
NEVER = "9999"
STEPS = {"New": ("Received", 60), "Received": ("Planning", 120), "Planning": ("Processing", 300)}
PACKING, TRACKING, CANCELLING = 600, 300, 60
_DEFAULTS: Row = {"split": 0.3, "late": 0.3, "ignored_cancels": 0.0, "loud": 0.0, "missing": []}


def switches(box: AmazonSandbox, **wanted: Any) -> Row:
    """Probabilities: `split` several shipments and packages, `late` tracking numbers, `ignored_cancels`, `loud` statuses in capitals.

    `missing`: SKUs that turn out not to be there when the order is planned.
    """
    kept = {**_DEFAULTS, **(box.book.get(SWITCHES, "all") or {}), **{name: value for name, value in wanted.items() if name in _DEFAULTS}}
    box.book.put(SWITCHES, "all", kept)
    return kept


def begin(box: AmazonSandbox, wish: Row, marketplace: str) -> None:
    """Takes a checked order."""
    now = written(box.now())
    items = [{**item, "cancelledQuantity": 0, "unfulfillableQuantity": 0} for item in wish["items"]]
    whole = {"fulfillmentAction": "Ship", "fulfillmentPolicy": "FillOrKill", "marketplaceId": marketplace, **wish}
    row = {"ID": wish["sellerFulfillmentOrderId"], "Wish": whole, "Items": items, "Shipments": [], "Received": now, "CancelAsked": False}
    row |= {"Loud": _chance(box, "loud"), "Order": outbound_orders.show(box, row)}
    _to(box, row, "New", STEPS["New"][1])


def change(box: AmazonSandbox, row: Row, wish: Row) -> None:
    """Applies a checked update. Raises Refusal for quantities that go up."""
    wanted = {one["sellerFulfillmentOrderItemId"]: one["quantity"] for one in wish.get("items") or ()}
    known = {item["sellerFulfillmentOrderItemId"]: item for item in row["Items"]}
    for name, quantity in wanted.items():
        if name not in known or quantity > known[name]["quantity"]:
            raise invalid(f"The quantity of Item Id {name} cannot be increased.")
        known[name]["cancelledQuantity"] += known[name]["quantity"] - quantity
        known[name]["quantity"] = quantity
    row["Wish"] |= {name: value for name, value in wish.items() if name != "items"}
    due = row["Next"]
    if row["Status"] == "Received" and due == NEVER and row["Wish"]["fulfillmentAction"] == "Ship":
        due = _due(box, STEPS["Received"][1])
    box.book.put(KIND, row["ID"], {**row, "Next": due})


def ask_to_cancel(box: AmazonSandbox, row: Row) -> None:
    """Remembers the wish; it comes true a little later, or is overtaken where the switch says so."""
    if not _chance(box, "ignored_cancels"):
        box.book.put(KIND, row["ID"], {**row, "CancelAsked": True, "Next": _due(box, CANCELLING)})


def call_off(box: AmazonSandbox, row: Row, units: Mapping[str, int] | None = None) -> None:
    """Somebody cancels in Seller Central: the whole order at once, or so many `units` by line of one that is still to be packed."""
    if units:
        open_ = {item["sellerFulfillmentOrderItemId"]: item["quantity"] for item in row["Items"]}
        lines = [{"sellerFulfillmentOrderItemId": name, "quantity": open_[name] - less} for name, less in units.items()]
        change(box, row, {"items": lines})
    else:
        _cancel(box, row)


def advance(box: AmazonSandbox, now: str) -> None:
    """Lets every order take the steps whose time has come."""
    while due := [row for (at, _), row in box.book.after(KIND, ("", ""), 100) if at <= now]:
        for row in due:
            _step(box, row)


def _step(box: AmazonSandbox, row: Row) -> None:
    if row["CancelAsked"]:
        _cancel(box, row)
    elif row["Status"] == "Planning":
        _plan(box, row)
    elif row["Status"] in STEPS:
        status = STEPS[row["Status"]][0]
        held = row["Wish"]["fulfillmentAction"] == "Hold" and status == "Planning"
        if held:
            box.book.put(KIND, row["ID"], {**row, "Next": NEVER})
        else:
            _to(box, row, status, STEPS[status][1])
    else:
        _ship(box, row)


def _cancel(box: AmazonSandbox, row: Row) -> None:
    for item in row["Items"]:
        item["cancelledQuantity"] += item["quantity"]
    _to(box, {**row, "CancelAsked": False}, "Cancelled", None)


def _plan(box: AmazonSandbox, row: Row) -> None:
    """Finds the goods and divides them into shipments."""
    missing = set(switches(box)["missing"])
    gone = [item for item in row["Items"] if item["sellerSku"] in missing]
    for item in gone if row["Wish"]["fulfillmentPolicy"] != "FillOrKill" else (row["Items"] if gone else ()):
        item["unfulfillableQuantity"] = item["quantity"]
    open_ = [item for item in row["Items"] if item["quantity"] > item["unfulfillableQuantity"]]
    if not open_:
        _to(box, row, "Unfulfillable", None)
        return
    parts = [[item] for item in open_] if len(open_) > 1 and _chance(box, "split") else [open_]
    row["Shipments"] = [_shipment(box, part) for part in parts]
    _to(box, row, "Processing", PACKING)


def _shipment(box: AmazonSandbox, items: list[Row]) -> Row:
    number = box.book.next_number("amazon_shipment")
    several = sum(item["quantity"] for item in items) > 1 and _chance(box, "split")
    packed = []
    for item in items:
        first = item["quantity"] // 2 if several and item["quantity"] > 1 else item["quantity"]
        shares = [(1, first), (2, item["quantity"] - first)]
        packed += [_packed(item, quantity, package) for package, quantity in shares if quantity]
    return {
        "amazonShipmentId": f"D{number:08d}", "fulfillmentCenterId": "AUS2", "fulfillmentShipmentStatus": "PENDING",
        "fulfillmentShipmentItem": packed, "fulfillmentShipmentPackage": [],
    }  # fmt: skip


def _packed(item: Row, quantity: int, package: int) -> Row:
    names = {name: item[name] for name in ("sellerSku", "sellerFulfillmentOrderItemId")}
    return {**names, "quantity": quantity, "packageNumber": package}


def _ship(box: AmazonSandbox, row: Row) -> None:
    """One shipment leaves; when all have left, tracking numbers that were late arrive, without a change of status."""
    waiting = [one for one in row["Shipments"] if one["fulfillmentShipmentStatus"] == "PENDING"]
    if not waiting:
        _track(box, row)
        return
    shipment = waiting[0]
    late = _chance(box, "late")
    numbers = sorted({one["packageNumber"] for one in shipment["fulfillmentShipmentItem"]})
    packages = [_package(box, shipment, number, late=late) for number in numbers]
    shipment |= {"fulfillmentShipmentStatus": "SHIPPED", "shippingDate": written(box.now()), "fulfillmentShipmentPackage": packages}
    _put_shipment(row, shipment)
    if len(waiting) > 1:
        _to(box, row, "Processing", PACKING, shipment=shipment)
        return
    short = any(item["unfulfillableQuantity"] for item in row["Items"])
    untracked = any("trackingNumber" not in one for part in row["Shipments"] for one in part["fulfillmentShipmentPackage"])
    _to(box, row, "CompletePartialled" if short else "Complete", TRACKING if untracked else None, shipment=shipment)


def _package(box: AmazonSandbox, shipment: Row, number: int, *, late: bool) -> Row:
    tracking = {} if late else {"trackingNumber": _tracking(box)}
    return {"packageNumber": number, "carrierCode": "UPS", **tracking, "estimatedArrivalDate": written(box.now() + box.delay(3 * 86400))}


def _tracking(box: AmazonSandbox) -> str:
    return f"1Z{box.book.next_number('ups'):016d}"


def _track(box: AmazonSandbox, row: Row) -> None:
    for shipment in row["Shipments"]:
        for package in shipment["fulfillmentShipmentPackage"]:
            package.setdefault("trackingNumber", _tracking(box))
    box.book.put(KIND, row["ID"], {**row, "Next": NEVER})


def _put_shipment(row: Row, shipment: Row) -> None:
    row["Shipments"] = [shipment if one["amazonShipmentId"] == shipment["amazonShipmentId"] else one for one in row["Shipments"]]


def _to(box: AmazonSandbox, row: Row, status: str, seconds: float | None, *, shipment: Row | None = None) -> None:
    """A new status, with the time of the next step (None = none follows), and its announcement."""
    due = NEVER if seconds is None else _due(box, seconds)
    now = {**row, "Status": status, "StatusAt": written(box.now()), "Next": due}
    box.book.put(KIND, row["ID"], now)
    outbound_orders.follow(box, now)
    told = {"orderId": row["ID"], "status": status.upper(), "marketplaceId": row["Wish"]["marketplaceId"]}
    box.announce("FULFILLMENT_ORDER_STATUS", {**told, **({"shipment": shipment} if shipment else {})})


def _due(box: AmazonSandbox, seconds: float) -> str:
    return written(box.now() + box.delay(seconds))


def _chance(box: AmazonSandbox, name: str) -> bool:
    kept = {**_DEFAULTS, **(box.book.get(SWITCHES, "all") or {})}
    return box.random.random() < float(kept[name])
