"""Settlements against bank lines: what is certain is matched, what is not is suggested, nothing takes for ever."""

from __future__ import annotations

import time
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciliation.core.bank.days import banking_days_later
from reconciliation.core.bank.deposits import Deposits, Payout, Way, match_deposits
from reconciliation.core.bank.statement import BankLine
from reconciliation.core.bank.subsets import TooManyError, subsets

FRIDAY = date(2026, 11, 6)


def payout(name: str, amount: str, on: date = FRIDAY, currency: str = "USD", **more: str) -> Payout:
    rate = {"rate": Decimal(more["rate"])} if "rate" in more else {}
    return Payout(settlement_id=name, amount=Decimal(amount), currency=currency, deposit_on=on, paid_in=more.get("paid_in", ""), **rate)


def bank(name: str, amount: str, on: date = FRIDAY, currency: str = "USD") -> BankLine:
    return BankLine(row=1, on=on, amount=Decimal(amount), currency=currency, text="AMAZON", key=name)


def pairs(found: Deposits) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.line, one.settlements) for one in found.matched]


@pytest.mark.parametrize(("on", "matched"), [
    (date(2026, 11, 5), False), (FRIDAY, True), (date(2026, 11, 9), True), (date(2026, 11, 13), True), (date(2026, 11, 14), False),
])  # fmt: skip
def test_a_settlement_is_paid_within_five_banking_days(on: date, matched: bool) -> None:
    found = match_deposits([payout("A", "100.00")], [bank("1", "100.00", on)])
    assert pairs(found) == ([("1", ("A",))] if matched else [])
    assert (found.open_settlements, found.open_lines) == (((), ()) if matched else (("A",), ("1",)))


def test_holidays_are_no_banking_days() -> None:
    assert banking_days_later(FRIDAY, 1) == date(2026, 11, 9)
    assert banking_days_later(FRIDAY, 5, {date(2026, 11, 11)}) == date(2026, 11, 16)


@pytest.mark.parametrize("line", [bank("1", "100.01"), bank("1", "99.99"), bank("1", "-100.00"), bank("1", "100.00", currency="CAD")])
def test_another_amount_or_currency_is_not_the_settlements(line: BankLine) -> None:
    assert pairs(match_deposits([payout("A", "100.00")], [line])) == []


def test_negative_and_zero_settlements_wait_for_no_bank_line() -> None:
    found = match_deposits([payout("A", "-321.69"), payout("B", "0.00")], [bank("1", "321.69"), bank("2", "0.00")])
    assert found.matched == found.open_settlements == ()


def test_several_settlements_may_be_paid_in_one_transfer() -> None:
    found = match_deposits([payout("A", "60.00"), payout("B", "40.00"), payout("C", "15.00")], [bank("1", "100.00")])
    assert [(one.settlements, one.way) for one in found.matched] == [(("A", "B"), Way.SEVERAL)]
    assert found.open_settlements == ("C",)


@pytest.mark.parametrize(("payouts", "lines"), [
    ([payout("A", "100.00"), payout("B", "100.00")], [bank("1", "100.00")]),
    ([payout("A", "100.00")], [bank("1", "100.00"), bank("2", "100.00")]),
    ([payout("A", "100.00"), payout("B", "60.00"), payout("C", "40.00")], [bank("1", "100.00")]),
    ([payout("A", "60.00"), payout("B", "40.00"), payout("C", "40.00")], [bank("1", "100.00")]),
    ([payout("A", "60.00"), payout("B", "40.00")], [bank("1", "100.00"), bank("2", "100.00")]),
])  # fmt: skip
def test_what_fits_in_two_ways_is_suggested_and_not_chosen(payouts: list[Payout], lines: list[BankLine]) -> None:
    found = match_deposits(payouts, lines)
    assert found.matched == ()
    assert [one.line for one in found.suggested] == [line.key for line in lines]
    assert "Choose which of them it paid" in found.suggested[0].words
    assert set(found.open_settlements) == {one.settlement_id for one in payouts}


def test_a_converted_payout_leaves_the_exchange_difference() -> None:
    found = match_deposits([payout("A", "100.00", paid_in="EUR", rate="0.92")], [bank("1", "91.10", currency="EUR")])
    assert [(one.way, one.exchange_difference) for one in found.matched] == [(Way.CONVERTED, Decimal("-0.90"))]


def test_a_converted_payout_without_a_rate_or_far_from_it_is_not_matched() -> None:
    line = bank("1", "91.10", currency="EUR")
    found = match_deposits([payout("A", "100.00", paid_in="EUR")], [line])
    assert (found.matched, "Enter the rate" in found.suggested[0].words) == ((), True)
    assert match_deposits([payout("A", "100.00", paid_in="EUR", rate="1.02")], [line]).open_lines == ("1",)


def test_thousands_of_ways_end_in_a_question() -> None:
    many = [payout(str(number), f"{10 + number * 0.37:.2f}") for number in range(60)]
    start = time.perf_counter()
    found = match_deposits(many, [bank("1", "777.01")])
    assert time.perf_counter() - start < 5
    assert found.matched == ()
    assert len(found.suggested) == 1


def test_a_settlement_of_that_amount_among_too_many_ways_is_only_suggested() -> None:
    many = [payout(str(number), f"{10 + number * 0.37:.2f}") for number in range(60)]
    found = match_deposits([*many, payout("A", "777.01")], [bank("1", "777.01")])
    assert found.matched == ()
    assert "A" in found.suggested[0].words


def test_a_settlement_with_a_line_of_its_own_is_no_part_of_another() -> None:
    found = match_deposits([payout("A", "100.00"), payout("B", "60.00")], [bank("1", "100.00"), bank("2", "160.00")])
    assert pairs(found) == [("1", ("A",))]
    assert (found.suggested, found.open_lines, found.open_settlements) == ((), ("2",), ("B",))


def test_a_search_that_is_too_long_is_given_up() -> None:
    with pytest.raises(TooManyError):
        subsets([2] * 60, 61, steps=500)
    assert subsets([2] * 60, 200) == []


@given(st.lists(st.integers(1, 10**6), min_size=2, max_size=9), st.data())
def test_sets_add_up_exactly_and_a_set_that_is_there_is_found(amounts: list[int], data: st.DataObject) -> None:
    chosen = data.draw(st.sets(st.integers(0, len(amounts) - 1), min_size=2))
    target = sum(amounts[place] for place in chosen)
    found = subsets(amounts, target, at_most=1000)
    assert tuple(sorted(chosen)) in found
    assert all(sum(amounts[place] for place in one) == target for one in found)


@given(st.lists(st.integers(1, 300), max_size=6), st.lists(st.integers(1, 900), max_size=4), st.randoms())
def test_nothing_is_paid_twice_and_every_match_is_exact(settled: list[int], banked: list[int], random: st.Random) -> None:
    payouts = [payout(f"S{number}", f"{amount / 100:.2f}") for number, amount in enumerate(settled)]
    lines = [bank(f"L{number}", f"{amount / 100:.2f}") for number, amount in enumerate(banked)]
    found = match_deposits(payouts, lines)
    names = [name for one in found.matched for name in one.settlements]
    assert len(names) == len(set(names))
    assert {*names, *found.open_settlements} == {one.settlement_id for one in payouts}
    owed, paid = ({**{one.settlement_id: one.amount for one in payouts}}, {line.key: line.amount for line in lines})
    assert all(sum(owed[name] for name in one.settlements) == paid[one.line] for one in found.matched)
    random.shuffle(payouts)
    random.shuffle(lines)
    assert match_deposits(payouts, lines) == found
