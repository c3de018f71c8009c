"""Goods that another warehouse was to ship for TIMS and will not: who must hear of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from connectors.base import Payload
from connectors.errors import ConnectorError, NotNeededError, Problem, RejectedError


def never_coming(shipment: Payload, order: Payload, *, sender: str) -> ConnectorError:
    """The error for goods given up: NotNeededError where TIMS no longer expects them, else RejectedError with what to do.

    `order` is the sales order as TIMS has it. What was cancelled there, is to leave another warehouse by now or left it, is not missed.
    """
    number, word, place = str(shipment["SalesOrderID"]), str(shipment["GivenUp"]), order.get("FulfillmentLocationCode")
    if place and place != shipment.get("LocationCode"):
        return NotNeededError(f"{sender} does not ship these goods ({word}); sales order {number} is shipped from {place} now.")
    missing = [(line, units) for line in _lines(shipment) if (units := _missed(line, order)) > 0]
    if not missing:
        return NotNeededError(f"{sender} does not ship these goods ({word}), and sales order {number} no longer expects them.")
    goods = ", ".join(f"{units:f} of {line.get('SKU')}" for line, units in missing[:5])
    more = f" and {len(missing) - 5} more lines" if len(missing) > 5 else ""
    words = (
        f"{sender} will not ship {goods}{more} of sales order {number} ({word}). Ship them from another location, or cancel them in TIMS; "
        "then retry, and this ends by itself."
    )
    problem = Problem(path="GivenUp", code="never_shipped", message=words, value=word, cause=f"never_shipped:{word}")
    return RejectedError(words, code="never_shipped", problems=(problem,))


def _missed(line: Payload, order: Payload) -> Decimal:
    """Units of a line that were given up and that nobody else has shipped or cancelled."""
    held = next((one for one in order.get("LineItems") or () if one.get("LineNumber") == line.get("LineNumber")), None)
    if order.get("OrderStatus") == "Cancelled":
        return Decimal(0)
    if held is None:
        return Decimal(line["Quantity"])
    # What the sender did ship may not be booked in TIMS yet.
    gone = max(Decimal(held.get("QuantityShipped") or 0), Decimal(line.get("QuantitySent") or 0))
    wanted = Decimal(held["Quantity"]) - Decimal(held.get("QuantityCancelled") or 0)
    return min(Decimal(line["Quantity"]), wanted - gone).normalize()


def _lines(shipment: Payload) -> Iterator[Payload]:
    return (line for box in shipment.get("Packages") or () for line in box.get("Lines") or ())
