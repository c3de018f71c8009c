"""The orders that the stand-in holds: placing, changing, cancelling, shipping, and what each of it announces."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from zlib import crc32

from connectors.base import Payload
from connectors.sandbox import Book, Refusal, Row

if TYPE_CHECKING:
    from connectors.channeladvisor.sandbox import ChannelAdvisorSandbox

KIND = "order"
CHANGEABLE = ("ShippingAddress", "BillingAddress", "ShippingMethod", "CustomerInfo", "Notes", "PaymentStatus", "ShipByDateUtc", "Tags")


def declare(book: Book, applications: tuple[str, ...]) -> None:
    """Orders by time of change, by marketplace number, and per application those that it has not taken."""
    book.order(KIND, lambda row: str(row["Order"]["UpdatedDateUtc"]))
    book.index(KIND, "site order", lambda row: [_site_order(row["Order"])])
    book.index(KIND, "line", lambda row: [str(line["ItemID"]) for line in row["Order"]["OrderItem"]])
    book.index(KIND, "shipment", lambda row: [str(one["ShipmentID"]) for one in row["Order"].get("_Shipments", ())])
    for application in applications:
        book.order(untaken(application), lambda row: str(row["UpdatedDateUtc"]))


def untaken(application: str) -> str:
    """The kind that lists the orders an application has not taken."""
    return f"untaken {application}"


def key_of(number: int) -> str:
    """An order's key in the book; text order is number order."""
    return f"{number:012d}"


def place(box: ChannelAdvisorSandbox, order: Payload) -> int:
    """Takes an order in as the marketplace gives it; answers its number. Raises Refusal 409 `duplicate`."""
    with box.book.transaction():
        number = int(order.get("ChannelAdvisorOrderID") or box.book.next_number("order", 19_000_001))
        made = {**order, "ChannelAdvisorOrderID": number, "ProfileID": order.get("ProfileID") or box.profiles[0]}
        made = {name: value for name, value in made.items() if name != "Exported"}
        known = box.book.find(KIND, "site order", _site_order(made))
        if known or box.book.has(KIND, key_of(number)):
            raise Refusal(409, "duplicate", "This order exists already.", ExistingID=int(known[0]) if known else number)
        stamp = box.stamp()
        made |= {"ImportedDateUtc": stamp, "UpdatedDateUtc": stamp, "Version": 1}
        _write(box, {"Order": made, "Taken": []})
        if made.get("OrderStatus") == "New":
            box.announce("order.created", made)
        return number


def load(box: ChannelAdvisorSandbox, number: int) -> Row:
    """The stored row of an order. Raises Refusal 404."""
    row = box.book.get(KIND, key_of(number))
    if row is None:
        raise Refusal(404, "not_found", f"Order {number} does not exist.")
    return row


def save(box: ChannelAdvisorSandbox, row: Row, event: str = "order.updated") -> Payload:
    """Writes a changed order with its next version and announces it."""
    order: Payload = row["Order"]
    order |= {"UpdatedDateUtc": box.stamp(), "Version": order["Version"] + 1}
    _write(box, row)
    box.announce(event, order)
    return order


def set_taken(box: ChannelAdvisorSandbox, row: Row, application: str, *, taken: bool) -> None:
    """The export flag of one application; it is no change of the order."""
    others = [one for one in row["Taken"] if one != application]
    row["Taken"] = [*others, application] if taken else others
    _write(box, row)


def change(box: ChannelAdvisorSandbox, number: int, fields: Payload) -> Payload:
    """What the buyer or the marketplace changes; groups are merged. Raises Refusal 422 for a field that cannot change so."""
    with box.book.transaction():
        row = load(box, number)
        for name, value in fields.items():
            if name not in CHANGEABLE:
                raise Refusal(422, "validation_failed", f"{name} cannot be changed; use cancel or ship.")
            current = row["Order"].get(name)
            row["Order"][name] = {**current, **value} if isinstance(current, dict) and isinstance(value, dict) else value
        if row["Order"]["OrderStatus"] == "Pending" and fields.get("PaymentStatus") == "Cleared":
            row["Order"]["OrderStatus"] = "New"
            return save(box, row, "order.created")
        return save(box, row)


def cancel(box: ChannelAdvisorSandbox, number: int, units: dict[int, int] | None = None, reason: str = "BuyerCancelled") -> Payload:
    """Cancels all, or `units` by line number. Raises Refusal 409 `state_conflict` for units that were shipped or are not there."""
    with box.book.transaction():
        row = load(box, number)
        order = row["Order"]
        for line in order["OrderItem"]:
            wanted = line["Quantity"] - line.get("QuantityCancelled", 0) if units is None else units.get(line["ItemID"], 0)
            if wanted and not 0 < wanted <= left(line):
                raise Refusal(409, "state_conflict", f"Line {line['ItemID']} cannot be cancelled: shipped, or not that many units left.")
            if wanted:
                _cancel_line(line, wanted, reason)
        if all(line["Quantity"] == 0 for line in order["OrderItem"]):
            order |= {"OrderStatus": "Cancelled", "FulfillmentStatus": "Canceled", "CancelReason": reason}
        restate(order)
        return save(box, row, "order.cancelled")


def left(line: Payload) -> int:
    """Units of a line that are neither shipped nor cancelled."""
    return max(line["Quantity"] - line.get("QuantityCancelled", 0) - line.get("QuantityShipped", 0), 0) if line["Quantity"] else 0


def restate(order: Payload, *, shipped_at: str = "") -> None:
    """The statuses that the units of an order's lines stand for; what was never shipped keeps its own."""
    shipped = any(line.get("QuantityShipped", 0) for line in order["OrderItem"])
    if shipped:
        status = "PartiallyShipped" if any(map(left, order["OrderItem"])) else "Shipped"
        order |= {"OrderStatus": status, "FulfillmentStatus": status}
        if status == "Shipped":
            order["ShippedDateUtc"] = shipped_at or order.get("ShippedDateUtc")


def by_change(box: ChannelAdvisorSandbox, since: str, *, untaken_by: str = "") -> Iterator[tuple[tuple[str, str], Row]]:
    """Rows by (UpdatedDateUtc, number) from `since` on, each with its place; changes made meanwhile are seen."""
    yield from behind(box, (since, ""), untaken_by=untaken_by)


def behind(box: ChannelAdvisorSandbox, place: tuple[str, str], *, untaken_by: str = "") -> Iterator[tuple[tuple[str, str], Row]]:
    """Rows behind a place."""
    kind = untaken(untaken_by) if untaken_by else KIND
    while found := box.book.after(kind, place, 100):
        for at, row in found:
            yield at, (box.book.get(KIND, at[1]) or {}) if untaken_by else row
        place = found[-1][0]


def is_hidden(box: ChannelAdvisorSandbox, order: Payload) -> bool:
    """Whether lists by time of change leave the order out, as an index that lags behind does (`hidden_share` of all, always the same)."""
    number = str(order["ChannelAdvisorOrderID"]).encode()
    return crc32(number) % 10_000 < box.hidden_share * 10_000


def _write(box: ChannelAdvisorSandbox, row: Row) -> None:
    order = row["Order"]
    key = key_of(order["ChannelAdvisorOrderID"])
    box.book.put(KIND, key, row)
    for application in box.applications:
        if application in row["Taken"]:
            box.book.delete(untaken(application), key)
        else:
            box.book.put(untaken(application), key, {"UpdatedDateUtc": order["UpdatedDateUtc"]})


def _cancel_line(line: dict[str, Any], units: int, reason: str) -> None:
    line["QuantityCancelled"] = line.get("QuantityCancelled", 0) + units
    line["CancelReason"] = reason
    if line["QuantityCancelled"] >= line["Quantity"]:
        line["Quantity"] = 0


def _site_order(order: Payload) -> str:
    return f"{order.get('ProfileID')} {(order.get('Marketplace') or {}).get('SiteID')} {order.get('OrderID')}"
