"""The same marketplace order as two systems tell it: an Amazon order as ChannelAdvisor would bring it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from connectors.amazon.regions import marketplace_name
from connectors.amazon.standin.order_totals import market_of
from connectors.base import Payload
from connectors.channeladvisor.standin.orders import SITES, totals
from connectors.channeladvisor.times import written

ZERO = Decimal(0)
METHODS = {"EXPEDITED": ("FEDEX", "2DAY"), "SECOND_DAY": ("FEDEX", "2DAY"), "FREE_ECONOMY": ("USPS", "PRIORITY")}
AT_HOME = ("UPS", "GROUND")
STATUSES = {"PENDING": "Pending", "CANCELLED": "Cancelled", "SHIPPED": "Shipped"}


def as_channeladvisor(order: Payload, *, number: int, center: str = "RENO") -> Payload:
    """The order in ChannelAdvisor's v2 shape under its own running number; it has the marketplace's order number and the same total.

    `order` is one of the Orders API 2026-01-01 with all its blocks, from a marketplace that ChannelAdvisor's stand-in knows too.
    """
    market = market_of(order)
    site = next(one for one in SITES if one.name == marketplace_name(market.id))
    placed, fulfillment = datetime.fromisoformat(order["createdTime"]), order["fulfillment"]
    rows = [_line(line, number=number * 100 + place, center=center) for place, line in enumerate(order["orderItems"])]
    mode = "Inclusive" if market.inclusive else "Exclusive"
    carrier, service = METHODS.get(fulfillment["fulfillmentServiceLevel"], AT_HOME)
    address = _address(order)
    return {
        "ChannelAdvisorOrderID": number, "OrderID": order["orderId"], "SecondaryOrderID": "", "SellerOrderID": "",
        "Marketplace": {"SiteID": site.id, "Name": site.name, "AccountID": site.account},
        "OrderStatus": STATUSES.get(fulfillment["fulfillmentStatus"], "New"),
        "PaymentStatus": "Submitted" if fulfillment["fulfillmentStatus"] == "PENDING" else "Cleared",
        "FulfillmentStatus": "Unshipped", "FulfilledBy": "External" if fulfillment["fulfilledBy"] == "AMAZON" else "Seller",
        "OrderDate": written(placed), "PaymentDateUtc": written(placed + timedelta(minutes=2)), "ShippedDateUtc": None,
        "ShipByDateUtc": written(placed + timedelta(days=2)), "DeliverByDateUtc": written(placed + timedelta(days=7)),
        "Currency": market.currency, "CustomerInfo": _customer(order, address), "ShippingAddress": address, "BillingAddress": None,
        "ShippingMethod": {"Carrier": carrier, "Class": service},
        "OrderItem": rows, "Totals": totals(rows, [], mode=mode, additional=_additional(order)),
        "TaxMode": mode, "TaxCollectedByMarketplace": market.facilitator, "Discounts": [],
        "Payment": {"Method": "Marketplace", "TransactionID": f"TX{number}", "MerchantReference": ""},
        "Notes": {"Public": "", "Private": "", "Buyer": ""}, "Tags": [], "Attributes": [],
        "Exported": False, "PersonalDataRemoved": "recipient" not in order, "PersonalDataRemovalDateUtc": None,
    }  # fmt: skip


def _line(line: Payload, *, number: int, center: str) -> Payload:
    parts, taxes, less = (_parts(line, kind) for kind in ("", "TAX", "DISCOUNT"))
    discount, less_shipping = -abs(less.get("ITEM", ZERO)), -abs(less.get("SHIPPING", ZERO))
    product, gift = line["product"], line["fulfillment"].get("packing", {}).get("giftOption", {})
    promotions = [one["promotionId"] for one in line.get("promotion", {}).get("breakdowns", [])]
    return {
        "ItemID": number, "MarketplaceItemID": line["orderItemId"], "SKU": product.get("sellerSku", ""), "Title": product["title"],
        "Quantity": line["quantityOrdered"], "UnitPrice": Decimal(product["price"]["unitPrice"]["amount"]),
        "TaxAmount": taxes.get("ITEM", ZERO) + taxes.get("COD_FEE", ZERO), "DiscountAmount": discount,
        "ShippingAmount": parts.get("SHIPPING", ZERO), "ShippingTaxAmount": taxes.get("SHIPPING", ZERO),
        "ShippingDiscountAmount": less_shipping,
        "GiftWrapAmount": parts.get("GIFT_WRAP", ZERO), "GiftWrapTaxAmount": taxes.get("GIFT_WRAP", ZERO),
        "GiftMessage": gift.get("giftMessage", ""), "GiftWrapLevel": gift.get("giftWrapLevel", ""), "RecyclingFee": ZERO,
        "Promotions": [{"Code": code, "Amount": discount, "ShippingAmount": less_shipping} for code in promotions],
        "QuantityShipped": 0, "QuantityCancelled": 0, "QuantityReturned": 0, "IsBundle": False, "BundleComponents": [],
        "DistributionCenter": center,
    }  # fmt: skip


def _parts(line: Payload, kind: str) -> dict[str, Decimal]:
    """Amounts by kind, or those within one kind."""
    rows: Sequence[Mapping[str, Any]] = line.get("proceeds", {}).get("breakdowns", [])
    if not kind:
        return {row["type"]: Decimal(row["subtotal"]["amount"]) for row in rows}
    details = [one for row in rows if row["type"] == kind for one in row.get("detailedBreakdowns", [])]
    return {one["subtype"]: Decimal(one["value"]["amount"]) for one in details}


def _additional(order: Payload) -> Decimal:
    rows = order.get("proceeds", {}).get("breakdowns", [])
    return sum((Decimal(row["subtotal"]["amount"]) for row in rows if row["type"] in ("DELIVERY_TIP", "COD_FEE")), ZERO)


def _address(order: Payload) -> dict[str, Any]:
    given = order.get("recipient", {}).get("deliveryAddress", {})
    first, _, last = given.get("name", "").partition(" ")
    return {
        "Title": "", "FirstName": first, "LastName": last, "Suffix": "", "CompanyName": given.get("companyName", ""),
        "AddressLine1": given.get("addressLine1", ""), "AddressLine2": given.get("addressLine2", ""), "AddressLine3": "",
        "City": given.get("city", ""), "StateOrProvince": given.get("stateOrRegion", ""), "StateOrProvinceName": "",
        "PostalCode": given.get("postalCode", ""), "Country": given.get("countryCode", ""), "Phone": given.get("phone", ""),
        "EveningPhone": "", "AddressType": given.get("addressType", "RESIDENTIAL").title(),
    }  # fmt: skip


def _customer(order: Payload, address: Mapping[str, Any]) -> dict[str, Any]:
    about = {name: address[name] for name in ("FirstName", "LastName", "Phone", "CompanyName")}
    return {**about, "Email": order.get("buyer", {}).get("buyerEmail", ""), "UserID": "", "EmailOptIn": False}
