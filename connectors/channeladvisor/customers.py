"""The customer behind an order: a stable key without personal data in clear, and the stream that is derived from orders."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from connectors.base import Payload, Record, Summary
from connectors.channeladvisor.times import normalised

_NAMES = ("FirstName", "LastName")


def customer_key(order: Payload) -> str:
    """`<SiteID>-` and 20 hex characters that name the buyer of a v2 order.

    The same buyer is known by the marketplace's user id, else the e-mail (an alias address is stable per buyer), else phone, last name
    and postal code together, else only by this order.
    """
    marketplace = _group(order, "Marketplace")
    return f"{marketplace.get('SiteID') or 0}-{hashlib.sha256(_identity(order).encode()).hexdigest()[:20]}"


def derive(order: Payload) -> Record | None:
    """The customer of an order, None where the personal data was removed: blanks must never overwrite what is known.

    The version is the order's time of change, since versions of two orders of one buyer cannot be compared.
    """
    info = _group(order, "CustomerInfo")
    if not info or order.get("PersonalDataRemoved"):
        return None
    shipping, billing = _group(order, "ShippingAddress"), _group(order, "BillingAddress")
    names = {name: info.get(name) or shipping.get(name) or "" for name in _NAMES}
    key = str(info.get("CustomerKey") or customer_key(order))
    payload = {
        "CustomerKey": key,
        "UserID": info.get("UserID") or "",
        "SiteID": _group(order, "Marketplace").get("SiteID"),
        **names,
        "CompanyName": info.get("CompanyName") or shipping.get("CompanyName") or "",
        "Email": info.get("Email") or "",
        "Phone": info.get("Phone") or shipping.get("Phone") or "",
        "EmailOptIn": bool(info.get("EmailOptIn")),
        "Currency": order.get("Currency") or "",
        "ShippingAddress": shipping or None,
        "BillingAddress": billing or None,
        "PersonalDataRemoved": False,
    }
    return Record(key=key, payload=payload, version=normalised(order.get("UpdatedDateUtc")))


def summary(customer: Payload) -> Summary:
    """Where the buyer bought and how the key begins: `Buyer at site 640, ec3552…`. The name is nothing for a list."""
    site, _, name = str(customer.get("CustomerKey") or "").rpartition("-")
    return Summary(title=f"Buyer at site {customer.get('SiteID') or site or '?'}, {name[:8]}…")


def _identity(order: Payload) -> str:
    info, shipping = _group(order, "CustomerInfo"), _group(order, "ShippingAddress")
    user, mail = _folded(info.get("UserID")), _folded(info.get("Email"))
    if user:
        return f"user {user}"
    if mail:
        return f"mail {mail}"
    phone = re.sub(r"\D", "", _folded(info.get("Phone")) or _folded(shipping.get("Phone")))
    name, postal = _folded(info.get("LastName")) or _folded(shipping.get("LastName")), _folded(shipping.get("PostalCode"))
    if phone and name and postal:
        return f"person {phone} {name} {postal.replace(' ', '')}"
    return f"order {order.get('ChannelAdvisorOrderID')}"


def _folded(value: Any) -> str:
    return value.strip().casefold() if isinstance(value, str) else ""


def _group(order: Payload, name: str) -> dict[str, Any]:
    found = order.get(name)
    return found if isinstance(found, dict) else {}
