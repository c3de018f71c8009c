"""A v2 order in the shape of the published API: the way back through the table C3 of the ChannelAdvisor API reference."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors.base import Payload

CENTERS = {"RENO": 0, "ATLANTA": 4, "FBA": 9}
EXTERNAL = frozenset({"FBA"})
_ROLLUP = {"Seller": "SellerManaged", "External": "ExternallyManaged", "Mixed": "Mixed"}
_TAX_TYPE = {"None": "NoTax", "Exclusive": "Standard", "Inclusive": "InclusiveVat"}
_ADDRESS = (
    "Title", "FirstName", "LastName", "Suffix", "CompanyName", "AddressLine1", "AddressLine2", "City", "StateOrProvince",
    "StateOrProvinceName", "PostalCode", "Country", "EveningPhone",
)  # fmt: skip
_LINE = {
    "ID": "ItemID", "SiteOrderItemID": "MarketplaceItemID", "Sku": "SKU", "Title": "Title", "UnitPrice": "UnitPrice",
    "TaxPrice": "TaxAmount", "ShippingPrice": "ShippingAmount", "ShippingTaxPrice": "ShippingTaxAmount",
    "RecyclingFee": "RecyclingFee", "GiftMessage": "GiftMessage", "GiftNotes": "GiftWrapLevel",
    "GiftPrice": "GiftWrapAmount", "GiftTaxPrice": "GiftWrapTaxAmount", "IsBundle": "IsBundle",
}  # fmt: skip


def published(order: Mapping[str, Any]) -> Payload:
    """The whole order with all its nested collections."""
    return {
        **headline(order),
        **_money(order),
        **_block("Shipping", order.get("ShippingAddress")),
        **_block("Billing", order.get("BillingAddress")),
        **_buyer(order),
        "Items": [_line(order, line) for line in order.get("OrderItem", [])],
        "Fulfillments": _fulfillments(order),
        "Adjustments": [],
        "CustomFields": [],
    }


def headline(order: Mapping[str, Any]) -> Payload:
    """The fields that a filter may name."""
    marketplace = order.get("Marketplace") or {}
    status, payment = order.get("OrderStatus"), order.get("PaymentStatus")
    return {
        "ID": order["ChannelAdvisorOrderID"], "ProfileID": order.get("ProfileID"),
        "SiteID": marketplace.get("SiteID"), "SiteName": marketplace.get("Name"), "SiteAccountID": marketplace.get("AccountID"),
        "SiteOrderID": order.get("OrderID"), "SecondarySiteOrderID": order.get("SecondaryOrderID") or None,
        "SellerOrderID": order.get("SellerOrderID") or None,
        "CreatedDateUtc": order.get("OrderDate"), "ImportDateUtc": order.get("ImportedDateUtc"),
        "UpdatedDateUtc": order.get("UpdatedDateUtc"),
        "CheckoutStatus": {"OnHold": "OnHold", "Pending": "NotVisited"}.get(str(status), "Completed"),
        "PaymentStatus": "Cleared" if payment in ("Refunded", "PartiallyRefunded") else payment,
        "ShippingStatus": order.get("FulfillmentStatus"),
        "DistributionCenterTypeRollup": _ROLLUP.get(str(order.get("FulfilledBy")), "SellerManaged"),
    }  # fmt: skip


def _money(order: Mapping[str, Any]) -> Payload:
    totals, method, payment = order.get("Totals") or {}, order.get("ShippingMethod") or {}, order.get("Payment") or {}
    notes, discounts = order.get("Notes") or {}, order.get("Discounts") or []
    taxes = [totals.get(name) or Decimal(0) for name in ("Tax", "ShippingTax", "GiftWrapTax")]
    return {
        "Currency": order.get("Currency"), "TotalPrice": totals.get("Grand"), "TotalTaxPrice": sum(taxes, Decimal(0)),
        "TotalShippingPrice": totals.get("Shipping"), "TotalShippingTaxPrice": totals.get("ShippingTax"),
        "TotalInsurancePrice": totals.get("Insurance"), "TotalGiftOptionPrice": totals.get("GiftWrap"),
        "TotalGiftOptionTaxPrice": totals.get("GiftWrapTax"), "AdditionalCostOrDiscount": totals.get("Additional"),
        "PromotionCode": ",".join(str(one["Code"]) for one in discounts) or None,
        "PromotionAmount": sum((one["Amount"] for one in discounts), Decimal(0)),
        "OrderTaxType": _TAX_TYPE.get(str(order.get("TaxMode")), "NoTax"),
        "RequestedShippingCarrier": method.get("Carrier"), "RequestedShippingClass": method.get("Class"),
        "PaymentMethod": payment.get("Method"), "PaymentTransactionID": payment.get("TransactionID"),
        "PaymentMerchantReferenceNumber": payment.get("MerchantReference") or None,
        "PublicNotes": notes.get("Public"), "PrivateNotes": notes.get("Private"), "SpecialInstructions": notes.get("Buyer"),
        "OrderTags": ",".join(order.get("Tags") or []), "EstimatedShipDateUtc": order.get("ShipByDateUtc"),
        "DeliverByDateUtc": order.get("DeliverByDateUtc"), "PaymentDateUtc": order.get("PaymentDateUtc"),
        "ShippingDateUtc": order.get("ShippedDateUtc"), "FlagID": 0, "FlagDescription": None, **order.get("_Flag", {}),
    }  # fmt: skip


def _buyer(order: Mapping[str, Any]) -> Payload:
    info = order.get("CustomerInfo") or {}
    return {
        "BuyerUserId": info.get("UserID") or None,
        "BuyerEmailAddress": info.get("Email") or None,
        "BuyerEmailOptIn": info.get("EmailOptIn"),
        "UserDataPresent": 0 if order.get("PersonalDataRemoved") else 1,
        "UserDataRemovalDateUTC": order.get("PersonalDataRemovalDateUtc"),
    }


def _block(name: str, address: Mapping[str, Any] | None) -> Payload:
    held = address or {}
    return {**{f"{name}{field}": held.get(field) or None for field in _ADDRESS}, f"{name}DaytimePhone": held.get("Phone") or None}


def _line(order: Mapping[str, Any], line: Mapping[str, Any]) -> Payload:
    cancelled = line.get("QuantityCancelled") or 0
    return {
        **{theirs: line.get(ours) for theirs, ours in _LINE.items()},
        "OrderID": order["ChannelAdvisorOrderID"],
        "ProfileID": order.get("ProfileID"),
        "Quantity": line["Quantity"] or cancelled,
        "Promotions": line.get("Promotions") or [],
        "BundleComponents": [
            {"Sku": one["SKU"], "Quantity": one["Quantity"], "Title": one.get("Title"), "BundleSku": line["SKU"]}
            for one in line.get("BundleComponents") or []
        ],
        "FulfillmentItems": [],
        "Adjustments": [
            {"ID": line["ItemID"] * 10 + place, "OrderItemID": line["ItemID"], "Quantity": units, "Type": "Cancellation",
             "Reason": line.get("CancelReason"), "RequestStatus": status}
            for place, (units, status) in enumerate(_cancellations(line)) if units
        ],
    }  # fmt: skip


def _cancellations(line: Mapping[str, Any]) -> list[tuple[int, str]]:
    """What is done, and what the marketplace has yet to confirm."""
    return [(line.get("QuantityCancelled") or 0, "PostProcessingComplete"), (line.get("_Adjusting") or 0, "SubmittedNotProcessed")]


def _fulfillments(order: Mapping[str, Any]) -> list[Payload]:
    """One for each shipment, and one per distribution centre for what is still to go."""
    number, waiting = order["ChannelAdvisorOrderID"], dict[str, list[Payload]]()
    for line in order.get("OrderItem", []):
        gone = (line.get("QuantityCancelled") or 0) + (line.get("QuantityShipped") or 0)
        if line["Quantity"] > gone:
            entry = {"OrderItemID": line["ItemID"], "Sku": line["SKU"], "Quantity": line["Quantity"] - gone}
            waiting.setdefault(line.get("DistributionCenter") or "RENO", []).append(entry)
    open_ones = [
        {"ID": number * 10 + place, "OrderID": number, "DeliveryStatus": "NoChange", "DistributionCenterID": CENTERS.get(center, 0),
         "Items": entries}
        for place, (center, entries) in enumerate(waiting.items())
    ]  # fmt: skip
    return [*(_fulfillment(order, one) for one in order.get("_Shipments", [])), *open_ones]


def _fulfillment(order: Mapping[str, Any], shipment: Mapping[str, Any]) -> Payload:
    lines = {line["ItemID"]: line for line in order["OrderItem"]}
    first = lines[shipment["Items"][0]["ItemID"]] if shipment["Items"] else {}
    center = shipment.get("DistributionCenter") or first.get("DistributionCenter") or "RENO"
    return {
        "ID": shipment["ShipmentID"], "OrderID": order["ChannelAdvisorOrderID"], "ProfileID": order.get("ProfileID"),
        "Type": "Ship", "DeliveryStatus": "Complete", "DistributionCenterID": CENTERS.get(center, 0),
        "SellerFulfillmentID": shipment.get("SellerShipmentID"), "ShippingCarrier": shipment.get("Carrier"),
        "ShippingClass": shipment.get("Class"), "TrackingNumber": shipment.get("TrackingNumber"),
        "TrackingUrl": shipment.get("TrackingUrl"), "ReturnTrackingNumber": shipment.get("ReturnTrackingNumber"),
        "ShippedDateUtc": shipment.get("ShippedDateUtc"), "CreatedDateUtc": shipment["CreatedDateUtc"],
        "UpdatedDateUtc": shipment["UpdatedDateUtc"],
        "Items": [
            {"OrderItemID": one["ItemID"], "Sku": one["SKU"], "Quantity": one["Quantity"],
             "MarketplaceShippingStatus": shipment["MarketplaceStatus"]}
            for one in shipment["Items"]
        ],
    }  # fmt: skip
