"""What people in TIMS do on the scripted day: they decide what buyers asked for, ship, and correct tracking numbers."""

from __future__ import annotations

from connectors.base import Payload
from connectors.tims.standin import tracking
from connectors.tims.standin.actions import cancelled, settle
from connectors.tims.standin.shipments import KIND as SHIPMENTS
from connectors.tims.standin.warehouse import outside
from hub.demo.acts import Day

ASKED = "BUYER-CANCEL"


def decide(day: Day) -> None:
    """Orders whose buyers asked to cancel are cancelled or released; a few others of Amazon cannot be shipped and are cancelled."""
    box = day.opened.tims
    for order in list(box.book.rows("sales_orders")):
        roll = day.chance.random()
        asked = order["OrderStatus"] == "OnHold" and (order.get("Hold") or {}).get("Code") == ASKED
        short = order["SourceSystem"] == "Amazon" and order["FulfilledBy"] == "Seller" and order["OrderStatus"] == "Open" and roll < 0.03
        if short or (asked and roll < 0.5):
            with box.book.transaction():
                cancelled(box, order, None, by="mkeller")
            day.notes["cancelled in TIMS"] += 1
        elif asked:
            _release(day, order)


def _release(day: Day, order: Payload) -> None:
    box = day.opened.tims
    with box.book.transaction():
        settle(box, {**order, "Hold": None}, "Open", ["Hold", "OrderStatus"], by="mkeller")
    day.notes["released in TIMS"] += 1


def ship(day: Day, *, unchanged: bool = False, every: int = 1) -> None:
    """A round through the warehouse: whole, in several parcels, in part, or later; some numbers are missing or were misread.

    `unchanged`: only orders that no buyer changed, since a change may still be on its way. `every`: only one of so many.
    """
    box = day.opened.tims
    stay = {str(row["SalesOrderID"]) for name in day.changed if (row := box.order(*name.split(" ")))} if unchanged else set()
    if every > 1:
        stay |= {key for key in box.book.keys("sales_orders") if int(key.rpartition("-")[2]) % every}
    day.notes["shipments made or corrected"] += len(box.ship_open(day.chance, box.now(), stay=stay))


def finish(day: Day) -> None:
    """Missing and misread numbers come in, what was left over goes out, and a person corrects a few numbers more."""
    box = day.opened.tims
    ship(day)
    for key in list(box.book.find("sales_orders", "status", "PartiallyFulfilled")):
        if not outside(box, box.book.get("sales_orders", key) or {}) and day.chance.random() < 0.7:
            box.ship(key)
            day.notes["rests shipped"] += 1
    correct_numbers(day, more=0.02)


def correct_numbers(day: Day, *, more: float = 0.0) -> None:
    """Every tracking number that is missing comes in, and of the others so many are corrected."""
    box = day.opened.tims
    for row in [one for one in box.book.rows(SHIPMENTS) if one["Status"] == "Shipped" and not one.get("ExternalShipmentID")]:
        for package in row["Packages"]:
            if package["TrackingNumber"] is None or day.chance.random() < more:
                code = tracking.number(row["CarrierID"], day.chance)
                box.correct_tracking(row["ShipmentID"], code, package=package["PackageNumber"])
                day.notes["tracking numbers corrected"] += 1
