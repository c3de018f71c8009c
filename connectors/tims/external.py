"""Orders that the marketplace ships from its own warehouse: TIMS reaches Fulfilled only by a shipment, so one is entered for them."""

from __future__ import annotations

from contextlib import suppress

from connectors.base import Payload, Reference
from connectors.errors import ConflictError
from connectors.http import JsonClient
from connectors.tims import shipments
from connectors.tims.client import DuplicateError
from connectors.tims.spread import open_units
from connectors.tims.streams import fetch

NEEDED = ("FulfillmentLocationCode", "CarrierID", "ShippingMethod")


def fulfilled(client: JsonClient, order: Payload, wanted: Payload, reference: Reference) -> Payload:
    """Enters what the marketplace shipped, everything that is open; answers the order as it is then.

    Safe to repeat: the shipment carries the order's own name. Raises ConflictError where neither order nor mapping says from where and how.
    """
    about = {name: wanted.get(name) or order.get(name) for name in NEEDED}
    about["FulfillmentLocationCode"] = about["FulfillmentLocationCode"] or _location(order)
    lacking = [name for name, value in about.items() if not value]
    if lacking:
        words = f"The marketplace has shipped order {order['SalesOrderID']}, but TIMS takes no shipment without {' and '.join(lacking)}."
        raise ConflictError(f"{words} Fill them in the mapping, such as the FBA warehouse, then retry.", code="conflict")
    shipment = {
        "SourceSystem": order["SourceSystem"], "ExternalShipmentID": f"{order['ExternalOrderID']}:{order['Version']}",
        "SalesOrderID": order["SalesOrderID"], "Status": "Shipped", "ShippedAt": order["UpdatedAt"],
        "LocationCode": about["FulfillmentLocationCode"], "CarrierID": about["CarrierID"], "ShippingMethod": about["ShippingMethod"],
        "Packages": [{"PackageNumber": 1, "Lines": _open_lines(order)}],
    }  # fmt: skip
    with suppress(DuplicateError):
        shipments.create(client, shipment, f"{reference.token}-fulfil-{order['Version']}")
    return fetch(client, "sales_orders", str(order["SalesOrderID"]))


def _location(order: Payload) -> str:
    return next((str(line["LocationCode"]) for line in order.get("LineItems") or () if line.get("LocationCode")), "")


def _open_lines(order: Payload) -> list[Payload]:
    lines = [(line, open_units(line)) for line in order.get("LineItems") or ()]
    return [{"LineNumber": line["LineNumber"], "SKU": line["SKU"], "Quantity": units} for line, units in lines if units > 0]
