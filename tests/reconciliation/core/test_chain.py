"""Settlements that follow on each other, and every way in which they may not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciliation.core.chain import Break, Link, check, link
from reconciliation.core.lines import Header, Kind, Sum

START = datetime(2026, 6, 5, 22, 7, 18, tzinfo=UTC)
WEEKS = timedelta(days=14)


def settled(number: int, total: str = "100.00", *, reserve: str = "0", back: str = "0", debt: str = "0", currency: str = "CAD") -> Link:
    return Link(
        settlement_id=str(number),
        currency=currency,
        start=START + number * WEEKS,
        end=START + (number + 1) * WEEKS,
        total=Decimal(total),
        current_reserve=Decimal(reserve),
        previous_reserve=Decimal(back),
        debt=Decimal(debt),
    )


FIRST, SECOND, THIRD = settled(1), settled(2), settled(3)


def codes(*links: Link) -> list[tuple[Break, str, str]]:
    return [(one.code, one.before, one.after) for one in check(links)]


def test_settlements_in_a_row_leave_nothing_to_say() -> None:
    assert codes(FIRST, SECOND, THIRD) == []
    assert codes() == codes(FIRST) == []


@pytest.mark.parametrize(("seconds", "code"), [(-2, Break.OVERLAP), (-1, None), (1, None), (2, Break.GAP)])
def test_a_second_apart_is_in_a_row_and_two_are_not(seconds: int, code: Break | None) -> None:
    later = replace(SECOND, start=SECOND.start + timedelta(seconds=seconds))
    assert codes(FIRST, later) == ([(code, "1", "2")] if code else [])


def test_a_missing_settlement_is_a_gap_that_says_where() -> None:
    [finding] = check([THIRD, FIRST])
    assert finding.words == (
        "Settlement 1 ends at 2026-07-03 22:07:18 UTC, settlement 3 starts at 2026-07-17 22:07:18 UTC: one between them is missing. "
        "Fetch it, or ask for it in Seller Central and upload it."
    )


def test_the_same_settlement_twice_counts_once_and_other_content_is_named() -> None:
    assert codes(FIRST, FIRST, SECOND) == []
    assert codes(FIRST, replace(FIRST, total=Decimal("101.00")), SECOND) == [(Break.TWO_VERSIONS, "1", "1")]


def test_two_currencies_of_one_time_and_invoiced_orders_are_chains_of_their_own() -> None:
    dollars = [replace(one, currency="USD", settlement_id=f"U{one.settlement_id}") for one in (FIRST, SECOND)]
    invoiced = [replace(one, group="invoiced", settlement_id=f"I{one.settlement_id}") for one in (FIRST, SECOND)]
    assert codes(FIRST, SECOND, *dollars, *invoiced) == []


def test_daily_settlements_are_in_a_row() -> None:
    days = [replace(FIRST, settlement_id=str(n), start=START + timedelta(days=n), end=START + timedelta(days=n + 1)) for n in range(30)]
    assert codes(*days) == []


def test_a_reserve_comes_back_with_the_next_settlement() -> None:
    assert codes(settled(1, reserve="-50.00"), settled(2, back="50.00")) == []
    [finding] = check([settled(1, reserve="-50.00"), settled(2, back="30.00")])
    assert (finding.code, finding.amount) == (Break.RESERVE, Decimal("-20.00"))
    assert "kept a reserve of 50.00 back, settlement 2 gives 30.00 back: 20.00 CAD are open" in finding.words


def test_a_total_of_zero_made_of_a_reserve_is_in_a_row() -> None:
    assert codes(settled(1, "0.00", reserve="-70.00"), settled(2, "70.00", back="70.00")) == []


def test_a_debt_is_taken_over_by_the_next_settlement() -> None:
    chain = settled(1, "-321.69"), settled(2, "-62.31", debt="-321.69"), settled(3, "1016.08", debt="-62.31")
    assert codes(*chain) == []
    [finding] = check([chain[0], replace(chain[1], total=Decimal(5), debt=Decimal(0))])
    assert (finding.code, finding.amount) == (Break.DEBT, Decimal("-321.69"))
    assert "leaves a debt of 321.69, settlement 2 takes 0.00 CAD over as Payable to Amazon" in finding.words


def test_a_debt_that_nobody_left_is_named() -> None:
    assert codes(FIRST, settled(2, debt="-5.00")) == [(Break.DEBT, "1", "2")]


def test_a_settlements_lines_tell_what_it_hands_on() -> None:
    header = Header(settlement_id="1", start=START, end=START + WEEKS, deposit=None, total=Decimal("-62.31"), currency="CAD")
    found = link(header, [
        Sum(kind=Kind("other-transaction", "other-transaction", "Payable to Amazon"), day=date(2026, 6, 5), amount=Decimal("-321.69")),
        Sum(kind=Kind("Other-Transaction", "Other transactions", "Current Reserve Amount"), day=date(2026, 6, 5), amount=Decimal("-9.00")),
        Sum(kind=Kind("other-transaction", "", "Previous Reserve Amount Balance"), day=date(2026, 6, 5), amount=Decimal("4.00")),
        Sum(kind=Kind("Order", "ItemPrice", "Payable to Amazon"), day=date(2026, 6, 5), amount=Decimal("1.00")),
    ])  # fmt: skip
    assert (found.debt, found.current_reserve, found.previous_reserve, found.total) == tuple(map(Decimal, ("-321.69", "-9", "4", "-62.31")))


@given(st.permutations(range(6)), st.integers(1, 4))
def test_settlements_may_arrive_in_any_order(order: list[int], missing: int) -> None:
    chain = [settled(number) for number in order if number != missing]
    assert codes(*chain) == [(Break.GAP, str(missing - 1), str(missing + 1))]
