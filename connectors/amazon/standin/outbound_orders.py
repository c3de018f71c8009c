"""Orders of other channels also show up among Amazon's own, as channel NON_AMAZON (Amazon SP-API reference, 6.1, 11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.amazon.standin import orders, store
from connectors.sandbox import Row

if TYPE_CHECKING:
    from connectors.amazon.sandbox import AmazonSandbox


def show(box: AmazonSandbox, row: Row) -> str:
    """Places the order of a new fulfilment order; answers its number."""
    number = box.book.next_number("mcf_order")
    order = {
        "orderId": f"S01-{1_000_000 + number * 7919 % 8_999_999:07d}-{number:07d}",
        "orderAliases": [{"aliasId": row["ID"], "aliasType": "SELLER_ORDER_ID"}],
        "createdTime": row["Received"],
        "lastUpdatedTime": row["Received"],
        "programs": [],
        "salesChannel": {"channelName": "NON_AMAZON", "marketplaceName": "Non-Amazon"},
        "fulfillment": {"fulfillmentStatus": "UNSHIPPED", "fulfilledBy": "AMAZON", "fulfillmentServiceLevel": "STANDARD"},
        "orderItems": [_line(number, place, item) for place, item in enumerate(row["Items"], 1)],
        "packages": [],
    }
    return store.place(box, [order], backdated=False, lives=False)[0]


def follow(box: AmazonSandbox, row: Row) -> None:
    """Carries an end of a fulfilment order over to its order."""
    order = box.book.get(store.KIND, str(row.get("Order")))
    if order is None:
        return
    if row["Status"] in ("Complete", "CompletePartialled"):
        orders.ship_all(order)
    elif row["Status"] in ("Cancelled", "Unfulfillable"):
        orders.cancel_lines(order, order["orderItems"], by="MERCHANT", reason="Cancelled")
        order["fulfillment"]["fulfillmentStatus"] = "CANCELLED"
    else:
        return
    store.save(box, order)


def _line(number: int, place: int, item: Row) -> Row:
    return {
        "orderItemId": f"{number:09d}{place:05d}",
        "quantityOrdered": item["quantity"],
        "product": {"asin": "B0MCF00001", "title": item["sellerSku"], "sellerSku": item["sellerSku"]},
        "fulfillment": {"quantityFulfilled": 0, "quantityUnfulfilled": item["quantity"]},
    }
