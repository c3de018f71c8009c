"""What PUT may do to an order in v2 (ChannelAdvisor API reference, A5.3 and A5.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.channeladvisor.standin import shipments, store
from connectors.sandbox import Refusal, Row

if TYPE_CHECKING:
    from connectors.channeladvisor.sandbox import Caller, ChannelAdvisorSandbox

TRANSITIONS = {
    "New": ("Acknowledged", "OnHold", "Cancelled"),
    "Acknowledged": ("OnHold", "Cancelled"),
    "OnHold": ("Acknowledged", "Cancelled"),
    "Shipped": ("Completed",),
}
LONGEST_NUMBER = 50
REASONS = (
    "GeneralAdjustment", "ItemNotAvailable", "CustomerReturnedItem", "CouldNotShip", "AlternateItemProvided", "BuyerCancelled",
    "CustomerExchange", "MerchandiseNotReceived", "ShippingAddressUndeliverable",
)  # fmt: skip


def write(box: ChannelAdvisorSandbox, caller: Caller, entry: Any) -> int:
    """Applies one write; answers the order's number. Raises Refusal 404, 409 `state_conflict` or 422 `validation_failed`."""
    number = entry.get("ChannelAdvisorOrderID") if isinstance(entry, dict) else None
    if not isinstance(number, int) or isinstance(number, bool):
        raise invalid("ChannelAdvisorOrderID", "type_mismatch", "ChannelAdvisorOrderID must be an integer.")
    row = store.load(box, number)
    if row["Order"]["ProfileID"] != caller.profile:
        raise Refusal(404, "not_found", f"Order {number} does not exist.")
    if row_changed(box, row, entry):
        store.save(box, row)
    if "Exported" in entry:
        if not isinstance(entry["Exported"], bool):
            raise invalid("Exported", "type_mismatch", "Exported must be true or false.")
        store.set_taken(box, store.load(box, number), caller.application, taken=entry["Exported"])
    _move(box, number, entry)
    return number


def row_changed(box: ChannelAdvisorSandbox, row: Row, entry: dict[str, Any]) -> bool:
    """Writes the plain fields into `row`; answers whether anything differs."""
    order = row["Order"]
    before = {name: order.get(name) for name in ("SellerOrderID", "Notes", "Tags", "OrderStatus")}
    if "SellerOrderID" in entry:
        order["SellerOrderID"] = _number(entry["SellerOrderID"])
    if isinstance(entry.get("Notes"), dict):
        notes = order.get("Notes") or {}
        order["Notes"] = {**notes, **{name: _appended(notes.get(name), text) for name, text in entry["Notes"].items()}}
    if isinstance(entry.get("Tags"), list):
        order["Tags"] = entry["Tags"]
    status = entry.get("OrderStatus")
    if status in ("Acknowledged", "OnHold", "Completed") and status != order["OrderStatus"]:
        _allowed(order["OrderStatus"], status)
        order["OrderStatus"] = status
    return before != {name: order.get(name) for name in before}


def _move(box: ChannelAdvisorSandbox, number: int, entry: dict[str, Any]) -> None:
    """Cancelling and shipping, whole or in part."""
    current, status = store.load(box, number)["Order"]["OrderStatus"], entry.get("OrderStatus")
    reason = str(entry.get("CancelReason") or "GeneralAdjustment")
    if isinstance(entry.get("CancelItems"), list):
        units = _units(entry["CancelItems"])
        store.cancel(box, number, units, str(entry["CancelItems"][0].get("Reason") or reason) if units else reason)
    elif status == "Cancelled" and current != "Cancelled":
        _allowed(current, status)
        store.cancel(box, number, None, reason)
    elif status == "Shipped" and current != "Shipped":
        if not isinstance(entry.get("Shipments"), list) or len(entry["Shipments"]) != 1:
            raise Refusal(409, "state_conflict", "OrderStatus Shipped needs exactly one entry in Shipments.")
        shipment = entry["Shipments"][0]
        shipments.add(box, store.load(box, number), shipment if isinstance(shipment, dict) else {}, None)
    elif status is not None and status not in (current, "Acknowledged", "OnHold", "Completed", "Cancelled", "Shipped"):
        raise Refusal(409, "state_conflict", f"OrderStatus cannot go from {current} to {status}.")


def invalid(field: str, code: str, words: str) -> Refusal:
    """422 with one detail."""
    return Refusal(422, "validation_failed", words, Details=[{"Field": field, "Code": code, "Message": words}])


def _allowed(current: str, wanted: str) -> None:
    if wanted not in TRANSITIONS.get(current, ()):
        raise Refusal(409, "state_conflict", f"OrderStatus cannot go from {current} to {wanted}.")


def _number(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > LONGEST_NUMBER:
        raise invalid("SellerOrderID", "max_length", f"SellerOrderID must be text of at most {LONGEST_NUMBER} characters.")
    return value


def _units(entries: list[Any]) -> dict[int, int]:
    units: dict[int, int] = {}
    for place, one in enumerate(entries):
        line, quantity = (one.get("ItemID"), one.get("Quantity")) if isinstance(one, dict) else (None, None)
        if not isinstance(line, int) or not isinstance(quantity, int):
            raise invalid(f"CancelItems[{place}]", "type_mismatch", "ItemID and Quantity must be integers.")
        if one.get("Reason", REASONS[0]) not in REASONS:
            raise invalid(f"CancelItems[{place}].Reason", "invalid_choice", f"Reason must be one of {', '.join(REASONS)}.")
        units[line] = quantity
    return units


def _appended(old: Any, more: Any) -> str:
    return "\n".join(text for text in (str(old or ""), str(more or "")) if text)
