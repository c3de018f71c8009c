"""Tells Amazon that a package was shipped, Orders API v0 (Amazon SP-API reference, 7.1): one call per package."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from connectors.amazon import times
from connectors.amazon.orders import PATH as ORDERS_PATH
from connectors.amazon.times import normalised
from connectors.base import Operation, Payload, Receipt, Reference
from connectors.errors import ConflictError, ConnectorError, MissingError, NotNeededError, RejectedError
from connectors.http import JsonClient

_SHIP_PLUS = "FBM_SHIP_PLUS"
_SAID = (
    ("future", "the shipping time lies in the future. Correct the shipping time in the ERP, or wait until it has passed, and press Retry"),
    ("carrier", "it does not know the carrier. Enter Amazon's name of the carrier in the lookup table of carriers, and press Retry"),
    (
        "tracking",
        "it does not accept the tracking number. Correct it in the ERP's shipment; the corrected shipment is sent again by itself",
    ),
)
"""What is named in Amazon's own words, and what to do then; the first that fits counts."""
_AHEAD = timedelta(minutes=5)
_OURS = ("orderId", "voided", "orderedAt")
_ADDED = ("quantity", "transparencyCodes")


def send(client: JsonClient, payload: Payload, reference: Reference) -> Receipt:
    """Confirms one package; the same package number again corrects it. Raises RejectedError that tells why Amazon refuses and what to do.

    A package that Amazon already holds just so counts as confirmed, even where it refuses to hear it again. One that was voided is told
    to people: ConflictError when Amazon knows of it, NotNeededError when it does not and for one that is left out for a reason.
    """
    order, package = str(payload.get("orderId") or ""), _summed(_group(payload, "packageDetail"))
    number = str(package.get("packageReferenceId") or "")
    if payload.get("voided"):
        raise _voided(client, order, number, known=bool(reference.target))
    if package.get("leftOut"):
        raise NotNeededError(str(package["leftOut"]), code="left_out")
    package["shipDate"] = _ship_date(package.get("shipDate"), payload.get("orderedAt"), times.now())
    body = {name: value for name, value in payload.items() if name not in _OURS} | {"packageDetail": package}
    try:
        client.call("POST", f"orders/v0/orders/{quote(order, safe='')}/shipmentConfirmation", body=body, limit="confirmShipment")
    except MissingError as error:
        words = f"Amazon does not know order {order}, or it belongs to another account. Check the order number and the connection."
        raise MissingError(words, status=error.status, code=error.code) from None
    except RejectedError as error:
        held = _order(client, order)
        if held and _holds(held, package):
            return Receipt(key=f"{order}/{number}", outcome="unchanged")
        raise _refused(order, package, held, error) from None
    return Receipt(key=f"{order}/{number}", outcome="changed" if reference.target else "created")


def _ship_date(shipped: Any, ordered: Any, now: datetime) -> Any:
    """When it left, as Amazon takes it: a second after the order at the earliest, and not in the future (entity map 11.1).

    Up to five minutes ahead, the ERP's clock is; what is further ahead stays, so that Amazon refuses it and a person hears of it.
    """
    left, order = times.parsed(shipped), times.parsed(ordered)
    if left and now < left <= now + _AHEAD:
        left, shipped = now, times.written(now)
    return times.moved(times.written(order), seconds=1) if left and order and left <= order else shipped


def _summed(package: Payload) -> Payload:
    """The package with every line of the order once: what the ERP packed in parts, such as by lot, is one quantity."""
    lines: dict[str, Payload] = {}
    for line in _rows(package, "orderItems"):
        key = str(line.get("orderItemId"))
        before = lines.get(key)
        lines[key] = {**line, **{name: before[name] + line[name] for name in line if name in _ADDED and name in before}} if before else line
    return {**package, "orderItems": list(lines.values())} if lines else package


def _voided(client: JsonClient, order: str, number: str, *, known: bool) -> ConnectorError:
    """What a shipment that was taken back means: Amazon has no way to withdraw a confirmation (entity map 11.1)."""
    held = () if known else _rows(_asked(client, order), "packages")
    if not known and all(str(one.get("packageReferenceId")) != number for one in held):
        return NotNeededError("The shipment was voided before Amazon was told of it.", code="voided_before_delivery")
    words = f"The shipment of order {order} was voided after Amazon had been told of it (package {number}); it cannot be taken back there."
    return ConflictError(f"{words} Tell the buyer, ship again, or refund the order in Seller Central.", code="voided")


def _order(client: JsonClient, key: str) -> Payload:
    """What Amazon says of the order, {} when it cannot be asked."""
    try:
        return _asked(client, key)
    except ConnectorError:
        return {}


def _asked(client: JsonClient, key: str) -> Payload:
    query = {"includedData": "FULFILLMENT,PACKAGES"}
    return _group(client.call("GET", f"{ORDERS_PATH}/{quote(key, safe='')}", query=query, limit="getOrder").body, "order")


def _holds(order: Payload, package: Payload) -> bool:
    same = ("packageReferenceId", "trackingNumber")
    return any(all(one.get(name) == package.get(name) for name in same) for one in _rows(order, "packages"))


def _refused(order: str, package: Payload, held: Payload, error: RejectedError) -> RejectedError:
    reason = _by_order(held, package) or _by_words(error.message)
    words = f"Amazon did not accept the shipment of order {order}: {reason}." if reason else f"Order {order}: {error.message}"
    return RejectedError(words, status=error.status, code=error.code, problems=() if reason else error.problems)


def _by_order(held: Payload, package: Payload) -> str:
    """The reason that shows in the order itself, "" where none does."""
    fulfillment = _group(held, "fulfillment")
    status, programs = fulfillment.get("fulfillmentStatus"), held.get("programs")
    if status == "CANCELLED":
        return "the order is cancelled. Stop the parcel or have it returned, and cancel the order in the ERP"
    if fulfillment.get("fulfilledBy") == "AMAZON":
        return "Amazon ships this order itself. Nothing needs to be sent; find out why the ERP shipped it too"
    if isinstance(programs, list) and _SHIP_PLUS in programs:
        return "it is a Ship+ order, which Amazon confirms itself by its own label. Nothing needs to be sent; dismiss this error"
    if status in ("PENDING", "PENDING_AVAILABILITY"):
        return "the order is not paid yet. Wait until Amazon has cleared the payment, and press Retry"
    created, shipped = normalised(held.get("createdTime")), normalised(package.get("shipDate"))
    if created and shipped and shipped < created:
        return "the shipping time lies before the time of the order. Correct the shipping time in the ERP, and press Retry"
    return _by_lines(held, package)


def _by_lines(held: Payload, package: Payload) -> str:
    ordered = {str(line.get("orderItemId")): line.get("quantityOrdered") for line in _rows(held, "orderItems")}
    for line in _rows(package, "orderItems") if ordered else ():
        number, quantity = str(line.get("orderItemId")), line.get("quantity")
        if number not in ordered:
            return f"the order has no line {number}. Compare the lines of the order at Amazon with those in the ERP"
        most = ordered[number]
        if isinstance(quantity, int) and isinstance(most, int) and quantity > most:
            return f"line {number} was ordered {most} times, but {quantity} were shipped. Correct the shipment in the ERP"
    return ""


def _by_words(message: str) -> str:
    return next((reason for word, reason in _SAID if word in message.lower()), "")


def _group(value: Any, name: str) -> Payload:
    held = value.get(name) if isinstance(value, dict) else None
    return held if isinstance(held, dict) else {}


def _rows(value: Payload, name: str) -> list[Payload]:
    held = value.get(name)
    return [one for one in held if isinstance(one, dict)] if isinstance(held, list) else []


CONFIRM_SHIPMENT = Operation(
    id="confirm_shipment",
    label="Confirm shipment",
    schema="confirm_shipment",
    send=send,
    repeatable=True,
    limit="confirmShipment",
)
