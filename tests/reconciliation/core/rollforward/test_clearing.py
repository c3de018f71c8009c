"""The clearing account: settlements posted less deposits matched, every open item explained."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from reconciliation.core.lines import Header, Kind, Sum
from reconciliation.core.rollforward.clearing import Clearing, Deposit, Entry, Posted, posted, roll_forward

FIRST = date(2026, 6, 5)


def settled(number: int, total: str, **more: str) -> Posted:
    ends = FIRST + timedelta(days=14 * number)
    return Posted(
        account="Amazon CA",
        settlement_id=str(number),
        currency="CAD",
        ends_at=datetime(ends.year, ends.month, ends.day, tzinfo=UTC),
        deposit_on=ends + timedelta(days=2),
        posted_on=ends,
        total=Decimal(total),
        **{name: Decimal(value) for name, value in more.items()},
    )


def paid(number: int, amount: str, entry: Entry = Entry.SETTLEMENT, days: int = 3) -> Deposit:
    on = FIRST + timedelta(days=14 * number + days)
    return Deposit(account="Amazon CA", settlement_id=str(number), currency="CAD", on=on, amount=Decimal(amount), entry=entry)


def rolled(*found: Posted | Deposit, start: date = FIRST, end: date = date(2027, 1, 1)) -> Clearing:
    settlements, deposits = [one for one in found if isinstance(one, Posted)], [one for one in found if isinstance(one, Deposit)]
    [one] = roll_forward(settlements, deposits, start=start, end=end)
    return one


def figures(one: Clearing) -> tuple[Decimal, ...]:
    return one.opening, one.posted, one.matched, one.closing


def test_a_settlement_and_its_deposit_leave_nothing_open() -> None:
    one = rolled(settled(1, "1016.08"), paid(1, "1016.08"))
    assert (figures(one), one.open_items) == ((0, Decimal("1016.08"), Decimal("1016.08"), 0), ())


def test_a_settlement_that_is_not_yet_paid_says_until_when() -> None:
    [open_item] = rolled(settled(1, "1016.08"), end=date(2026, 6, 23)).open_items
    assert open_item.words == "Settlement 1: 1016.08 CAD should reach the bank by 2026-06-26."
    [due] = rolled(settled(1, "1016.08"), end=date(2026, 6, 26)).open_items
    assert due.words == open_item.words
    [late] = rolled(settled(1, "1016.08")).open_items
    assert late.words == "Settlement 1: 1016.08 CAD should have reached the bank by 2026-06-26. Import the bank statement, or ask Amazon."


def test_debts_are_carried_and_charged_to_the_card() -> None:
    chain = (
        settled(1, "-321.69"),
        settled(2, "-62.31", debt="-321.69", charged="321.69"),
        settled(3, "1016.08", debt="-62.31", charged="62.31"),
    )
    first = rolled(chain[0])
    assert (
        first.open_items[0].words
        == "Settlement 1: 321.69 CAD are owed to Amazon. The next settlement takes them over as Payable to Amazon."
    )
    second = rolled(*chain[:2])
    assert [(item.settlement_id, item.entry, item.amount) for item in second.open_items] == [
        ("2", Entry.SETTLEMENT, Decimal("-62.31")), ("2", Entry.CHARGE, Decimal("-321.69")),
    ]  # fmt: skip
    assert "charged 321.69 CAD to the card" in second.open_items[1].words
    card = paid(2, "-321.69", Entry.CHARGE), paid(3, "-62.31", Entry.CHARGE)
    assert rolled(*chain, *card, paid(3, "1016.08")).open_items == ()


def test_a_debt_from_a_settlement_that_is_not_there_is_named() -> None:
    [_, debt] = rolled(settled(2, "10.00", debt="-5.00")).open_items
    assert (debt.entry, debt.amount) == (Entry.DEBT, Decimal("5.00"))
    assert "One before it is missing" in debt.words
    other = rolled(settled(1, "50.00"), settled(2, "10.00", debt="-5.00")).open_items
    assert [(item.settlement_id, item.entry) for item in other] == [("1", Entry.SETTLEMENT), ("2", Entry.SETTLEMENT), ("2", Entry.DEBT)]


def test_a_transfer_that_came_back_closes_the_settlement_that_it_was_for() -> None:
    one = rolled(settled(1, "100.00"), settled(2, "40.00"), settled(3, "130.00", returned="100.00"), paid(2, "40.00"), paid(3, "130.00"))
    assert (one.closing, one.open_items) == (0, ())
    [item] = rolled(settled(3, "130.00", returned="99.00"), paid(3, "130.00")).open_items
    assert (item.entry, "Find out which it was" in item.words) == (Entry.RETURNED, True)


def test_a_rest_and_a_match_without_settlement_are_open_items() -> None:
    [rest] = rolled(settled(1, "100.00"), paid(1, "90.00")).open_items
    assert "10.00 CAD are left after bank lines" in rest.words
    [stray] = rolled(paid(9, "50.00")).open_items
    assert "not posted in this account and currency" in stray.words


def test_a_settlement_of_zero_opens_nothing() -> None:
    assert rolled(settled(1, "0.00")).open_items == ()


def test_a_deposit_after_the_time_leaves_its_settlement_open() -> None:
    one = rolled(settled(1, "100.00"), paid(1, "100.00", days=20), start=date(2026, 6, 1), end=date(2026, 7, 1))
    assert figures(one) == (0, 100, 0, 100)
    later = rolled(settled(1, "100.00"), paid(1, "100.00", days=20), start=date(2026, 7, 1), end=date(2026, 8, 1))
    assert figures(later) == (100, 0, 100, 0)


def test_currencies_are_accounts_of_their_own() -> None:
    both = [settled(1, "100.00"), replace(settled(1, "50.00"), currency="USD")]
    found = roll_forward(both, [], start=FIRST, end=date(2027, 1, 1))
    assert [(one.currency, one.closing) for one in found] == [("CAD", 100), ("USD", 50)]


def test_a_settlements_lines_tell_what_moves_clearing() -> None:
    ends = datetime(2026, 6, 19, tzinfo=UTC)
    header = Header(settlement_id="2", start=ends, end=ends, deposit=None, total=Decimal("-62.31"), currency="CAD")
    words = {"Payable to Amazon": "-321.69", "Successful charge": "321.69", "Transfer of funds unsuccessful: bad account": "7.00"}
    sums = [
        Sum(kind=Kind("other-transaction", "other-transaction", name), day=FIRST, amount=Decimal(value)) for name, value in words.items()
    ]
    one = posted(header, sums, account="Amazon CA", posted_on=date(2026, 6, 20))
    assert (one.debt, one.charged, one.returned, one.deposit_on) == (
        Decimal("-321.69"),
        Decimal("321.69"),
        Decimal("7.00"),
        date(2026, 6, 19),
    )


@given(st.lists(st.tuples(st.integers(-500, 900), st.booleans(), st.booleans()), max_size=8), st.integers(0, 120))
def test_the_closing_is_the_sum_of_the_open_items(settlements: list[tuple[int, bool, bool]], days: int) -> None:
    found: list[Posted | Deposit] = []
    for number, (cents, takes_over, is_paid) in enumerate(settlements):
        total = f"{Decimal(cents) / 100:.2f}"
        debt = f"{Decimal(settlements[number - 1][0]) / 100:.2f}" if takes_over and number and settlements[number - 1][0] < 0 else "0"
        found += [settled(number, total, debt=debt), *([paid(number, total)] if is_paid and cents > 0 else [])]
    middle, last = FIRST + timedelta(days=days), date(2027, 1, 1)
    if found:
        before, after = rolled(*found, start=FIRST, end=middle), rolled(*found, start=middle, end=last)
        for one in (before, after):
            assert one.opening + one.posted - one.matched == one.closing == sum(item.amount for item in one.open_items)
            assert all(item.words for item in one.open_items)
        assert after.opening == before.closing
