"""The stand-in's published shipping and cancelling: Ship, Fulfillments, Adjust (ChannelAdvisor API reference, B5.2 to B5.4)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from connectors.base import Payload
from connectors.channeladvisor.standin import shipments, store
from connectors.channeladvisor.standin.published import CENTERS, published
from connectors.channeladvisor.standin.published_api import MISSING, mine
from connectors.channeladvisor.standin.routes import ROUTES
from connectors.channeladvisor.standin.writes import REASONS
from connectors.channeladvisor.times import normalised
from connectors.sandbox import Refusal, Request, Response, Row, reply

if TYPE_CHECKING:
    from connectors.channeladvisor.sandbox import ChannelAdvisorSandbox

_OF_ORDER = re.compile(r"\AOrderID eq (\d{1,18})\Z")
_CORRECTABLE = {
    "TrackingNumber": "TrackingNumber", "TrackingUrl": "TrackingUrl", "ReturnTrackingNumber": "ReturnTrackingNumber",
    "ShippingCarrier": "Carrier", "ShippingClass": "Class", "ShippedDateUtc": "ShippedDateUtc",
}  # fmt: skip


@ROUTES.on("POST", "/v1/Orders({number})/Ship")
def ship(box: ChannelAdvisorSandbox, request: Request) -> Response:
    """Ships, whole or in part; 204. Nothing here notices that a shipment was sent twice, as long as units are left."""
    row, body = mine(box, request), request.json()
    value = body.get("Value") if isinstance(body, dict) else None
    if not isinstance(value, dict):
        raise _bad("The body must hold Value.")
    _check(row["Order"], value)
    centers = {number: code for code, number in CENTERS.items()}
    wish = {
        "SellerShipmentID": value.get("SellerFulfillmentID"), "Carrier": value.get("ShippingCarrier"), "Class": value.get("ShippingClass"),
        "TrackingNumber": value.get("TrackingNumber"), "TrackingUrl": value.get("TrackingUrl"),
        "ReturnTrackingNumber": value.get("ReturnTrackingNumber"), "ShippedDateUtc": normalised(value.get("ShippedDateUtc")) or box.stamp(),
        "DistributionCenter": centers.get(value.get("DistributionCenterID", -1)),
        "NotifyMarketplace": value.get("PreventMarketplaceCommunication") is not True,
    }  # fmt: skip
    _plainly(lambda: shipments.add(box, row, wish, _units(row["Order"], value.get("Items"))))
    return reply(status=204)


@ROUTES.on("GET", "/v1/Fulfillments")
def fulfillments(box: ChannelAdvisorSandbox, request: Request) -> Response:
    """The fulfilments of one order, `OrderID eq n`."""
    asked = _OF_ORDER.match(request.arg("$filter"))
    if not asked:
        raise _bad("Fulfillments are read by OrderID eq n.")
    row = box.book.get(store.KIND, store.key_of(int(asked.group(1))))
    seen = row is not None and row["Order"]["ProfileID"] in request.principal.profiles
    return reply({"value": published(row["Order"])["Fulfillments"] if row and seen else []})


@ROUTES.on("PATCH", "/v1/Fulfillments({number})")
def patch(box: ChannelAdvisorSandbox, request: Request) -> Response:
    """Corrects a fulfilment that was shipped; 204. Without `DeliveryStatus` an open one would be marked shipped, so it is asked for."""
    row, shipment, body = *_shipped(box, request), request.json()
    if body.get("DeliveryStatus") != "Complete":
        raise _bad("DeliveryStatus must be Complete for a fulfilment that was shipped.")
    fields = {ours: body[theirs] for theirs, ours in _CORRECTABLE.items() if theirs in body}
    if not shipments.is_listed(fields.get("Carrier", shipment["Carrier"]), fields.get("Class", shipment["Class"])):
        raise _bad("Carrier and Class is invalid.")
    shipments.correct(box, row, shipment, fields)
    return reply(status=204)


@ROUTES.on("POST", "/v1/OrderItems({number})/Adjust")
def adjust_line(box: ChannelAdvisorSandbox, request: Request) -> Response:
    """Cancels units of a line that are not shipped; 204."""
    found = box.book.find(store.KIND, "line", request.params["number"])
    row = box.book.get(store.KIND, found[0]) if found else None
    if row is None or row["Order"]["ProfileID"] not in request.principal.profiles:
        raise Refusal(404, "not_found", MISSING)
    body, line = request.json(), int(request.params["number"])
    quantity = body.get("Quantity")
    if not isinstance(quantity, int) or quantity < 1:
        raise _bad("Quantity must be 1 or more.")
    _adjust(box, row, {line: quantity}, body)
    return reply(status=204)


@ROUTES.on("POST", "/v1/Orders({number})/Adjust")
def adjust_order(box: ChannelAdvisorSandbox, request: Request) -> Response:
    """Cancels the whole order; 204."""
    _adjust(box, mine(box, request), None, request.json())
    return reply(status=204)


def _adjust(box: ChannelAdvisorSandbox, row: Row, units: dict[int, int] | None, body: Payload) -> None:
    if body.get("Reason") not in REASONS:
        raise _bad("Reason is invalid.")
    number = row["Order"]["ChannelAdvisorOrderID"]
    if not box.slow_adjustments or units is None:
        _plainly(lambda: store.cancel(box, number, units, body["Reason"]))
        return
    for line in row["Order"]["OrderItem"]:
        wanted = units.get(line["ItemID"], 0)
        if wanted > store.left(line) - line.get("_Adjusting", 0):
            raise _bad("The quantity is larger than what is left.")
        line["_Adjusting"] = line.get("_Adjusting", 0) + wanted
    store.save(box, row)


def _check(order: Payload, value: Payload) -> None:
    if not shipments.is_listed(value.get("ShippingCarrier"), value.get("ShippingClass")):
        raise _bad("Carrier and Class is invalid.")
    if shipments.needs_tracking(order):
        if not str(value.get("SellerFulfillmentID") or "0").isdigit():
            raise _bad("SellerFulfillmentID must be an integer for this marketplace.")
        if not value.get("TrackingNumber"):
            raise _bad("TrackingNumber is required.")


def _units(order: Payload, items: Any) -> dict[int, int] | None:
    if not items:
        return None
    units: dict[int, int] = {}
    for one in items:
        named = [line["ItemID"] for line in order["OrderItem"] if line["ItemID"] == one.get("OrderItemID") or line["SKU"] == one.get("Sku")]
        if not named or not isinstance(one.get("Quantity"), int) or one["Quantity"] < 1:
            raise _bad("An item is not one of this order.")
        units[named[0]] = units.get(named[0], 0) + one["Quantity"]
    return units


def _shipped(box: ChannelAdvisorSandbox, request: Request) -> tuple[Row, Payload]:
    for key in box.book.find(store.KIND, "shipment", request.params["number"]):
        row = box.book.get(store.KIND, key)
        if row and row["Order"]["ProfileID"] in request.principal.profiles:
            chosen = [one for one in shipments.shipments_of(row["Order"]) if str(one["ShipmentID"]) == request.params["number"]]
            return row, chosen[0]
    raise Refusal(404, "not_found", MISSING)


def _plainly(act: Any) -> None:
    """This dialect knows one status for every refusal."""
    try:
        act()
    except Refusal as refusal:
        raise _bad(refusal.message) from None


def _bad(words: str) -> Refusal:
    return Refusal(400, "invalid_request", words)
