"""Shipments of the stand-in's orders: what may be shipped, what it makes of an order, and later corrections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from connectors.base import Payload
from connectors.channeladvisor.standin import store
from connectors.channeladvisor.standin.published import EXTERNAL
from connectors.sandbox import Refusal, Row

if TYPE_CHECKING:
    from connectors.channeladvisor.sandbox import ChannelAdvisorSandbox

CARRIERS = frozenset({
    ("UPS", "GROUND"), ("UPS", "2DAY"), ("UPS", "NEXTDAY"), ("FEDEX", "GROUND"), ("FEDEX", "2DAY"), ("FEDEX", "OVERNIGHT"),
    ("USPS", "GROUND"), ("USPS", "PRIORITY"), ("USPS", "EXPRESS"), ("DHL", "EXPRESS"), ("ONTRAC", "GROUND"), ("AMZL", "STANDARD"),
    ("OTHER", "STANDARD"),
})  # fmt: skip
"""The account's carrier list; another pair is refused."""
CORRECTABLE = ("Carrier", "Class", "TrackingNumber", "TrackingUrl", "ReturnTrackingNumber", "ShippedDateUtc")
PLAIN = (*CORRECTABLE, "SellerShipmentID", "DistributionCenter", "Cost")


def shipments_of(order: Payload) -> list[Payload]:
    """An order's shipments, oldest first."""
    found: list[Payload] = order.get("_Shipments", [])
    return found


def is_listed(carrier: Any, shipping_class: Any) -> bool:
    """Whether a carrier and class are in the account's list, whatever the case of the letters."""
    return (str(carrier).upper(), str(shipping_class).upper()) in CARRIERS


def needs_tracking(order: Payload) -> bool:
    """Amazon takes no shipment without a number."""
    return str((order.get("Marketplace") or {}).get("Name")).startswith("Amazon")


def add(box: ChannelAdvisorSandbox, row: Row, wish: Payload, units: Mapping[int, int] | None) -> Payload:
    """Ships `units` by line number (None = everything left); answers the shipment.

    Raises Refusal 422 `order_cancelled`, `externally_managed`, `over_shipped`.
    """
    order = row["Order"]
    _refuse_whole(order)
    lines = {line["ItemID"]: line for line in order["OrderItem"]}
    chosen = {number: store.left(line) for number, line in lines.items() if store.left(line) and not _is_foreign(order, line)}
    chosen = chosen if units is None else dict(units)
    for number, quantity in chosen.items():
        _refuse_line(order, lines.get(number), number, quantity)
    for number, quantity in chosen.items():
        lines[number]["QuantityShipped"] = lines[number].get("QuantityShipped", 0) + quantity
    items = [{"ItemID": number, "SKU": lines[number]["SKU"], "Quantity": quantity} for number, quantity in chosen.items()]
    stamp, quiet = box.stamp(), wish.get("NotifyMarketplace") is False
    made = {
        "ShipmentID": box.book.next_number("shipment", 5_000_001), "ChannelAdvisorOrderID": order["ChannelAdvisorOrderID"],
        **{name: wish.get(name) for name in PLAIN}, "Items": items, "NotifyMarketplace": not quiet,
        "MarketplaceStatus": "CompletedWithoutNotification" if quiet else "Complete", "CreatedDateUtc": stamp, "UpdatedDateUtc": stamp,
        "Version": 1,
    }  # fmt: skip
    order["_Shipments"] = [*shipments_of(order), made]
    store.restate(order, shipped_at=wish.get("ShippedDateUtc") or stamp)
    store.save(box, row)
    box.announce("shipment.status_changed", order)
    return made


def correct(box: ChannelAdvisorSandbox, row: Row, shipment: Payload, fields: Payload) -> Payload:
    """Other tracking or carrier for a shipment; the same again changes nothing."""
    wanted = {name: fields[name] for name in CORRECTABLE if name in fields}
    if all(shipment.get(name) == value for name, value in wanted.items()):
        return shipment
    shipment |= {**wanted, "UpdatedDateUtc": box.stamp(), "Version": shipment["Version"] + 1}
    store.save(box, row)
    box.announce("shipment.status_changed", row["Order"])
    return shipment


def ship(box: ChannelAdvisorSandbox, number: int) -> Payload:
    """People at ChannelAdvisor ship everything that is left. Raises Refusal 422 as `add`."""
    with box.book.transaction():
        row = store.load(box, number)
        add(box, row, {"TrackingNumber": f"BYHAND{number}", "ShippedDateUtc": box.stamp()}, None)
        order: Payload = row["Order"]
        return order


def _refuse_whole(order: Payload) -> None:
    if order["OrderStatus"] == "Cancelled":
        raise Refusal(422, "order_cancelled", "The order is cancelled.")
    if order.get("FulfilledBy") == "External":
        raise Refusal(422, "externally_managed", "The order is shipped by the marketplace.")


def _refuse_line(order: Payload, line: Payload | None, number: int, quantity: int) -> None:
    if line is None:
        raise Refusal(422, "validation_failed", f"Line {number} does not exist.", Details=[_detail("Items", "not_found", number)])
    if _is_foreign(order, line):
        raise Refusal(422, "externally_managed", f"Line {number} is shipped by the marketplace.")
    if quantity > store.left(line):
        raise Refusal(422, "over_shipped", f"Line {number} has {store.left(line)} units left to ship.")


def _is_foreign(order: Payload, line: Payload) -> bool:
    return order.get("FulfilledBy") == "Mixed" and str(line.get("DistributionCenter")).upper() in EXTERNAL


def _detail(field: str, code: str, value: Any) -> Payload:
    return {"Field": field, "Code": code, "Message": f"{value} is not known.", "Value": value}
