"""What the stand-in holds of a listing, how Amazon shows it, and how changes go live a little later."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from connectors.amazon.standin.goods import asin_of
from connectors.amazon.standin.markets import MARKETS
from connectors.amazon.times import written
from connectors.sandbox import Row
from connectors.sandbox.prices import price_of

if TYPE_CHECKING:
    from connectors.amazon.sandbox import AmazonSandbox

KIND, QUEUE = "listings", "listing_changes"
LIVE_AFTER = 20.0
"""Seconds from ACCEPTED until a change is live."""
SEEDED = 40
SINCE = "2026-02-01T00:00:00.000Z"
FBA_EVERY = 8
CHANNELS = {"NA": "AMAZON_NA", "EU": "AMAZON_EU", "FE": "AMAZON_JP"}
AVAILABILITY, OFFER = "fulfillment_availability", "purchasable_offer"
SELECTORS = {AVAILABILITY: ("fulfillment_channel_code",), OFFER: ("marketplace_id", "currency", "audience")}


def name(marketplace: str, sku: str) -> str:
    """The key of a listing."""
    return f"{marketplace}/{sku}"


def declare(box: AmazonSandbox) -> None:
    """Listings by marketplace, changes by the time at which they go live."""
    box.book.index(KIND, "marketplace", lambda row: [row["marketplaceId"]])
    box.book.order(QUEUE, lambda row: str(row["Due"]))


def seed(box: AmazonSandbox) -> None:
    """Listings `TK-1001`… in every marketplace; every eighth is fulfilled by Amazon."""
    for market in MARKETS.values():
        for at in range(SEEDED):
            sku = f"TK-{1001 + at}"
            if not box.book.has(KIND, name(market.id, sku)):
                place(box, market.id, sku, by_amazon=at % FBA_EVERY == FBA_EVERY - 1)


def place(
    box: AmazonSandbox, marketplace: str, sku: str, *, by_amazon: bool = False, quantity: int = 14, price: str = "", changed: str = SINCE
) -> Row:
    """A listing that is live."""
    market = MARKETS[marketplace]
    amount = Decimal(price) if price else price_of(sku, places=market.places)
    own = {"fulfillment_channel_code": "DEFAULT", "quantity": quantity}
    asin = asin_of(sku)
    title = f"Article {sku}"
    attributes: Row = {
        "item_name": [{"value": title, "marketplace_id": marketplace}],
        "brand": [{"value": "Northpeak", "marketplace_id": marketplace}],
        "condition_type": [{"value": "new_new", "marketplace_id": marketplace}],
        "merchant_suggested_asin": [{"value": asin, "marketplace_id": marketplace}],
        AVAILABILITY: [{"fulfillment_channel_code": CHANNELS[market.region]} if by_amazon else own],
        OFFER: [
            {
                "marketplace_id": marketplace,
                "currency": market.currency,
                "audience": "ALL",
                "our_price": [{"schedule": [{"value_with_tax": amount}]}],
            }
        ],
    }
    row = {
        "sku": sku, "marketplaceId": marketplace, "asin": asin, "productType": "OUTDOOR_LIVING", "createdDate": SINCE,
        "lastUpdatedDate": changed, "attributes": attributes, "issues": [],
    }  # fmt: skip
    box.book.put(KIND, name(marketplace, sku), row)
    return row


def shown(row: Row, included: list[str]) -> Row:
    """A listing as Amazon shows it, with the blocks that were asked for."""
    blocks: dict[str, Any] = {
        "summaries": [_summary(row)],
        "attributes": row["attributes"],
        "issues": row["issues"],
        "offers": _offers(row),
        "fulfillmentAvailability": _availability(row),
        "productTypes": [{"marketplaceId": row["marketplaceId"], "productType": row["productType"]}],
    }
    return {"sku": row["sku"], **{block: blocks[block] for block in included if block in blocks}}


def status(row: Row) -> list[str]:
    """BUYABLE with a price and something to sell, DISCOVERABLE unless Amazon found an error."""
    if any(one["severity"] == "ERROR" for one in row["issues"]):
        return []
    held = row["attributes"].get(AVAILABILITY) or []
    sold = any(one.get("quantity") or one["fulfillment_channel_code"] != "DEFAULT" for one in held)
    return ["BUYABLE", "DISCOVERABLE"] if sold and _offers(row) else ["DISCOVERABLE"]


def enqueue(box: AmazonSandbox, marketplace: str, sku: str, change: Row) -> str:
    """Takes a change that will be live a little later; answers its submission id."""
    number = box.book.next_number("listing change")
    due = written(box.now() + box.delay(LIVE_AFTER))
    key = f"{number:010d}"
    box.book.put(QUEUE, key, {**change, "Due": f"{due} {key}", "Marketplace": marketplace, "SKU": sku})
    return f"{number:08x}{box.random.getrandbits(64):016x}"


def advance(box: AmazonSandbox, now: datetime) -> None:
    """Puts live what is due, in the order in which it was taken."""
    until = written(now)
    while due := [row for _, row in box.book.after(QUEUE, ("", ""), 200) if str(row["Due"])[: len(until)] <= until]:
        for change in due:
            box.book.delete(QUEUE, str(change["Due"]).rpartition(" ")[2])
            _live(box, change, until)


def _live(box: AmazonSandbox, change: Row, now: str) -> None:
    key = name(change["Marketplace"], change["SKU"])
    row = box.book.get(KIND, key)
    if change["Op"] == "DELETE" or (change["Op"] == "PATCH" and row is None):
        box.book.delete(KIND, key)
        return
    before = status(row) if row else []
    if change["Op"] == "PUT":
        attributes = change["Attributes"]
    else:
        attributes = patched((row or {}).get("attributes") or {}, change["Patches"])
    row = {**(row or _fresh(change, now)), "attributes": attributes, "lastUpdatedDate": now}
    row["issues"] = change.get("Issues") or [one for one in row["issues"] if not any(map(attributes.get, one["attributeNames"]))]
    box.book.put(KIND, key, row)
    if status(row) != before:
        box.announce("LISTINGS_ITEM_STATUS_CHANGE", {**{one: row[one] for one in ("sku", "marketplaceId", "asin")}, "status": status(row)})


def patched(attributes: Row, patches: list[Row]) -> Row:
    """The attributes after a list of patches. A quantity of the seller's own ends the fulfilment by Amazon (observed)."""
    found = dict(attributes)
    for one in patches:
        attribute = str(one["path"]).rpartition("/")[2]
        held, value = list(found.get(attribute) or []), one.get("value") or []
        if one["op"] == "delete":
            kept = [entry for entry in held if not any(_same(attribute, entry, gone) for gone in value)] if value else []
            found = {**found, attribute: kept}
        else:
            found[attribute] = _merged(attribute, held, value) if one["op"] == "merge" else value
        if attribute == AVAILABILITY and any(entry.get("fulfillment_channel_code") == "DEFAULT" for entry in value):
            found[attribute] = [entry for entry in found[attribute] if entry["fulfillment_channel_code"] == "DEFAULT"]
    return {attribute: value for attribute, value in found.items() if value}


def _merged(attribute: str, held: list[Row], value: list[Row]) -> list[Row]:
    for entry in value:
        at = next((place for place, one in enumerate(held) if _same(attribute, one, entry)), None)
        if at is None:
            held.append(entry)
        else:
            held[at] = {**held[at], **entry}
    return held


def _same(attribute: str, one: Row, other: Row) -> bool:
    selectors = SELECTORS.get(attribute, ("marketplace_id",))
    return all(other.get(selector) in (None, one.get(selector)) for selector in selectors)


def _fresh(change: Row, now: str) -> Row:
    given = change["Attributes"].get("merchant_suggested_asin") or [{}]
    asin = given[0].get("value") or f"B0N{change['Due'][-7:]}"
    about = {"sku": change["SKU"], "marketplaceId": change["Marketplace"], "productType": change["ProductType"]}
    return {**about, "asin": asin, "createdDate": now, "issues": []}


def _summary(row: Row) -> Row:
    told = {
        "marketplaceId": row["marketplaceId"], "asin": row["asin"], "productType": row["productType"], "status": status(row),
        "createdDate": row["createdDate"], "lastUpdatedDate": row["lastUpdatedDate"],
    }  # fmt: skip
    for block, attribute in (("itemName", "item_name"), ("conditionType", "condition_type")):
        if row["attributes"].get(attribute):
            told[block] = row["attributes"][attribute][0].get("value")
    return told


def _offers(row: Row) -> list[Row]:
    found = []
    for offer in row["attributes"].get(OFFER) or []:
        if not offer.get("our_price"):
            continue
        amount = offer["our_price"][0]["schedule"][0]["value_with_tax"]
        kind = "B2B" if offer.get("audience") == "B2B" else "B2C"
        price = {"currencyCode": offer["currency"], "amount": format(Decimal(amount), "f")}
        found.append({"marketplaceId": row["marketplaceId"], "offerType": kind, "price": price})
    return found


def _availability(row: Row) -> list[Row]:
    held = row["attributes"].get(AVAILABILITY) or []
    return [
        {"fulfillmentChannelCode": one["fulfillment_channel_code"], **({"quantity": one["quantity"]} if "quantity" in one else {})}
        for one in held
    ]
