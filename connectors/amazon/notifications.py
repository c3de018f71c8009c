"""Notifications: what Amazon says has changed, from a queue or over HTTPS (Amazon SP-API reference, 14)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from connectors.amazon import markets, regions
from connectors.amazon.times import normalised
from connectors.errors import BadEventError, BadSignatureError
from connectors.notices import Event, Webhook, content_of

KEY_HEADER = "x-api-key"
"""The header in which the event bridge's API destination sends the connection's key."""
SHORTEST_KEY = 32
SETTLEMENT = "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"
ORDER_CHANGE, REPORT, FEED = "ORDER_CHANGE", "REPORT_PROCESSING_FINISHED", "FEED_PROCESSING_FINISHED"
LISTING, FULFILMENT = "LISTINGS_ITEM_STATUS_CHANGE", "FULFILLMENT_ORDER_STATUS"
_LONGEST = 80
Content = Mapping[str, Any]


def verify(settings: Mapping[str, str], headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    """The key of the connection must be in `x-api-key`. Raises BadSignatureError; without a key of 32 characters nothing is taken."""
    key = settings.get("eventbridge_key", "")
    if len(key) < SHORTEST_KEY:
        raise BadSignatureError("The connection has no key for its event bridge, or one of fewer than 32 characters.")
    if not hmac.compare_digest(key.encode(), headers.get(KEY_HEADER, "").encode("utf-8", "replace")):
        raise BadSignatureError("The key of this notification is not the connection's.")


def parse(settings: Mapping[str, str], body: bytes) -> Event:
    """The event of a notification, alone or inside an event of the event bridge; types that announce nothing to read have no stream.

    Raises BadEventError with words for what is malformed or belongs to another selling account.
    """
    outer = content_of(body)
    inner = _group(outer, "detail") or outer
    kind = _text(inner, "NotificationType")
    if not kind:
        raise BadEventError("NotificationType is missing.")
    payload = _group(inner, "Payload")
    if payload is None:
        raise BadEventError("Payload is missing or no group of fields.")
    about = _about(kind, payload)
    _ours(settings, about)
    stream, key = _READ[kind](settings, about) if kind in _READ else ("", "")
    metadata = _group(inner, "NotificationMetadata") or {}
    name = _text(metadata, "NotificationId") or _text(outer, "id") or hashlib.sha256(body).hexdigest()
    ticket = f"{_needed(about, 'feedId')}/" if kind == FEED else ""
    return Event(id=name, type=kind[:_LONGEST], stream=stream, key=key, occurred_at=_time(inner, about), ticket=ticket)


def _about(kind: str, payload: Content) -> Content:
    """The fields of a notification: inside a group named after its type where there is one, else in the payload itself."""
    named = kind.replace("_", "").lower() + "notification"
    found = _value(payload, named)
    if isinstance(found, dict):
        return found
    if found is not None:
        raise BadEventError(f"The details of {kind} are no group of fields.")
    return payload


def _ours(settings: Mapping[str, str], about: Content) -> None:
    """Sellers of one application may share a queue by mistake: whoever reads a foreign message would keep it from its owner."""
    seller, wanted = _text(about, "SellerId"), settings.get("seller_id", "")
    if seller and wanted and seller != wanted:
        raise BadEventError(f"This notification is for the selling account {seller[:40]}; give each connection a queue of its own.")


def _order(settings: Mapping[str, str], about: Content) -> tuple[str, str]:
    """Orders of marketplaces that the connection does not read are no news to it."""
    place = _text(_group(about, "Summary") or {}, "MarketplaceId")
    number = _needed(about, "AmazonOrderId")
    return ("", "") if place and place not in regions.chosen(settings) else ("orders", number)


def _time(inner: Content, about: Content) -> str:
    """When the order changed, else when that was told, which is later: in the form of an order's own time of change."""
    changed = _text(_group(about, "OrderChangeTrigger") or {}, "TimeOfOrderChange")
    return normalised(changed) or normalised(_text(inner, "EventTime"))


def _report(settings: Mapping[str, str], about: Content) -> tuple[str, str]:
    """Only settlements are records by the report's number; what other reports hold is found by the regular reading."""
    kind, number = _needed(about, "reportType"), _needed(about, "reportId")
    return ("settlements", number) if kind == SETTLEMENT and _text(about, "processingStatus").upper() == "DONE" else ("", "")


def _listing(settings: Mapping[str, str], about: Content) -> tuple[str, str]:
    read = regions.chosen(settings)
    place, sku = _text(about, "MarketplaceId") or read[0], _needed(about, "Sku")
    return ("", "") if place not in read else ("listings", markets.key(place, sku))


def _fulfilment(settings: Mapping[str, str], about: Content) -> tuple[str, str]:
    return "fulfilment_packages", _needed(about, "SellerFulfillmentOrderId")


_READ: Mapping[str, Callable[[Mapping[str, str], Content], tuple[str, str]]] = {
    ORDER_CHANGE: _order,
    REPORT: _report,
    LISTING: _listing,
    # Amazon's published schema spells the type this way, its documentation the other.
    f"{LISTING}D": _listing,
    FULFILMENT: _fulfilment,
}


def _value(content: Content, name: str) -> Any:
    """A field whatever its spelling: Amazon writes PascalCase in some notifications and camelCase in others."""
    wanted = name.lower()
    return next((value for key, value in content.items() if isinstance(key, str) and key.lower() == wanted), None)


def _group(content: Content, name: str) -> Content | None:
    found = _value(content, name)
    return found if isinstance(found, dict) else None


def _text(content: Content, name: str) -> str:
    found = _value(content, name)
    return found.strip() if isinstance(found, str) else ""


def _needed(about: Content, name: str) -> str:
    found = _text(about, name)
    if not found:
        raise BadEventError(f"{name} is missing or no text.")
    return found


WEBHOOK = Webhook(verify=verify, parse=lambda settings, headers, body: parse(settings, body))
"""From the event bridge's API destination; people paste the address and the key there."""
