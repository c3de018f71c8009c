"""Multi-channel fulfilment, version 2020-07-01 (Amazon SP-API reference, 11.1 to 11.5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.amazon.outbound import ADDRESS, Dialect, boxed, filled, group, money, needed, rows, status, whole_number
from connectors.amazon.times import normalised
from connectors.base import Payload

VERSION = "2020-07-01"
PATH = "fba/outbound/2020-07-01/fulfillmentOrders"
_FEATURES = {"blankBox": "BLANK_BOX", "blockAmazonLogistics": "BLOCK_AMZL", "signature": "SIGNATURE_CONFIRMATION"}
_SHIPMENT = {"pending": "Pending", "shipped": "Shipped", "cancelled_by_fulfiller": "Cancelled", "cancelled_by_seller": "Cancelled"}


def create(order_id: str, order: Payload, marketplace: str) -> Payload:
    """The body of createFulfillmentOrder."""
    features = [{"featureName": name, "featureFulfillmentPolicy": "Required"} for ours, name in _FEATURES.items() if order.get(ours)]
    return filled(
        {
            "marketplaceId": order.get("marketplaceId") or marketplace,
            "sellerFulfillmentOrderId": order_id,
            "displayableOrderId": order["displayOrderId"],
            "displayableOrderDate": order["orderedAt"],
            "displayableOrderComment": order["comment"],
            "shippingSpeedCategory": order["speed"],
            "fulfillmentAction": "Hold" if order.get("hold") else "Ship",
            "fulfillmentPolicy": order.get("policy"),
            "destinationAddress": filled({name: order["address"].get(name) for name in ADDRESS}),
            "featureConstraints": features,
            "items": [_item(line) for line in order["lines"]],
        }
    )


def change(wish: Payload) -> Payload:
    """The body of updateFulfillmentOrder: what is in it is changed, everything else stays."""
    address = filled({name: group(wish.get("address")).get(name) for name in ADDRESS})
    lines = [{"sellerFulfillmentOrderItemId": line["lineId"], "quantity": line["quantity"]} for line in wish.get("lines") or ()]
    return filled(
        {
            "fulfillmentAction": "Ship" if wish.get("release") else None,
            "displayableOrderComment": wish.get("comment"),
            "shippingSpeedCategory": wish.get("speed"),
            "destinationAddress": address,
            "items": lines,
        }
    )


def order(answer: Any) -> Payload:
    """The neutral order of an answer of getFulfillmentOrder. Raises TransientError when it is none."""
    whole = needed(group(answer).get("payload"))
    head = _head(needed(whole.get("fulfillmentOrder")))
    shipments = [one for one in rows(whole.get("fulfillmentShipments")) if _shipment_status(one) != "Cancelled"]
    packages = [package for shipment in shipments for package in _packages(shipment)]
    return head | {"lines": [_line(one) for one in rows(whole.get("fulfillmentOrderItems"))], "packages": boxed(packages)}


def page(answer: Any) -> tuple[list[Payload], str]:
    """The orders of a list, without lines and packages, and the next token."""
    payload = group(group(answer).get("payload"))
    return [_head(one) for one in rows(payload.get("fulfillmentOrders"))], str(payload.get("nextToken") or "")


def _item(line: Mapping[str, Any]) -> Payload:
    value = None if line.get("unitValue") is None else {"currencyCode": line.get("currency"), "value": money(line["unitValue"])}
    return filled(
        {
            "sellerSku": line["sku"],
            "sellerFulfillmentOrderItemId": line["lineId"],
            "quantity": line["quantity"],
            "displayableComment": line.get("comment"),
            "perUnitDeclaredValue": value,
        }
    )


def _head(found: Mapping[str, Any]) -> Payload:
    address = group(found.get("destinationAddress"))
    return filled(
        {
            "orderId": found.get("sellerFulfillmentOrderId"),
            "displayOrderId": found.get("displayableOrderId"),
            "marketplaceId": found.get("marketplaceId"),
            "orderedAt": normalised(found.get("displayableOrderDate")),
            "receivedAt": normalised(found.get("receivedDate")),
            "status": status(found.get("fulfillmentOrderStatus")),
            "statusAt": normalised(found.get("statusUpdatedDate")),
            "speed": found.get("shippingSpeedCategory"),
            "hold": str(found.get("fulfillmentAction") or "").lower() == "hold",
            "policy": found.get("fulfillmentPolicy"),
            "comment": found.get("displayableOrderComment"),
            "address": filled({name: address.get(name) for name in ADDRESS}),
        }
    )


def _line(item: Mapping[str, Any]) -> Payload:
    return {
        "lineId": str(item.get("sellerFulfillmentOrderItemId") or ""),
        "sku": str(item.get("sellerSku") or ""),
        "quantity": whole_number(item.get("quantity")),
        "cancelled": whole_number(item.get("cancelledQuantity")),
        "unfulfillable": whole_number(item.get("unfulfillableQuantity")),
    }


def _shipment_status(shipment: Mapping[str, Any]) -> str:
    text = str(shipment.get("fulfillmentShipmentStatus") or "")
    return _SHIPMENT.get(text.lower(), text)


def _packages(shipment: Mapping[str, Any]) -> list[Payload]:
    number = str(shipment.get("amazonShipmentId") or "")
    items = rows(shipment.get("fulfillmentShipmentItem"))
    packages = rows(shipment.get("fulfillmentShipmentPackage"))
    return [_package(shipment, number, one, [item for item in items if _is_in(item, one, alone=len(packages) == 1)]) for one in packages]


def _is_in(item: Mapping[str, Any], package: Mapping[str, Any], *, alone: bool) -> bool:
    """Items of a shipment with one package may come without its number."""
    return item.get("packageNumber") == package.get("packageNumber") or (alone and item.get("packageNumber") is None)


def _package(shipment: Mapping[str, Any], number: str, package: Mapping[str, Any], items: list[Mapping[str, Any]]) -> Payload:
    lines = [
        {"lineId": str(one.get("sellerFulfillmentOrderItemId") or ""), "sku": str(one.get("sellerSku") or ""),
         "quantity": whole_number(one.get("quantity"))}
        for one in items
    ]  # fmt: skip
    about = filled(
        {
            "packageId": f"{number}-{package.get('packageNumber')}",
            "shipmentId": number,
            "facility": shipment.get("fulfillmentCenterId"),
            "status": _shipment_status(shipment),
            "carrier": package.get("carrierCode"),
            "trackingNumber": package.get("trackingNumber"),
            "amazonTrackingNumber": package.get("amazonFulfillmentTrackingNumber"),
            "shippedAt": normalised(shipment.get("shippingDate")),
            "arrivesAt": normalised(package.get("estimatedArrivalDate") or shipment.get("estimatedArrivalDate")),
        }
    )
    return about | {"lines": lines}


DIALECT = Dialect(
    path=PATH,
    create=create,
    change=change,
    order=order,
    page=page,
    since="queryStartDate",
    next_page="nextToken",
    together=False,
    whole=False,
)
