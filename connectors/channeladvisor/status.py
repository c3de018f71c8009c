"""Derives the one status of v2 from the several of the published API (ChannelAdvisor API reference, C3 and C4)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors.channeladvisor.lines import cancelled, is_final, lines_of
from connectors.channeladvisor.values import money, objects, text, whole

HOLD_FLAG = "Throughline hold"
"""How a held order is flagged where the API has no status of that name (`FlagDescription`)."""
_AMOUNTS = (
    "ItemAdjustment", "TaxAdjustment", "ShippingAdjustment", "ShippingTaxAdjustment",
    "GiftWrapAdjustment", "GiftWrapTaxAdjustment", "RecyclingFeeAdjustment",
)  # fmt: skip
_OPEN_CHECKOUT = ("NotVisited", "Visited")


def order_status(order: Mapping[str, Any], *, exported: bool) -> str:
    """The first row of the table that fits."""
    shipping, checkout = text(order.get("ShippingStatus")), text(order.get("CheckoutStatus"))
    if shipping == "Canceled" or _all_cancelled(order):
        return "Cancelled"
    if shipping == "ThirdPartyManaged" and order.get("DistributionCenterTypeRollup") == "ExternallyManaged":
        return "Shipped" if _any_complete(order) else "Pending"
    if shipping in ("Shipped", "PartiallyShipped"):
        return shipping
    if checkout == "OnHold" or text(order.get("FlagDescription")).startswith(HOLD_FLAG):
        return "OnHold"
    if order.get("PaymentStatus") != "Cleared" or checkout in _OPEN_CHECKOUT:
        return "Pending"
    return "Acknowledged" if exported else "New"


def payment_status(order: Mapping[str, Any]) -> str | None:
    """The payment status, turned into a refund status when completed refunds exist."""
    refunded = _refunded(order)
    if refunded <= 0:
        return text(order.get("PaymentStatus")) or None
    return "Refunded" if refunded >= money(order.get("TotalPrice")) - Decimal("0.01") else "PartiallyRefunded"


def _all_cancelled(order: Mapping[str, Any]) -> bool:
    lines = list(lines_of(order))
    return bool(lines) and all(cancelled(one) >= whole(one.get("Quantity")) for one in lines)


def _any_complete(order: Mapping[str, Any]) -> bool:
    return any(each.get("DeliveryStatus") == "Complete" for each in objects(order.get("Fulfillments")))


def _refunded(order: Mapping[str, Any]) -> Decimal:
    adjustments = [*objects(order.get("Adjustments")), *(each for one in lines_of(order) for each in objects(one.get("Adjustments")))]
    return sum(
        (abs(money(each.get(name))) for each in adjustments if each.get("Type") == "Refund" and is_final(each) for name in _AMOUNTS),
        Decimal(0),
    )
