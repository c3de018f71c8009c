"""Webhook subscriptions and the events that go to them."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import requests

from connectors.sandbox import Refusal, Request, Response, Router, Row, Sandbox, Sending, reply, rfc3339
from connectors.tims.standin.checks import flaw, refuse
from connectors.tims.standin.documents import load, public
from connectors.wire import encode

EVENTS_ROUTES = Router()
MOST_DAYS = 30
EVENTS = frozenset(
    {
        "inventory.quantity_changed",
        "item.created",
        "item.updated",
        "item.discontinued",
        "price.changed",
        "discount_code.changed",
        "customer.updated",
        "customer.merged",
        "sales_order.created",
        "sales_order.status_changed",
        "sales_order.line_cancelled",
        "shipment.created",
        "shipment.updated",
        "shipment.voided",
        "invoice.posted",
        "credit_memo.posted",
        "payment.posted",
        "gl_entry.posted",
    }
)
MEMBERS = frozenset({"Url", "Events", "Secret", "Active", "ExpiresAt"})


def announce(box: Sandbox, event: str, entity: tuple[str, str, str], version: int, about: dict[str, Any]) -> None:
    """Queues an event for every active subscription; `entity` is type, id and path below /api/v1/."""
    now = rfc3339(box.now())
    takers = [one for one in box.book.rows("webhooks") if one["Active"] and event in one["Events"] and one["ExpiresAt"] > now]
    if not takers:
        return
    kind, key, path = entity
    event_id = f"evt_{box.book.next_number('event'):012d}"
    told = {"Type": kind, "ID": key, "Version": version, "Href": f"/api/v1/{path}"}
    body = encode({"ID": event_id, "Type": event, "OccurredAt": now, "Company": "MAIN", "Entity": told, "Data": about})
    for one in takers:
        box.webhooks.announce(one["Url"], body, id=event_id, type=event, subscription=one["ID"])


def signed(box: Sandbox, sending: Sending, now: datetime) -> dict[str, str]:
    """The four X-TIMS headers of one attempt."""
    subscription = box.book.get("webhooks", sending.about["subscription"]) or {}
    moment = str(int(now.timestamp()))
    mac = hmac.new(str(subscription.get("_Secret", "")).encode(), moment.encode() + b"." + sending.body, hashlib.sha256).hexdigest()
    return {
        "X-TIMS-Event": sending.about["type"],
        "X-TIMS-Delivery": sending.id,
        "X-TIMS-Timestamp": moment,
        "X-TIMS-Signature": f"sha256={mac}",
    }


@EVENTS_ROUTES.on("GET", "/api/v1/webhooks")
def listed(box: Sandbox, request: Request) -> Response:
    """All subscriptions; secrets are never shown."""
    return reply(
        {"Data": [public(row) for row in box.book.rows("webhooks")], "Paging": {"Limit": 200, "HasMore": False, "NextCursor": None}}
    )


@EVENTS_ROUTES.on("POST", "/api/v1/webhooks")
def subscribe(box: Sandbox, request: Request) -> Response:
    """Creates a subscription once the receiver has answered the challenge."""
    row = _checked(box, request.json(), {"Active": True})
    number = f"WH-{box.book.next_number('webhooks_id', 1001)}"
    row = {"ID": number, **row}
    _challenge(row["Url"])
    box.book.put("webhooks", number, row)
    return reply(public(row), 201, {"Location": f"/api/v1/webhooks/{number}"})


@EVENTS_ROUTES.on("PATCH", "/api/v1/webhooks/{webhook_id}")
def renew(box: Sandbox, request: Request) -> Response:
    """Changes a subscription; a later `ExpiresAt` renews it."""
    old = load(box, "webhooks", request.params["webhook_id"], "Webhook")
    row = {**old, **_checked(box, request.json(), old)}
    if row["Url"] != old["Url"]:
        _challenge(row["Url"])
    box.book.put("webhooks", row["ID"], row)
    return reply(public(row))


@EVENTS_ROUTES.on("DELETE", "/api/v1/webhooks/{webhook_id}")
def unsubscribe(box: Sandbox, request: Request) -> Response:
    """Ends a subscription."""
    box.book.delete("webhooks", load(box, "webhooks", request.params["webhook_id"], "Webhook")["ID"])
    return Response(status=204)


@EVENTS_ROUTES.on("POST", "/api/v1/webhooks/{webhook_id}/test")
def test_event(box: Sandbox, request: Request) -> Response:
    """Sends `webhook.test` to one subscription."""
    row = load(box, "webhooks", request.params["webhook_id"], "Webhook")
    event_id = f"evt_{box.book.next_number('event'):012d}"
    body = encode({"ID": event_id, "Type": "webhook.test", "OccurredAt": rfc3339(box.now()), "Company": "MAIN", "Entity": None, "Data": {}})
    box.webhooks.announce(row["Url"], body, id=event_id, type="webhook.test", subscription=row["ID"])
    return reply({"ID": event_id}, 202)


def _checked(box: Sandbox, wish: Any, old: Row) -> Row:
    flaws = [flaw(name, "unknown_field", "This member is not known.") for name in wish if name not in MEMBERS]
    url, events = wish.get("Url", old.get("Url")), wish.get("Events", old.get("Events"))
    parts = urlsplit(str(url or ""))
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost"):
        flaws.append(flaw("Url", "invalid_format", "An https address is required."))
    if not events or not isinstance(events, list) or set(events) - EVENTS:
        flaws.append(flaw("Events", "invalid_choice", "One or more of the known events."))
    if len(str(wish.get("Secret", old.get("_Secret", "")))) < 16:
        flaws.append(flaw("Secret", "required", "A secret of at least 16 characters."))
    latest = box.now() + timedelta(days=MOST_DAYS)
    expires = _moment(wish["ExpiresAt"]) if wish.get("ExpiresAt") else latest
    if expires is None or expires > latest + timedelta(minutes=1):
        flaws.append(flaw("ExpiresAt", "max_value", "At most 30 days ahead."))
    refuse("webhook", flaws)
    fixed = {"Url": url, "Events": events, "Active": bool(wish.get("Active", old.get("Active", True)))}
    keeps = old.get("ExpiresAt") if "ExpiresAt" not in wish else None
    return {**fixed, "ExpiresAt": keeps or rfc3339(expires or latest), "_Secret": str(wish.get("Secret", old.get("_Secret", "")))}


def _moment(text: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _challenge(url: str) -> None:
    token = secrets.token_hex(16)
    joint = "&" if "?" in url else "?"
    try:
        answer = requests.post(f"{url}{joint}validation_token={token}", timeout=5, allow_redirects=False)
        passed = answer.status_code == 200 and answer.text.strip() == token
    except requests.RequestException:
        passed = False
    if not passed:
        words = "The receiver must answer 200 with the validation_token as plain text."
        raise Refusal(422, "validation_failed", "The address did not answer the challenge.", Fields=[flaw("Url", "invalid_format", words)])
