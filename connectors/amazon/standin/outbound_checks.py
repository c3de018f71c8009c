"""What the stand-in's multi-channel fulfilment refuses, in Amazon's words (Amazon SP-API reference, 11.2)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from connectors.amazon.times import normalised
from connectors.sandbox import Refusal, Row

_LENGTHS = {"sellerFulfillmentOrderId": 40, "displayableOrderId": 40, "displayableOrderComment": 750}
_CHOICES = {
    "shippingSpeedCategory": ("Standard", "Expedited", "Priority", "ScheduledDelivery"),
    "fulfillmentAction": ("Ship", "Hold"),
    "fulfillmentPolicy": ("FillOrKill", "FillAll", "FillAllAvailable"),
}
_REQUIRED = (*_LENGTHS, "displayableOrderDate", "shippingSpeedCategory", "destinationAddress", "items")
_OPTIONAL = (
    "marketplaceId", "fulfillmentAction", "fulfillmentPolicy", "featureConstraints", "notificationEmails", "shipFromCountryCode",
    "deliveryWindow", "deliveryPreferences", "codSettings", "paymentInformation",
)  # fmt: skip
_CHANGES = (
    "marketplaceId", "displayableOrderId", "displayableOrderDate", "displayableOrderComment", "shippingSpeedCategory",
    "destinationAddress", "fulfillmentAction", "fulfillmentPolicy", "shipFromCountryCode", "notificationEmails", "featureConstraints",
    "items",
)  # fmt: skip
_ADDRESS = ("name", "addressLine1", "postalCode", "countryCode")
_ADDRESS_MORE = ("addressLine2", "addressLine3", "city", "districtOrCounty", "stateOrRegion", "phone")
_ITEM = ("sellerSku", "sellerFulfillmentOrderItemId", "quantity")
_ITEM_MORE = (
    "giftMessage", "displayableComment", "fulfillmentNetworkSku", "perUnitDeclaredValue", "perUnitPrice", "perUnitTax",
)  # fmt: skip
_FEATURES = ("BLANK_BOX", "BLOCK_AMZL", "SIGNATURE_CONFIRMATION")
_AMOUNT = re.compile(r"\d+(\.\d+)?")


def invalid(words: str) -> Refusal:
    """400 in Amazon's words."""
    return Refusal(400, "InvalidInput", words)


def moment(text: Any, name: str) -> str:
    """A time, in the form that sorts. Raises Refusal 400."""
    found = normalised(text)
    if not found:
        raise invalid(f"Value {text} for {name} is not a date.")
    return found


def new_order(wish: Any, marketplaces: Collection[str]) -> Row:
    """A new order as Amazon takes it. Raises Refusal 400."""
    order = _fields(wish, _REQUIRED, _OPTIONAL, "the request")
    _values(order)
    if order.get("marketplaceId", next(iter(marketplaces))) not in marketplaces:
        raise invalid("Invalid marketplace id.")
    items = _items(order["items"])
    if sum(item["quantity"] for item in items) > 250 or min(item["quantity"] for item in items) < 1:
        raise invalid("A fulfillment order has at least one unit in each line and at most 250 units.")
    return order


def changes(wish: Any) -> Row:
    """An update as Amazon takes it. Raises Refusal 400."""
    order = _fields(wish, (), _CHANGES, "the request")
    _values(order)
    for item in order.get("items") or ():
        _fields(item, _ITEM[1:], ("sellerSku", "orderItemDisposition", *_ITEM_MORE), "an item")
        _whole(item["quantity"], 0)
    return order


def _values(order: Row) -> None:
    for name, longest in _LENGTHS.items():
        if name in order and not (isinstance(order[name], str) and 0 < len(order[name]) <= longest):
            raise invalid(f"{name} must have between 1 and {longest} characters.")
    for name, choices in _CHOICES.items():
        if name in order and order[name] not in choices:
            raise invalid(f"Value {order[name]} for {name} is invalid.")
    if "displayableOrderDate" in order:
        moment(order["displayableOrderDate"], "displayableOrderDate")
    if "destinationAddress" in order:
        _address(order["destinationAddress"])
    for feature in order.get("featureConstraints") or ():
        if feature.get("featureName") not in _FEATURES or feature.get("featureFulfillmentPolicy") not in ("Required", "NotRequired"):
            raise invalid(f"Feature {feature.get('featureName')} is not supported.")


def _address(address: Any) -> None:
    _fields(address, _ADDRESS, _ADDRESS_MORE, "destinationAddress")
    if not re.fullmatch(r"[A-Z]{2}", str(address["countryCode"])):
        raise invalid("countryCode must be two letters.")
    if address["countryCode"] != "JP" and not address.get("city"):
        raise invalid("city is required in destinationAddress.")


def _items(found: Any) -> list[Row]:
    if not isinstance(found, list) or not 1 <= len(found) <= 100:
        raise invalid("A fulfillment order has between 1 and 100 items.")
    for item in found:
        _fields(item, _ITEM, _ITEM_MORE, "an item")
        _whole(item["quantity"], 1)
        if not 0 < len(str(item["sellerSku"])) <= 50:
            raise invalid(f"The SellerSKU for Item Id {item['sellerFulfillmentOrderItemId']} is invalid.")
        if "perUnitDeclaredValue" in item:
            _money(item["perUnitDeclaredValue"])
    names = [item["sellerFulfillmentOrderItemId"] for item in found]
    if len(set(names)) < len(names) or max(map(len, names)) > 50:
        raise invalid("Each item needs a sellerFulfillmentOrderItemId of its own of at most 50 characters.")
    return found


def _money(value: Any) -> None:
    amount = _fields(value, ("currencyCode", "value"), (), "perUnitDeclaredValue")
    if not isinstance(amount["value"], str) or not _AMOUNT.fullmatch(amount["value"]):
        raise invalid("The value of an amount is a decimal number as text.")


def _whole(value: Any, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise invalid(f"Quantity {value} is invalid.")


def _fields(wish: Any, required: Collection[str], optional: Collection[str], where: str) -> Row:
    if not isinstance(wish, Mapping):
        raise invalid(f"An object is expected for {where}.")
    for name in required:
        if wish.get(name) in (None, "", []):
            raise invalid(f"{name} is required in {where}.")
    for name in wish:
        if name not in required and name not in optional:
            raise invalid(f"{name} is not known in {where}.")
    return dict(wish)
