"""Notifications as Amazon sends them (Amazon SP-API reference, 14)."""

from __future__ import annotations

import json
from typing import Any

SELLER = "A1SELLER"
SETTINGS = {"seller_id": SELLER, "marketplace_ids": "US", "region": "NA", "eventbridge_key": "k" * 40}


def pascal(kind: str, payload: Any, *, name: str = "n-1") -> dict[str, Any]:
    """The envelope of most types."""
    return {
        "NotificationVersion": "1.0", "NotificationType": kind, "PayloadVersion": "1.0", "EventTime": "2026-11-18T09:47:10.000Z",
        "Payload": payload, "NotificationMetadata": {"ApplicationId": "app", "SubscriptionId": "sub-1", "NotificationId": name},
    }  # fmt: skip


def camel(kind: str, payload: Any, *, name: str = "n-1") -> dict[str, Any]:
    """The envelope of finished reports and feeds."""
    return {
        "notificationVersion": "2020-09-04", "notificationType": kind, "payloadVersion": "2020-09-04", "eventTime": "2026-11-15T01:05:00Z",
        "payload": payload, "notificationMetadata": {"applicationId": "app", "subscriptionId": "sub-2", "notificationId": name},
    }  # fmt: skip


def order(
    number: str = "111-2223334-4445556", *, seller: str = SELLER, marketplace: str = "ATVPDKIKX0DER", name: str = "n-1"
) -> dict[str, Any]:
    """ORDER_CHANGE."""
    about = {"SellerId": seller, "AmazonOrderId": number, "OrderChangeType": "OrderStatusChange", "Summary": {"MarketplaceId": marketplace}}
    return pascal("ORDER_CHANGE", {"OrderChangeNotification": about}, name=name)


def report(kind: str, status: str = "DONE") -> dict[str, Any]:
    """REPORT_PROCESSING_FINISHED."""
    about = {"sellerId": SELLER, "reportId": "51234", "reportType": kind, "processingStatus": status}
    return camel("REPORT_PROCESSING_FINISHED", {"reportProcessingFinishedNotification": about})


def feed(number: str = "50123") -> dict[str, Any]:
    """FEED_PROCESSING_FINISHED."""
    about = {"sellerId": SELLER, "feedId": number, "feedType": "JSON_LISTINGS_FEED", "processingStatus": "DONE"}
    return camel("FEED_PROCESSING_FINISHED", {"feedProcessingFinishedNotification": about})


def listing(sku: str = "MUG/BLUE 1", *, kind: str = "LISTINGS_ITEM_STATUS_CHANGE", marketplace: str = "ATVPDKIKX0DER") -> dict[str, Any]:
    """LISTINGS_ITEM_STATUS_CHANGE: its fields stand in the payload itself."""
    return pascal(kind, {"SellerId": SELLER, "MarketplaceId": marketplace, "Sku": sku, "Status": ["BUYABLE"]})


def fulfilment(number: str = "ChannelAdvisor-100045") -> dict[str, Any]:
    """FULFILLMENT_ORDER_STATUS."""
    about = {"SellerId": SELLER, "SellerFulfillmentOrderId": number, "FulfillmentOrderStatus": "PROCESSED"}
    return pascal("FULFILLMENT_ORDER_STATUS", {"FulfillmentOrderStatusNotification": about})


def bridged(content: dict[str, Any]) -> dict[str, Any]:
    """The same through an event bridge."""
    return {"version": "0", "id": "bridge-event-1", "detail-type": "x", "source": "aws.partner/amazon", "detail": content}


def raw(content: Any) -> bytes:
    """As bytes."""
    return json.dumps(content).encode()
