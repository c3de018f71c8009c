"""Consecutive settlements of an account, as they stand in the database."""

from __future__ import annotations

import pytest

from reconciliation.engine import chain, files, intake
from reconciliation.models import Books, Discrepancy, Settlement
from tests.reconciliation import rows
from tests.reconciliation.statements import line, report

pytestmark = pytest.mark.django_db
KEPT, BACK = (
    "other-transaction/other-transaction/Current Reserve Amount",
    "other-transaction/other-transaction/Previous Reserve Amount Balance",
)
FEE = line("other-transaction/other-transaction/Subscription Fee", "-1.00")


@pytest.fixture
def books() -> Books:
    return rows.books()


def take(books: Books, number: str, start: str, end: str, *lines: dict[str, str], currency: str = "USD") -> Settlement:
    content = report([FEE, *lines, line("Order/ItemPrice/Principal", "50.00")], settlement=number, start=start, end=end, currency=currency)
    file = files.keep([content], connection=books.source, name=number, now=rows.NOW)
    made = intake.take_in(file, books, now=rows.NOW).settlement
    assert made
    chain.check(made, now=rows.NOW)
    return made


def found() -> list[tuple[str, str]]:
    rows_ = Discrepancy.objects.filter(state="open").order_by("pk")
    return list(rows_.values_list("settlement__settlement_id", "code"))


def test_settlements_that_follow_on_each_other_raise_nothing(books: Books) -> None:
    take(books, "1", "2026-11-01", "2026-11-08", line(KEPT, "-5.00"))
    take(books, "2", "2026-11-08", "2026-11-15", line(BACK, "5.00"))
    assert found() == []


def test_a_gap_is_noted_with_the_later_one_and_gone_when_the_missing_one_comes(books: Books) -> None:
    take(books, "1", "2026-11-01", "2026-11-08")
    take(books, "3", "2026-11-15", "2026-11-22")
    assert found() == [("3", "chain_gap")]
    take(books, "2", "2026-11-08", "2026-11-15")
    assert found() == []


def test_a_reserve_that_does_not_come_back_is_noted_with_its_amount(books: Books) -> None:
    take(books, "1", "2026-11-01", "2026-11-08", line(KEPT, "-5.00"))
    take(books, "2", "2026-11-08", "2026-11-15", line(BACK, "4.00"))
    (one,) = Discrepancy.objects.all()
    assert (one.code, one.amount, one.blocking) == ("chain_reserve", -1, False)


def test_another_currency_is_another_chain(books: Books) -> None:
    take(books, "1", "2026-11-01", "2026-11-08")
    take(books, "2", "2026-11-20", "2026-11-22", currency="CAD")
    assert found() == []
