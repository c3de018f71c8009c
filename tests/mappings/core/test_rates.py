"""Exchange rates by day: the order's day, else the newest of the days before, never a later one."""

from __future__ import annotations

from typing import Any

import pytest

from mappings.core.engine import compile_rules
from mappings.core.values import Outcome
from tests.mappings.core.samples import rule, stepped

ROWS = {"EUR|2026-11-14": "1.01", "EUR|2026-11-18": "1.02", "EUR|2026-11-19": "1.03", "EUR|2026-11-21": "1.99", "GBP|2026-11-19": "1.27"}


def rated(currency: str, when: Any, *, rows: dict[str, str] | None = None, zone: str = "America/Denver", **args: Any) -> Outcome:
    step = ("rate", {"table": "rates", "date": "When", **args})
    return stepped(currency, step, source={"When": when}, tables={"rates": ROWS if rows is None else rows}, settings={"time_zone": zone})


@pytest.mark.parametrize(
    ("when", "rate"),
    [
        ("2026-11-19", "1.03"),
        ("2026-11-20", "1.03"),
        ("2026-11-18", "1.02"),
        ("2026-11-17", "1.01"),
        ("2026-11-26", "1.99"),
        ("2026-11-20T04:30:00Z", "1.03"),
        ("2026-11-19T04:30:00Z", "1.02"),
    ],
)
def test_the_day_itself_or_the_newest_before_it_counts(when: str, rate: str) -> None:
    assert rated("EUR", when).payload == {"Out": rate}


@pytest.mark.parametrize("when", ["2026-11-13", "2026-11-27", "2025-11-19"])
def test_a_rate_of_a_later_or_a_long_past_day_is_none(when: str) -> None:
    problem = rated("EUR", when).problems[0]
    assert (problem.cause, problem.code) == (f"lookup:rates:EUR|{when}", "lookup")
    assert f'no rate for EUR on {when} or the 5 days before. Add the row "EUR|{when}"' in problem.message


def test_how_many_days_a_rate_holds_is_the_rules_setting() -> None:
    assert rated("EUR", "2026-11-20", days=0).problems
    assert rated("EUR", "2026-12-01", days=10).payload == {"Out": "1.99"}


def test_small_letters_name_the_same_currency() -> None:
    assert rated(" gbp", "2026-11-19").payload == {"Out": "1.27"}


def test_a_missing_rate_is_waited_for_only_when_the_rule_says_so() -> None:
    assert [rated("SEK", "2026-11-19", miss=miss, hours=24).problems[0].wait for miss in ("wait", "error")] == [24, 0]


@pytest.mark.parametrize("rate", ["0", "-1.2", "1,27", "soon", ""])
def test_a_row_that_is_no_rate_is_refused_and_not_waited_for(rate: str) -> None:
    problem = rated("EUR", "2026-11-19", rows={"EUR|2026-11-19": rate}, miss="wait").problems[0]
    assert problem.wait == 0


@pytest.mark.parametrize("when", [None, "", "soon", "2026-02-30", 7])
def test_without_a_readable_date_there_is_no_rate(when: Any) -> None:
    assert [problem.path for problem in rated("EUR", when).problems] == ["Out"]


def test_the_first_day_of_the_calendar_has_no_days_before() -> None:
    assert rated("EUR", "0001-01-01").problems


@pytest.mark.parametrize("args", [{"days": -1}, {"days": 400}, {"miss": "wait", "hours": 0}, {"miss": "default"}])
def test_senseless_arguments_are_refused(args: dict[str, Any]) -> None:
    step = ("rate", {"table": "rates", "date": "When", **args})
    assert compile_rules([rule("Out", "In", step)]).problems
