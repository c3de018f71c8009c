"""Which units of the channel's lines are complete with which package (entity map 8 and 11.1). Pure.

A unit of a bundle, or of a multipack, is complete with the package after which all of its parts have left. That follows from the order and
its shipments alone, and a later shipment changes nothing for an earlier one: however often and in whatever order packages are read, the
same package completes the same units.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from connectors.base import Payload
from connectors.parts import Bundle, bundles_of, units_of
from connectors.tims.streams import moment

Place = tuple[str, Any]
"""ShipmentID and PackageNumber."""


def completed(order: Payload, shipments: Sequence[Payload]) -> dict[Place, list[Payload]]:
    """By package the units of the channel's lines that are complete with it: `{"ExternalLineID", "Quantity"}`.

    `shipments`: all of the order that ever left the house, in any order; of an order without bundles any of them. One that was voided
    keeps what it completed, so that people hear of it; nobody else completes that again unless its parts are packed anew.
    """
    bundles = bundles_of(order.get("LineItems") or ())
    plain = _Plain(order, bundles)
    told = _told(bundles, sorted(_events(shipments)))
    boxes = ((_place(row, box), box) for row in shipments for box in _boxes(row))
    return {place: [*plain.lines(box), *told[place]] for place, box in boxes}


def numbered(order: Payload) -> Payload:
    """The order with `KitParentLineNumber` in components that name their kit by `KitParentExternalLineID`, which TIMS does not know."""
    lines = order.get("LineItems")
    if not isinstance(lines, list) or not any("KitParentExternalLineID" in line for line in lines if isinstance(line, dict)):
        return order
    places = {line.get("ExternalLineID"): line.get("LineNumber") or at for at, line in enumerate(lines, 1)}
    return {**order, "LineItems": [_with_kit(line, places) for line in lines]}


def _with_kit(line: Payload, places: Mapping[Any, int]) -> Payload:
    kept = {name: value for name, value in line.items() if name != "KitParentExternalLineID"}
    number = places.get(line.get("KitParentExternalLineID")) if line.get("KitParentExternalLineID") else None
    return kept if number is None else {**kept, "KitParentLineNumber": number}


@dataclass(frozen=True, slots=True, order=True)
class _Event:
    """A shipment left, or was taken back. It counts from when TIMS knew of it, even where its papers are dated back."""

    at: str
    voided: bool
    sequence: int
    shipment: Payload = field(compare=False)


def _events(shipments: Iterable[Payload]) -> Iterator[_Event]:
    for row in shipments:
        left = max(moment(row.get("ShippedAt")), moment(row.get("CreatedAt")))
        yield _Event(left, False, int(row.get("Sequence") or 0), row)
        if row.get("Status") == "Voided":
            # Nothing happens to a shipment after it was voided, so its last change was that.
            yield _Event(max(left, moment(row.get("UpdatedAt"))), True, int(row.get("Sequence") or 0), row)


def _told(bundles: Sequence[Bundle], events: Iterable[_Event]) -> dict[Place, list[Payload]]:
    units: dict[int, Fraction] = defaultdict(Fraction)
    told, made = [0] * len(bundles), dict[Place, list[int]]()
    for event in events:
        for box in _boxes(event.shipment):
            place = _place(event.shipment, box)
            for line in box.get("Lines") or ():
                units[line.get("LineNumber")] += -units_of(line) if event.voided else units_of(line)
            if not event.voided:
                made[place] = [max(0, bundle.whole(units) - before) for bundle, before in zip(bundles, told, strict=True)]
            told = [before + (-new if event.voided else new) for before, new in zip(told, made[place], strict=True)]
    return {
        place: [{"ExternalLineID": bundle.line, "Quantity": new} for bundle, new in zip(bundles, counts, strict=True) if new]
        for place, counts in made.items()
    }


class _Plain:
    """The lines that are shipped as they were ordered: neither parts nor the line that stands for their bundle."""

    def __init__(self, order: Payload, bundles: Sequence[Bundle]) -> None:
        self.external = {line.get("LineNumber"): line.get("ExternalLineID") for line in order.get("LineItems") or ()}
        names = {bundle.line for bundle in bundles if bundle.line}
        self.bundled = {number for bundle in bundles for number in bundle.parts}
        self.bundled |= {number for number, name in self.external.items() if name in names}
        self.bundled |= {line["KitParentLineNumber"] for line in order.get("LineItems") or () if line.get("KitParentLineNumber")}

    def lines(self, box: Payload) -> Iterator[Payload]:
        """Those of a package of which there is something in it."""
        for line in box.get("Lines") or ():
            if line.get("LineNumber") not in self.bundled and line.get("Quantity"):
                yield {"ExternalLineID": self.external.get(line.get("LineNumber")), "Quantity": line["Quantity"]}


def _boxes(shipment: Payload) -> list[Payload]:
    """The packages in the order of their numbers; what is none is left to whoever reads them one by one."""
    boxes = [box for box in shipment.get("Packages") or () if isinstance(box, dict)]
    return sorted(boxes, key=lambda box: box["PackageNumber"] if isinstance(box.get("PackageNumber"), int) else 0)


def _place(shipment: Payload, box: Payload) -> Place:
    return str(shipment["ShipmentID"]), box.get("PackageNumber")
