"""Which lines of a sales order the units of a shipment belong to, where their sender does not know them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from connectors.base import Payload

_SIGNS = ((1, "Quantity"), (-1, "QuantityShipped"), (-1, "QuantityCancelled"))


def resolved(shipment: Payload, order: Payload) -> Payload:
    """The shipment with `LineNumber` in every line and without `ExternalLineID`.

    A line is found by the channel's line id, else its units are spread over the order's lines of that SKU, oldest first (entity map 13,
    no. 3). Units for which no line has room stay together on the last fitting line, so that TIMS refuses them by name; a SKU that the
    order does not have stays without a number.
    """
    left = {line["LineNumber"]: open_units(line) for line in order.get("LineItems") or ()}
    for line in _all_lines(shipment):
        if line.get("LineNumber") in left:
            left[line["LineNumber"]] -= _units(line)
    packages = [
        {**box, "Lines": [part for line in box.get("Lines") or () for part in _placed(line, order, left)]} for box in shipment["Packages"]
    ]
    return {**shipment, "Packages": packages}


def _placed(line: Payload, order: Payload, left: dict[int, Decimal]) -> Iterator[Payload]:
    plain = {name: value for name, value in line.items() if name != "ExternalLineID"}
    fitting = _fitting(line, order)
    if line.get("LineNumber") is not None or not fitting:
        yield plain
        return
    units = _units(line)
    for number in fitting:
        taken = units if number == fitting[-1] else max(min(units, left[number]), Decimal(0))
        if taken:
            left[number] -= taken
            units -= taken
            yield {**plain, "LineNumber": number, "Quantity": _plain(taken)}


def _fitting(line: Payload, order: Payload) -> list[int]:
    lines, external = order.get("LineItems") or (), line.get("ExternalLineID")
    named = [one["LineNumber"] for one in lines if external and str(one.get("ExternalLineID") or "") == str(external)]
    same = [one["LineNumber"] for one in lines if str(one.get("SKU") or "").upper() == str(line.get("SKU") or "").upper()]
    return named or same


def _all_lines(shipment: Payload) -> Iterator[Payload]:
    return (line for box in shipment["Packages"] for line in box.get("Lines") or ())


def open_units(line: Payload) -> Decimal:
    """Units of an order's line that are neither shipped nor cancelled."""
    return sum((sign * Decimal(line.get(name) or 0) for sign, name in _SIGNS), Decimal(0))


def _units(line: Payload) -> Decimal:
    value: Any = line.get("Quantity")
    return Decimal(value) if isinstance(value, int | Decimal) else Decimal(0)


def _plain(units: Decimal) -> int | Decimal:
    return int(units) if units == units.to_integral_value() else units
