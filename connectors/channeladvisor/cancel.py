"""Tells ChannelAdvisor which units the ERP cancelled: only those that it does not know of yet, so that repeating cancels nothing twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.base import Operation, Payload, Receipt, Reference
from connectors.channeladvisor import rest_v1, v2
from connectors.channeladvisor.lines import asked_to_cancel
from connectors.channeladvisor.values import objects, whole
from connectors.errors import ConflictError, MissingError, NotNeededError, RejectedError
from connectors.http import JsonClient

USUAL_REASON = "CouldNotShip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What ChannelAdvisor holds of a line; `ordered` as it was at first."""

    ordered: int
    cancelled: int
    shipped: int


def send(client: JsonClient, payload: Payload, reference: Reference) -> Receipt:
    """Cancels what is cancelled in the ERP and not yet there. Raises ConflictError for units that were shipped, ConnectorError."""
    number = payload.get("ChannelAdvisorOrderID")
    if not isinstance(number, int) or isinstance(number, bool):
        raise RejectedError("A cancellation needs the order's number. Correct the mapping.", code="incomplete")
    wanted = [one for one in objects(payload.get("Items")) if whole(one.get("QuantityCancelled")) > 0]
    if not wanted:
        raise NotNeededError(f"Nothing of order {number} is cancelled.", code="nothing_cancelled")
    published = client.settings.get("dialect") == "rest-v1"
    row = (rest_v1 if published else v2).one(client, str(number))
    if row is None or not isinstance(row.raw, dict):
        raise MissingError(f"ChannelAdvisor does not know order {number} (any more).", status=404, code="not_found")
    held = dict(_published_lines(row.raw) if published else _lines(row.raw))
    more = [entry for one in wanted if (entry := _entry(number, one, held, payload.get("Reason") or USUAL_REASON))]
    if not more:
        return Receipt(key=str(number), version=str(row.raw.get("Version") or ""), outcome="unchanged")
    return _adjust(client, number, more, reference) if published else _put(client, number, row.raw, more)


def _lines(order: Mapping[str, Any]) -> Iterator[tuple[int, Line]]:
    """A line that is cancelled entirely has the quantity 0 (ChannelAdvisor API reference, A5.2)."""
    for one in objects(order.get("OrderItem")):
        cancelled, quantity = whole(one.get("QuantityCancelled")), whole(one.get("Quantity"))
        yield whole(one.get("ItemID")), Line(ordered=quantity or cancelled, cancelled=cancelled, shipped=whole(one.get("QuantityShipped")))


def _published_lines(order: Mapping[str, Any]) -> Iterator[tuple[int, Line]]:
    shipped: dict[int, int] = {}
    for one in objects(order.get("Fulfillments")):
        for each in objects(one.get("Items")) if one.get("DeliveryStatus") == "Complete" else ():
            number = whole(each.get("OrderItemID"))
            shipped[number] = shipped.get(number, 0) + whole(each.get("Quantity"))
    for one in objects(order.get("Items")):
        number = whole(one.get("ID"))
        yield number, Line(ordered=whole(one.get("Quantity")), cancelled=asked_to_cancel(one), shipped=shipped.get(number, 0))


def _entry(order: int, one: Mapping[str, Any], held: Mapping[int, Line], reason: str) -> Payload | None:
    """The units of a line that are still to be cancelled, None when there are none."""
    number, wanted = whole(one.get("ItemID")), whole(one.get("QuantityCancelled"))
    line = held.get(number)
    if line is None:
        raise RejectedError(
            f"Order {order} has no line {number} in ChannelAdvisor. Correct the mapping of the line ids.", code="unknown_line"
        )
    units = wanted - line.cancelled
    if units <= 0:
        return None
    if units > line.ordered - line.cancelled - line.shipped:
        words = f"Units of line {number} of order {order} are cancelled in the ERP, but shipped according to ChannelAdvisor."
        raise ConflictError(f"{words} Shipped units come back as a return; correct the ERP or refund there.", code="already_shipped")
    return {"ItemID": number, "Quantity": units, "Reason": one.get("Reason") or reason}


def _put(client: JsonClient, number: int, order: Mapping[str, Any], more: list[Payload]) -> Receipt:
    """`If-Match` keeps what was counted true: when the order changed meanwhile, all is read and counted again."""
    headers = {"If-Match": f'"{order["Version"]}"'} if order.get("Version") else {}
    answer = client.call("PUT", f"v2/orders/{number}", body={"CancelItems": more}, headers=headers).body
    return Receipt(key=str(number), version=str(answer.get("Version") or "") if isinstance(answer, dict) else "", outcome="cancelled")


def _adjust(client: JsonClient, number: int, more: list[Payload], reference: Reference) -> Receipt:
    for one in more:
        body = {"Quantity": one["Quantity"], "Reason": one["Reason"], "SellerAdjustmentID": reference.key}
        client.call("POST", f"v1/OrderItems({one['ItemID']})/Adjust", body=body)
    return Receipt(key=str(number), outcome="cancelled")


CANCEL_ITEMS = Operation(id="cancel_items", label="Tell of cancelled units", schema="cancel_items", send=send, repeatable=True)
