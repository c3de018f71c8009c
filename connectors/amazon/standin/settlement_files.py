"""The text of a settlement report, version 2, as the marketplace's country writes dates and amounts. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.amazon.standin.markets import Market
from connectors.sandbox import Row

COLUMNS = (
    "settlement-id", "settlement-start-date", "settlement-end-date", "deposit-date", "total-amount", "currency", "transaction-type",
    "order-id", "merchant-order-id", "adjustment-id", "shipment-id", "marketplace-name", "amount-type", "amount-description", "amount",
    "fulfillment-id", "posted-date", "posted-date-time", "order-item-code", "merchant-order-item-id", "merchant-adjustment-item-id", "sku",
    "quantity-purchased", "promotion-id",
)  # fmt: skip
"""In Amazon's order (Amazon SP-API reference, 12.1)."""
_DATES = {"NA": "%Y-%m-%d", "EU": "%d.%m.%Y", "FE": "%Y/%m/%d"}
_CHARSETS = {"NA": "utf-8", "EU": "cp1252", "FE": "cp932"}
ADVERTISING = "Cost of Advertising"
_TYPES = {"Shipment": "Order", "Refund": "Refund"}


def written(
    *, number: str, start: datetime, end: datetime, deposit: datetime, total: Decimal, lines: Iterable[Row], market: Market
) -> bytes:
    """The file: header, the settlement's own row, a row per amount. A character that the charset lacks becomes a question mark."""
    own = {
        "settlement-id": number,
        "settlement-start-date": _moment(start, market),
        "settlement-end-date": _moment(end, market),
        "deposit-date": _moment(deposit, market),
        "total-amount": _amount(total, market),
        "currency": market.currency,
    }
    rows = [dict(zip(COLUMNS, COLUMNS, strict=True)), own, *({"settlement-id": number, **one} for one in lines)]
    text = "".join("\t".join(str(row.get(name, "")) for name in COLUMNS) + "\n" for row in rows)
    return text.encode(_CHARSETS[market.region], "replace")


def lines_of(row: Row, market: Market, posted: datetime) -> Iterable[dict[str, Any]]:
    """The lines of one booked transaction. The bought quantity stands on every line of an order, never on a refund's."""
    body = row["Body"]
    context: Row = next((one for item in body["items"] for one in item["contexts"]), {})
    for entry in row["Entries"]:
        sold = body["transactionType"] == "Shipment"
        yield {
            "transaction-type": "ServiceFee" if entry["Type"] == ADVERTISING else _TYPES.get(body["transactionType"], "other-transaction"),
            "order-id": row["OrderId"],
            "merchant-order-id": row["OrderId"],
            "adjustment-id": f"amzn1:crow:{body['transactionId'][:20]}" if body["transactionType"] == "Refund" else "",
            "shipment-id": body["transactionId"][:9] if sold else "",
            "marketplace-name": market.site if row["OrderId"] else "",
            **amount_of(entry, market),
            "fulfillment-id": context.get("fulfillmentNetwork", "") if row["OrderId"] else "",
            "posted-date": posted.strftime(_DATES[market.region]),
            "posted-date-time": _moment(posted, market),
            "order-item-code": entry["ItemId"],
            "sku": entry["SKU"],
            "quantity-purchased": entry["Units"] if sold else "",
            "promotion-id": "Northpeak coupon" if entry["Type"] == "Promotion" else "",
        }


def account_line(description: str, amount: Decimal, posted: datetime, market: Market) -> dict[str, Any]:
    """A line of the account that belongs to no transaction, such as a reserve."""
    entry = {"Type": "other-transaction", "Description": description, "Amount": str(amount)}
    dates = {"posted-date": posted.strftime(_DATES[market.region]), "posted-date-time": _moment(posted, market)}
    return {"transaction-type": "other-transaction", **amount_of(entry, market), **dates}


def amount_of(entry: Row, market: Market) -> dict[str, str]:
    """The three cells of one amount."""
    amount = _amount(Decimal(entry["Amount"]), market)
    return {"amount-type": entry["Type"], "amount-description": entry["Description"], "amount": amount}


def _moment(moment: datetime, market: Market) -> str:
    return moment.strftime(f"{_DATES[market.region]} %H:%M:%S UTC")


def _amount(amount: Decimal, market: Market) -> str:
    text = f"{amount:.{market.places}f}"
    return text.replace(".", ",") if market.region == "EU" else text
