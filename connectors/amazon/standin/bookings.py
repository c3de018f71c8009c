"""The stand-in's books: transactions of shipped and returned orders, deferred, released, gathered in event groups."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from connectors.amazon import times
from connectors.amazon.standin import ledger
from connectors.amazon.standin.ledger import Entry
from connectors.amazon.standin.login import SELLER_ID
from connectors.amazon.standin.markets import MARKETS, Market
from connectors.amazon.standin.returned import Returned, returned, shipped_at
from connectors.base import Payload
from connectors.sandbox import Row

if TYPE_CHECKING:
    from connectors.amazon.sandbox import AmazonSandbox

KIND, GROUPS, DONE = "transactions", "event_groups", "booked"
DEFERRED_DAYS = 7
"""A third of the orders is paid out only so long after delivery."""
LATEST = timedelta(hours=48)


def declare(box: AmazonSandbox) -> None:
    """Indexes of the books."""
    box.book.index(KIND, "order", lambda row: [row["OrderId"]] if row["OrderId"] else [])
    box.book.index(KIND, "group", lambda row: [row["Group"]] if row["Group"] else [])
    box.book.index(KIND, "deferred", lambda row: ["yes"] if row["Body"]["transactionStatus"] == "DEFERRED" else [])
    box.book.index(GROUPS, "open", lambda row: [row["Account"]] if row["Status"] == "Open" else [])


def bring_up(box: AmazonSandbox) -> None:
    """Books what was shipped or returned since the last time, and releases what has waited long enough."""
    with box.book.transaction():
        done = set(box.book.keys(DONE))
        for order_id in [key for key in box.book.keys("orders") if key not in done]:
            order = box.book.get("orders", order_id) or {}
            if (order.get("fulfillment") or {}).get("fulfillmentStatus") == "SHIPPED" and market_of(order):
                _book_sale(box, order)
                box.book.put(DONE, order_id, {})
        for one in returned(box):
            if one.refunded_at <= box.now() and not box.book.has(DONE, one.id):
                _book_refund(box, one)
                box.book.put(DONE, one.id, {})
        for key in box.book.find(KIND, "deferred", "yes"):
            _release(box, box.book.get(KIND, key) or {})


def market_of(order: Payload) -> Market | None:
    """The marketplace of an order; None for a sale that Amazon only ships."""
    channel = order.get("salesChannel") or {}
    return MARKETS.get(str(channel.get("marketplaceId"))) if channel.get("channelName", "AMAZON") == "AMAZON" else None


def book_fee(box: AmazonSandbox, account: str, description: str, amount: Decimal, *, amount_type: str = "other-transaction") -> None:
    """A charge to the account that belongs to no order."""
    market = next(one for one in MARKETS.values() if account_of(one) == account)
    entry = Entry(amount_type=amount_type, description=description, amount=amount)
    body = _body(box, market, kind="ServiceFee", description=description, order_id="", posted=box.now(), items=[])
    _put(box, market, {**body, "totalAmount": money(amount, market)}, [({}, [entry])], group=open_group(box, account)["Id"])


def account_of(market: Market) -> str:
    """Amazon settles by region and currency: `NA USD`."""
    return f"{market.region} {market.currency}"


def open_group(box: AmazonSandbox, account: str) -> Row:
    """The running event group of an account; the first one begins a fortnight ago."""
    keys = box.book.find(GROUPS, "open", account)
    if keys:
        return box.book.get(GROUPS, keys[0]) or {}
    return begin_group(box, account, box.now() - box.delay(14 * 86400))


def begin_group(box: AmazonSandbox, account: str, start: datetime) -> Row:
    """A new running event group."""
    name = hashlib.sha256(f"{account} {box.book.next_number('event_group')}".encode()).hexdigest()[:43]
    row = {"Id": name, "Account": account, "Status": "Open", "Start": times.written(start), "End": "", "Total": None, "Reserve": "0"}
    box.book.put(GROUPS, name, row)
    return row


def visible(box: AmazonSandbox, row: Row) -> bool:
    """Whether the API shows it already: at once, or with `late_bookings` up to 48 hours after it was posted."""
    if not box.late_bookings:
        return True
    posted = times.parsed(row["Body"]["postedDate"]) or box.now()
    return posted + LATEST * (_chance(row["Body"]["transactionId"]) / 100) <= box.now()


def money(amount: Decimal, market: Market) -> dict[str, Any]:
    """An amount as Finances 2024-06-19 writes it: a number."""
    return {"currencyAmount": amount, "currencyCode": market.currency}


def _book_sale(box: AmazonSandbox, order: Payload) -> None:
    market = market_of(order)
    if market is None:
        return
    by_amazon = order["fulfillment"].get("fulfilledBy") == "AMAZON"
    sold = [(one, ledger.sale(one, market, by_amazon=by_amazon)) for one in order.get("orderItems") or () if one.get("quantityOrdered")]
    posted = shipped_at(order) or box.now()
    items = [_item(one, entries, market, by_amazon=by_amazon, units=int(one["quantityOrdered"])) for one, entries in sold]
    body = _body(box, market, kind="Shipment", description="Order Payment", order_id=order["orderId"], posted=posted, items=items)
    if _chance(order["orderId"]) % 3 == 0:
        until = posted + box.delay(DEFERRED_DAYS * 86400)
        about = {"contextType": "DeferredContext", "deferralReason": "DD7", "maturityDate": times.written(until)}
        _put(box, market, {**body, "transactionStatus": "DEFERRED", "contexts": [about]}, sold, group="")
    else:
        _put(box, market, body, sold, group=open_group(box, account_of(market))["Id"])


def _book_refund(box: AmazonSandbox, one: Returned) -> None:
    market = market_of(one.order)
    if market is None:
        return
    entries = ledger.refund(one.item, market, one.units)
    items = [_item(one.item, entries, market, by_amazon=one.by_amazon, units=one.units)]
    order_id = one.order["orderId"]
    body = _body(box, market, kind="Refund", description="Refund Order", order_id=order_id, posted=one.refunded_at, items=items)
    body["relatedIdentifiers"].append({"relatedIdentifierName": "REFUND_ID", "relatedIdentifierValue": one.id})
    _put(box, market, body, [(one.item, entries)], group=open_group(box, account_of(market))["Id"])


def _release(box: AmazonSandbox, row: Row) -> None:
    """The money of a deferred transaction becomes the seller's: a second transaction says so, the first one changes its status."""
    body, until = row["Body"], times.parsed(row["Body"]["contexts"][0]["maturityDate"])
    if until is None or until > box.now():
        return
    market = MARKETS[body["marketplaceDetails"]["marketplaceId"]]
    first, second = body["transactionId"], f"{body['transactionId'][:-4]}rel-"
    group = open_group(box, account_of(market))["Id"]
    released = {**body, "transactionId": second, "transactionStatus": "RELEASED", "postedDate": times.written(until)}
    released["relatedIdentifiers"] = [*body["relatedIdentifiers"], _related("DEFERRED_TRANSACTION_ID", first)]
    box.book.put(KIND, second, {**row, "Body": released, "Group": group})
    body["relatedIdentifiers"].append(_related("RELEASE_TRANSACTION_ID", second))
    box.book.put(KIND, first, {**row, "Body": {**body, "transactionStatus": "DEFERRED_RELEASED"}, "Entries": []})


def _put(box: AmazonSandbox, market: Market, body: Payload, sold: Iterable[tuple[Payload, list[Entry]]], *, group: str) -> None:
    entries = [
        {"Type": one.amount_type, "Description": one.description, "Amount": str(one.amount), "ItemId": str(item.get("orderItemId") or ""),
         "SKU": str((item.get("product") or {}).get("sellerSku") or ""), "Units": item.get("quantityOrdered")}
        for item, booked in sold for one in booked
    ]  # fmt: skip
    order_id = next((one["relatedIdentifierValue"] for one in body["relatedIdentifiers"] if one["relatedIdentifierName"] == "ORDER_ID"), "")
    row = {"Body": body, "OrderId": order_id, "Account": account_of(market), "Group": group, "Entries": entries}
    box.book.put(KIND, body["transactionId"], row)


def _body(
    box: AmazonSandbox, market: Market, *, kind: str, description: str, order_id: str, posted: datetime, items: list[Payload]
) -> Payload:
    number = box.book.next_number("transaction")
    name = hashlib.sha256(f"{kind} {order_id} {number}".encode()).hexdigest()[:43]
    amount = sum((one["totalAmount"]["currencyAmount"] for one in items), ledger.ZERO)
    return {
        "sellingPartnerMetadata": {
            "sellingPartnerId": SELLER_ID,
            "accountType": "Standard Orders",
            "marketplaceId": market.id,
        },
        "relatedIdentifiers": [_related("ORDER_ID", order_id)] if order_id else [],
        "transactionType": kind,
        "transactionId": name,
        "transactionStatus": "RELEASED",
        "description": description,
        "postedDate": times.written(posted),
        "totalAmount": money(amount, market),
        "marketplaceDetails": {"marketplaceId": market.id, "marketplaceName": market.site},
        "items": items,
    }


def _item(item: Payload, entries: list[Entry], market: Market, *, by_amazon: bool, units: int) -> Payload:
    product = item.get("product") or {}
    about = {"contextType": "ProductContext", "asin": product.get("asin"), "sku": product.get("sellerSku"), "quantityShipped": units,
             "fulfillmentNetwork": "AFN" if by_amazon else "MFN"}  # fmt: skip
    groups: dict[str, list[Entry]] = {}
    for one in entries:
        groups.setdefault(one.group, []).append(one)
    parts = [_part(name, held, market) for name, held in groups.items()]
    return {
        "description": product.get("title") or "",
        "totalAmount": money(ledger.total(entries), market),
        "contexts": [{name: value for name, value in about.items() if value is not None}],
        "breakdowns": parts,
    }


def _part(name: str, held: list[Entry], market: Market) -> Payload:
    inner = [{"breakdownType": one.description, "breakdownAmount": money(one.amount, market), "breakdowns": []} for one in held]
    return {"breakdownType": name, "breakdownAmount": money(ledger.total(held), market), "breakdowns": inner}


def _related(name: str, value: str) -> Payload:
    return {"relatedIdentifierName": name, "relatedIdentifierValue": value}


def _chance(text: str) -> int:
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16) % 100
