"""Quantity, price and new listings, one SKU a call (Amazon SP-API reference, 8.2 to 8.4).

Amazon takes these calls and decides later: ACCEPTED means queued, not live. A repeated call has the same effect as one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from connectors.amazon import issues, listings, offers
from connectors.amazon.attributes import wrapped
from connectors.amazon.markets import key
from connectors.base import Operation, Payload, Receipt, Reference
from connectors.errors import MissingError, OutcomeUnknownError
from connectors.http import JsonClient

ACCEPTED, VALID = "ACCEPTED", "VALID"
PREVIEW = {"mode": "VALIDATION_PREVIEW", "includedData": "identifiers,issues"}


def patch(client: JsonClient, payload: Payload, reference: Reference) -> Receipt:
    """Changes quantity, price or both in one call.

    Raises RejectedError with what Amazon finds wrong, or where a quantity is meant for stock that Amazon keeps; MissingError for a SKU
    that has no listing in the marketplace.
    """
    sku, marketplace = offers.sku_of(payload), offers.marketplace_of(client, payload)
    changes = offers.patches(payload, marketplace)
    product_type = str(payload.get("productType") or "")
    if payload.get("quantity") is not None or not product_type:
        held = _held(client, marketplace, sku)
        if payload.get("quantity") is not None and offers.by_amazon(held):
            raise offers.refuse_by_amazon(sku)
        product_type = product_type or type_of(held, marketplace)
    body = {"productType": product_type, "patches": changes}
    return _submitted(client, "PATCH", marketplace, sku, body, outcome="changed")


def create(client: JsonClient, payload: Payload, reference: Reference) -> Receipt:
    """Creates a listing, or replaces every attribute of the one that is there. With `checkFirst` Amazon checks it before anything is saved.

    Raises RejectedError with what Amazon finds wrong, or where a quantity is meant for stock that Amazon keeps.
    """
    sku, marketplace = offers.sku_of(payload), offers.marketplace_of(client, payload)
    body = _whole(payload, marketplace)
    if payload.get("quantity") is not None and _kept_by_amazon(client, marketplace, sku):
        raise offers.refuse_by_amazon(sku)
    matched = check(client, "PUT", marketplace, sku, body) if payload.get("checkFirst") else ()
    sent = _submitted(client, "PUT", marketplace, sku, body, outcome="created")
    return replace(sent, warnings=(*sent.warnings, *(f"Amazon matches {sku} to the product {asin}." for asin in matched)))


def check(client: JsonClient, method: str, marketplace: str, sku: str, body: Payload) -> tuple[str, ...]:
    """Lets Amazon check a change without saving anything; answers the ASINs it would match. Raises RejectedError with the problems."""
    query = {"marketplaceIds": marketplace, **PREVIEW}
    answer = client.call(method, listings.sku_path(client, sku), query=query, body=body, limit="previewListingsItem", safe=True).body
    found = answer if isinstance(answer, dict) else {}
    if found.get("status") != VALID:
        raise issues.refusal(sku, issues.errors(found.get("issues")), also="it was only checked, nothing was saved")
    return tuple(str(one["asin"]) for one in found.get("identifiers") or () if isinstance(one, dict) and one.get("asin"))


def unknown_sku(sku: str) -> MissingError:
    """There is no such listing to change."""
    words = f"Amazon has no listing {sku} in this marketplace. Create the listing first, or correct the SKU."
    return MissingError(words, status=404, code="unknown_sku")


def type_of(listing: Payload, marketplace: str) -> str:
    """The product type of a listing; the general one where it has none."""
    return str(listings.about(listing, marketplace).get("productType") or offers.ANY_TYPE)


def _held(client: JsonClient, marketplace: str, sku: str) -> Payload:
    try:
        return listings.fetch(client, marketplace, sku)
    except MissingError:
        raise unknown_sku(sku) from None


def _kept_by_amazon(client: JsonClient, marketplace: str, sku: str) -> bool:
    try:
        return offers.by_amazon(listings.fetch(client, marketplace, sku))
    except MissingError:
        return False


def _whole(payload: Payload, marketplace: str) -> Payload:
    product_type = str(payload.get("productType") or "")
    if not product_type:
        raise offers.refused("productType", "required", "A new listing needs Amazon's product type, such as DRINKING_CUP.")
    given = payload.get("attributes")
    told = wrapped(given if isinstance(given, dict) else {}, marketplace, str(payload.get("language") or ""))
    attributes = {**told, **offers.attributes(payload, marketplace)}
    if not attributes:
        raise offers.refused("attributes", "required", "The listing has no attributes; Amazon cannot create it.")
    return {"productType": product_type, "requirements": payload.get("requirements") or "LISTING", "attributes": attributes}


def _submitted(client: JsonClient, method: str, marketplace: str, sku: str, body: Payload, *, outcome: str) -> Receipt:
    limit = "patchListingsItem" if method == "PATCH" else "putListingsItem"
    query = {"marketplaceIds": marketplace}
    answer: Any = client.call(method, listings.sku_path(client, sku), query=query, body=body, limit=limit).body
    found = answer if isinstance(answer, dict) else {}
    problems = issues.errors(found.get("issues"))
    if found.get("status") == ACCEPTED:
        return receipt(marketplace, sku, found, outcome)
    if found.get("status") or problems:
        error = issues.refusal(sku, problems)
        error.answer = found
        raise error
    raise OutcomeUnknownError(f"Amazon did not say whether it takes the change of listing {sku}; it is sent again.")


def receipt(marketplace: str, sku: str, answer: Payload, outcome: str) -> Receipt:
    """Amazon has queued the change. What it finds later shows in the listing's issues (stream `listings`)."""
    kept: Payload = {name: answer[name] for name in ("sku", "status", "submissionId") if name in answer}
    return Receipt(key=key(marketplace, sku), outcome=outcome, answer=kept, warnings=issues.warnings(answer.get("issues")))


PATCH_LISTING = Operation(
    id="patch_listing",
    label="Change quantity and price of a listing",
    schema="patch_listing",
    send=patch,
    repeatable=True,
    limit="patchListingsItem",
)
CREATE_LISTING = Operation(
    id="create_listing",
    label="Create a listing",
    schema="create_listing",
    send=create,
    repeatable=True,
    limit="putListingsItem",
)
