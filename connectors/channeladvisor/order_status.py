"""Tells ChannelAdvisor the ERP's status of an order, as far as a channel has one for it (entity map 3.1)."""

from __future__ import annotations

from typing import Any

from connectors.base import Operation, Payload, Receipt, Reference
from connectors.channeladvisor import rest_v1, v2
from connectors.channeladvisor.status import HOLD_FLAG, order_status
from connectors.channeladvisor.values import text
from connectors.errors import MissingError, NotNeededError, RejectedError, TransientError
from connectors.http import JsonClient

BEFORE_SHIPPING = ("New", "Acknowledged", "OnHold")
RED_FLAG, NO_FLAG = 1, 0
_OTHER_WAYS = {
    "PartiallyShipped": "Shipments tell the channel that an order is shipped in part.",
    "Shipped": "Shipments tell the channel that an order is shipped.",
    "Cancelled": "Cancelled units are told to the channel line by line.",
}


def send(client: JsonClient, payload: Payload, reference: Reference) -> Receipt:
    """Holds, releases or completes an order there. NotNeededError where that is told in another way or the order is further already."""
    number, wanted = payload.get("ChannelAdvisorOrderID"), text(payload.get("OrderStatus"))
    if not isinstance(number, int) or isinstance(number, bool) or not wanted:
        raise RejectedError("A status needs the order's number and the status. Correct the mapping.", code="incomplete")
    if wanted not in ("Acknowledged", "OnHold", "Completed"):
        raise NotNeededError(_OTHER_WAYS.get(wanted, f"The channel is not told that an order is {wanted}."), code="told_otherwise")
    if payload.get("FulfilledBy") == "External":
        raise NotNeededError("The marketplace ships this order itself; it is told nothing.", code="externally_managed")
    published = client.settings.get("dialect") == "rest-v1"
    if published and wanted == "Completed":
        raise NotNeededError(
            "This dialect of ChannelAdvisor has no status for a completed order; Shipped is its last.", code="no_such_status"
        )
    row = (rest_v1 if published else v2).one(client, str(number))
    if row is None or not isinstance(row.raw, dict):
        raise MissingError(f"ChannelAdvisor does not know order {number} (any more).", status=404, code="not_found")
    return _flagged(client, number, row.raw, wanted) if published else _put(client, number, row.raw, wanted)


def _put(client: JsonClient, number: int, order: dict[str, Any], wanted: str) -> Receipt:
    current = text(order.get("OrderStatus"))
    if current == wanted:
        return Receipt(key=str(number), version=text(order.get("Version")), outcome="unchanged")
    _refuse_step(number, current, wanted)
    headers = {"If-Match": f'"{order["Version"]}"'} if order.get("Version") else {}
    answer = client.call("PUT", f"v2/orders/{number}", body={"OrderStatus": wanted}, headers=headers, safe=True).body
    return Receipt(key=str(number), version=text(answer.get("Version")) if isinstance(answer, dict) else "", outcome="changed")


def _refuse_step(number: int, current: str, wanted: str) -> None:
    """A status never moves backwards, and completing waits for the shipments."""
    if wanted == "Completed" and current in (*BEFORE_SHIPPING, "PartiallyShipped"):
        words = f"ChannelAdvisor does not show order {number} as shipped yet ({current}); it is completed once its shipments have arrived."
        raise TransientError(words, code="not_shipped_yet")
    if current == "Pending" or (wanted != "Completed" and current not in BEFORE_SHIPPING) or current in ("Cancelled", "Completed"):
        raise NotNeededError(f"Order {number} is {current} in ChannelAdvisor; that is not changed to {wanted}.", code="further_already")


def _flagged(client: JsonClient, number: int, order: dict[str, Any], wanted: str) -> Receipt:
    """This dialect has no hold; a flag says so, and only our own is taken away (ChannelAdvisor API reference, C2)."""
    current = order_status(order, exported=True)
    ours = text(order.get("FlagDescription")).startswith(HOLD_FLAG)
    if ours == (wanted == "OnHold"):
        return Receipt(key=str(number), outcome="unchanged")
    if wanted == "OnHold":
        _refuse_step(number, current, wanted)
    flag = {"FlagID": RED_FLAG, "FlagDescription": HOLD_FLAG} if wanted == "OnHold" else {"FlagID": NO_FLAG, "FlagDescription": ""}
    client.call("PATCH", f"v1/Orders({number})", body=flag, safe=True)
    return Receipt(key=str(number), outcome="changed")


ORDER_STATUS = Operation(id="order_status", label="Tell of the order's status", schema="order_status", send=send, repeatable=True)
