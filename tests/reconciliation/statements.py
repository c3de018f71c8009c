"""Settlement reports made to measure, in Amazon's V2 layout."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

COLUMNS = (
    "settlement-id", "settlement-start-date", "settlement-end-date", "deposit-date", "total-amount", "currency", "transaction-type",
    "order-id", "merchant-order-id", "adjustment-id", "shipment-id", "marketplace-name", "amount-type", "amount-description", "amount",
    "fulfillment-id", "posted-date", "posted-date-time", "order-item-code", "merchant-order-item-id", "merchant-adjustment-item-id", "sku",
    "quantity-purchased", "promotion-id",
)  # fmt: skip
ID = "26123456789"
POSTED = "2026-11-03 04:05:06 UTC"


def line(kind: str, amount: str, order: str = "", **cells: str) -> dict[str, str]:
    """One line such as `line("Order/ItemPrice/Principal", "10.00", "112-1")`."""
    transaction, amount_type, description = kind.split("/")
    values = {"transaction-type": transaction, "amount-type": amount_type, "amount-description": description, "amount": amount}
    values |= {"order-id": order, "merchant-order-id": order, "posted-date-time": POSTED, "fulfillment-id": "MFN" if order else ""}
    return values | {"marketplace-name": "Amazon.com" if order else ""} | {name.replace("_", "-"): value for name, value in cells.items()}


def sale(order: str, *, item: str = "1", sku: str = "TK-1", price: str = "40.00", commission: str = "-6.00") -> list[dict[str, str]]:
    """An order of one item, its tax kept by the marketplace."""
    about = {"order_item_code": item, "sku": sku, "quantity_purchased": "1"}
    return [
        line("Order/ItemPrice/Principal", price, order, **about),
        line("Order/ItemPrice/Tax", "3.12", order, **about),
        line("Order/ItemWithheldTax/MarketplaceFacilitatorTax-Principal", "-3.12", order, **about),
        line("Order/ItemFees/Commission", commission, order, **about),
    ]


def report(
    lines: Iterable[dict[str, str]], *, settlement: str = ID, total: str = "", currency: str = "USD", start: str = "2026-11-01",
    end: str = "2026-11-15",
) -> bytes:  # fmt: skip
    """The file; its total is what the lines come to unless given."""
    rows = list(lines)
    summary = {
        "settlement-start-date": f"{start} 00:00:00 UTC", "settlement-end-date": f"{end} 00:00:00 UTC",
        "deposit-date": f"{end[:-2]}{int(end[-2:]) + 2:02d} 00:00:00 UTC",
        "total-amount": total or str(sum((Decimal(row["amount"]) for row in rows), Decimal())), "currency": currency,
    }  # fmt: skip
    cells = ("\t".join({**row, "settlement-id": settlement}.get(name, "") for name in COLUMNS) for row in (summary, *rows))
    return "".join(f"{row}\n" for row in ("\t".join(COLUMNS), *cells)).encode()
