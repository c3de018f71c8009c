"""What the stand-in announces, in Amazon's words and both of its spellings, and the roads on which it travels."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.amazon.regions import MARKETPLACES
from connectors.amazon.standin import queue
from connectors.amazon.standin.login import SELLER_ID as SELLER
from connectors.sandbox import Row, Sandbox, Sending
from connectors.wire import encode

DESTINATIONS, SUBSCRIPTIONS, BRIDGES = "destinations", "subscriptions", "event_bridges"
APPLICATION = "amzn1.sellerapps.app.throughline-sandbox"
CAMEL = "2020-09-04"
"""The version of the two types that are written in camelCase."""
VERSIONS = {
    "ORDER_CHANGE": "1.0",
    "REPORT_PROCESSING_FINISHED": CAMEL,
    "FEED_PROCESSING_FINISHED": CAMEL,
    "FULFILLMENT_ORDER_STATUS": "1.0",
    "FBA_INVENTORY_AVAILABILITY_CHANGES": "1.0",
    "TRANSACTION_UPDATE": "1.0",
    "LISTINGS_ITEM_STATUS_CHANGE": "1.0",
    "LISTINGS_ITEM_ISSUES_CHANGE": "1.0",
    "LISTINGS_ITEM_MFN_QUANTITY_CHANGE": "1.0",
}
BRIDGE_ONLY = frozenset(kind for kind in VERSIONS if kind.startswith("LISTINGS_"))
Told = tuple[Row, str]
"""The payload of a notification, and the kind of change by which its subscription may filter."""
_CHANGES = {False: ("OrderStatusChange", "Order status changed"), True: ("BuyerRequestedChange", "Buyer Requested Cancel")}
_ORDER_STATUS = {
    "PENDING_AVAILABILITY": "PendingAvailability", "PENDING": "Pending", "UNSHIPPED": "Unshipped", "PARTIALLY_SHIPPED": "PartiallyShipped",
    "SHIPPED": "Shipped", "CANCELLED": "Canceled", "UNFULFILLABLE": "Unfulfillable",
}  # fmt: skip


def connect_bridge(box: Sandbox, url: str, key: str, *, account: str = queue.ACCOUNT, region: str = queue.REGION) -> dict[str, str]:
    """What a person does in AWS: events of this account go to an address, with a key. Answers the settings for the connection."""
    box.book.put(BRIDGES, f"{account} {region}", {"Url": url, "Key": key})
    return {"eventbridge_account": account, "eventbridge_region": region, "eventbridge_key": key}


def signed(box: Sandbox, sending: Sending, now: datetime) -> dict[str, str]:
    """The header of one delivery by the event bridge, for `Sandbox.sign`."""
    bridge = box.book.get(BRIDGES, str(sending.about.get("bridge"))) or {}
    return {"X-Api-Key": str(bridge.get("Key", ""))}


def hear(box: Sandbox, kind: str, about: Row) -> None:
    """What any area of the stand-in tells becomes a notification, where its type is known and somebody subscribed to it.

    `about` is the thing itself: an order of 2026-01-01 (with `buyerRequest` where the buyer asks to cancel), a report or feed as its
    `get…` shows it, a listing's `sku`, `marketplaceId`, `asin` and `status`, or a fulfilment order's `orderId`, `status`, `shipment`.
    """
    if kind in _TELLERS:
        payload, wanted = _TELLERS[kind](box, about)
        _announce(box, kind, payload, wanted=wanted, region=_region(about))


def _order(box: Sandbox, order: Row) -> Told:
    kind, reason = _CHANGES[bool(order.get("buyerRequest"))]
    about = {
        "NotificationLevel": "OrderLevel", "SellerId": SELLER, "AmazonOrderId": order["orderId"], "OrderChangeType": kind,
        "OrderChangeTrigger": {"TimeOfOrderChange": order["lastUpdatedTime"], "ChangeReason": reason}, "Summary": _summary(order),
    }  # fmt: skip
    return {"OrderChangeNotification": about}, kind


def _summary(order: Row) -> Row:
    fulfilment, channel = order.get("fulfillment") or {}, order.get("salesChannel") or {}
    address = (order.get("recipient") or {}).get("deliveryAddress") or {}
    replaced = any("REPLACEMENT" in str(one.get("associationType")) for one in order.get("associatedOrders") or ())
    return {
        "MarketplaceId": channel.get("marketplaceId", ""),
        "OrderStatus": _ORDER_STATUS.get(str(fulfilment.get("fulfillmentStatus")), "Pending"),
        "PurchaseDate": order["createdTime"],
        "DestinationPostalCode": address.get("postalCode"),
        "FulfillmentType": "AFN" if fulfilment.get("fulfilledBy") == "AMAZON" else "MFN",
        "OrderType": "StandardOrder",
        "NumberOfItemsShipped": sum(_count(item, "quantityFulfilled") for item in order["orderItems"]),
        "NumberOfItemsUnshipped": sum(_count(item, "quantityUnfulfilled") for item in order["orderItems"]),
        **({"OrderPrograms": ["Replacement"]} if replaced else {}),
        "OrderItems": [_order_item(item) for item in order["orderItems"]],
    }


def _order_item(item: Row) -> Row:
    asked = bool((item.get("cancellation") or {}).get("cancellationRequest"))
    return {
        "OrderItemId": item["orderItemId"], "SellerSKU": (item.get("product") or {}).get("sellerSku", ""), "SupplySourceId": None,
        "Quantity": item["quantityOrdered"], "QuantityShipped": _count(item, "quantityFulfilled"),
        **({"IsBuyerRequestedCancel": True} if asked else {}),
    }  # fmt: skip


def _finished(group: str, names: Sequence[str]) -> Callable[[Sandbox, Row], Told]:
    def told(box: Sandbox, row: Row) -> Told:
        about = {name: row[name] for name in names if row.get(name)}
        return {group: {"sellerId": SELLER, "accountId": f"amzn1.merchant.o.{SELLER}", **about}}, ""

    return told


def _listing(box: Sandbox, row: Row) -> Told:
    about = {"SellerId": SELLER, "MarketplaceId": row["marketplaceId"], "Asin": row.get("asin", ""), "Sku": row["sku"]}
    return {**about, "CreatedDate": _time(box), "Status": list(row.get("status") or ())}, ""


def _fulfilment(box: Sandbox, row: Row) -> Told:
    """As the published schema asks, empty blocks are always there."""
    shipment = row.get("shipment") or {}
    packages = [_package(one) for one in shipment.get("fulfillmentShipmentPackage") or ()]
    named = {
        "FulfillmentShipmentStatus": shipment.get("fulfillmentShipmentStatus", ""),
        "AmazonShipmentId": shipment.get("amazonShipmentId", ""),
        "EstimatedArrivalDateTime": shipment.get("estimatedArrivalDate", ""),
        "info": packages[0] if packages else _package({}),
        "FulfillmentShipmentPackages": packages,
    }
    about = {
        "SellerId": SELLER, "EventType": "Shipment" if shipment else "Order", "StatusUpdatedDateTime": _time(box),
        "SellerFulfillmentOrderId": row["orderId"], "FulfillmentOrderStatus": row["status"], "FulfillmentShipment": named,
        "FulfillmentReturnItem": {"ReceivedDateTime": "", "ReturnedQuantity": 0, "SellerSKU": ""},
    }  # fmt: skip
    return {"FulfillmentOrderStatusNotification": about}, ""


_TELLERS: Mapping[str, Callable[[Sandbox, Row], Told]] = {
    "ORDER_CHANGE": _order,
    "REPORT_PROCESSING_FINISHED": _finished(
        "reportProcessingFinishedNotification", ("reportId", "reportType", "processingStatus", "reportDocumentId")
    ),
    "FEED_PROCESSING_FINISHED": _finished(
        "feedProcessingFinishedNotification", ("feedId", "feedType", "processingStatus", "resultFeedDocumentId")
    ),
    "LISTINGS_ITEM_STATUS_CHANGE": _listing,
    "FULFILLMENT_ORDER_STATUS": _fulfilment,
}


def _region(about: Row) -> str:
    """The region of what is told, "" where it names no marketplace."""
    named = (
        (about.get("salesChannel") or {}).get("marketplaceId")
        or about.get("marketplaceId")
        or next(iter(about.get("marketplaceIds") or ()), "")
    )
    return MARKETPLACES[named].region if named in MARKETPLACES else ""


def _announce(box: Sandbox, kind: str, payload: Row, *, wanted: str, region: str) -> None:
    """Sends to the destination of each subscription of the type in that region, unless its filter leaves this kind of change out."""
    for row in box.book.rows(SUBSCRIPTIONS):
        if row["Type"] != kind or wanted not in _change_types(row, wanted) or (region and row["Region"] != region):
            continue
        target = box.book.get(DESTINATIONS, row["destinationId"])
        if target:
            _send(box, kind, target, envelope(box, kind, payload, row["subscriptionId"]))


def send_mock(box: Sandbox, kind: str, target: Row) -> None:
    """The invented notification of `sendTestNotification`."""
    _send(box, kind, target, envelope(box, kind, {"TestNotification": {"SellerId": SELLER}}, ""))


def envelope(box: Sandbox, kind: str, payload: Row, subscription_id: str) -> Row:
    """A whole notification, in the spelling of its type."""
    version, now = VERSIONS[kind], _time(box)
    metadata = {
        "ApplicationId": APPLICATION, "SubscriptionId": subscription_id, "PublishTime": now,
        "NotificationId": str(uuid.UUID(int=box.random.getrandbits(128))),
    }  # fmt: skip
    fields = {
        "NotificationVersion": version, "NotificationType": kind, "PayloadVersion": version, "EventTime": now, "Payload": payload,
        "NotificationMetadata": metadata,
    }  # fmt: skip
    if version != CAMEL:
        return fields
    return {_camel(name): value for name, value in {**fields, "NotificationMetadata": {_camel(k): v for k, v in metadata.items()}}.items()}


def shown(row: Row) -> Row:
    """A subscription as Amazon shows it."""
    return {name: value for name, value in row.items() if name not in ("Type", "Region")}


def _send(box: Sandbox, kind: str, target: Row, content: Row) -> None:
    if "sqs" in target["resource"]:
        queue.put(box, target["resource"]["sqs"]["arn"].rpartition(":")[2], encode(content).decode())
        return
    about = target["resource"]["eventBridge"]
    name = f"{about['accountId']} {about['region']}"
    bridge = box.book.get(BRIDGES, name)
    if bridge is None:
        return
    event_id = str(uuid.UUID(int=box.random.getrandbits(128)))
    event = {
        "version": "0", "id": event_id, "detail-type": kind, "source": about["name"], "account": about["accountId"], "time": _time(box),
        "region": about["region"], "resources": [], "detail": content,
    }  # fmt: skip
    box.webhooks.announce(bridge["Url"], encode(event), id=event_id, bridge=name)


def _change_types(row: Row, otherwise: str) -> Sequence[str]:
    chosen = ((row.get("processingDirective") or {}).get("eventFilter") or {}).get("orderChangeTypes")
    return chosen or (otherwise,)


def _count(item: Row, name: str) -> int:
    return int((item.get("fulfillment") or {}).get(name) or 0)


def _package(one: Mapping[str, Any]) -> Row:
    return {
        "PackageNumber": one.get("packageNumber", 0), "CarrierCode": one.get("carrierCode", ""),
        "TrackingNumber": one.get("trackingNumber", ""),
    }  # fmt: skip


def _time(box: Sandbox) -> str:
    return box.now().strftime("%Y-%m-%dT%H:%M:%S.") + f"{box.now().microsecond // 1000:03d}Z"


def _camel(name: str) -> str:
    return name[0].lower() + name[1:]
