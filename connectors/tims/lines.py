"""Lines of two versions of a sales order, compared. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from connectors.base import Payload

MONEY = ("DiscountAmount", "TaxAmount")


@dataclass(frozen=True, slots=True, kw_only=True)
class LineConflict:
    """A line that cannot be brought over."""

    path: str
    ours: Any
    theirs: Any
    words: str


@dataclass(slots=True, kw_only=True)
class LineChanges:
    """`cancel` holds `{"LineNumber", "Quantity"}`; `touched`: some units are or will be cancelled, so sums differ rightly."""

    cancel: list[Payload] = field(default_factory=list)
    conflicts: list[LineConflict] = field(default_factory=list)
    touched: bool = False


def compare_lines(current: Sequence[Payload], wanted: Sequence[Payload]) -> LineChanges:
    """Lines belong together by `ExternalLineID`, else by SKU in their order. Fewer units are cancelled; anything else is a conflict."""
    found = LineChanges(touched=any(_dec(line, "QuantityCancelled") for line in current))
    left = list(current)
    for at, line in enumerate(wanted):
        partner = _partner(line, left)
        if partner is None:
            words = f"The channel added the line {line.get('SKU')}; enter it in TIMS by hand."
            found.conflicts.append(LineConflict(path=f"LineItems[{at}]", ours=line.get("Quantity"), theirs=None, words=words))
            continue
        left.remove(partner)
        _compare(found, f"LineItems[{at}]", partner, line)
    for line in left:
        _cancel(found, line, _remaining(line), f"LineItems[{len(wanted)}]")
    return found


def _partner(line: Payload, left: Sequence[Payload]) -> Payload | None:
    named = str(line.get("ExternalLineID") or "")
    by_id = [one for one in left if named and str(one.get("ExternalLineID") or "") == named]
    by_sku = [one for one in left if _sku(one) == _sku(line) and not (named and one.get("ExternalLineID"))]
    return next(iter(by_id or by_sku), None)


def _sku(line: Payload) -> str:
    return str(line.get("SKU") or "").upper()


def _compare(found: LineChanges, path: str, held: Payload, line: Payload) -> None:
    if _sku(line) != _sku(held):
        words = "The channel replaced the SKU of a line; correct it in TIMS by hand."
        found.conflicts.append(LineConflict(path=f"{path}.SKU", ours=line.get("SKU"), theirs=held.get("SKU"), words=words))
    if line.get("Price") is not None and _dec(line, "Price") != _dec(held, "Price"):
        words = "The price of a line changed; prices are never changed automatically, correct it in TIMS by hand."
        found.conflicts.append(LineConflict(path=f"{path}.Price", ours=line["Price"], theirs=held.get("Price"), words=words))
    ours, theirs = _dec(line, "Quantity"), _remaining(held)
    if ours < theirs:
        _cancel(found, held, theirs - ours, path)
    elif ours > theirs:
        words = "The channel raised the quantity of a line; enter the further units in TIMS by hand."
        found.conflicts.append(LineConflict(path=f"{path}.Quantity", ours=ours, theirs=theirs, words=words))
    elif not _dec(held, "QuantityCancelled"):
        for name in MONEY:
            if line.get(name) is not None and _dec(line, name) != _dec(held, name):
                words = f"{name} of a line changed; correct it in TIMS by hand."
                found.conflicts.append(LineConflict(path=f"{path}.{name}", ours=line[name], theirs=held.get(name), words=words))


def _cancel(found: LineChanges, held: Payload, units: Decimal, path: str) -> None:
    if not units:
        return
    found.touched = True
    still_open = _remaining(held) - _dec(held, "QuantityShipped")
    if units > still_open:
        words = (
            f"The channel cancelled {units} of {held.get('SKU')}, but TIMS has only {still_open} left to ship. Enter a return for the rest."
        )
        found.conflicts.append(LineConflict(path=f"{path}.Quantity", ours=_remaining(held) - units, theirs=_remaining(held), words=words))
        return
    found.cancel.append({"LineNumber": held.get("LineNumber"), "Quantity": units})


def _remaining(line: Payload) -> Decimal:
    return _dec(line, "Quantity") - _dec(line, "QuantityCancelled")


def _dec(line: Payload, name: str) -> Decimal:
    return Decimal(line.get(name) or 0)
