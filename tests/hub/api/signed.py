"""Events as ChannelAdvisor sends and signs them (ChannelAdvisor API reference, A10)."""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import Any

SECRET = "a-webhook-secret-of-more-than-32-characters"


def event(number: int = 19918546, **changes: Any) -> dict[str, Any]:
    return {
        "EventID": f"0c7d1c0e-2b0b-4a53-9e0a-{number:012d}",
        "EventType": "order.created",
        "OccurredAtUtc": "2026-11-19T23:55:10Z",
        "ProfileID": 12345678,
        "Entity": {"Type": "Order", "ID": number, "Version": 1, "Href": f"/v2/orders/{number}"},
        "Data": {"ChannelAdvisorOrderID": number, "OrderID": "112-4455667-7788990", "OrderStatus": "New"},
        **changes,
    }


def signature(body: bytes, *, secret: str = SECRET, at: float | None = None) -> str:
    stamp = str(int(time.time() if at is None else at))
    return f"t={stamp},v1={hmac.new(secret.encode(), stamp.encode() + b'.' + body, hashlib.sha256).hexdigest()}"
