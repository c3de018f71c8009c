"""Kits of the stand-in that an order holds with their components: these are picked and shipped, and the kit's own line follows them."""

from __future__ import annotations

from connectors.sandbox import Row
from connectors.tims.standin.checks import Flaw, flaw
from connectors.tims.standin.totals import dec


def parents(order: Row) -> set[int]:
    """The numbers of the lines that stand for their components."""
    return {line["KitParentLineNumber"] for line in order["LineItems"] if line.get("KitParentLineNumber")}


def kit_flaws(order: Row) -> list[Flaw]:
    """What is wrong with the lines' kits; a channel's line ids are not TIMS's business."""
    flaws, numbers = [], {line["LineNumber"] for line in order["LineItems"]}
    for at, line in enumerate(order["LineItems"]):
        if "KitParentExternalLineID" in line:
            flaws.append(flaw(f"LineItems[{at}].KitParentExternalLineID", "unknown_field", "This member is not known."))
        parent = line.get("KitParentLineNumber")
        if parent is not None and (parent not in numbers or parent == line["LineNumber"]):
            flaws.append(flaw(f"LineItems[{at}].KitParentLineNumber", "not_found", "The order has no such line.", parent))
    return flaws


def follow(order: Row) -> None:
    """As many units of a kit are shipped as its components make, and those that they cannot make any more are cancelled; in place."""
    for number in parents(order):
        kit = next(line for line in order["LineItems"] if line["LineNumber"] == number)
        parts = [line for line in order["LineItems"] if line.get("KitParentLineNumber") == number]
        ordered = dec(kit["Quantity"])
        kit["QuantityShipped"] = min(dec(part["QuantityShipped"]) * ordered // dec(part["Quantity"]) for part in parts)
        left = min((dec(part["Quantity"]) - dec(part["QuantityCancelled"])) * ordered // dec(part["Quantity"]) for part in parts)
        kit["QuantityCancelled"] = max(dec(kit["QuantityCancelled"]), ordered - left)
        done = dec(kit["QuantityShipped"]) + dec(kit["QuantityCancelled"]) >= ordered
        kit["LineStatus"] = ("Shipped" if kit["QuantityShipped"] else "Cancelled") if done else "Open"
