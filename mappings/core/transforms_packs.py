"""Multipacks: a line that sells a pack, as the single units that the target knows; and the way back for lines that go in parts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from connectors.parts import Bundle, bundles_of, number_of, part_name, units_of
from mappings.core.declare import Argument, Given, Transform
from mappings.core.operands import divide, is_blank, multiply, txt
from mappings.core.refusal import RefusedError
from mappings.core.state import State

_ROW = re.compile(r"(?P<sku>.*\S)\s*\|\s*(?P<units>[1-9][0-9]{0,5})\s*\Z", re.DOTALL)


def _packs(given: Given) -> Any:
    table = given.text("table")
    sku, line, quantity, price = (given.text(name).split(".") for name in ("sku", "line", "quantity", "price"))

    def work(elements: list[Any], _: list[Any], state: State) -> list[Any]:
        rows, made = state.facts.tables.get(table, {}), []
        for place, element in enumerate(elements):
            state.indexes = (place,)
            key = txt(_at(element, sku)).strip()
            if key not in rows:
                made.append(element)
                continue
            base, units = _read(table, key, rows[key])
            name = part_name(txt(_at(element, line)), Fraction(units))
            changes = [(sku, base), (line, name), (quantity, multiply(_at(element, quantity), units))]
            if not is_blank(_at(element, price)):
                changes.append((price, divide(_at(element, price), units)))
            for names, value in changes:
                element = _with(element, names, value)
            made.append(element | {"SoldAs": key})
        return made

    return work


def _wholes(given: Given) -> Any:
    def work(elements: list[Any], _: list[Any], state: State) -> list[Any]:
        lines = [one for one in elements if one.__class__ is dict]
        bundles = {number: bundle for bundle in bundles_of(lines) for number in bundle.parts}
        names = {bundle.line for bundle in bundles.values() if bundle.line}
        made, done = [], set[int]()
        for line in lines:
            bundle = bundles.get(number_of(line))
            if bundle is None and str(line.get("ExternalLineID")) not in names:
                made.append(line)
            elif bundle is not None and id(bundle) not in done:
                done.add(id(bundle))
                made.append(_whole(bundle, line, lines))
        return made

    return work


def _whole(bundle: Bundle, line: dict[str, Any], lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The channel's own line; units whose parts are not all wanted any more are cancelled."""
    left = {number_of(one): units_of(one) - units_of(one, "QuantityCancelled") for one in lines}
    cancelled = bundle.ordered - bundle.whole(left)
    return {**line, "ExternalLineID": bundle.line, "Quantity": bundle.ordered, "QuantityCancelled": cancelled}


def _read(table: str, key: str, value: str) -> tuple[str, int]:
    """The SKU of one unit and how many are in the pack."""
    found = _ROW.match(value.strip())
    if found is None:
        words = f'The row "{key[:80]}" of the lookup table "{table}" must say what is in the pack and how often, such as TK-1001|6.'
        raise RefusedError(f"{words} Correct the row, then retry.", code="lookup", value=value, cause=f"lookup:{table}:{key[:80]}")
    return found["sku"], int(found["units"])


def _at(element: Any, names: Sequence[str]) -> Any:
    for name in names:
        element = element.get(name) if element.__class__ is dict else None
    return element


def _with(element: dict[str, Any], names: Sequence[str], value: Any) -> dict[str, Any]:
    """A copy with the value there; groups that are missing are made."""
    first, *rest = names
    below = element.get(first)
    return {**element, first: _with(below if below.__class__ is dict else {}, rest, value) if rest else value}


PACKS = (
    Transform(
        name="packs", label="Multipacks", structure=True, build=_packs, adds=("SoldAs",),
        help="Sends a pack as its single units: the quantity times so many, the price of one divided by it. What the line costs stays.",
        args=(
            Argument(name="table", label="Lookup table of packs", type="table", required=True, help="SKU of the pack → SKU of one|units."),
            Argument(name="sku", label="Field of the SKU", default="product.sellerSku"),
            Argument(name="line", label="Field of the line's id", default="orderItemId", help="It gets the number of units: 9001*6."),
            Argument(name="quantity", label="Field of the quantity", default="quantityOrdered"),
            Argument(name="price", label="Field of the price of one", default="product.price.unitPrice.amount"),
        ),
    ),
    Transform(
        name="wholes", label="Lines of the channel", structure=True, build=_wholes,
        help="Components and units of packs as the lines that the channel knows, with the units that were ordered and cancelled of those.",
    ),
)  # fmt: skip
