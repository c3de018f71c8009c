"""What the stand-in's requested reports hold: returns and orders as tab-separated text, from its own orders."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from connectors.amazon import times
from connectors.amazon.standin import ledger
from connectors.amazon.standin.bookings import market_of
from connectors.amazon.standin.ledger import Entry
from connectors.amazon.standin.markets import MARKETS
from connectors.amazon.standin.returned import Returned, returned
from connectors.base import Payload

if TYPE_CHECKING:
    from connectors.amazon.sandbox import AmazonSandbox

RETURN_COLUMNS = (
    "Order ID", "Order date", "Return request date", "Return request status", "Amazon RMA ID", "Merchant RMA ID", "Label type",
    "Label cost", "Currency code", "Return carrier", "Tracking ID", "Label to be paid by", "A-to-Z Claim", "Is prime", "ASIN",
    "Merchant SKU", "Item Name", "Return quantity", "Return Reason", "In policy", "Return type", "Resolution", "Invoice number",
    "Return delivery date", "Order Amount", "Order quantity", "SafeT Action reason", "SafeT claim id", "SafeT claim state",
    "SafeT claim creation time", "SafeT claim reimbursement amount", "Refunded Amount",
)  # fmt: skip
FBA_RETURN_COLUMNS = (
    "return-date", "order-id", "sku", "asin", "fnsku", "product-name", "quantity", "fulfillment-center-id", "detailed-disposition",
    "reason", "status", "license-plate-number", "customer-comments",
)  # fmt: skip
ORDER_COLUMNS = (
    "amazon-order-id", "merchant-order-id", "purchase-date", "last-updated-date", "order-status", "fulfillment-channel",
    "sales-channel", "order-channel", "ship-service-level", "product-name", "sku", "asin", "item-status", "quantity", "currency",
    "item-price", "item-tax", "shipping-price", "shipping-tax",
)  # fmt: skip
_STATUSES = {
    "PENDING": "Pending", "UNSHIPPED": "Unshipped", "PARTIALLY_SHIPPED": "PartiallyShipped", "SHIPPED": "Shipped", "CANCELLED": "Cancelled",
}  # fmt: skip
COMMENT = 'It said "blue", it is green.'
_PRICES = {"item-price": "Principal", "item-tax": "Tax", "shipping-price": "Shipping", "shipping-tax": "ShippingTax"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a report is asked to cover: from `start` up to `end`, in these marketplaces."""

    start: datetime
    end: datetime
    marketplaces: frozenset[str]

    def covers(self, moment: datetime | None, marketplace: str) -> bool:
        """Whether something of that time and place belongs in."""
        return moment is not None and self.start <= moment < self.end and marketplace in self.marketplaces


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """One report type: its rows, the longest time it covers, and how soon it is made again."""

    columns: tuple[str, ...]
    rows: Callable[[AmazonSandbox, Wish], Iterable[Mapping[str, Any]]]
    longest: timedelta = timedelta(days=366)
    every: timedelta = timedelta(0)

    def text(self, box: AmazonSandbox, wish: Wish) -> str:
        """The report; "" when there is nothing to report."""
        lines = ["\t".join(_cell(row.get(name, "")) for name in self.columns) for row in self.rows(box, wish)]
        return "".join(line + "\n" for line in ["\t".join(self.columns), *lines]) if lines else ""


def _cell(value: Any) -> str:
    return " ".join(str(value).replace("\t", " ").split("\n"))


def _merchant_returns(box: AmazonSandbox, wish: Wish) -> Iterable[Mapping[str, Any]]:
    for one in returned(box):
        if not one.by_amazon and wish.covers(one.at, _marketplace(one.order)):
            yield _merchant_return(box, one)


def _merchant_return(box: AmazonSandbox, one: Returned) -> dict[str, Any]:
    market, product = MARKETS[_marketplace(one.order)], one.item.get("product") or {}
    refunded = one.refunded_at <= box.now()
    prices = [entry for entry in ledger.refund(one.item, market, one.units) if entry.amount_type == "ItemPrice"]
    return {
        "Order ID": one.order["orderId"], "Order date": _day(times.parsed(one.order["createdTime"])), "Return request date": _day(one.at),
        "Return request status": "Completed" if refunded else "Approved", "Amazon RMA ID": one.id, "Label type": "AmazonUnPaidLabel",
        "Label cost": "4.50", "Currency code": market.currency, "Return carrier": "UPS", "Tracking ID": f"1Z999AA1{one.number:010d}",
        "Label to be paid by": "Customer", "A-to-Z Claim": "N", "Is prime": "N", "ASIN": product.get("asin", ""),
        "Merchant SKU": product.get("sellerSku", ""), "Item Name": product.get("title", ""), "Return quantity": one.units,
        "Return Reason": one.reason, "In policy": "Y", "Return type": "C-Returns", "Resolution": "StandardRefund",
        "Return delivery date": _day(one.refunded_at) if refunded else "", "Order quantity": one.item.get("quantityOrdered", ""),
        "Refunded Amount": -ledger.total(prices) if refunded else "",
    }  # fmt: skip


def _fba_returns(box: AmazonSandbox, wish: Wish) -> Iterable[Mapping[str, Any]]:
    for one in returned(box):
        if one.by_amazon and wish.covers(one.at, _marketplace(one.order)):
            product = one.item.get("product") or {}
            yield {
                "return-date": one.at.isoformat(timespec="seconds"), "order-id": one.order["orderId"], "sku": product.get("sellerSku", ""),
                "asin": product.get("asin", ""), "fnsku": f"X00{one.number % 10**7:07d}", "product-name": product.get("title", ""),
                "quantity": one.units, "fulfillment-center-id": "RNO4", "reason": one.reason.removeprefix("CR-"),
                "detailed-disposition": "SELLABLE" if one.number % 3 else "CUSTOMER_DAMAGED", "status": "Unit returned to inventory",
                "license-plate-number": f"LPN{one.number:010d}", "customer-comments": COMMENT if one.number % 2 else "",
            }  # fmt: skip


def _all_orders(box: AmazonSandbox, wish: Wish) -> Iterable[Mapping[str, Any]]:
    """Every order last changed in that time, those too that the list of orders hides."""
    for order in box.book.rows("orders"):
        channel = order.get("salesChannel") or {}
        if wish.covers(times.parsed(order.get("lastUpdatedTime")), str(channel.get("marketplaceId"))):
            yield from (_order_line(order, item) for item in order.get("orderItems") or [{}])


def _order_line(order: Payload, item: Payload) -> dict[str, Any]:
    status, product, market = order.get("fulfillment") or {}, item.get("product") or {}, MARKETS[_marketplace(order)]
    booked = ledger.sale(item, market, by_amazon=False)
    prices = {name: _sum(booked, words) for name, words in _PRICES.items()}
    known = status.get("fulfillmentStatus") != "PENDING"
    return {
        "amazon-order-id": order["orderId"], "merchant-order-id": order["orderId"], "purchase-date": order["createdTime"],
        "last-updated-date": order["lastUpdatedTime"], "order-status": _STATUSES.get(status.get("fulfillmentStatus", ""), "Pending"),
        "fulfillment-channel": "Amazon" if status.get("fulfilledBy") == "AMAZON" else "Merchant",
        "sales-channel": market.site if market_of(order) else "Non-Amazon", "ship-service-level": status.get("fulfillmentServiceLevel", ""),
        "product-name": product.get("title", ""), "sku": product.get("sellerSku", ""), "asin": product.get("asin", ""),
        "item-status": _STATUSES.get(status.get("fulfillmentStatus", ""), ""), "quantity": item.get("quantityOrdered", ""),
        "currency": market.currency if known else "", **(prices if known else {}),
    }  # fmt: skip


def _sum(booked: Iterable[Entry], description: str) -> Decimal:
    return ledger.total(one for one in booked if one.description == description and one.amount_type == "ItemPrice")


def _marketplace(order: Payload) -> str:
    return str((order.get("salesChannel") or {}).get("marketplaceId"))


def _day(moment: datetime | None) -> str:
    return moment.strftime("%d-%b-%Y") if moment else ""


MAKERS: dict[str, Maker] = {
    "GET_FLAT_FILE_RETURNS_DATA_BY_RETURN_DATE": Maker(columns=RETURN_COLUMNS, rows=_merchant_returns, longest=timedelta(days=60)),
    "GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA": Maker(columns=FBA_RETURN_COLUMNS, rows=_fba_returns, every=timedelta(hours=4)),
    "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL": Maker(columns=ORDER_COLUMNS, rows=_all_orders),
}
"""Types that may be requested."""
