"""Personal data on its way to a TIMS that is not production (TIMS contract 11): replaced, the same input always by the same mask."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from connectors.base import Payload

PHONE = "+10000000000"
STREET = "1 Masked Street"
POSTAL_CODE_KEPT = 3
FREE_TEXT = frozenset({"Notes", "BuyerNotes", "GiftMessage", "Comment", "TaxID"})
PHONES = frozenset({"Phone", "MobilePhone"})
ADDRESSES = frozenset({"ShippingAddress", "BillingAddress", "Addresses"})


def mask_for_test(payload: Payload) -> Payload:
    """A copy of a sales order or customer without personal data; city, state, country and the postal code's beginning stay."""
    masked = _masked(payload, address=False)
    if payload.get("LastName") or payload.get("FirstName"):
        masked["FirstName"] = "Buyer"
        masked["LastName"] = _hex(f"{payload.get('FirstName') or ''} {payload.get('LastName') or ''}", 6)
    return masked


def _masked(group: Mapping[str, Any], *, address: bool) -> Payload:
    return {name: _value(name, value, address=address) for name, value in group.items()}


def _value(name: str, value: Any, *, address: bool) -> Any:
    if isinstance(value, dict):
        return _masked(value, address=name in ADDRESSES)
    if isinstance(value, list):
        return [_masked(one, address=name in ADDRESSES) if isinstance(one, dict) else one for one in value]
    return _text(name, value, address=address) if isinstance(value, str) and value else value


def _text(name: str, value: str, *, address: bool) -> str | None:
    if name == "Email":
        return f"masked+{_hex(value, 8)}@example.invalid"
    if name in PHONES:
        return PHONE
    if name in FREE_TEXT:
        return None
    if name == "CompanyName":
        return f"Company {_hex(value, 6)}"
    return _address_text(name, value) if address else value


def _address_text(name: str, value: str) -> str | None:
    if name == "Name":
        return f"Buyer {_hex(value, 6)}"
    if name == "AddressLine1":
        return STREET
    if name in ("AddressLine2", "AddressLine3"):
        return None
    return value[:POSTAL_CODE_KEPT] if name == "PostalCode" else value


def _hex(value: str, length: int) -> str:
    return hashlib.sha256(" ".join(value.casefold().split()).encode()).hexdigest()[:length]
