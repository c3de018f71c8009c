"""Multi-channel fulfilment, version 2026-07-04: new names, asynchronous answers (Amazon SP-API reference, 11.6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.amazon.outbound import ADDRESS, Dialect, boxed, filled, group, money, needed, rows, status, whole_number
from connectors.amazon.regions import BY_COUNTRY, MARKETPLACES
from connectors.amazon.times import normalised
from connectors.base import Payload
from connectors.errors import UnsupportedError

VERSION = "2026-07-04"
PATH = "fulfillment/outbound/2026-07-04/orders"
_TIERS = {"Standard": "STANDARD", "Expedited": "EXPEDITED", "Priority": "PRIORITY"}
_POLICIES = {"FillOrKill": "FILL_OR_KILL", "FillAll": "FILL_ALL", "FillAllAvailable": "FILL_ALL_AVAILABLE"}
_UNITS = "EACHES"
_BRITAIN = {"UK": "GB"}
"""Amazon's lists of marketplaces say UK where countries are named by ISO 3166."""


def create(order_id: str, order: Payload, marketplace: str) -> Payload:
    """The body of createOrder. Raises UnsupportedError for what this version has no words for."""
    unknown = [words for name, words in (("blockAmazonLogistics", "other carriers only"), ("signature", "signature")) if order.get(name)]
    if unknown:
        raise UnsupportedError(f"Version {VERSION} of Fulfilment by Amazon cannot be asked for: {', '.join(unknown)}.")
    slip = {"orderId": order["displayOrderId"], "orderTime": order["orderedAt"], "orderText": order["comment"]}
    packaging = {"packagingOption": "UNBRANDED" if order.get("blankBox") else None, "packingSlip": {"templateAttributes": slip}}
    configuration = {
        "serviceLevel": {"serviceTiers": [_TIERS[order["speed"]]]},
        "action": "HOLD" if order.get("hold") else "SHIP",
        "policy": _POLICIES.get(order.get("policy") or ""),
        "services": {"packaging": filled(packaging)},
    }
    return {
        "orderId": order_id,
        "origin": {"countryCode": _country(order.get("marketplaceId") or marketplace)},
        "destination": {"deliveryAddress": filled({name: order["address"].get(name) for name in ADDRESS})},
        "fulfillmentConfiguration": filled(configuration),
        "lineItems": [_item(line) for line in order["lines"]],
    }


def change(wish: Payload) -> Payload:
    """The body of updateOrder: only a held order can be released. Raises UnsupportedError for anything else."""
    if any(wish.get(name) for name in ("comment", "speed", "address", "lines")):
        words = f"Version {VERSION} of Fulfilment by Amazon can only release a held order, not change it. Cancel it and order anew."
        raise UnsupportedError(words)
    return {"fulfillmentConfiguration": {"action": "SHIP"}} if wish.get("release") else {}


def order(answer: Any) -> Payload:
    """The neutral order of an answer of getOrder. Raises TransientError when it is none."""
    return _order(needed(group(answer).get("order")))


def page(answer: Any) -> tuple[list[Payload], str]:
    """The whole orders of a list, and the next token."""
    found = [_order(one) for one in rows(group(answer).get("orders"))]
    return found, str(group(group(answer).get("pagination")).get("nextToken") or "")


def _item(line: Mapping[str, Any]) -> Payload:
    value = None if line.get("unitValue") is None else {"currencyCode": line.get("currency"), "amount": money(line["unitValue"])}
    product = filled({"productIdentifier": {"amazonSku": line["sku"]}, "perUnitDeclaredValue": value})
    slip = {"packingSlip": {"templateAttributes": {"lineItemText": line.get("comment")}}}
    more = {"fulfillmentConfiguration": {"services": {"packaging": slip}}} if line.get("comment") else {}
    return {"lineItemId": line["lineId"], "product": product, "amount": {"unit": _UNITS, "value": str(line["quantity"])}, **more}


def _country(marketplace: str) -> str:
    known = MARKETPLACES.get(marketplace)
    country = known.country if known else marketplace
    return _BRITAIN.get(country, country)


def _marketplace(country: str) -> str:
    back = {iso: ours for ours, iso in _BRITAIN.items()}
    known = BY_COUNTRY.get(back.get(country, country))
    return known.id if known else ""


def _order(found: Mapping[str, Any]) -> Payload:
    configuration, destination = group(found.get("fulfillmentConfiguration")), group(found.get("destination"))
    address = group(destination.get("deliveryAddress"))
    packaging = group(group(configuration.get("services")).get("packaging"))
    slip = group(group(packaging.get("packingSlip")).get("templateAttributes"))
    tier = next(iter(group(configuration.get("serviceLevel")).get("serviceTiers") or ()), "")
    head = filled(
        {
            "orderId": found.get("orderId"),
            "displayOrderId": slip.get("orderId"),
            "marketplaceId": _marketplace(str(group(found.get("origin")).get("countryCode") or "")),
            "orderedAt": normalised(slip.get("orderTime")),
            "receivedAt": normalised(found.get("receiveTime")),
            "status": status(found.get("status")),
            "statusAt": normalised(found.get("statusUpdateTime")),
            "speed": _ours(_TIERS, str(tier)),
            "hold": str(configuration.get("action") or "").upper() == "HOLD",
            "policy": _ours(_POLICIES, str(configuration.get("policy") or "")),
            "comment": slip.get("orderText"),
            "address": filled({name: address.get(name) for name in ADDRESS}),
        }
    )
    shipments = [one for one in rows(found.get("shipments")) if str(one.get("status") or "").upper() != "CANCELLED"]
    packages = [package for shipment in shipments for package in _packages(shipment)]
    return head | {"lines": [_line(one) for one in rows(found.get("lineItems"))], "packages": boxed(packages)}


def _ours(names: Mapping[str, str], theirs: str) -> str:
    return next((ours for ours, name in names.items() if name == theirs.upper()), theirs)


def _line(item: Mapping[str, Any]) -> Payload:
    return {
        "lineId": str(item.get("lineItemId") or ""),
        "sku": _sku(group(item.get("product"))),
        "quantity": _count(item.get("amount")),
        "cancelled": _count(item.get("cancelledAmount")),
        "unfulfillable": _count(item.get("unfulfillableAmount")),
    }


def _packages(shipment: Mapping[str, Any]) -> list[Payload]:
    items = rows(shipment.get("items"))
    return [_package(shipment, one, [item for item in items if _is_in(item, one)]) for one in rows(shipment.get("packages"))]


def _is_in(item: Mapping[str, Any], package: Mapping[str, Any]) -> bool:
    if item.get("packageId") is not None:
        return bool(item["packageId"] == package.get("packageId"))
    return item.get("shipmentItemId") in (package.get("shipmentItemIds") or ())


def _package(shipment: Mapping[str, Any], package: Mapping[str, Any], items: list[Mapping[str, Any]]) -> Payload:
    tracking = group(package.get("tracking"))
    carrier, number = group(tracking.get("carrier")), str(shipment.get("amazonShipmentId") or "")
    lines = [{"lineId": str(one.get("lineItemId") or ""), "sku": _sku(one), "quantity": _count(one.get("amount"))} for one in items]
    shipped = str(shipment.get("status") or "").upper() == "SHIPPED"
    about = filled(
        {
            "packageId": f"{number}-{package.get('packageId')}",
            "shipmentId": number,
            "facility": group(shipment.get("amazonFacility")).get("facilityId"),
            "status": "Shipped" if shipped else "Pending",
            "carrier": carrier.get("carrierCode"),
            "trackingNumber": carrier.get("trackingNumber"),
            "trackingUrl": carrier.get("trackingUrl") or group(tracking.get("amazon")).get("trackingUrl"),
            "amazonTrackingNumber": group(tracking.get("amazon")).get("trackingNumber"),
            "shippedAt": normalised(shipment.get("shipTime")),
            "arrivesAt": normalised(package.get("deliveryTime") or shipment.get("deliveryTime")),
        }
    )
    return about | {"lines": lines}


def _sku(found: Mapping[str, Any]) -> str:
    return str(group(found.get("productIdentifier")).get("amazonSku") or "")


def _count(amount: Any) -> int:
    return whole_number(group(amount).get("value"))


DIALECT = Dialect(
    path=PATH, create=create, change=change, order=order, page=page, since="updatedAfter", next_page="pageToken", together=True, whole=True
)  # fmt: skip
