"""To which period lines belong, and what is done when it is closed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from reconciliation.core.journal.values import NotPostableError
from reconciliation.core.lines import Sum
from reconciliation.core.periods import PeriodError, local_day, parts_of
from tests.reconciliation.core.journal.values import COMMISSION, PRINCIPAL, YEAR, a_sum, balances, header, months, prepared

OCTOBER, NOVEMBER, DECEMBER = date(2026, 10, 30), date(2026, 11, 2), date(2026, 12, 3)
SPAN = {
    "start": datetime(2026, 10, 28, tzinfo=UTC),
    "end": datetime(2026, 11, 11, 6, tzinfo=UTC),
    "deposit": datetime(2026, 11, 13, tzinfo=UTC),
}


def two_months() -> tuple[Sum, ...]:
    return a_sum(PRINCIPAL, "30.00", day=OCTOBER), a_sum(COMMISSION, "-4.50", day=OCTOBER), a_sum(PRINCIPAL, "70.00", day=NOVEMBER)


def test_a_settlement_over_a_month_end_is_two_journals_and_only_the_last_pays_out() -> None:
    first, last = prepared(*two_months(), about=header(*two_months(), **SPAN)).journals
    assert balances(first) == {"4000": Decimal("-30.00"), "6100": Decimal("4.50"), "1105": Decimal("25.50")}
    assert balances(last) == {"4000": Decimal("-70.00"), "1105": Decimal("-25.50"), "1010": Decimal("95.50")}
    assert [(one.external_id, one.part.entry_date) for one in (first, last)] == [
        ("STL-19283746501-2026-10", date(2026, 10, 31)), ("STL-19283746501-2026-11", date(2026, 11, 13)),
    ]  # fmt: skip
    assert [(one.part.first_day, one.part.last_day) for one in (first, last)] == [
        (date(2026, 10, 28), date(2026, 10, 31)), (date(2026, 11, 1), date(2026, 11, 11)),
    ]  # fmt: skip


def test_two_month_ends_give_three_journals_that_carry_forward_to_zero() -> None:
    lines = (*two_months(), a_sum(PRINCIPAL, "5.00", day=DECEMBER))
    journals = prepared(*lines, about=header(*lines, **{**SPAN, "end": datetime(2026, 12, 4, tzinfo=UTC), "deposit": None})).journals
    assert [balances(one).get("1105") for one in journals] == [Decimal("25.50"), Decimal("70.00"), Decimal("-95.50")]
    assert [balances(one).get("1010") for one in journals] == [None, None, Decimal("100.50")]


def test_a_year_end_splits_like_a_month_end() -> None:
    lines = a_sum(PRINCIPAL, "1.00", day=date(2026, 12, 31)), a_sum(PRINCIPAL, "2.00", day=date(2027, 1, 1))
    about = header(*lines, start=datetime(2026, 12, 28, tzinfo=UTC), end=datetime(2027, 1, 4, tzinfo=UTC), deposit=None)
    assert [one.part.period.name for one in prepared(*lines, about=about).journals] == ["2026-12", "2027-01"]


def test_when_the_last_period_has_no_lines_it_still_pays_out() -> None:
    lines = two_months()[:2]
    first, last = prepared(*lines, about=header(*lines, **SPAN)).journals
    assert balances(last) == {"1105": Decimal("-25.50"), "1010": Decimal("25.50")}
    assert "1010" not in balances(first)


def test_a_month_without_lines_gets_no_journal() -> None:
    lines = a_sum(PRINCIPAL, "1.00", day=OCTOBER), a_sum(PRINCIPAL, "2.00", day=DECEMBER)
    about = header(*lines, **{**SPAN, "end": datetime(2026, 12, 4, tzinfo=UTC), "deposit": None})
    assert [one.part.period.name for one in prepared(*lines, about=about).journals] == ["2026-10", "2026-12"]


def test_a_settlement_that_ends_at_midnight_stays_in_its_month() -> None:
    lines = two_months()[:2]
    (journal,) = prepared(*lines, about=header(*lines, **{**SPAN, "end": datetime(2026, 11, 1, tzinfo=UTC)})).journals
    assert (journal.part.entry_date, journal.external_id) == (date(2026, 10, 31), "STL-19283746501")


def test_a_settlement_of_a_moment_at_midnight_stays_in_the_month_that_begins() -> None:
    moment, lines = datetime(2026, 11, 1, tzinfo=UTC), (a_sum(PRINCIPAL, "1.00", day=date(2026, 11, 1)),)
    (journal,) = prepared(*lines, about=header(*lines, start=moment, end=moment)).journals
    assert (journal.external_id, journal.parts) == ("STL-19283746501", 1)


def test_the_ledgers_zone_decides_where_a_settlement_ends() -> None:
    lines = two_months()[:2]
    about = header(*lines, **{**SPAN, "end": datetime(2026, 11, 1, 2, tzinfo=UTC)})
    assert len(prepared(*lines, about=about).journals) == 2
    assert len(prepared(*lines, about=about, zone=ZoneInfo("America/New_York")).journals) == 1


def test_the_day_changes_with_the_clocks_of_the_zone() -> None:
    zone = ZoneInfo("America/Los_Angeles")
    assert local_day(datetime(2026, 11, 1, 6, 30, tzinfo=UTC), zone) == date(2026, 10, 31)
    assert local_day(datetime(2026, 11, 2, 7, 30, tzinfo=UTC), zone) == date(2026, 11, 1)


def test_a_closed_earlier_period_puts_everything_into_the_open_one_and_says_why() -> None:
    (journal,) = prepared(
        *two_months(), about=header(*two_months(), **SPAN), periods=months("2026-10", "2026-11", closed=("2026-10",))
    ).journals
    assert balances(journal) == {"4000": Decimal("-100.00"), "6100": Decimal("4.50"), "1010": Decimal("95.50")}
    assert (
        journal.part.reason == "Period 2026-10 is closed in the ERP: the lines of 2026-10-30 are posted in 2026-11, the first open period."
    )
    assert journal.part.first_day == date(2026, 10, 28)


def test_a_late_import_is_dated_the_first_open_day() -> None:
    periods = months("2026-10", "2026-11", "2026-12", closed=("2026-10", "2026-11"))
    (journal,) = prepared(*two_months(), about=header(*two_months(), **SPAN), periods=periods).journals
    assert journal.part.entry_date == date(2026, 12, 1)
    assert journal.part.reason.startswith("Periods 2026-10, 2026-11 are closed in the ERP: the lines of 2026-10-30 to 2026-11-11")


def test_a_lock_within_a_period_dates_the_journal_after_it() -> None:
    (november,) = months("2026-11")
    lines = (a_sum(PRINCIPAL, "1.00"),)
    (journal,) = prepared(*lines, periods=[replace(november, locked_until=date(2026, 11, 20))]).journals
    assert journal.part.entry_date == date(2026, 11, 21)


def test_a_lock_up_to_a_periods_end_closes_it() -> None:
    november, december = months("2026-11", "2026-12")
    (journal,) = prepared(a_sum(PRINCIPAL, "1.00"), periods=[replace(november, locked_until=november.end), december]).journals
    assert journal.part.entry_date == december.start


def test_without_an_open_period_nothing_is_posted() -> None:
    with pytest.raises(NotPostableError, match="Period 2026-10 is closed in the ERP and no later period is open") as refused:
        prepared(*two_months(), about=header(*two_months(), **SPAN), periods=months("2026-10", "2026-11", closed=("2026-10", "2026-11")))
    assert [(one.code, one.blocking) for one in refused.value.discrepancies] == [("period_closed", True)]


def test_a_day_without_a_period_is_named() -> None:
    with pytest.raises(PeriodError, match="no fiscal period for 2026-09-30"):
        parts_of([date(2026, 9, 30)], start=date(2026, 9, 30), end=date(2026, 10, 2), deposit=None, periods=months("2026-10"))


def test_parts_cover_every_day_once() -> None:
    parts = parts_of([OCTOBER, NOVEMBER, DECEMBER], start=date(2026, 10, 1), end=DECEMBER, deposit=None, periods=YEAR)
    assert [(one.first_day, one.last_day) for one in parts] == [
        (date(2026, 10, 1), date(2026, 10, 31)), (date(2026, 11, 1), date(2026, 11, 30)), (date(2026, 12, 1), DECEMBER),
    ]  # fmt: skip
