"""Price and quantity of an offer in Amazon's words (Amazon SP-API reference, 8.2)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors.amazon.regions import chosen
from connectors.base import Payload
from connectors.errors import Problem, RejectedError
from connectors.http import JsonClient

OWN_CHANNEL = "DEFAULT"
"""Shipped by the seller; every other channel code (AMAZON_NA, AMAZON_EU …) is stock in Amazon's warehouses."""
ANY_TYPE = "PRODUCT"
"""The product type that is accepted for changes of the offer alone."""
QUANTITY, PRICE = "fulfillment_availability", "purchasable_offer"


def marketplace_of(client: JsonClient, payload: Payload) -> str:
    """The marketplace that a payload names, else the connection's first."""
    return str(payload.get("marketplaceId") or chosen(client.settings)[0])


def sku_of(payload: Payload) -> str:
    """The SKU of a payload. Raises RejectedError where it has none."""
    sku = payload.get("sku")
    if not isinstance(sku, str) or not sku.strip():
        raise refused("sku", "required", "The SKU is missing; without it Amazon does not know which listing is meant.")
    return sku


def by_amazon(listing: Payload) -> bool:
    """Whether a listing's stock lies in Amazon's warehouses."""
    held = [one for one in listing.get("fulfillmentAvailability") or () if isinstance(one, dict)]
    return any(one.get("fulfillmentChannelCode") not in (None, "", OWN_CHANNEL) for one in held)


def refuse_by_amazon(sku: str) -> RejectedError:
    """A quantity of ours for stock that Amazon keeps would turn the listing into one that the seller ships."""
    return refused(
        "quantity",
        "fulfilled_by_amazon",
        f"{sku} is fulfilled by Amazon, whose warehouse alone knows the quantity; sending one would turn it into an offer shipped by you. "
        "Leave the quantity out for this SKU, or change the fulfilment channel in Seller Central first.",
    )


def attributes(payload: Payload, marketplace: str) -> dict[str, list[Payload]]:
    """The attributes that a payload's quantity and price stand for. Raises RejectedError for an amount that is none."""
    found: dict[str, list[Payload]] = {}
    if payload.get("quantity") is not None:
        found[QUANTITY] = [_availability(payload)]
    if payload.get("price") is not None:
        found[PRICE] = [_offer(payload, marketplace)]
    return found


def patches(payload: Payload, marketplace: str) -> list[Payload]:
    """Both changes for one PATCH: the quantity merged, since a replacement would drop what is not repeated, the price replaced.

    Raises RejectedError where there is nothing to change.
    """
    made = [
        {"op": "merge" if name == QUANTITY else "replace", "path": f"/attributes/{name}", "value": value}
        for name, value in attributes(payload, marketplace).items()
    ]
    if not made:
        raise refused("quantity", "required", "Neither a quantity nor a price is given; there is nothing to change.")
    return made


def refused(path: str, code: str, words: str) -> RejectedError:
    """A refusal of ours, before Amazon is asked."""
    return RejectedError(words, code=code, problems=(Problem(path=path, code=code, message=words, cause=f"{code}:{path}"),))


def amount(payload: Mapping[str, Any], name: str) -> Decimal:
    """An amount as a plain number without noise of binary fractions. Raises RejectedError."""
    value = payload.get(name)
    try:
        number = Decimal(str(value))
    except ArithmeticError:
        number = Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite() or number < 0:
        raise refused(name, "type_mismatch", f"{name} is not an amount of money; write it as a number such as 20.00.")
    return Decimal(format(number, "f"))


def _availability(payload: Payload) -> Payload:
    quantity = payload["quantity"]
    if isinstance(quantity, bool) or not isinstance(quantity, int) or quantity < 0:
        raise refused("quantity", "type_mismatch", "The quantity is not a whole number of 0 or more.")
    more = {"lead_time_to_ship_max_days": payload.get("leadTimeDays"), "restock_date": payload.get("restockDate")}
    given = {name: value for name, value in more.items() if value is not None}
    return {"fulfillment_channel_code": OWN_CHANNEL, "quantity": quantity, **given}


def _offer(payload: Payload, marketplace: str) -> Payload:
    currency = payload.get("currency")
    if not isinstance(currency, str) or len(currency) != 3:
        raise refused("currency", "required", "A price needs its currency, such as USD.")
    offer: Payload = {"marketplace_id": marketplace, "currency": currency, "audience": payload.get("audience") or "ALL"}
    offer["our_price"] = _schedule({"value_with_tax": amount(payload, "price")})
    if payload.get("salePrice") is not None:
        if not payload.get("saleStart") or not payload.get("saleEnd"):
            raise refused("saleStart", "required", "A sale price needs the dates on which it begins and ends.")
        sale = {"start_at": payload["saleStart"], "end_at": payload["saleEnd"], "value_with_tax": amount(payload, "salePrice")}
        offer["discounted_price"] = _schedule(sale)
    for name, theirs in (("minimumPrice", "minimum_seller_allowed_price"), ("maximumPrice", "maximum_seller_allowed_price")):
        if payload.get(name) is not None:
            offer[theirs] = _schedule({"value_with_tax": amount(payload, name)})
    return offer


def _schedule(entry: Payload) -> list[Payload]:
    return [{"schedule": [entry]}]
