"""Lines of a channel that the ERP ships in parts: components of a bundle, pieces of a multipack. How they are named and counted. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from connectors.base import Payload

_SHAPE = re.compile(r"(?P<line>.+?)(?:-\d{1,4})?\*(?P<need>\d{1,30}(?:/\d{1,30})?)\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class PartOf:
    """What such a name says: the channel's line, and how many of the part make one unit of it."""

    line: str
    need: Fraction


def part_name(line: str, need: Fraction, *, place: int = 0) -> str:
    """`900001-2*3`: the second component of the channel's line 900001, three for each unit; `900001*6`: a pack of six.

    The number stays in the name because the ERP keeps it: what was true when the order came must count when it is shipped.
    """
    return f"{line}-{place}*{need}" if place else f"{line}*{need}"


def part_of(name: str) -> PartOf | None:
    """What a name of `part_name` says, None for any other."""
    found = _SHAPE.match(name)
    if found is None:
        return None
    try:
        need = Fraction(found["need"])
    except ZeroDivisionError:
        return None
    return PartOf(found["line"], need) if need > 0 else None


@dataclass(slots=True, kw_only=True)
class Bundle:
    """One line of the channel that is shipped in parts: its id there, and by order line how many make one unit."""

    line: str | None
    parts: dict[int, Fraction] = field(default_factory=dict)
    ordered: int = 0

    def whole(self, units: Mapping[int, Fraction]) -> int:
        """How many units these parts make, never more than were ordered."""
        return min(self.ordered, *(units.get(number, Fraction(0)) // need for number, need in self.parts.items()))


def bundles_of(order_lines: Sequence[Payload]) -> list[Bundle]:
    """The lines of the channel that a sales order ships in parts.

    A part is known by its name in `ExternalLineID`; one that people entered in the ERP by `KitParentLineNumber` and the quantities.
    """
    lines = {number: line for line in order_lines if (number := number_of(line))}
    found: dict[str, Bundle] = {}
    for number, line in lines.items():
        named, parent = part_of(str(line.get("ExternalLineID") or "")), lines.get(number_of(line, "KitParentLineNumber"))
        if named:
            found.setdefault(named.line, Bundle(line=named.line)).parts[number] = named.need
        elif parent and units_of(parent) > 0 and units_of(line) > 0:
            name = parent.get("ExternalLineID")
            bundle = found.setdefault(str(name or f"#{parent['LineNumber']}"), Bundle(line=name))
            bundle.parts[number] = units_of(line) / units_of(parent)
    for bundle in found.values():
        bundle.ordered = min(units_of(lines[number]) // need for number, need in bundle.parts.items())
    return list(found.values())


def number_of(line: Payload, name: str = "LineNumber") -> int:
    """The line's number; 0 where there is none."""
    value = line.get(name)
    return value if isinstance(value, int) and value > 0 else 0


def units_of(line: Payload, name: str = "Quantity") -> Fraction:
    """The units that stand there; 0 for what is no number."""
    value: Any = line.get(name)
    return Fraction(value) if isinstance(value, int | Decimal) else Fraction(0)
