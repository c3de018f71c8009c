"""Webhooks of TIMS: signature, events, the challenge, and subscribing (TIMS contract 1.8)."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from connectors.errors import BadEventError, BadSignatureError, RejectedError
from connectors.http import JsonClient
from connectors.notices import Event, content_of

TOLERANCE = 300
DAYS = timedelta(days=29)
STREAMS = {"item": "items", "customer": "customers", "sales_order": "sales_orders", "shipment": "packages"}
EVENTS = (
    "item.created", "item.updated", "item.discontinued", "customer.updated", "customer.merged", "sales_order.created",
    "sales_order.status_changed", "sales_order.line_cancelled", "shipment.created", "shipment.updated", "shipment.voided",
)  # fmt: skip
TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{1,200}")


def verify(settings: Mapping[str, str], headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    """HMAC-SHA256 over timestamp, point and raw body; at most 300 s old. Raises BadSignatureError."""
    secret = settings.get("webhook_secret", "")
    stamp, given = headers.get("x-tims-timestamp", ""), headers.get("x-tims-signature", "")
    if not secret:
        raise BadSignatureError("The connection has no webhook secret.")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 16):
        raise BadSignatureError("X-TIMS-Timestamp is missing or no number.")
    if abs(now.timestamp() - int(stamp)) > TOLERANCE:
        raise BadSignatureError("X-TIMS-Timestamp is too far from now.")
    expected = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(f"sha256={expected}".encode(), given.encode("utf-8", "replace")):
        raise BadSignatureError("X-TIMS-Signature does not fit the body.")


def parse(settings: Mapping[str, str], headers: Mapping[str, str], body: bytes) -> Event:
    """The event; unknown kinds have no stream. Raises BadEventError."""
    event = content_of(body)
    entity = event.get("Entity")
    entity = entity if isinstance(entity, dict) else {}
    stream = STREAMS.get(str(entity.get("Type")), "")
    key = entity.get("ID")
    if stream and not (isinstance(key, str) and 0 < len(key) <= 100):
        raise BadEventError("Entity.ID is missing or no text.")
    if stream == "packages" and _being_packed(event):
        # Nothing is read of a shipment that is still in the house: another event tells when it leaves.
        stream = ""
    event_id = _text(event, "ID") or headers.get("x-tims-delivery", "") or hashlib.sha256(body).hexdigest()
    kind = _text(event, "Type") or headers.get("x-tims-event", "") or "unknown"
    return Event(
        id=event_id[:200], type=kind[:100], stream=stream, key=str(key) if stream else "", occurred_at=_text(event, "OccurredAt")[:40]
    )


def _being_packed(event: Mapping[str, Any]) -> bool:
    about = event.get("Data")
    return isinstance(about, dict) and about.get("Status") in ("Open", "Packed")


def _text(event: Mapping[str, Any], name: str) -> str:
    value = event.get(name)
    return value if isinstance(value, str) else ""


def challenge(settings: Mapping[str, str], query: Mapping[str, str]) -> str | None:
    """The validation token to answer as plain text, None when the call is no handshake or the token looks like anything else."""
    token = query.get("validation_token", "")
    return token if TOKEN.fullmatch(token) else None


def subscribe(client: JsonClient, url: str, secret: str) -> str:
    """Creates the subscription, or renews the one of this address for 29 days. Answers its id. Raises ConnectorError."""
    server_time = datetime.fromisoformat(client.get("api/v1/ping")["ServerTime"])
    wish = {"Url": url, "Events": list(EVENTS), "Secret": secret, "Active": True, "ExpiresAt": (server_time + DAYS).isoformat()}
    for held in client.get("api/v1/webhooks").get("Data") or ():
        if held.get("Url") == url:
            client.call("PATCH", f"api/v1/webhooks/{held['ID']}", body=wish, safe=True)
            return str(held["ID"])
    answer = client.call("POST", "api/v1/webhooks", body=wish).body
    if not isinstance(answer, dict) or not answer.get("ID"):
        raise RejectedError("TIMS did not say under which id it stored the subscription.", code="no_id")
    return str(answer["ID"])
