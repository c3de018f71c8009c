"""Orders that must not reach the ERP as they are: one thing wrong with each."""

from __future__ import annotations

from decimal import Decimal

from connectors.amazon.standin.markets import Market
from connectors.amazon.standin.order_lines import money
from connectors.amazon.standin.order_totals import add_up
from connectors.base import Payload

UNKNOWN_SKU = "unknown_sku"
MISSING_SKU = "missing_sku"
TOTALS_MISMATCH = "totals_mismatch"
PERSONAL_DATA_REMOVED = "personal_data_removed"
REASONS = (UNKNOWN_SKU, MISSING_SKU, TOTALS_MISMATCH, PERSONAL_DATA_REMOVED)


def spoil(order: Payload, reason: str, market: Market) -> None:
    """Makes an order fail for `reason`, in place."""
    line = order["orderItems"][0]
    if reason == UNKNOWN_SKU:
        line["product"]["sellerSku"] = f"ZZ-{order['orderId']}"
    elif reason == MISSING_SKU:
        del line["product"]["sellerSku"]
    elif reason == TOTALS_MISMATCH:
        total = Decimal(line["proceeds"]["proceedsTotal"]["amount"]) + 700
        line["proceeds"]["proceedsTotal"] = money(total, market)
        # The order's total follows: what it is made of tells another story.
        add_up(order, market)
    else:
        order.pop("buyer", None)
        order.pop("recipient", None)
