"""Orders that must not reach the ERP as they are: one thing wrong with each."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from connectors.base import Payload

UNKNOWN_SKU = "unknown_sku"
UNMAPPED_CARRIER = "unmapped_carrier"
BAD_STATE = "bad_state"
TOTALS_MISMATCH = "totals_mismatch"
PERSONAL_DATA_REMOVED = "personal_data_removed"
REASONS = (UNKNOWN_SKU, UNMAPPED_CARRIER, BAD_STATE, TOTALS_MISMATCH, PERSONAL_DATA_REMOVED)

_KEPT_OF_AN_ADDRESS = ("City", "StateOrProvince", "StateOrProvinceName", "Country", "AddressType")


def spoil(order: Payload, reason: str) -> None:
    """Makes an order fail for `reason`, in place."""
    if reason == UNKNOWN_SKU:
        # Not a bundle: a bundle that the ERP does not know is sent as its components, and arrives.
        order["OrderItem"][0] |= {"SKU": f"ZZ-{order['ChannelAdvisorOrderID']}", "IsBundle": False, "BundleComponents": []}
    elif reason == UNMAPPED_CARRIER:
        order["ShippingMethod"] = {"Carrier": "DRONE", "Class": "ROOFTOP"}
    elif reason == BAD_STATE:
        order["ShippingAddress"].update({"StateOrProvince": "QQ", "City": "Springfield", "PostalCode": "99999", "Country": "US"})
    elif reason == TOTALS_MISMATCH:
        order["Totals"]["Grand"] += Decimal(7)
    else:
        forget(order)


def forget(order: Payload) -> None:
    """Removes names, addresses, phones and mail as the vendor does (`PersonalDataRemoved`)."""
    order["CustomerInfo"] = {name: False if name == "EmailOptIn" else "" for name in order["CustomerInfo"]}
    order["ShippingAddress"] = _blank(order["ShippingAddress"])
    order["BillingAddress"] = _blank(order["BillingAddress"]) if order.get("BillingAddress") else None
    order["PersonalDataRemoved"] = True
    order["PersonalDataRemovalDateUtc"] = order["OrderDate"]


def _blank(address: dict[str, Any]) -> dict[str, Any]:
    return {name: value if name in _KEPT_OF_AN_ADDRESS else "" for name, value in address.items()}
