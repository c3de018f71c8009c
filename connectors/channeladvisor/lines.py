"""The lines of a rest-v1 order in the v2 shape (ChannelAdvisor API reference, C3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from connectors.base import Payload
from connectors.channeladvisor.values import money, objects, text, whole

REQUEST_STATUS = {
    "Error": -1, "SubmittedNotProcessed": 0, "NewRma": 1, "PendingApproval": 2, "ProcessingApproval": 3, "ReadyForReturn": 4,
    "PendingReturn": 5, "ProcessingReturn": 6, "PendingRejection": 7, "ProcessingRejection": 8, "ProcessedNotAcknowledged": 10,
    "PendingReturnRejection": 11, "ProcessingReturnRejection": 12, "AcknowledgedPostProcessingNotComplete": 20,
    "PostProcessingComplete": 30, "RejectionCompleted": 31, "InformationOnly": 32, "NoChange": -999,
}  # fmt: skip
_REJECTED_OR_INFORMATION = (31, 32)
_REJECTED = (7, 8, 11, 12, *_REJECTED_OR_INFORMATION)


def lines_of(order: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The order's lines as they came."""
    return objects(order.get("Items"))


def line(one: Mapping[str, Any], order: Mapping[str, Any], centers: Mapping[int, str]) -> Payload:
    """One line. All amounts but the unit price are for the full quantity."""
    promotions = [_promotion(each) for each in objects(one.get("Promotions"))]
    return {
        "ItemID": whole(one.get("ID")),
        "MarketplaceItemID": text(one.get("SiteOrderItemID")),
        "SKU": text(one.get("Sku")),
        "Title": text(one.get("Title")),
        "Quantity": whole(one.get("Quantity")),
        "UnitPrice": money(one.get("UnitPrice")),
        "TaxAmount": money(one.get("TaxPrice")),
        "DiscountAmount": sum((each["Amount"] for each in promotions), Decimal(0)),
        "ShippingAmount": money(one.get("ShippingPrice")),
        "ShippingTaxAmount": money(one.get("ShippingTaxPrice")),
        "ShippingDiscountAmount": sum((each["ShippingAmount"] for each in promotions), Decimal(0)),
        "GiftWrapAmount": money(one.get("GiftPrice")),
        "GiftWrapTaxAmount": money(one.get("GiftTaxPrice")),
        "GiftMessage": text(one.get("GiftMessage")),
        "GiftWrapLevel": text(one.get("GiftNotes")),
        "RecyclingFee": money(one.get("RecyclingFee")),
        "Promotions": promotions,
        "QuantityShipped": _shipped(one, order),
        "QuantityCancelled": cancelled(one),
        "QuantityReturned": _adjusted(one, "Refund"),
        "IsBundle": bool(one.get("IsBundle")),
        "BundleComponents": [_component(each) for each in objects(one.get("BundleComponents"))],
        "DistributionCenter": _center(one, order, centers),
    }


def cancelled(one: Mapping[str, Any]) -> int:
    """How many units of a line were cancelled."""
    return _adjusted(one, "Cancellation")


def asked_to_cancel(one: Mapping[str, Any]) -> int:
    """Units whose cancellation was asked for: also those that the marketplace has yet to confirm, so that none is asked for twice."""
    asked = (each for each in objects(one.get("Adjustments")) if each.get("Type") == "Cancellation" and not _is_rejected(each))
    return sum(whole(each.get("Quantity")) for each in asked)


def is_final(adjustment: Mapping[str, Any]) -> bool:
    """Whether the marketplace has carried an adjustment out: status 20 and above, but neither rejected nor for information only."""
    number = _request_status(adjustment)
    return number >= 20 and number not in _REJECTED_OR_INFORMATION


def _is_rejected(adjustment: Mapping[str, Any]) -> bool:
    return _request_status(adjustment) < 0 or _request_status(adjustment) in _REJECTED


def _request_status(adjustment: Mapping[str, Any]) -> int:
    status = adjustment.get("RequestStatus")
    return REQUEST_STATUS.get(status, -1) if isinstance(status, str) else whole(status)


def _promotion(one: Mapping[str, Any]) -> Payload:
    return {"Code": text(one.get("Code")), "Amount": money(one.get("Amount")), "ShippingAmount": money(one.get("ShippingAmount"))}


def _component(one: Mapping[str, Any]) -> Payload:
    return {"SKU": text(one.get("Sku")), "Quantity": whole(one.get("Quantity")), "Title": text(one.get("Title"))}


def _adjusted(one: Mapping[str, Any], kind: str) -> int:
    return sum(whole(each.get("Quantity")) for each in objects(one.get("Adjustments")) if each.get("Type") == kind and is_final(each))


def _shipped(one: Mapping[str, Any], order: Mapping[str, Any]) -> int:
    return sum(
        whole(each.get("Quantity"))
        for fulfillment in objects(order.get("Fulfillments"))
        if fulfillment.get("DeliveryStatus") == "Complete"
        for each in objects(fulfillment.get("Items"))
        if each.get("OrderItemID") == one.get("ID")
    )


def _center(one: Mapping[str, Any], order: Mapping[str, Any], centers: Mapping[int, str]) -> str:
    for fulfillment in objects(order.get("Fulfillments")):
        held = any(each.get("OrderItemID") == one.get("ID") for each in objects(fulfillment.get("Items")))
        if held and fulfillment.get("DeliveryStatus") != "Canceled":
            return centers.get(whole(fulfillment.get("DistributionCenterID")), "")
    return ""
