"""Attributes of a listing in Amazon's form: every one a list of objects (Amazon SP-API reference, 8.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.base import Payload

IN_A_LANGUAGE = frozenset({"item_name", "product_description", "bullet_point", "brand", "manufacturer"})
IMAGES = ("main_product_image_locator", "other_product_image_locator", "main_offer_image_locator", "other_offer_image_locator")
BARCODE = "externally_assigned_product_identifier"
BARCODES = {8: "ean", 12: "upc", 13: "ean", 14: "gtin"}


def wrapped(given: Mapping[str, Any], marketplace: str, language: str = "") -> dict[str, list[Payload]]:
    """Plain values as Amazon wants them: `"Mug"` becomes `[{"value": "Mug", "marketplace_id": …}]`, a list one object each.

    What is an object already is passed on, with the marketplace where it lacks one; empty values are left out.
    """
    found: dict[str, list[Payload]] = {}
    for name, value in given.items():
        entries = value if isinstance(value, list) else [value]
        made = [_entry(name, one, marketplace, language) for one in entries if one not in (None, "", [], {})]
        if made:
            found[name] = made
    return found


def _entry(name: str, value: Any, marketplace: str, language: str) -> Payload:
    if isinstance(value, dict):
        return {"marketplace_id": marketplace, **value}
    if name == BARCODE:
        digits = str(value).strip()
        return {"type": BARCODES.get(len(digits), "ean"), "value": digits, "marketplace_id": marketplace}
    if name.startswith(IMAGES):
        return {"media_location": value, "marketplace_id": marketplace}
    told = {"language_tag": language} if language and name in IN_A_LANGUAGE else {}
    return {"value": value, **told, "marketplace_id": marketplace}
