"""Money that is sold and held back: opening + earned - released = closing, whatever order its transactions come in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any
from unittest.mock import MagicMock, patch

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from connectors.amazon.transactions import TRANSACTIONS
from connectors.base import Record
from connectors.errors import TransientError
from reconciliation.core.months import Month
from reconciliation.core.rollforward.deferred import Unsettled
from reconciliation.engine import transactions, unsettled
from reconciliation.models import Books, FinanceTransaction, SettlementLine
from tests.reconciliation import rows

pytestmark = pytest.mark.django_db
NOVEMBER = Month(2026, 11)
START = datetime(2026, 11, 1, tzinfo=UTC)
ZEROS = ("0", "0", "0", "0")


@pytest.fixture
def books() -> Books:
    return rows.books()


def booked(name: str, day: int, amount: str | float = "10.00", status: str = "DEFERRED", **more: Any) -> dict[str, Any]:
    """A transaction as Amazon sends it, posted that many days after the month began."""
    numbers = {"ORDER_ID": f"1-{name}", **{key.upper(): value for key, value in more.items() if key.endswith("_id")}}
    matures = {"maturityDate": (START + timedelta(days=more["matures"])).isoformat()} if "matures" in more else {}
    return {
        "transactionId": name,
        "transactionStatus": status,
        "transactionType": "Shipment",
        "postedDate": (START + timedelta(days=day)).isoformat(),
        "totalAmount": {
            "currencyAmount": Decimal(amount) if isinstance(amount, str) else amount,
            "currencyCode": more.get("currency", "USD"),
        },
        "sellingPartnerMetadata": {"accountType": more.get("account", "Standard Orders")},
        "relatedIdentifiers": [{"relatedIdentifierName": key, "relatedIdentifierValue": value} for key, value in numbers.items()],
        "contexts": [{"contextType": "DeferredContext", "deferralReason": "DD7", **matures}],
    }


def released(name: str, earned: int, at: int, amount: str = "10.00") -> list[dict[str, Any]]:
    """A deferred transaction and the one that releases it."""
    return [
        booked(name, earned, amount, "DEFERRED_RELEASED", release_transaction_id=f"{name}-r"),
        booked(f"{name}-r", at, amount, "RELEASED", deferred_transaction_id=name),
    ]


def keep(books: Books, payloads: Sequence[dict[str, Any]]) -> None:
    transactions.keep(books, payloads, now=rows.NOW)


def rolled(books: Books, month: Month = NOVEMBER) -> list[Unsettled]:
    return unsettled.roll_forward(books, month)


def figures(found: list[Unsettled]) -> tuple[Decimal, ...]:
    assert len(found) < 2
    return (found[0].opening, found[0].earned, found[0].released, found[0].closing) if found else numbers(*ZEROS)


def numbers(*values: str) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, values))


@pytest.mark.parametrize(("payloads", "expected"), [
    ([booked("a", -3)], ("10", "0", "0", "10")),
    ([booked("a", 3)], ("0", "10", "0", "10")),
    (released("a", -3, 4), ("10", "0", "10", "0")),
    (released("a", 3, 10), ("0", "10", "10", "0")),
    (released("a", 3, 40), ("0", "10", "0", "10")),
    (released("a", -9, -2), ("0", "0", "0", "0")),
    ([*released("a", 3, 10), booked("b", 5, "-4.00")], ("0", "6", "10", "-4")),
    ([booked("a", 3, status="DEFERRED_RELEASED", matures=10)], ("0", "10", "10", "0")),
    ([booked("a", 3), booked("a-r", 10, status="RELEASED", deferred_transaction_id="a")], ("0", "10", "10", "0")),
    ([booked("a", 3, status="deferred", matures=10)], ("0", "10", "0", "10")),
])  # fmt: skip
def test_deferred_money_rolls_forward_however_it_comes(books: Books, payloads: list[dict[str, Any]], expected: tuple[str, ...]) -> None:
    for order in permutations(payloads):
        FinanceTransaction.objects.all().delete()
        for one in order:
            keep(books, [one])
        keep(books, payloads)
        assert figures(rolled(books)) == numbers(*expected)


def test_the_state_before_last_read_again_does_not_take_a_release_back(books: Books) -> None:
    keep(books, released("a", 3, 10))
    keep(books, [booked("a", 3)])
    assert figures(rolled(books)) == numbers("0", "10", "10", "0")
    keep(books, [booked("b", 3, status="DEFERRED_RELEASED", matures=4), booked("b", 3)])
    assert FinanceTransaction.objects.get(transaction_id="b").status == "DEFERRED_RELEASED"


def test_a_months_closing_is_the_next_months_opening(books: Books) -> None:
    keep(books, [booked("a", -40), *released("b", -35, 20), *released("c", -2, 29), booked("d", 29, "-3.21"), *released("e", 2, 45)])
    closing = Decimal()
    for month in (NOVEMBER.moved(by) for by in range(-3, 4)):
        [one] = rolled(books, month) or [Unsettled(account="", currency="", open_count=0, **dict.fromkeys(SUMS, Decimal()))]
        assert one.opening == closing
        assert one.opening + one.earned - one.released == one.closing
        assert one.closing == sum(unsettled.still_open(books, month).values_list("amount", flat=True))
        closing = one.closing


SUMS = ("opening", "earned", "released", "closing")


def test_what_is_released_at_once_is_no_deferred_money(books: Books) -> None:
    keep(books, [booked("a", 3, status="RELEASED")])
    assert rolled(books) == []


def test_currencies_and_kinds_of_account_are_never_added(books: Books) -> None:
    keep(books, [booked("a", 3), booked("b", 3, currency="CAD"), booked("c", 3, account="Invoiced Orders")])
    assert [(one.account, one.currency) for one in rolled(books)] == [
        ("Invoiced Orders", "USD"), ("Standard Orders", "CAD"), ("Standard Orders", "USD"),
    ]  # fmt: skip


def test_other_accounts_are_left_alone(books: Books) -> None:
    other = rows.books(target=books.target)
    keep(books, [booked("a", 3)])
    keep(other, released("a", 3, 10))
    assert figures(rolled(books)) == numbers("0", "10", "0", "10")


def test_a_month_ends_at_midnight_of_the_ledgers_zone(books: Books) -> None:
    books.zone = "America/Los_Angeles"
    keep(books, [booked("a", 0)])
    assert figures(rolled(books)) == numbers("10", "0", "0", "10")


def test_the_oldest_open_ones_come_first_and_reasons_say_when(books: Books) -> None:
    keep(books, [booked(str(day), day, matures=day + 7) for day in (29, 2, 5)])
    assert [one.order_id for one in unsettled.still_open(books, NOVEMBER)] == ["1-2", "1-5", "1-29"]
    [held] = unsettled.reasons(books, NOVEMBER)
    assert (held.reason, held.count, held.amount, held.overdue) == ("DD7", 3, Decimal(30), Decimal(20))


@pytest.mark.parametrize("change", [
    {"totalAmount": None}, {"postedDate": "soon"}, {"transactionId": ""}, {"transactionId": "x" * 201},
    {"totalAmount": {"currencyAmount": Decimal("1.00001"), "currencyCode": "USD"}},
    {"totalAmount": {"currencyAmount": Decimal("1e30"), "currencyCode": "USD"}},
    {"totalAmount": {"currencyAmount": "NaN", "currencyCode": "USD"}},
    {"totalAmount": {"currencyAmount": 1, "currencyCode": "DOLLARS"}},
])  # fmt: skip
def test_a_transaction_that_cannot_be_read_is_left_out_and_the_others_count(books: Books, change: dict[str, Any]) -> None:
    keep(books, [booked("a", 3) | change, booked("b", 3)])
    assert list(FinanceTransaction.objects.values_list("transaction_id", flat=True)) == ["b"]


def test_amounts_are_exact_however_the_number_arrived(books: Books) -> None:
    keep(books, [booked("a", 3, 0.1), booked("b", 3, 0.2), booked("c", 3, 3)])
    assert figures(rolled(books))[1] == Decimal("3.3")


def test_questions_do_not_grow_with_the_transactions(books: Books) -> None:
    def asked() -> int:
        with CaptureQueriesContext(database) as found:
            rolled(books)
            unsettled.reasons(books, NOVEMBER)
            unsettled.agreements(books, NOVEMBER)
        return len(found)

    keep(books, released("a", 3, 4))
    few = asked()
    keep(books, [one for number in range(30) for one in released(f"b{number}", 3, 4)])
    assert asked() == few


class TestAgainstSettlements:
    @pytest.fixture
    def settle(self, books: Books) -> Iterator[Any]:
        def settled(**orders: str) -> None:
            total = sum(map(Decimal, orders.values()))
            made = rows.settlement(connection=books.source, total=total, lines_total=total, line_count=len(orders))
            SettlementLine.objects.bulk_create(
                rows.line(made, number, amount, order_id=f"1-{order}") for number, (order, amount) in enumerate(orders.items(), start=3)
            )

        return settled

    def only(self, books: Books) -> unsettled.Agreement:
        [one] = unsettled.agreements(books, NOVEMBER)
        return one

    def test_a_release_counts_once_beside_the_lines_of_its_order(self, books: Books, settle: Any) -> None:
        keep(books, released("a", 2, 9))
        settle(a="10.00")
        one = self.only(books)
        assert (one.orders, one.due, one.settled, one.later, one.different) == (1, 10, 10, 0, 0)

    def test_what_was_released_after_the_last_settlement_waits_for_the_next(self, books: Books, settle: Any) -> None:
        keep(books, [booked("a", 2, status="RELEASED"), booked("b", 20, status="RELEASED")])
        settle(a="10.00")
        one = self.only(books)
        assert (one.due, one.settled, one.later, one.different) == (10, 10, 10, 0)

    def test_an_order_that_no_settlement_holds_or_that_holds_another_amount_is_named(self, books: Books, settle: Any) -> None:
        keep(books, [booked(name, 2, status="RELEASED") for name in ("a", "b", "c")])
        settle(a="10.00", b="9.99")
        one = self.only(books)
        assert (one.orders, one.different) == (3, 2)
        assert list(one.differing) == [("1-b", 10, Decimal("9.99")), ("1-c", 10, 0)]

    def test_what_a_turned_down_report_holds_does_not_count(self, books: Books, settle: Any) -> None:
        keep(books, [booked("a", 2, status="RELEASED")])
        settle(a="10.00")
        rows.Settlement.objects.update(state="superseded")
        assert self.only(books).settled == 0


class TestFetching:
    def fetch(self, books: Books, *records: Record | Exception) -> list[str]:
        """Answers where reading began."""
        began = []

        def read(client: Any, cursor: str) -> Iterator[Record]:
            began.append(cursor)
            for one in records:
                if isinstance(one, Exception):
                    raise one
                yield one

        with patch.object(transactions, "clients", MagicMock()) as clients, patch.object(transactions, "AT_ONCE", 2):
            clients.connector.return_value.streams = (replace(TRANSACTIONS, read=read),)
            transactions.fetch(books, now=rows.NOW)
        return began

    def record(self, name: str, cursor: str = "", **more: Any) -> Record:
        return Record(key=name, payload=booked(name, 3), cursor=cursor, **more)

    def test_goes_on_where_it_stopped_when_the_marketplace_fails_between(self, books: Books) -> None:
        some = self.record("a"), self.record("b", "1"), self.record("c", "2")
        with pytest.raises(TransientError):
            self.fetch(books, *some, TransientError("Amazon is unwell."))
        books.refresh_from_db()
        assert FinanceTransaction.objects.count() == 2
        assert self.fetch(books, *some) == ["1"]
        assert FinanceTransaction.objects.count() == 3

    def test_leaves_out_what_has_no_id(self, books: Books) -> None:
        self.fetch(books, Record(key="x", payload={}, cursor="1", problem="without id"), self.record("a"))
        assert FinanceTransaction.objects.count() == 1

    def test_an_account_without_transactions_has_none(self, books: Books) -> None:
        with patch.object(transactions, "clients", MagicMock()) as clients:
            clients.connector.return_value.streams = ()
            assert transactions.fetch(books, now=rows.NOW) == 0
