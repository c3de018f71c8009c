"""What holds for any orders and any lines (settlement reference, 8: 8 and 13)."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from reconciliation.core.lines import Sum
from reconciliation.core.matching.expected import Expected
from reconciliation.core.matching.orders import matches_of
from reconciliation.core.matching.result import Match, Result
from reconciliation.core.matching.settled import settled_of
from reconciliation.core.matching.slots import Slot
from reconciliation.core.matching.tolerance import Rules
from reconciliation.core.matching.words import explained
from tests.reconciliation.core.matching import strategies
from tests.reconciliation.core.matching.make import TODAY

Case = tuple[list[Expected], list[Sum]]


def found(orders: list[Expected], sums: list[Sum]) -> list[Match]:
    return matches_of(sums, orders, currency="USD", today=TODAY, rules=Rules())


@given(strategies.settlements(), st.randoms())
def test_the_order_of_lines_and_of_orders_does_not_matter(case: Case, random: st.Random) -> None:
    orders, sums = case
    before = found(orders, sums)
    shuffled, others = list(sums), list(orders)
    random.shuffle(shuffled)
    random.shuffle(others)
    assert found(others, shuffled) == before


@given(strategies.settlements())
def test_every_order_of_the_lines_is_in_exactly_one_match(case: Case) -> None:
    orders, sums = case
    matches = found(orders, sums)
    keys = [match.key or match.order_id for match in matches]
    assert len(keys) == len(set(keys))
    assert len(matches) == len({match.order_id for match in matches})
    assert {match.order_id for match in matches} <= {row.number for row in settled_of(sums)}
    assert sum(match.fees for match in matches) == sum(
        row.amounts[Slot.FEES] + row.amounts[Slot.COMMISSION_BACK] for row in settled_of(sums)
    )


@given(strategies.settlements())
def test_a_match_has_no_difference_and_a_difference_is_the_sum_of_its_parts(case: Case) -> None:
    for match in found(*case):
        assert (match.result is Result.MATCHED) == (match.difference == 0)
        if match.difference is not None:
            assert sum((one.amount for one in match.differences), Decimal(0)) == match.difference
        assert bool(explained(match)) or match.result in (Result.MATCHED, Result.WITHIN_TOLERANCE)


@given(strategies.orders(1), st.data())
def test_a_cent_more_on_any_line_of_a_sale_is_never_matched(order: Expected, data: st.DataObject) -> None:
    sums = strategies.settled_right(order)
    if not sums or order.multi_channel or order.currency == "CAD":
        return
    assert [match.result for match in found([order], sums)] == [Result.MATCHED]
    number = data.draw(st.integers(0, len(sums) - 1))
    assert [match.result for match in found([order], strategies.cent_more(sums, number))] != [Result.MATCHED]
