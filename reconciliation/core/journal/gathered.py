"""The sums of a settlement, read once: what the shares need, and what every invoiced order was paid. Nothing of a line is kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from mappings.core.money import minor_units
from reconciliation.core.journal.checks import not_the_total, too_exact
from reconciliation.core.journal.sorter import Sorter
from reconciliation.core.journal.values import ZERO, NotPostableError, Share
from reconciliation.core.lines import Header, Kind, Sum, normalised
from reconciliation.core.periods import Part


class Group(NamedTuple):
    """What the lines of a share have in common, by day instead of by part."""

    kind: Kind
    day: date
    marketplace: str
    fulfilment: str
    paid: bool


class Side(NamedTuple):
    """What the sale, or the refund, of an order comes to, and the day of its latest line."""

    amount: Decimal
    day: date


@dataclass(frozen=True, slots=True)
class Gathered:
    """`sales` and `refunds` are those of invoiced orders."""

    amounts: dict[Group, Decimal] = field(default_factory=dict)
    lines: dict[Group, int] = field(default_factory=dict)
    sales: dict[str, Side] = field(default_factory=dict)
    refunds: dict[str, Side] = field(default_factory=dict)


def gathered(header: Header, sums: Iterable[Sum], sorter: Sorter) -> Gathered:
    """Raises NotPostableError unless the lines are the total, in whole minor units of the currency."""
    made, digits = Gathered(), minor_units(header.currency)
    for line in sums:
        if round(line.amount, digits) != line.amount:
            raise NotPostableError(too_exact(header, line, digits))
        paid = sorter.is_paid(line)
        group = Group(line.kind, line.day, line.marketplace, line.fulfilment, paid)
        made.amounts[group] = made.amounts.get(group, ZERO) + line.amount
        made.lines[group] = made.lines.get(group, 0) + line.lines
        if paid:
            _add(made.refunds if is_refund(line.kind) else made.sales, line)
    total = sum(made.amounts.values(), ZERO)
    if total != header.total:
        raise NotPostableError(not_the_total(header, total))
    return made


def is_refund(kind: Kind) -> bool:
    """Whether a line gives back."""
    return normalised(kind.transaction_type) == "refund"


def _add(side: dict[str, Side], line: Sum) -> None:
    before = side.get(line.order_id)
    side[line.order_id] = Side(before.amount + line.amount, max(before.day, line.day)) if before else Side(line.amount, line.day)


def shares_of(found: Gathered, parts: Sequence[Part], sorter: Sorter) -> list[Share]:
    """Sorted, so that the order of lines in the file changes nothing."""
    part_of = {day: _part_of(day, parts) for day in {group.day for group in found.amounts}}
    shares: dict[tuple[int, Kind, str, str, bool], list[Group]] = {}
    for group in found.amounts:
        key = part_of[group.day], group.kind, group.marketplace, group.fulfilment, group.paid
        shares.setdefault(key, []).append(group)
    return [
        Share(
            part=part, kind=kind, category=sorter.rules.decide(kind).category, marketplace=marketplace, fulfilment=fulfilment, paid=paid,
            amount=sum((found.amounts[group] for group in groups), ZERO), lines=sum(found.lines[group] for group in groups),
        )
        for (part, kind, marketplace, fulfilment, paid), groups in sorted(shares.items(), key=lambda one: one[0])
    ]  # fmt: skip


def _part_of(day: date, parts: Sequence[Part]) -> int:
    return next(part.number for part in parts if part.first_day <= day <= part.last_day)
