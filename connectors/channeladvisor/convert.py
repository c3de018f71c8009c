"""Turns an order of the published API (rest-v1) into the v2 shape. Pure; the table is in the ChannelAdvisor API reference, C3."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors.base import Payload
from connectors.channeladvisor.lines import line, lines_of
from connectors.channeladvisor.status import order_status, payment_status
from connectors.channeladvisor.values import money, text, whole

FULFILLED_BY = {"SellerManaged": "Seller", "ExternallyManaged": "External", "Mixed": "Mixed"}
TAX_MODE = {"NoTax": "None", "Standard": "Exclusive", "ExclusiveVat": "Exclusive", "InclusiveVat": "Inclusive"}


def to_v2(order: Mapping[str, Any], *, exported: bool, centers: Mapping[int, str], tax_sites: frozenset[tuple[int, str]]) -> Payload:
    """The order in the v2 shape.

    `centers` names the distribution centres by id; `tax_sites` are the (site id, country) pairs where the marketplace collects the
    tax, which the published API does not tell. Raises ValueError for an amount or quantity that no order can have.
    """
    lines = [line(one, order, centers) for one in lines_of(order)]
    totals = _totals(order, lines)
    return {
        **_names(order),
        "OrderStatus": order_status(order, exported=exported),
        "PaymentStatus": payment_status(order),
        "FulfillmentStatus": text(order.get("ShippingStatus")) or None,
        "FulfilledBy": FULFILLED_BY.get(text(order.get("DistributionCenterTypeRollup")), "Seller"),
        **_times(order),
        "Currency": text(order.get("Currency")),
        "CustomerInfo": _customer(order),
        "ShippingAddress": _address(order, "Shipping"),
        "BillingAddress": _address(order, "Billing"),
        "ShippingMethod": {"Carrier": text(order.get("RequestedShippingCarrier")), "Class": text(order.get("RequestedShippingClass"))},
        "OrderItem": lines,
        "Totals": totals,
        "TaxMode": TAX_MODE.get(text(order.get("OrderTaxType")), "None"),
        "TaxCollectedByMarketplace": (whole(order.get("SiteID")), text(order.get("ShippingCountry")).upper()) in tax_sites,
        "Discounts": _discounts(order),
        "Payment": _payment(order),
        "Notes": _notes(order),
        "Tags": [tag.strip() for tag in text(order.get("OrderTags")).split(",") if tag.strip()],
        "Attributes": [],
        "Exported": exported,
        "PersonalDataRemoved": order.get("UserDataPresent") is not None and whole(order.get("UserDataPresent")) == 0,
        "PersonalDataRemovalDateUtc": order.get("UserDataRemovalDateUTC") or None,
    }


def _names(order: Mapping[str, Any]) -> Payload:
    return {
        "ChannelAdvisorOrderID": whole(order.get("ID")),
        "OrderID": text(order.get("SiteOrderID")),
        "SecondaryOrderID": text(order.get("SecondarySiteOrderID")),
        "SellerOrderID": text(order.get("SellerOrderID")),
        "ProfileID": whole(order.get("ProfileID")),
        "Marketplace": {
            "SiteID": whole(order.get("SiteID")),
            "Name": text(order.get("SiteName")),
            "AccountID": whole(order.get("SiteAccountID")),
        },
    }


def _payment(order: Mapping[str, Any]) -> Payload:
    return {
        "Method": text(order.get("PaymentMethod")),
        "TransactionID": text(order.get("PaymentTransactionID")),
        "MerchantReference": text(order.get("PaymentMerchantReferenceNumber")),
    }


def _notes(order: Mapping[str, Any]) -> Payload:
    return {
        "Public": text(order.get("PublicNotes")),
        "Private": text(order.get("PrivateNotes")),
        "Buyer": text(order.get("SpecialInstructions")),
    }


def _times(order: Mapping[str, Any]) -> Payload:
    names = {
        "OrderDate": "CreatedDateUtc",
        "ImportedDateUtc": "ImportDateUtc",
        "UpdatedDateUtc": "UpdatedDateUtc",
        "PaymentDateUtc": "PaymentDateUtc",
        "ShippedDateUtc": "ShippingDateUtc",
        "ShipByDateUtc": "EstimatedShipDateUtc",
        "DeliverByDateUtc": "DeliverByDateUtc",
    }
    return {name: text(order.get(source)) or None for name, source in names.items()}


def _customer(order: Mapping[str, Any]) -> Payload:
    first, last = _name(order)
    phones = ("ShippingDaytimePhone", "ShippingEveningPhone", "BillingDaytimePhone", "BillingEveningPhone")
    return {
        "FirstName": first,
        "LastName": last,
        "Email": text(order.get("BuyerEmailAddress")),
        "Phone": next((phone for phone in (text(order.get(name)) for name in phones) if phone), ""),
        "UserID": text(order.get("BuyerUserId")),
        "CompanyName": text(order.get("BillingCompanyName")) or text(order.get("ShippingCompanyName")),
        "EmailOptIn": bool(order.get("BuyerEmailOptIn")),
    }


def _name(order: Mapping[str, Any]) -> tuple[str, str]:
    """The first pair that is not empty, billing before shipping."""
    for block in ("Billing", "Shipping"):
        pair = text(order.get(f"{block}FirstName")), text(order.get(f"{block}LastName"))
        if any(pair):
            return pair
    return "", ""


def _address(order: Mapping[str, Any], block: str) -> Payload | None:
    """One address block, None when all of it is empty. This API has no third line."""
    same = (
        "Title", "FirstName", "LastName", "Suffix", "CompanyName", "AddressLine1", "AddressLine2",
        "City", "StateOrProvince", "StateOrProvinceName", "PostalCode", "Country", "EveningPhone",
    )  # fmt: skip
    found = {name: text(order.get(f"{block}{name}")) for name in same}
    found["Phone"] = text(order.get(f"{block}DaytimePhone"))
    return {**found, "AddressLine3": "", "AddressType": "Unknown"} if any(found.values()) else None


def _totals(order: Mapping[str, Any], lines: list[Payload]) -> Payload:
    shipping_tax, gift_tax = money(order.get("TotalShippingTaxPrice")), money(order.get("TotalGiftOptionTaxPrice"))
    discount = -abs(money(order.get("PromotionAmount"))) + sum(
        (one["DiscountAmount"] + one["ShippingDiscountAmount"] for one in lines), Decimal(0)
    )
    return {
        "Items": sum((one["UnitPrice"] * one["Quantity"] for one in lines), Decimal(0)),
        "Tax": money(order.get("TotalTaxPrice")) - shipping_tax - gift_tax,
        "Shipping": money(order.get("TotalShippingPrice")),
        "ShippingTax": shipping_tax,
        "GiftWrap": money(order.get("TotalGiftOptionPrice")),
        "GiftWrapTax": gift_tax,
        "Insurance": money(order.get("TotalInsurancePrice")),
        "Recycling": sum((one["RecyclingFee"] for one in lines), Decimal(0)),
        "Discount": discount,
        "Additional": money(order.get("AdditionalCostOrDiscount")),
        "Grand": money(order.get("TotalPrice")),
    }


def _discounts(order: Mapping[str, Any]) -> list[Payload]:
    amount, code = -abs(money(order.get("PromotionAmount"))), text(order.get("PromotionCode"))
    return [{"Code": code, "Amount": amount, "Scope": "Order"}] if amount else []
