"""Settlement reports of our own, written in any of the ways that marketplaces, ERPs and spreadsheets write them."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from reconciliation.core.lines import Header, Kind, Line

HEAD = (
    "settlement-id", "settlement-start-date", "settlement-end-date", "deposit-date", "total-amount", "currency", "transaction-type",
    "order-id", "merchant-order-id", "adjustment-id", "shipment-id", "marketplace-name",
)  # fmt: skip
V2 = (
    *HEAD,
    "amount-type", "amount-description", "amount", "fulfillment-id", "posted-date", "posted-date-time", "order-item-code",
    "merchant-order-item-id", "merchant-adjustment-item-id", "sku", "quantity-purchased", "promotion-id",
)  # fmt: skip
V1 = (
    *HEAD,
    "shipment-fee-type", "shipment-fee-amount", "order-fee-type", "order-fee-amount", "fulfillment-id", "posted-date", "order-item-code",
    "merchant-order-item-id", "merchant-adjustment-item-id", "sku", "quantity-purchased", "price-type", "price-amount",
    "item-related-fee-type", "item-related-fee-amount", "misc-fee-amount", "other-fee-amount", "other-fee-reason-description",
    "promotion-id", "promotion-type", "promotion-amount", "direct-payment-type", "direct-payment-amount", "other-amount",
)  # fmt: skip
START = datetime(2026, 10, 30, 22, 7, 18, tzinfo=UTC)
END = datetime(2026, 11, 13, 22, 7, 18, tzinfo=UTC)
ISO, DOTTED, SLASHED, OFFSET = "%Y-%m-%d %H:%M:%S UTC", "%d.%m.%Y %H:%M:%S UTC", "%Y/%m/%d %H:%M:%S UTC", "%Y-%m-%dT%H:%M:%S+00:00"
JAVASCRIPT = "%a %b %d %Y %H:%M:%S GMT+0000 (GMT)"
PRINCIPAL = Kind("Order", "ItemPrice", "Principal")
COMMISSION = Kind("Order", "ItemFees", "Commission")


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """One way to write a report. `total` is written for the sum of the lines where it is given."""

    delimiter: str = "\t"
    newline: str = "\n"
    encoding: str = "utf-8"
    mark: str = "."
    grouped: bool = False
    brackets: bool = False
    dates: str = ISO
    digits: int = 2
    columns: Sequence[str] = V2
    total: str | None = None
    repeated: bool = False


def header(**changes: object) -> Header:
    """A fortnight in USD; its total is replaced by what the lines add up to when it is written."""
    facts = {"settlement_id": "19283746501", "start": START, "end": END, "deposit": END, "total": Decimal(0), "currency": "USD"}
    return Header(**(facts | changes))  # type: ignore[arg-type]


def line(amount: str = "12.50", kind: Kind = PRINCIPAL, **changes: object) -> Line:
    """A line of an order; `number` is where it stands when it is the first after the summary row."""
    facts: dict[str, object] = {
        "number": 3, "order_id": "112-1111111-2222222", "merchant_order_id": "112-1111111-2222222", "marketplace": "Amazon.com",
        "fulfilment": "AFN", "item_code": "57658000000001", "sku": "TK-1001", "posted_at": datetime(2026, 11, 2, 8, 30, tzinfo=UTC),
        "shipment_id": "Bh8fNdmQg", "quantity": 1,
    }  # fmt: skip
    return Line(kind=kind, amount=Decimal(amount), **(facts | changes))  # type: ignore[arg-type]


def money(amount: Decimal, dialect: Dialect) -> str:
    """An amount as the dialect writes it."""
    text = f"{abs(amount):{',' if dialect.grouped else ''}.{dialect.digits}f}"
    if dialect.mark == ",":
        text = text.translate(str.maketrans(",.", ".,"))
    negative = amount < 0 or (amount == 0 and amount.is_signed())
    return f"({text})" if negative and dialect.brackets else f"-{text}" if negative else text


def _summary(head: Header, lines: Sequence[Line], dialect: Dialect) -> dict[str, str]:
    total = sum((one.amount for one in lines), Decimal(0))
    times = {"settlement-start-date": head.start, "settlement-end-date": head.end, "deposit-date": head.deposit}
    return {
        "settlement-id": head.settlement_id,
        "total-amount": money(total, dialect) if dialect.total is None else dialect.total,
        "currency": head.currency,
    } | {name: time.strftime(dialect.dates) if time else "" for name, time in times.items()}


def _cells(head: Header, one: Line, dialect: Dialect) -> dict[str, str]:
    return {
        "settlement-id": head.settlement_id, "transaction-type": one.kind.transaction_type, "amount-type": one.kind.amount_type,
        "amount-description": one.kind.amount_description, "amount": money(one.amount, dialect), "order-id": one.order_id,
        "merchant-order-id": one.merchant_order_id, "adjustment-id": one.adjustment_id, "shipment-id": one.shipment_id,
        "marketplace-name": one.marketplace, "fulfillment-id": one.fulfilment, "order-item-code": one.item_code, "sku": one.sku,
        "quantity-purchased": "" if one.quantity is None else str(one.quantity), "promotion-id": one.promotion_id,
        "posted-date-time": one.posted_at.strftime(dialect.dates), "posted-date": one.posted_at.strftime("%m/%d/%y"),
    }  # fmt: skip


def write(lines: Iterable[Line], head: Header | None = None, dialect: Dialect | None = None) -> bytes:
    """A whole V2 file: names, summary row, one line each."""
    head, dialect, lines = head or header(), dialect or Dialect(), list(lines)
    summary = _summary(head, lines, dialect)
    repeated = {name: summary[name] for name in ("total-amount", "currency")} if dialect.repeated else {}
    rows = [summary, *(_cells(head, one, dialect) | repeated for one in lines)]
    return table(rows, dialect)


def table(rows: Iterable[dict[str, str]], dialect: Dialect) -> bytes:
    """Rows under the dialect's columns."""
    out = io.StringIO()
    for cells in ([*dialect.columns], *([row.get(name, "") for name in dialect.columns] for row in rows)):
        out.write(dialect.delimiter.join(_quoted(cell, dialect) for cell in cells) + dialect.newline)
    return out.getvalue().encode(dialect.encoding)


def _quoted(cell: str, dialect: Dialect) -> str:
    if dialect.delimiter == "\t" or not any(mark in cell for mark in (dialect.delimiter, '"')):
        return cell
    return '"' + cell.replace('"', '""') + '"'
