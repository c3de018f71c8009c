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


def fulfilled(client: JsonClient, order: Payload, wanted: Payload, reference: Reference) -> Payload:
    """Enters what the marketplace shipped, everything that is open; answers the order as it is then.

    Safe to repeat: the shipment carries the order's own name. Raises ConflictError where neither order nor connection says from where
    and how, ConnectorError.
    """
    location, method, carrier = _road(client, order, wanted)
    if not (location and method and carrier):
        words = (
            f"The marketplace has shipped order {order['SalesOrderID']}, but TIMS takes no shipment without location, method and carrier."
        )
        raise ConflictError(f"{words} Fill Marketplace warehouse and Shipping method of marketplaces in the connection.", code="conflict")
    shipment = {
        "SourceSystem": order["SourceSystem"], "ExternalShipmentID": f"{order['ExternalOrderID']}:{order['Version']}",
        "SalesOrderID": order["SalesOrderID"], "Status": "Shipped", "ShippedAt": order["UpdatedAt"],
        "LocationCode": location, "CarrierID": carrier, "ShippingMethod": method,
        "Packages": [{"PackageNumber": 1, "Lines": _open_lines(order)}],
    }  # fmt: skip
    with suppress(DuplicateError):
        shipments.create(client, shipment, f"{reference.token}-fulfil-{order['Version']}")
    return fetch(client, "sales_orders", str(order["SalesOrderID"]))


def _road(client: JsonClient, order: Payload, wanted: Payload) -> tuple[str, str, str]:
    """Location, method and carrier: of the order, else of the connection; the carrier also by the method."""
    line = next((one["LocationCode"] for one in order.get("LineItems") or () if one.get("LocationCode")), "")
    location, method, carrier = (wanted.get(name) or order.get(name) for name in ("FulfillmentLocationCode", "ShippingMethod", "CarrierID"))
    method = method or client.settings.get("external_method")
    return (
        str(location or line or client.settings.get("external_location") or ""),
        str(method or ""),
        str(carrier or _carrier(client, method)),
    )


def _carrier(client: JsonClient, method: str | None) -> str:
    rows = (client.get("api/v1/reference/shipping_methods").get("Data") or ()) if method else ()
    return next((str(row.get("CarrierID") or "") for row in rows if row.get("Code") == method), "")


def _open_lines(order: Payload) -> list[Payload]:
    lines = [(line, open_units(line)) for line in order.get("LineItems") or ()]
    return [{"LineNumber": line["LineNumber"], "SKU": line["SKU"], "Quantity": units} for line, units in lines if units > 0]
