"""Orders API v0: confirmShipment (Amazon SP-API reference, 7.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from connectors.amazon.standin import store
from connectors.amazon.standin.orders_api import mine
from connectors.amazon.standin.parts import Operations
from connectors.amazon.times import written
from connectors.base import Payload
from connectors.sandbox import Refusal, Request, Response

if TYPE_CHECKING:
    from connectors.amazon.sandbox import AmazonSandbox

SHIPPING = Operations()
NEEDED = ("packageReferenceId", "carrierCode", "trackingNumber", "shipDate", "orderItems")
TOLERANCE = timedelta(minutes=1)
_NUMBER = re.compile(r"[1-9][0-9]*")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")


@SHIPPING.operation("confirmShipment", "POST", "/orders/v0/orders/{order_id}/shipmentConfirmation")
def confirm(box: AmazonSandbox, request: Request) -> Response:
    """Takes a package in, or changes the one of the same packageReferenceId; 204 without a body."""
    body = _checked(request.json())
    order = mine(box, request)
    _allowed(order, body)
    package = _package(box, order, body["packageDetail"])
    held = [one for one in order["packages"] if one["packageReferenceId"] == package["packageReferenceId"]]
    if held and {**held[0], **package} == held[0]:
        return Response(status=204)
    others = [one for one in order["packages"] if one not in held]
    made = {"createdTime": written(box.now()), "packageStatus": {"status": "PENDING"}, **(held[0] if held else {}), **package}
    order["packages"] = [*others, made]
    _count(order)
    store.settle_status(order)
    store.save(box, order)
    if not held:
        _plan(box, order, package["packageReferenceId"])
    return Response(status=204)


def _plan(box: AmazonSandbox, order: Payload, package: str) -> None:
    store.plan(box, order["orderId"], "on its way", store.ON_ITS_WAY_AFTER, Package=package)
    store.plan(box, order["orderId"], "delivered", store.DELIVERED_AFTER, Package=package)


def _checked(body: Any) -> Payload:
    """The body, with everything in it that must be there. Raises Refusal 400."""
    detail = body.get("packageDetail") if isinstance(body, dict) else None
    if not isinstance(detail, dict) or not isinstance(body.get("marketplaceId"), str):
        raise invalid("marketplaceId and packageDetail are required.")
    for name in NEEDED:
        if not detail.get(name):
            raise invalid(f"packageDetail.{name} is required.")
    _only_text(detail, ("packageReferenceId", "carrierCode", "carrierName", "shippingMethod", "trackingNumber", "shipDate"))
    if not _NUMBER.fullmatch(detail["packageReferenceId"]):
        raise invalid("packageReferenceId must be a positive number.")
    if detail["carrierCode"].lower() == "other" and not detail.get("carrierName"):
        raise invalid("carrierName is required when carrierCode is Other.")
    if not _TIME.fullmatch(detail["shipDate"]):
        raise invalid("shipDate must be in ISO 8601 date/time format.")
    if "codCollectionMethod" in body and body["codCollectionMethod"] != "DirectPayment":
        raise invalid("codCollectionMethod must be DirectPayment.")
    if not isinstance(detail["orderItems"], list) or not all(map(_is_line, detail["orderItems"])):
        raise invalid("orderItems must hold orderItemId and a quantity of at least 1 each.")
    return dict(body)


def _only_text(detail: Payload, names: tuple[str, ...]) -> None:
    for name in names:
        if name in detail and not isinstance(detail[name], str):
            raise invalid(f"packageDetail.{name} must be a string.")


def _is_line(line: Any) -> bool:
    if not isinstance(line, dict) or not isinstance(line.get("orderItemId"), str):
        return False
    return type(line.get("quantity")) is int and line["quantity"] > 0


def _allowed(order: Payload, body: Payload) -> None:
    """Raises Refusal 400 where this order cannot be confirmed at all."""
    number, fulfillment = order["orderId"], order["fulfillment"]
    market = order["salesChannel"].get("marketplaceId")
    if body["marketplaceId"] != market:
        raise invalid(f"The marketplace {body['marketplaceId']} does not match order {number}.")
    if fulfillment["fulfilledBy"] == "AMAZON":
        raise invalid(f"Order {number} is fulfilled by Amazon; its shipment cannot be confirmed.")
    if "FBM_SHIP_PLUS" in order.get("programs", ()):
        raise invalid(f"Order {number} is a Ship+ order; its shipment cannot be confirmed.")
    if fulfillment["fulfillmentStatus"] in ("CANCELLED", "PENDING", "PENDING_AVAILABILITY", "UNFULFILLABLE"):
        raise invalid(f"Order {number} is {fulfillment['fulfillmentStatus']}; its shipment cannot be confirmed.")
    if "codCollectionMethod" in body and market != "A1VC38T7YXB528":
        raise invalid("codCollectionMethod is only supported in the JP marketplace.")


def _package(box: AmazonSandbox, order: Payload, detail: Payload) -> Payload:
    """The package as the order will hold it. Raises Refusal 400 for its time, its lines or its quantities."""
    moment = datetime.fromisoformat(detail["shipDate"])
    if moment > box.now() + TOLERANCE:
        raise invalid("shipDate cannot be in the future.")
    if moment < datetime.fromisoformat(order["createdTime"]):
        raise invalid("shipDate cannot be before the order date.")
    wanted: dict[str, int] = {}
    for line in detail["orderItems"]:
        wanted[line["orderItemId"]] = wanted.get(line["orderItemId"], 0) + line["quantity"]
    elsewhere = dict(_sent(order, without=detail["packageReferenceId"]))
    ordered = {line["orderItemId"]: line["quantityOrdered"] for line in order["orderItems"]}
    for key, quantity in wanted.items():
        if key not in ordered:
            raise invalid(f"The orderItemId {key} does not belong to order {order['orderId']}.")
        if quantity + elsewhere.get(key, 0) > ordered[key]:
            raise invalid(f"The quantity of orderItemId {key} exceeds the quantity that is left to ship.")
    other = detail["carrierCode"].lower() == "other"
    return {
        "packageReferenceId": detail["packageReferenceId"],
        "carrier": detail["carrierName"] if other else detail["carrierCode"],
        "shipTime": written(moment),
        "trackingNumber": detail["trackingNumber"],
        **({"shippingService": detail["shippingMethod"]} if detail.get("shippingMethod") else {}),
        "packageItems": [{"orderItemId": key, "quantity": quantity} for key, quantity in wanted.items()],
    }


def _sent(order: Payload, *, without: str = "") -> Iterator[tuple[str, int]]:
    """What the packages hold by line, one of them left out."""
    sums: dict[str, int] = {}
    for package in order["packages"]:
        for line in package["packageItems"] if package["packageReferenceId"] != without else ():
            sums[line["orderItemId"]] = sums.get(line["orderItemId"], 0) + line["quantity"]
    yield from sums.items()


def _count(order: Payload) -> None:
    sent = dict(_sent(order))
    for line in order["orderItems"]:
        quantity = sent.get(line["orderItemId"], 0)
        line["fulfillment"] |= {"quantityFulfilled": quantity, "quantityUnfulfilled": line["quantityOrdered"] - quantity}


def invalid(words: str) -> Refusal:
    """400 in the words of this older operation."""
    return Refusal(400, "InvalidInput", words)
