"""Bundles: one line of the bundle, or its components with the price shared out."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from connectors.parts import part_name
from mappings.core.declare import Argument, Given, Transform
from mappings.core.money import ZERO, apportion, bounded, minor_units, rounded
from mappings.core.operands import divide, is_blank, multiply, num, txt
from mappings.core.refusal import RefusedError, UnansweredError
from mappings.core.state import Look, State

SHARED = (
    "TaxAmount", "DiscountAmount", "ShippingAmount", "ShippingTaxAmount", "ShippingDiscountAmount", "GiftWrapAmount",
    "GiftWrapTaxAmount", "RecyclingFee",
)  # fmt: skip
ONCE = ("GiftMessage", "GiftWrapLevel", "MarketplaceItemID")
MODES = (("parent", "One line of the bundle"), ("explode", "Bundle line and its components"), ("component_only", "Components only"))


def _kits(given: Given) -> Any:
    fixed, stream, alias = given.text("mode"), given.text("stream"), given.text("alias")
    prices, currency = given.text("prices"), given.path("currency")

    def work(elements: list[Any], _: list[Any], state: State) -> list[Any]:
        mode, made = fixed or state.facts.settings.get("kit_mode", "") or "parent", []
        for place, element in enumerate(elements):
            state.indexes = (place,)
            parts = _components(element)
            if not parts:
                made.append(element)
                continue
            how = _instead(mode, element, parts, stream, alias, state)
            made.extend([element] if how == "parent" else _lines(how, element, parts, _Sharing(prices, currency, state)))
        return made

    return work


def _components(element: Any) -> list[dict[str, Any]]:
    if element.__class__ is not dict or element.get("IsBundle") is not True:
        return []
    parts = element.get("BundleComponents")
    return [part for part in parts if part.__class__ is dict and not is_blank(part.get("SKU"))] if parts.__class__ is list else []


def _instead(mode: str, element: dict[str, Any], parts: list[dict[str, Any]], stream: str, alias: str, state: State) -> str:
    """A bundle that the target does not know, with components that it does, is sent as its components."""
    if not stream or mode == "component_only":
        return mode
    names = [txt(one.get("SKU")).strip() for one in (element, *parts)]
    known = [_is_known(state.facts.tables.get(alias, {}).get(name, name), stream, state) for name in names]
    if known[0] or not all(known[1:]):
        return mode
    words = "The target does not know this bundle but knows its components; they were sent instead."
    state.warn(RefusedError(words, code="kit", cause=f"kit:{names[0][:80]}"))
    return "component_only"


def _is_known(name: str, stream: str, state: State) -> bool:
    """True also while nobody has answered yet; asking leaves no wait behind."""
    waiting = len(state.waits)
    try:
        return state.ask("record", stream, name) is not None
    except UnansweredError:
        return True
    finally:
        del state.waits[waiting:]


class _Sharing:
    """By what the bundle's money is shared: base price × quantity where every component has one, else quantity."""

    def __init__(self, prices: str, currency: Look | None, state: State) -> None:
        self.table = state.facts.tables.get(prices, {})
        self.scale = minor_units(currency(state)) if currency else 2

    def weights(self, parts: list[dict[str, Any]]) -> list[Decimal]:
        quantities = [bounded(num(part.get("Quantity"))) for part in parts]
        prices = [self.table.get(txt(part.get("SKU")).strip()) for part in parts]
        if any(price is None for price in prices):
            return quantities
        return [multiply(price, quantity) for price, quantity in zip(prices, quantities, strict=True)]


def _lines(how: str, element: dict[str, Any], parts: list[dict[str, Any]], sharing: _Sharing) -> list[dict[str, Any]]:
    weights, scale = sharing.weights(parts), sharing.scale
    quantities = [num(part.get("Quantity")) for part in parts]
    extended = rounded(multiply(element.get("Quantity"), element.get("UnitPrice")), scale)
    amounts = {"ExtendedAmount": extended} | {name: num(element[name]) for name in SHARED if not is_blank(element.get(name))}
    shares = {name: apportion(amount, weights, scale=scale, quantities=quantities) for name, amount in amounts.items()}
    lines = [_line(element, part, place, {name: share[place] for name, share in shares.items()}) for place, part in enumerate(parts)]
    if how == "component_only":
        return lines
    parent = {name: ZERO if name in SHARED else value for name, value in element.items()}
    key = txt(element.get("ItemID"))
    return [parent | {"UnitPrice": ZERO, "IsKit": True}, *[line | {"KitParentItemID": key} for line in lines]]


def _line(element: dict[str, Any], part: dict[str, Any], place: int, shares: dict[str, Decimal]) -> dict[str, Any]:
    """A component as a line of the source's shape; its `ItemID` says of which line it is a part, and how many make one unit."""
    quantity, ordered = num(part.get("Quantity")), num(element.get("Quantity"))
    gone = num(element.get("QuantityCancelled"))
    cancelled = divide(multiply(gone, quantity), ordered) if gone and ordered else ZERO
    dropped = () if place == 0 else ONCE
    line = {name: value for name, value in element.items() if name not in ("IsBundle", "BundleComponents", "Promotions", *dropped)}
    price = rounded(divide(shares["ExtendedAmount"], quantity), 4) if quantity else ZERO
    own = {"SKU": part["SKU"], "Title": part.get("Title") or element.get("Title"), "Quantity": part.get("Quantity"), "UnitPrice": price}
    need = Fraction(quantity) / Fraction(ordered) if quantity > 0 and ordered > 0 else Fraction(1)
    return line | own | shares | {"QuantityCancelled": cancelled, "ItemID": part_name(txt(element.get("ItemID")), need, place=place + 1)}


KITS = (
    Transform(
        name="kits", label="Bundles", structure=True, build=_kits, adds=("ExtendedAmount", "IsKit", "KitParentItemID"),
        help="Sends a bundle as one line, or as its components with the price shared out by base price × quantity.",
        args=(
            Argument(name="mode", label="How", type="choice", choices=MODES, help="Empty = the setting kit_mode, else one line."),
            Argument(name="stream", label="Items of the target", help="When given, an unknown bundle is sent as its known components."),
            Argument(name="alias", label="Lookup table of other SKUs", type="table"),
            Argument(name="prices", label="Lookup table of base prices", type="table"),
            Argument(name="currency", label="Currency field", type="path", default="$source.Currency"),
        ),
    ),
)  # fmt: skip
