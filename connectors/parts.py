"""How a line is named that the ERP ships in parts: a component of a bundle, or the pieces of a multipack."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

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
