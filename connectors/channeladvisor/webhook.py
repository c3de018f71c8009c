"""ChannelAdvisor's webhooks: who really sent them, which order they speak of, and how to ask for them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.channeladvisor.client import rows_of
from connectors.channeladvisor.times import normalised
from connectors.errors import BadEventError, BadSignatureError, RejectedError
from connectors.http import JsonClient
from connectors.notices import Event, Webhook, content_of

WINDOW = 300
LONGEST_NAME = 100
_ALGORITHMS = {"hmac-sha256": hashlib.sha256, "hmac-sha512": hashlib.sha512, "hmac-sha1": hashlib.sha1}
_ORDER_EVENTS = ["order.created", "order.updated", "order.cancelled"]
_PUBLISHED_EVENTS = [
    "PaymentCleared", "SellerManagedOrderPaymentCleared", "SellerFulfillmentStatusChanged",
    "ExternalFulfillmentStatusChanged", "CancellationStarted", "CancellationFinalized", "RefundStarted", "RefundFinalized",
]  # fmt: skip


def verify(settings: Mapping[str, str], headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    """Raises BadSignatureError unless the body was signed with our secret within the last five minutes.

    v2: `X-ChannelAdvisor-Signature: t=<seconds>,v1=<hex>`, several `v1` while a secret is replaced (ChannelAdvisor API reference, A10).
    The published API keeps its signature private (B7), so that everything about it is a setting.
    """
    secret = settings.get("webhook_secret", "")
    if not secret:
        raise BadSignatureError("This connection has no webhook secret, so that nothing can be verified.")
    if settings.get("dialect") == "rest-v1":
        _verify_published(settings, headers, body, now, secret.encode())
    else:
        _verify_v2(headers, body, now, secret.encode())


def parse(settings: Mapping[str, str], headers: Mapping[str, str], body: bytes) -> Event:
    """The event of a body. Raises BadEventError with words when it is none."""
    content = content_of(body)
    return _published_event(headers, body, content) if settings.get("dialect") == "rest-v1" else _v2_event(headers, body, content)


def subscribe(client: JsonClient, url: str, secret: str) -> str:
    """Creates the subscription for this address or renews the existing one; answers its id."""
    published = client.settings.get("dialect") == "rest-v1"
    path, address, rows = ("v1/Webhooks", "WebhookUri", "value") if published else ("v2/webhooks", "Url", "Data")
    events = _PUBLISHED_EVENTS if published else _ORDER_EVENTS
    wanted = {"Name": "Throughline", address: url, "EventTypes": events, "SigningSecret": secret, "Status": "Enabled"}
    known = [
        row
        for row in rows_of(client.get(path), rows)
        if isinstance(row, dict) and row.get(address) == url and row.get("Status") != "Deleted"
    ]
    if known:
        number = str(known[0].get("ID"))
        client.call("PATCH" if published else "PUT", f"{path}({number})" if published else f"{path}/{number}", body=wanted, safe=True)
        return number
    made = client.call("POST", path, body=wanted).body
    if not isinstance(made, dict) or not made.get("ID"):
        raise RejectedError("ChannelAdvisor did not answer with the id of the new webhook subscription.")
    return str(made["ID"])


def _verify_v2(headers: Mapping[str, str], body: bytes, now: datetime, secret: bytes) -> None:
    parts = [part.strip().partition("=") for part in headers.get("x-channeladvisor-signature", "").split(",")]
    stamp = next((value for name, _, value in parts if name == "t"), "")
    given = [value for name, _, value in parts if name == "v1"][:10]
    _within_window(stamp, now)
    expected = hmac.new(secret, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    if not any([hmac.compare_digest(expected.encode(), one.encode("utf-8", "replace")) for one in given]):  # noqa: C419 - compares all
        raise BadSignatureError("The signature of this webhook is not ours.")


def _verify_published(settings: Mapping[str, str], headers: Mapping[str, str], body: bytes, now: datetime, secret: bytes) -> None:
    algorithm = _ALGORITHMS.get(settings.get("webhook_algorithm") or "hmac-sha256")
    if algorithm is None:
        raise BadSignatureError("The connection names a signature algorithm that is not known.")
    stamp_header = settings.get("webhook_timestamp_header", "").lower()
    signed = body
    if stamp_header:
        stamp = headers.get(stamp_header, "")
        _within_window(stamp, now)
        signed = stamp.encode() + b"." + body
    given = headers.get((settings.get("webhook_header") or "x-channeladvisor-signature").lower(), "").strip()
    given = given.removeprefix(settings.get("webhook_prefix", ""))
    expected = hmac.new(secret, signed, algorithm).digest()
    if not hmac.compare_digest(expected, _decoded(given, settings.get("webhook_encoding") or "base64")):
        raise BadSignatureError("The signature of this webhook is not ours.")


def _within_window(stamp: str, now: datetime) -> None:
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise BadSignatureError("The signature of this webhook carries no time.")
    if abs(now.timestamp() - int(stamp)) > WINDOW:
        raise BadSignatureError("The signature of this webhook is more than five minutes away from now.")


def _decoded(given: str, encoding: str) -> bytes:
    try:
        return bytes.fromhex(given) if encoding == "hex" else base64.b64decode(given, validate=True)
    except (ValueError, binascii.Error):
        return b""


def _v2_event(headers: Mapping[str, str], body: bytes, content: dict[str, Any]) -> Event:
    kind = _short(content.get("EventType")) or _short(headers.get("x-channeladvisor-event"))
    if not kind:
        raise BadEventError("EventType is missing.")
    key = ""
    if kind.startswith("order."):
        entity = content.get("Entity")
        key = _number(entity.get("ID") if isinstance(entity, dict) else None)
        if not key:
            raise BadEventError("Entity.ID is not an order number.")
    return Event(
        id=_short(content.get("EventID")) or hashlib.sha256(body).hexdigest(),
        type=kind,
        stream="orders" if key else "",
        key=key,
        occurred_at=normalised(content.get("OccurredAtUtc")),
    )


def _published_event(headers: Mapping[str, str], body: bytes, content: dict[str, Any]) -> Event:
    """The body holds the complete order, alone or inside `Order`, `Value` or `Data` (ChannelAdvisor API reference, B7)."""
    inner = next((content[name] for name in ("Order", "Value", "Data") if isinstance(content.get(name), dict)), content)
    key = _number(inner.get("ID"))
    kind = _short(content.get("EventType")) or _short(headers.get("x-channeladvisor-event")) or ("order" if key else "")
    if not key and (not kind or kind in _PUBLISHED_EVENTS):
        raise BadEventError("ID is not an order number.")
    event = _short(content.get("EventID")) or _short(headers.get("x-channeladvisor-delivery")) or hashlib.sha256(body).hexdigest()
    return Event(id=event, type=kind, stream="orders" if key else "", key=key, occurred_at=normalised(inner.get("UpdatedDateUtc")))


def _short(value: Any) -> str:
    return value.strip()[:LONGEST_NAME] if isinstance(value, str) else ""


def _number(value: Any) -> str:
    """An order number as text; empty when it is none."""
    written = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    return written if isinstance(written, str) and written.isascii() and written.isdigit() and len(written) <= 18 else ""


WEBHOOK = Webhook(verify=verify, parse=parse, subscribe=subscribe)
