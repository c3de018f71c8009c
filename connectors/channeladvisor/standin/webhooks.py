"""Subscriptions of both dialects, and the signed events that are really sent."""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from connectors.base import Payload
from connectors.channeladvisor.standin.published import published
from connectors.channeladvisor.standin.routes import ROUTES
from connectors.channeladvisor.standin.writes import invalid
from connectors.sandbox import Refusal, Request, Response, Row, Sending, reply
from connectors.wire import encode

if TYPE_CHECKING:
    from connectors.channeladvisor.sandbox import ChannelAdvisorSandbox

KIND = "subscription"
SHORTEST_SECRET = 32
STATES = ("Enabled", "Disabled", "Suspended", "Deleted")
_PUBLISHED_NAMES = {"order.created": "PaymentCleared", "order.cancelled": "CancellationFinalized"}


def announce(box: ChannelAdvisorSandbox, event: str, order: Payload) -> None:
    """Queues the event for every enabled subscription of the order's profile; the published API has fewer events (B7)."""
    for row in box.book.rows(KIND):
        if row["Status"] != "Enabled" or row["ProfileID"] != order["ProfileID"]:
            continue
        kind = event if row["Dialect"] == "v2" else _published_name(event, order)
        if kind in row["EventTypes"]:
            number = str(uuid.UUID(int=box.random.getrandbits(128), version=4))
            box.webhooks.announce(row["Url"], _content(box, row, kind, number, order), id=number, Subscription=row["ID"], Event=kind)


def sign(box: ChannelAdvisorSandbox, sending: Sending, now: datetime) -> dict[str, str]:
    """v2: `t=…,v1=<hex>`; published: base64 of HMAC-SHA256 over the body."""
    row = box.book.get(KIND, str(sending.about["Subscription"])) or {}
    secret = str(row.get("SigningSecret", "")).encode()
    if row.get("Dialect") == "v2":
        stamp = str(int(now.timestamp()))
        signature = f"t={stamp},v1={hmac.new(secret, stamp.encode() + b'.' + sending.body, hashlib.sha256).hexdigest()}"
    else:
        signature = base64.b64encode(hmac.new(secret, sending.body, hashlib.sha256).digest()).decode()
    return {
        "X-ChannelAdvisor-Event": str(sending.about["Event"]),
        "X-ChannelAdvisor-Delivery": sending.id,
        "X-ChannelAdvisor-Attempt": str(sending.attempt),
        "X-ChannelAdvisor-Signature": signature,
    }


def suspend(box: ChannelAdvisorSandbox, subscription: str) -> None:
    """The vendor stops sending after the last failed attempt."""
    row = box.book.get(KIND, subscription)
    if row:
        box.book.put(KIND, subscription, {**row, "Status": "Suspended"})


@ROUTES.on("GET", "/v2/webhooks")
def subscriptions(box: ChannelAdvisorSandbox, request: Request) -> Response:
    """All subscriptions of the profile; the secret is never shown."""
    return reply({"Data": [_shown(row) for row in box.book.rows(KIND) if _visible(row, request, "v2")]})


@ROUTES.on("POST", "/v2/webhooks")
def subscribe(box: ChannelAdvisorSandbox, request: Request) -> Response:
    """A new subscription."""
    return reply(_shown(_stored(box, request, {"Dialect": "v2", "ProfileID": request.principal.profile})), 201)


@ROUTES.on("PUT", "/v2/webhooks/{number}")
def renew(box: ChannelAdvisorSandbox, request: Request) -> Response:
    """Changes a subscription."""
    return reply(_shown(_stored(box, request, _one(box, request, "v2"))))


@ROUTES.on("DELETE", "/v2/webhooks/{number}")
def end(box: ChannelAdvisorSandbox, request: Request) -> Response:
    """Ends a subscription."""
    row = _one(box, request, "v2")
    box.book.delete(KIND, row["ID"])
    return reply(status=204)


@ROUTES.on("POST", "/v2/webhooks/{number}/test")
def test(box: ChannelAdvisorSandbox, request: Request) -> Response:
    """Sends `webhook.test`."""
    row = _one(box, request, "v2")
    number = str(uuid.UUID(int=box.random.getrandbits(128), version=4))
    body = encode({"EventID": number, "EventType": "webhook.test", "OccurredAtUtc": box.stamp(), "ProfileID": row["ProfileID"]})
    box.webhooks.announce(row["Url"], body, id=number, Subscription=row["ID"], Event="webhook.test")
    return reply(status=204)


@ROUTES.on("GET", "/v1/Webhooks")
def published_subscriptions(box: ChannelAdvisorSandbox, request: Request) -> Response:
    """The published form of the list."""
    return reply({"value": [_published_form(row) for row in box.book.rows(KIND) if _visible(row, request, "rest-v1")]})


@ROUTES.on("POST", "/v1/Webhooks")
def published_subscribe(box: ChannelAdvisorSandbox, request: Request) -> Response:
    """The published form of a new subscription."""
    return reply(_published_form(_stored(box, request, {"Dialect": "rest-v1", "ProfileID": request.principal.profiles[0]})), 201)


@ROUTES.on("PATCH", "/v1/Webhooks({number})")
def published_renew(box: ChannelAdvisorSandbox, request: Request) -> Response:
    """The published form of a change."""
    _stored(box, request, _one(box, request, "rest-v1"))
    return reply(status=204)


def _stored(box: ChannelAdvisorSandbox, request: Request, row: Row) -> Row:
    body = request.json()
    address = body.get("Url") or body.get("WebhookUri") or row.get("Url", "")
    parts = urlsplit(str(address))
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1")):
        raise invalid("Url", "invalid_url", "Url must be https; http only on the loopback address.")
    secret = body.get("SigningSecret") or row.get("SigningSecret", "")
    if len(secret) < SHORTEST_SECRET:
        raise invalid("SigningSecret", "min_length", f"SigningSecret needs at least {SHORTEST_SECRET} characters.")
    status = body.get("Status") or row.get("Status") or "Enabled"
    if status not in STATES:
        raise invalid("Status", "enum", f"Status must be one of {', '.join(STATES)}.")
    number = row.get("ID") or str(box.book.next_number("subscription", 7001))
    kinds = body.get("EventTypes") or row.get("EventTypes") or []
    made = {**row, "ID": number, "Name": body.get("Name") or row.get("Name", ""), "Url": address, "EventTypes": kinds}
    box.book.put(KIND, number, {**made, "SigningSecret": secret, "Status": status})
    return {**made, "Status": status}


def _one(box: ChannelAdvisorSandbox, request: Request, dialect: str) -> Row:
    row = box.book.get(KIND, request.params["number"])
    if row is None or not _visible(row, request, dialect):
        raise Refusal(404, "not_found", "There is no such subscription.")
    return row


def _visible(row: Row, request: Request, dialect: str) -> bool:
    return row["Dialect"] == dialect and row["ProfileID"] in request.principal.profiles


def _shown(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in ("SigningSecret", "Dialect")}


def _published_form(row: Row) -> Row:
    return {"ID": int(row["ID"]), "Name": row["Name"], "Status": row["Status"], "WebhookUri": row["Url"], "EventTypes": row["EventTypes"]}


def _published_name(event: str, order: Payload) -> str:
    if event == "shipment.status_changed":
        return "SellerFulfillmentStatusChanged"
    return _PUBLISHED_NAMES.get(event, "")


def _content(box: ChannelAdvisorSandbox, row: Row, kind: str, number: str, order: Payload) -> bytes:
    if row["Dialect"] != "v2":
        return encode(published(order))
    at: dict[str, Any] = {"EventID": number, "EventType": kind, "OccurredAtUtc": order["UpdatedDateUtc"], "ProfileID": order["ProfileID"]}
    key = order["ChannelAdvisorOrderID"]
    if kind.startswith("shipment."):
        last = max(order["_Shipments"], key=lambda one: str(one["UpdatedDateUtc"]))
        at["Entity"] = {
            "Type": "Shipment",
            "ID": last["ShipmentID"],
            "Version": last["Version"],
            "Href": f"/v2/shipping?channel_advisor_order_id={key}",
        }
        return encode({**at, "Data": {name: last[name] for name in ("ChannelAdvisorOrderID", "SellerShipmentID", "MarketplaceStatus")}})
    about = {"Type": "Order", "ID": key, "Version": order["Version"], "Href": f"/v2/orders/{key}"}
    short = {name: order.get(name) for name in ("ChannelAdvisorOrderID", "OrderID", "OrderStatus")}
    return encode({**at, "Entity": about, "Data": short})
