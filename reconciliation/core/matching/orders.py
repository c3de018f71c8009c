"""The result of one order, and of all orders of a settlement one by one (settlement reference, 6.2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from reconciliation.core.lines import Sum
from reconciliation.core.matching import compare
from reconciliation.core.matching.expected import ZERO, Expected
from reconciliation.core.matching.known import Orders
from reconciliation.core.matching.notes import flags_of
from reconciliation.core.matching.result import Match, Result
from reconciliation.core.matching.settled import Amounts, Settled, added, settled_of
from reconciliation.core.matching.slots import REFUNDS, SOLD, Slot
from reconciliation.core.matching.tax import left_over
from reconciliation.core.matching.tolerance import Rules


def matches_of(sums: Iterable[Sum], orders: Iterable[Expected], *, currency: str, today: date, rules: Rules) -> list[Match]:
    """Every order of a settlement's sums with its one result, sorted by order id. For many orders: `columns.match_tables`.

    To judge an order by all that was settled for it, add the sums of earlier settlements of the same currency for the same orders.
    """
    known, by_number = Orders(orders), dict[str, list[Settled]]()
    for row in settled_of(sums):
        by_number.setdefault(row.number, []).append(row)
    found: dict[str, tuple[Expected | None, list[Settled]]] = {}
    for number, rows in by_number.items():
        order = known.owner(rows)
        found.setdefault(f"known {order.key}" if order else f"unknown {number}", (order, []))[1].extend(rows)
    results = (
        match_order(order, rows, currency=currency, today=today, rules=rules, several=not order and known.is_unclear(rows))
        for order, rows in found.values()
    )
    return sorted(results, key=lambda one: (one.order_id, one.key))


def unsettled(orders: Iterable[Expected], *, today: date, rules: Rules) -> Iterator[Match]:
    """Orders for which no settlement holds a line: `not_settled` when shipped longer ago than the window, otherwise `awaited`."""
    return (match_order(order, (), currency=order.currency, today=today, rules=rules) for order in orders)


def match_order(
    order: Expected | None, rows: Sequence[Settled], *, currency: str, today: date, rules: Rules, several: bool = False
) -> Match:
    """One order against everything settled for it in `currency` so far. `several`: more than one order of the hub carries its number."""
    amounts = added(rows)
    merchant = min((row.merchant_order_id for row in rows if row.merchant_order_id), default="")
    match = Match(
        key=order.key if order else "",
        order_id=min((row.order_id for row in rows if row.order_id), default=merchant) or (order.order_id if order else ""),
        merchant_order_id=merchant or (order.merchant_order_id if order else ""),
        result=Result.UNMATCHED_ORDER,
        currency=currency,
        settled=sum([amounts[slot] for slot in SOLD], ZERO),
        refunded=sum([amounts[slot] for slot in REFUNDS], ZERO),
        fees=amounts[Slot.FEES] + amounts[Slot.COMMISSION_BACK],
        tax_left=left_over(amounts),
        marketplace=max([row.marketplace for row in rows], default=""),
    )
    if order is None:
        return replace(match, flags=flags_of(match, None, amounts, several=several))
    if order.multi_channel or any(row.multi_channel for row in rows):
        return replace(match, result=Result.MULTI_CHANNEL, flags=flags_of(match, order, amounts, of_other_channel=True))
    if order.currency and order.currency != currency:
        return replace(match, result=Result.CURRENCY_MISMATCH, flags=flags_of(match, order, amounts))
    return _compared(match, order, rows, amounts, today=today, rules=rules)


def _compared(match: Match, order: Expected, rows: Sequence[Settled], amounts: Amounts, *, today: date, rules: Rules) -> Match:
    groups = compare.groups_of(order, rows)
    over = sum((group.difference for group in groups), ZERO)
    expected = sum((amount for group in groups for amount in group.expected), ZERO)
    tolerance = rules.tolerance(match.marketplace, match.currency).per_order
    is_young = order.shipped_on is None or (today - order.shipped_on).days <= rules.window
    if rows:
        result = _result(over, groups, tolerance=tolerance, is_young=is_young)
    else:
        result = Result.AWAITED if is_young else Result.NOT_SETTLED
    found = compare.differences(groups) if rows else ()
    return replace(
        match,
        result=result,
        settled=expected + over,
        expected=expected,
        difference=over,
        tolerance=tolerance,
        differences=found,
        flags=flags_of(match, order, amounts, groups=groups, differences=found, over=over),
    )


def _result(over: Decimal, groups: Sequence[compare.Group], *, tolerance: Decimal, is_young: bool) -> Result:
    if abs(over) <= tolerance:
        return Result.WITHIN_TOLERANCE if over else Result.MATCHED
    if over > 0:
        return Result.DUPLICATE_PAYMENT if any(map(compare.occurs_again, groups)) else Result.OVER_PAID
    return Result.PARTLY_SETTLED if is_young and any(map(compare.is_incomplete, groups)) else Result.SHORT_PAID
