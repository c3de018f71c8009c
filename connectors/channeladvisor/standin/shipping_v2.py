"""The stand-in's `/v2/shipping`: shipments of orders, single and in bulk (ChannelAdvisor API reference, A7)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from connectors.base import Payload
from connectors.channeladvisor.standin import shipments, store
from connectors.channeladvisor.standin.routes import ROUTES
from connectors.channeladvisor.standin.v2_api import MOST, body_of, in_bulk
from connectors.channeladvisor.standin.writes import invalid
from connectors.channeladvisor.times import normalised, written
from connectors.sandbox import Refusal, Request, Response, Row, reply, rfc3339

if TYPE_CHECKING:
    from connectors.channeladvisor.sandbox import ChannelAdvisorSandbox

AHEAD = timedelta(minutes=5)
LENGTHS = {"SellerShipmentID": 50, "Carrier": 50, "Class": 50, "TrackingNumber": 100}


@ROUTES.on("GET", "/v2/shipping")
def listed(box: ChannelAdvisorSandbox, request: Request) -> Response:
    """The shipments of the orders `channel_advisor_order_id` (repeatable)."""
    numbers = request.query.get("channel_advisor_order_id", [])
    if not 1 <= len(numbers) <= MOST or not all(number.isdigit() for number in numbers):
        raise Refusal(400, "invalid_request", f"channel_advisor_order_id takes 1 to {MOST} numbers.")
    rows = [box.book.get(store.KIND, store.key_of(int(number))) for number in dict.fromkeys(numbers)]
    mine = [row["Order"] for row in rows if row and row["Order"]["ProfileID"] == request.principal.profile]
    found = sorted((one for order in mine for one in shipments.shipments_of(order)), key=lambda one: str(one["UpdatedDateUtc"]))
    paging = {"Limit": MOST, "HasMore": False, "NextCursor": None, "TotalCount": None}
    return reply({"Data": found, "Paging": paging, "ServerTimeUtc": rfc3339(box.now())})


@ROUTES.on("POST", "/v2/shipping")
def post(box: ChannelAdvisorSandbox, request: Request) -> Response:
    """One shipment, or up to 100 as `{"Items": [...]}`. One that names its `ShipmentID` is corrected."""
    body = body_of(request)
    if "ChannelAdvisorOrderID" in body or "Items" not in body:
        return reply(write(box, request, body), 201 if "ShipmentID" not in body else 200)
    return in_bulk(box, body["Items"], lambda entry: _written(write(box, request, entry), entry), key=_key)


def _key(entry: Any) -> str:
    return f"{entry.get('ChannelAdvisorOrderID')} {entry.get('SellerShipmentID')}" if isinstance(entry, dict) else ""


def _written(shipment: Payload, entry: Payload) -> Payload:
    about = {"Key": shipment["SellerShipmentID"], "ID": shipment["ShipmentID"], "Version": shipment["Version"]}
    return {**about, "Result": "Updated", "HttpStatus": 200} if "ShipmentID" in entry else {**about, "Result": "Created", "HttpStatus": 201}


def write(box: ChannelAdvisorSandbox, request: Request, entry: Any) -> Payload:
    """Ships or corrects; answers the shipment. Raises Refusal 404, 409 `duplicate`, 422."""
    number = entry.get("ChannelAdvisorOrderID") if isinstance(entry, dict) else None
    if not isinstance(number, int) or isinstance(number, bool):
        raise invalid("ChannelAdvisorOrderID", "type_mismatch", "ChannelAdvisorOrderID must be an integer.")
    row = store.load(box, number)
    if row["Order"]["ProfileID"] != request.principal.profile:
        raise Refusal(404, "not_found", f"Order {number} does not exist.")
    if entry.get("ShipmentID") is not None:
        return _corrected(box, row, entry)
    _check(box, row["Order"], entry)
    twin = [one for one in shipments.shipments_of(row["Order"]) if one["SellerShipmentID"] == entry["SellerShipmentID"]]
    if twin:
        raise Refusal(409, "duplicate", "This shipment exists already.", ExistingID=twin[0]["ShipmentID"])
    wish = {**entry, "ShippedDateUtc": normalised(entry["ShippedDateUtc"])}
    return shipments.add(box, row, wish, _units(row["Order"], entry.get("Items")))


def _corrected(box: ChannelAdvisorSandbox, row: Row, entry: Payload) -> Payload:
    for shipment in shipments.shipments_of(row["Order"]):
        if shipment["ShipmentID"] == entry["ShipmentID"]:
            _check(box, row["Order"], {**shipment, **entry})
            time = {"ShippedDateUtc": normalised(entry["ShippedDateUtc"])} if entry.get("ShippedDateUtc") else {}
            return shipments.correct(box, row, shipment, {**entry, **time})
    raise Refusal(404, "not_found", f"Shipment {entry['ShipmentID']} does not exist.")


def _check(box: ChannelAdvisorSandbox, order: Payload, entry: Payload) -> None:
    for name, most in LENGTHS.items():
        value = entry.get(name)
        if (value is None or value == "") and (name != "TrackingNumber" or shipments.needs_tracking(order)):
            raise invalid(name, "required", f"{name} is required.")
        if value is not None and (not isinstance(value, str) or len(value) > most):
            raise invalid(name, "max_length", f"{name} must be text of at most {most} characters.")
    if not shipments.is_listed(entry["Carrier"], entry["Class"]):
        words = "Carrier and Class is invalid."
        raise Refusal(
            422, "carrier_class_invalid", words, Details=[{"Field": "Carrier", "Code": "carrier_class_invalid", "Message": words}]
        )
    at = normalised(entry.get("ShippedDateUtc"))
    if not at:
        raise invalid("ShippedDateUtc", "required", "ShippedDateUtc must be a time.")
    if at > written(box.now() + AHEAD):
        raise invalid("ShippedDateUtc", "max_value", "ShippedDateUtc lies in the future.")
    if at < normalised(order["OrderDate"]):
        raise invalid("ShippedDateUtc", "min_value", "ShippedDateUtc is before the order.")


def _units(order: Payload, items: Any) -> dict[int, int] | None:
    """Units by line number; None for an empty list, which means everything. A SKU alone stands for its first line."""
    if not items:
        return None
    units: dict[int, int] = {}
    for place, one in enumerate(items if isinstance(items, list) else [None]):
        line, quantity = (_line(order, one), one.get("Quantity")) if isinstance(one, dict) else (None, None)
        if not isinstance(line, int) or not isinstance(quantity, int) or isinstance(quantity, bool) or quantity < 1:
            raise invalid(f"Items[{place}]", "type_mismatch", "ItemID or SKU, and a Quantity of 1 or more.")
        units[line] = units.get(line, 0) + quantity
    return units


def _line(order: Payload, one: Payload) -> Any:
    if "ItemID" in one:
        return one["ItemID"]
    return next((line["ItemID"] for line in order["OrderItem"] if str(line["SKU"]).upper() == str(one.get("SKU")).upper()), None)
