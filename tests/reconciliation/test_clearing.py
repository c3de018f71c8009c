"""The clearing account (invariant 12): settlements posted less deposits matched, open items explained, the ledger's account the same."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from reconciliation.core.months import Month
from reconciliation.engine import rules
from reconciliation.engine.clearing import Proven, clearing
from reconciliation.engine.ledger import approve
from reconciliation.engine.prepare import prepare
from reconciliation.engine.reverse import reverse
from reconciliation.models import BankLine, BankMatch, Books, JournalEntry, Settlement
from tests.reconciliation import rows

pytestmark = pytest.mark.django_db
NOVEMBER = Month(2026, 11)
DEBT = ("other-transaction/other-transaction/Payable to Amazon", "-321.69")
CHARGED = ("other-transaction/other-transaction/Successful charge", "321.69")


@pytest.fixture(autouse=True)
def no_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciliation.engine.periods.refresh", lambda *_, **__: False)


@pytest.fixture
def books() -> Books:
    return rows.books(rules=rules.load_starter(now=rows.NOW))


def posted(books: Books, *lines: tuple[str, str], start: int = 1, **more: Any) -> Settlement:
    """A settlement of five days of November from `start` on, with journals that the ledger has."""
    times = {"starts_at": datetime(2026, 11, start, tzinfo=UTC), "ends_at": datetime(2026, 11, start + 5, tzinfo=UTC)}
    made = rows.matched(*lines, connection=books.source, **{**times, **more})
    prepare(made, books, by=None, now=rows.NOW)
    in_ledger(made, books)
    return made


def in_ledger(settlement: Settlement, books: Books) -> None:
    settlement.refresh_from_db()
    approve(settlement, books, by=None, now=rows.NOW)
    JournalEntry.objects.filter(settlement=settlement, state="sent").update(state="posted")
    Settlement.objects.filter(pk=settlement.pk).update(state="posted")
    settlement.refresh_from_db()


def sale(amount: str) -> tuple[str, str]:
    return "Order/ItemPrice/Principal", amount


def paid(settlement: Settlement, books: Books, amount: str = "", day: int = 18) -> None:
    value = Decimal(amount) if amount else settlement.total
    line = BankLine.objects.create(
        books=books, reference=f"{settlement.pk}-{day}", booked_on=date(2026, 11, day), amount=value, currency="USD", created_at=rows.NOW
    )
    BankMatch.objects.create(settlement=settlement, bank_line=line, amount=value, at=rows.NOW)


def figures(one: Proven) -> tuple[Decimal, ...]:
    """Opening, posted, matched, closing; nothing may be unexplained."""
    assert one.unexplained == 0
    assert sum(item.amount for item in one.rolled.open_items) == one.rolled.closing
    return one.rolled.opening, one.rolled.posted, one.rolled.matched, one.rolled.closing


def only(books: Books, month: Month = NOVEMBER) -> Proven:
    [one] = clearing(books, month)
    return one


def test_nothing_moves_clearing_before_its_journal_is_posted(books: Books) -> None:
    made = rows.matched(sale("10.00"), connection=books.source)
    prepare(made, books, by=None, now=rows.NOW)
    assert clearing(books, NOVEMBER) == []


def test_a_posted_settlement_is_open_until_its_deposit_is_matched(books: Books) -> None:
    made = posted(books, sale("100.00"))
    assert figures(only(books)) == (0, 100, 0, 100)
    [item] = only(books).rolled.open_items
    assert "should have reached the bank" in item.words
    paid(made, books)
    assert figures(only(books)) == (0, 100, 100, 0)
    assert figures(only(books, NOVEMBER.moved(1))) == (0, 0, 0, 0)


def test_a_debt_that_the_next_settlement_takes_over_closes_it_and_the_charge_waits_for_the_card(books: Books) -> None:
    posted(books, ("ServiceFee/Cost of Advertising/TransactionTotalAmount", "-321.69"))
    second = posted(books, DEBT, CHARGED, sale("80.00"), start=6)
    paid(second, books)
    assert figures(only(books))[3] == Decimal("-321.69")
    [item] = only(books).rolled.open_items
    assert "charged 321.69 USD to the card" in item.words


def test_a_debt_posted_in_the_month_before_its_settlements_payout_moves_clearing_there(books: Books) -> None:
    october = datetime(2026, 10, 28, tzinfo=UTC)
    times = {"starts_at": october, "ends_at": datetime(2026, 11, 8, tzinfo=UTC)}
    posted(books, DEBT, (f"{sale('')[0]}@2026-11-03T10:00", "400.00"), **times)
    assert figures(only(books, NOVEMBER.moved(-1)))[3] == Decimal("321.69")
    assert figures(only(books))[3] == 400


def test_a_reversed_settlement_is_open_in_between_and_then_gone(books: Books) -> None:
    made = posted(books, sale("100.00"), start=2)
    reverse(made, books, by=None, now=rows.NOW, day=date(2026, 12, 3), reason="wrong month")
    JournalEntry.objects.filter(reversal_of__isnull=False).update(state="posted")
    JournalEntry.objects.filter(reversal_of=None).update(state="reversed")
    Settlement.objects.update(state="reversed")
    assert figures(only(books)) == (0, 100, 0, 100)
    assert figures(only(books, NOVEMBER.moved(1))) == (100, -100, 0, 0)


def test_what_other_journals_book_on_the_account_is_shown_as_not_explained(books: Books) -> None:
    made = posted(books, sale("100.00"))
    other = rows.journal(made, ("1010", "5.00", "0"), ("4000", "0", "5.00"), target=books.target, part=2)
    JournalEntry.objects.filter(pk=other.pk).update(state="posted")
    assert only(books).unexplained == 5


def test_another_account_is_another_clearing(books: Books) -> None:
    posted(books, sale("100.00"))
    other = rows.books(target=books.target, rules=books.rules)
    posted(other, sale("7.00"))
    assert (figures(only(books))[3], figures(only(other))[3]) == (100, 7)


def test_questions_do_not_grow_with_the_settlements(books: Books) -> None:
    def asked() -> int:
        with CaptureQueriesContext(database) as found:
            clearing(books, NOVEMBER)
        return len(found)

    paid(posted(books, DEBT, CHARGED, sale("10.00")), books)
    few = asked()
    for number in range(6):
        paid(posted(books, DEBT, CHARGED, sale("10.00"), start=7 + number), books, day=20)
    assert asked() == few
