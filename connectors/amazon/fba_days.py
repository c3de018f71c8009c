"""A day's sales fulfilled by Amazon, per marketplace, summed from its shipment transactions (Amazon SP-API reference, 13.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from connectors.amazon import times, transactions
from connectors.amazon.transactions import related
from connectors.base import Payload, Record, Stream, Summary
from connectors.http import JsonClient

FIRST = timedelta(days=30)
ZERO = Decimal(0)
AMOUNTS = ("principal", "tax", "shipping", "discount")
_SALES = {
    "productcharges": "principal",
    "ourpriceprincipal": "principal",
    "principal": "principal",
    "tax": "tax",
    "shipping": "shipping",
    "giftwrap": "shipping",
    "giftwrapping": "shipping",
    "promotionalrebates": "discount",
    "promorebates": "discount",
    "promotions": "discount",
}
"""Kinds of breakdown that belong to what the buyer paid; all others are deductions."""
_WRAPPERS = ("sales", "expenses")


@dataclass(slots=True)
class Day:
    """What one marketplace sold on one day."""

    marketplace: str
    day: date
    lines: dict[str, dict[str, Decimal]] = field(default_factory=dict)
    deductions: dict[str, Decimal] = field(default_factory=dict)
    orders: set[str] = field(default_factory=set)
    currencies: set[str] = field(default_factory=set)
    proceeds: Decimal = ZERO

    def record(self) -> Record:
        """The day as a record; it fails alone when its amounts do not add up."""
        key = f"{self.marketplace}-{self.day.isoformat()}"
        lines = [{"sku": sku, **sums, "quantity": int(sums["quantity"])} for sku, sums in sorted(self.lines.items())]
        total = sum((sums[name] for sums in self.lines.values() for name in AMOUNTS), ZERO)
        deducted = sum(self.deductions.values(), ZERO)
        problem = self._unbalanced(total + deducted)
        payload: Payload = {
            "marketplaceId": self.marketplace,
            "day": self.day.isoformat(),
            "currency": next(iter(self.currencies), ""),
            "lines": lines,
            "orders": len(self.orders),
            "total": total,
            "deductions": [{"type": kind, "amount": amount} for kind, amount in sorted(self.deductions.items())],
            "proceeds": self.proceeds,
        }
        return Record(key=key, payload=payload, problem=problem)

    def _unbalanced(self, parts: Decimal) -> str:
        what = f"The summary of {self.day.isoformat()} for marketplace {self.marketplace}"
        if len(self.currencies) > 1:
            return f"{what} has amounts in {', '.join(sorted(self.currencies))}. Import the orders of that day one by one."
        if parts != self.proceeds:
            return f"{what}: its parts sum to {parts}, Amazon's totals to {self.proceeds}. Compare it with the payments in Seller Central."
        return ""


def read(client: JsonClient, cursor: str) -> Iterator[Record]:
    """A record per marketplace and day (UTC), for days that ended more than 48 hours ago and so no longer change; at first 30 days back.

    The last record of a day carries the day as cursor, the others none.
    """
    now = times.now()
    settled = (now - transactions.LATE - transactions.RECENT).date()
    moment = times.parsed(cursor)
    day = moment.date() + timedelta(days=1) if moment else (now - FIRST).date()
    while day < settled:
        start = datetime.combine(day, time(), UTC)
        found = transactions.pages(client, after=start, before=start + timedelta(days=1))
        records = [one.record() for one in summed((row for rows, _ in found for row in rows), day)]
        yield from records[:-1]
        if records:
            yield replace(records[-1], cursor=day.isoformat())
        day += timedelta(days=1)


def summed(rows: Iterable[Any], day: date) -> list[Day]:
    """The summaries of a day, one per marketplace, in the order of their ids. Transactions that repeat count once."""
    days: dict[str, Day] = {}
    seen: set[str] = set()
    for row in rows:
        key = str(row.get("transactionId") or "") if isinstance(row, dict) else ""
        if key in seen or not isinstance(row, dict) or not _counts(row):
            continue
        seen |= {key} - {""}
        marketplace = _marketplace(row)
        _add(days.setdefault(marketplace, Day(marketplace, day)), row)
    return [days[name] for name in sorted(days)]


def summary(row: Payload) -> Summary:
    """Marketplace and day, total."""
    title = f"Sales by Amazon {row.get('marketplaceId')} {row.get('day')}"
    return Summary(
        title=title, amount=str(row.get("total", "")), currency=str(row.get("currency") or ""), placed_at=str(row.get("day") or "")
    )


def _counts(row: Payload) -> bool:
    """Shipments by Amazon. The release of a deferred one is the same sale again and was counted on its own day."""
    released = row.get("transactionStatus") == "RELEASED" and related(row, "DEFERRED_TRANSACTION_ID")
    return row.get("transactionType") == "Shipment" and not released and any(map(_is_amazon, _parts(row, "items")))


def _is_amazon(item: Mapping[str, Any]) -> bool:
    return str(_product(item).get("fulfillmentNetwork") or "").upper() == "AFN"


def _add(day: Day, row: Payload) -> None:
    day.orders.add(related(row, "ORDER_ID") or str(row.get("transactionId")))
    for item in filter(_is_amazon, _parts(row, "items")):
        product, (total, currency) = _product(item), _money(item.get("totalAmount"))
        day.currencies |= {currency} - {""}
        day.proceeds += total
        line = day.lines.setdefault(str(product.get("sku") or ""), dict.fromkeys(("quantity", *AMOUNTS), ZERO))
        line["quantity"] += Decimal(product.get("quantityShipped") or 0)
        for kind, amount in _top(_parts(item, "breakdowns")):
            name = _SALES.get(_folded(kind))
            if name:
                line[name] += amount
            else:
                day.deductions[kind] = day.deductions.get(kind, ZERO) + amount


def _top(breakdowns: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, Decimal]]:
    """The top level of the breakdowns, where Sales and Expenses only group others. Their leaves are the same money again."""
    for one in breakdowns:
        kind, inner = str(one.get("breakdownType") or ""), _parts(one, "breakdowns")
        if _folded(kind) in _WRAPPERS and inner:
            yield from _top(inner)
        else:
            yield kind, _money(one.get("breakdownAmount"))[0]


def _folded(kind: str) -> str:
    return re.sub(r"[^a-z]", "", kind.lower())


def _money(value: Any) -> tuple[Decimal, str]:
    amount = value.get("currencyAmount") if isinstance(value, dict) else None
    return (Decimal(amount), str(value.get("currencyCode") or "")) if isinstance(amount, int | Decimal) else (ZERO, "")


def _marketplace(row: Payload) -> str:
    details, about = row.get("marketplaceDetails"), row.get("sellingPartnerMetadata")
    found = (one.get("marketplaceId") for one in (details, about) if isinstance(one, dict))
    return str(next(filter(None, found), ""))


def _product(item: Mapping[str, Any]) -> Mapping[str, Any]:
    return next((one for one in _parts(item, "contexts") if one.get("contextType") == "ProductContext"), {})


def _parts(row: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    return [one for one in row.get(name) or () if isinstance(one, dict)]


FBA_DAYS = Stream(
    id="fba_days",
    label="Daily sales fulfilled by Amazon",
    schema="fba_day",
    read=read,
    summary=summary,
    limit="listTransactions",
)
