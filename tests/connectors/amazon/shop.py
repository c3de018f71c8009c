"""A small shop in the stand-in: shipped orders made to measure, and what a seller's client sees of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.amazon import reports, settlements, times
from connectors.amazon.documents import Document
from connectors.amazon.sandbox import AmazonSandbox
from connectors.amazon.standin import report_making, returned, settling
from connectors.base import Payload
from connectors.http import JsonClient

US, DE, JP = "ATVPDKIKX0DER", "A1PA6795UKMFR9", "A1VC38T7YXB528"
CURRENCIES = {US: "USD", DE: "EUR", JP: "JPY"}


def order(
    number: int,
    *,
    at: datetime,
    marketplace: str = US,
    by: str = "MERCHANT",
    status: str = "SHIPPED",
    item: str = "40.00",
    shipping: str = "5.00",
    tax: str = "3.12",
    discount: str = "0",
    units: int = 2,
    sku: str = "MUG/BLUE 1",
    channel: str = "AMAZON",
) -> Payload:
    """An order of one line, last changed at that time, in the shape of the Orders API 2026-01-01."""

    def money(amount: str) -> Payload:
        return {"amount": amount, "currencyCode": CURRENCIES[marketplace]}

    parts: list[Payload] = [
        {"type": "ITEM", "subtotal": money(item)},
        {"type": "SHIPPING", "subtotal": money(shipping)},
        {"type": "TAX", "subtotal": money(tax), "detailedBreakdowns": [{"subtype": "ITEM", "value": money(tax)}]},
    ]
    if Decimal(discount):
        parts.append(
            {"type": "DISCOUNT", "subtotal": money(discount), "detailedBreakdowns": [{"subtype": "ITEM", "value": money(discount)}]}
        )
    total = str(Decimal(item) + Decimal(shipping) + Decimal(tax) - abs(Decimal(discount)))
    shipped = units if status == "SHIPPED" else 0
    line = {
        "orderItemId": f"9012345678{number:04d}", "quantityOrdered": units,
        "product": {"asin": "B0TEST0001", "title": 'Mug, 3" wide', "sellerSku": sku},
        "proceeds": {"proceedsTotal": money(total), "breakdowns": parts},
        "fulfillment": {"quantityFulfilled": shipped, "quantityUnfulfilled": units - shipped},
    }  # fmt: skip
    return {
        "orderId": f"112-{number:07d}-0000000", "createdTime": times.written(at - timedelta(hours=5)), "lastUpdatedTime": times.written(at),
        "salesChannel": {"channelName": channel, "marketplaceId": marketplace, "marketplaceName": "Amazon.com"},
        "proceeds": {"grandTotal": money(total)}, "fulfillment": {"fulfillmentStatus": status, "fulfilledBy": by}, "orderItems": [line],
        "packages": [],
    }  # fmt: skip


def sell(box: AmazonSandbox, count: int, *, days: float = 5, first: int = 1, **about: Any) -> list[str]:
    """So many shipped orders, changed within the last `days`; answers their numbers."""
    keys = []
    for number in range(first, first + count):
        row = order(number, at=box.now() - timedelta(days=days * (number - first + 1) / (count + 1)), **about)
        box.book.put("orders", row["orderId"], row)
        keys.append(str(row["orderId"]))
    return keys


def wait(box: AmazonSandbox) -> None:
    """Until the reports in the queue are made."""
    box.clock.advance(120)
    box.advance()


def fill(box: AmazonSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something for every report and for the books; reports are made at once, and the connector looks at the stand-in's clock."""
    monkeypatch.setattr(times, "now", box.now)
    monkeypatch.setattr(report_making, "QUEUED", 0.0)
    monkeypatch.setattr(report_making, "MADE", 0.0)
    for first, by in ((900001, "MERCHANT"), (900101, "AMAZON")):
        for key in sell(box, 4, days=10, first=first, by=by):
            returned.ask(box, key, at=box.now() - timedelta(days=1))
    settling.settle(box)


def files(client: JsonClient) -> list[str]:
    """The text of every settlement report that Amazon lists, oldest first."""
    found = (b"".join(settlements.document(client, one.key)) for one in settlements.read(client, ""))
    return [reports.text_of(client, Document(content=one)) for one in found]
