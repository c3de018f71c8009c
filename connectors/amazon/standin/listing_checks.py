"""What the stand-in finds wrong with a listing, as Amazon words it (Amazon SP-API reference, 8)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from connectors.amazon.standin.asking import invalid
from connectors.amazon.standin.listing_rows import AVAILABILITY, OFFER
from connectors.amazon.standin.markets import MARKETS
from connectors.sandbox import Row

OPS = ("add", "replace", "merge", "delete")
MERGED = (AVAILABILITY, OFFER)
REQUIREMENTS = ("LISTING", "LISTING_PRODUCT_ONLY", "LISTING_OFFER_ONLY")
NEEDED = {
    "LISTING": ("item_name", "brand", "condition_type", OFFER),
    "LISTING_PRODUCT_ONLY": ("item_name", "brand"),
    "LISTING_OFFER_ONLY": ("condition_type", OFFER),
}
PRICES = ("our_price", "minimum_seller_allowed_price", "maximum_seller_allowed_price")
IMAGE = "main_product_image_locator"
PATH = re.compile(r"/attributes/[a-z0-9_]+\Z")
ANY_TYPE = "PRODUCT"
Issue = dict[str, Any]


def issue(code: str, message: str, attribute: str, kind: str = "INVALID_ATTRIBUTE") -> Issue:
    """An issue that stops a submission."""
    return {"code": code, "message": message, "severity": "ERROR", "attributeNames": [attribute], "categories": [kind]}


def check_patches(patches: Any) -> list[Row]:
    """The form of a patch request. Raises Refusal 400, as Amazon does before it looks at any value."""
    if not isinstance(patches, list) or not patches:
        raise invalid("The patches are missing.")
    for one in patches:
        if not isinstance(one, dict) or one.get("op") not in OPS:
            raise invalid("Invalid op provided in patch.")
        if not PATH.match(str(one.get("path") or "")):
            raise invalid("Invalid path provided in patch.", str(one.get("path") or ""))
        value = one.get("value")
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            raise invalid("The value of a patch must be an array of objects.")
    return patches


def patch_issues(row: Row | None, product_type: str, patches: list[Row], marketplace: str, sku: str) -> list[Issue]:
    """What stops a PATCH."""
    if row is None:
        return [issue("4000003", f"The SKU '{sku}' was not found in this marketplace.", "sku", "INVALID_SKU")]
    found: list[Issue] = []
    if product_type not in (ANY_TYPE, row["productType"]):
        found.append(issue("4000004", f"'{product_type}' is not the product type of this listing.", "product_type"))
    for one in patches:
        attribute = str(one["path"]).rpartition("/")[2]
        if one["op"] == "merge" and attribute not in MERGED:
            found.append(issue("4000005", f"'{attribute}' does not support the merge operation.", attribute))
        elif one["op"] != "delete":
            found += value_issues(attribute, one["value"], marketplace, part=one["op"] == "merge")
    return found


def put_issues(body: Row, marketplace: str) -> list[Issue]:
    """What stops a PUT: missing attributes by requirements, and wrong values."""
    attributes = body["attributes"]
    found = [
        issue("90220", f"'{needed}' is required but not supplied.", needed, "MISSING_ATTRIBUTE")
        for needed in NEEDED[body.get("requirements") or "LISTING"]
        if not attributes.get(needed)
    ]
    for attribute, value in attributes.items():
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            found.append(issue("90000900", f"The attribute '{attribute}' is invalid: an array of objects is expected.", attribute))
        else:
            found += value_issues(attribute, value, marketplace)
    return found


def later_issues(body: Row) -> list[Issue]:
    """What Amazon finds only after it has accepted a new listing: without a picture nobody will see it."""
    if body.get("requirements", "LISTING") != "LISTING" or body["attributes"].get(IMAGE):
        return []
    hidden = {"actions": [{"action": "SEARCH_SUPPRESSED"}], "exemption": {"status": "NOT_EXEMPT"}}
    words = f"'{IMAGE}' is missing; the listing does not appear in search results."
    return [{**issue("18317", words, IMAGE, "MISSING_IMAGE"), "enforcements": hidden}]


def value_issues(attribute: str, value: list[Row], marketplace: str, *, part: bool = False) -> list[Issue]:
    """Wrong quantities and prices; other attributes are taken as they are. `part`: what is not named stays as it is."""
    check = {AVAILABILITY: _availability_wrong, OFFER: _offer_wrong}.get(attribute)
    if check is None or not any(check(entry, marketplace, part) for entry in value):
        return []
    return [issue("4000001", f"The provided value for '{attribute}' is invalid.", attribute)]


def _availability_wrong(entry: Row, marketplace: str, part: bool) -> bool:
    quantity, channel = entry.get("quantity"), entry.get("fulfillment_channel_code")
    wrong = isinstance(quantity, bool) or not isinstance(quantity, int | None) or (quantity is not None and quantity < 0)
    return not channel or wrong or (quantity is not None and channel != "DEFAULT")


def _offer_wrong(entry: Row, marketplace: str, part: bool) -> bool:
    market = MARKETS.get(marketplace)
    if market is None or entry.get("marketplace_id") != marketplace or entry.get("currency") != market.currency:
        return True
    prices = [_price(entry, name) for name in PRICES if name in entry]
    if any(price is None or price <= 0 or price != round(price, market.places) for price in prices):
        return True
    if "our_price" not in entry and not part:
        return True
    return "discounted_price" in entry and not _discount_right(entry)


def _discount_right(entry: Row) -> bool:
    sale = _price(entry, "discounted_price")
    dates = entry["discounted_price"][0]["schedule"][0] if sale is not None else {}
    return sale is not None and bool(dates.get("start_at")) and str(dates.get("end_at") or "") > str(dates.get("start_at"))


def _price(entry: Row, name: str) -> Decimal | None:
    """A JSON number; text that looks like one is refused."""
    try:
        amount = entry[name][0]["schedule"][0]["value_with_tax"]
    except (KeyError, IndexError, TypeError):
        return None
    return Decimal(amount) if isinstance(amount, int | Decimal) and not isinstance(amount, bool) else None
