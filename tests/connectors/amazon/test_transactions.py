"""Reading financial transactions: late ones, long lists, and places to go on from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors import schema
from connectors.amazon import times, transactions
from connectors.amazon.client import AmazonClient
from connectors.amazon.sandbox import AmazonSandbox
from connectors.amazon.standin import bookings, finances
from connectors.amazon.transactions import TRANSACTIONS, Place, read, record, related
from connectors.base import Record
from connectors.errors import RejectedError, ThrottledError, TransientError
from tests.connectors.amazon.models import parameters
from tests.connectors.amazon.shop import sell


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finances, "PAGE", 3)


def orders_of(found: list[Any]) -> set[str]:
    return {related(one.payload, "ORDER_ID") for one in found}


def test_a_transaction_without_its_id_fails_alone() -> None:
    assert record({"transactionType": "Shipment"}).problem
    assert record("text").problem
    assert record({}).key != record("text").key


@pytest.mark.parametrize("text", ["", "2026-11-20T10:00:00.000Z", "2026-11-20T10:00:00.000Z~00003~2026-11-21T10:00:00.000Z~a~b"])
def test_a_cursor_is_read_as_it_was_written(text: str) -> None:
    assert str(Place.of(text)) == text


def test_cursors_rise_from_walk_to_page_to_page_to_walk() -> None:
    at, until = datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC)
    steps = [Place(at=at), *(Place(at=at, page=page, until=until, token="x") for page in (1, 2, 10)), Place(at=until)]
    assert [str(one) for one in steps] == sorted(str(one) for one in steps)


@pytest.mark.usefixtures("small_pages")
def test_every_transaction_comes_once_over_all_pages(shop: AmazonSandbox, seller: AmazonClient) -> None:
    keys = sell(shop, 10)
    found = list(read(seller, ""))
    assert orders_of(found) == set(keys)
    assert len({one.key for one in found}) == len(found)
    cursors = [one.cursor for one in found if one.cursor]
    assert cursors == sorted(cursors)
    assert "~" not in cursors[-1]


@pytest.mark.usefixtures("small_pages")
def test_a_walk_that_is_throttled_goes_on_with_its_next_page(shop: AmazonSandbox, seller: AmazonClient) -> None:
    keys = sell(shop, 10)
    shop.faults.add("429", "*/transactions", skip=2)
    seen: list[Record] = []
    with pytest.raises(ThrottledError):
        seen.extend(read(seller, ""))
    assert len(seen) == 6
    rest = list(read(seller, seen[-1].cursor))
    assert orders_of([*seen, *rest]) == set(keys)
    assert shop.counts()["listTransactions"]["200"] == 4 + (len(seen) + len(rest) > 12)


@pytest.mark.usefixtures("small_pages")
def test_a_token_that_is_no_longer_valid_starts_the_walk_again(shop: AmazonSandbox, seller: AmazonClient) -> None:
    keys = sell(shop, 10)
    first = next(one for one in read(seller, "") if one.cursor)
    place = Place.of(first.cursor)
    broken = str(Place(at=place.at, page=place.page, until=place.until, token="bm90IGEgdG9rZW4"))
    found = list(read(seller, broken))
    assert orders_of(found) == set(keys)
    assert [one.cursor for one in found if one.cursor] == sorted(one.cursor for one in found if one.cursor)


def test_pages_may_be_empty_although_there_are_more(shop: AmazonSandbox, seller: AmazonClient, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = sell(shop, 7)
    monkeypatch.setattr(finances, "PAGE", 2)
    hidden = {3, 4}
    seen: list[int] = []
    monkeypatch.setattr(finances, "visible_in", lambda request, row: not (seen.append(1) or len(seen) in hidden))
    assert len(orders_of(list(read(seller, "")))) == len(keys) - len(hidden)


def test_a_transaction_that_shows_up_late_is_read(shop: AmazonSandbox, seller: AmazonClient) -> None:
    shop.late_bookings = True
    keys = sell(shop, 30, days=1)
    first = list(read(seller, ""))
    assert len(orders_of(first)) < 30
    cursor = max(one.cursor for one in first)
    shop.clock.advance(47 * 3600)
    second = list(read(seller, cursor))
    shop.late_bookings = False
    assert orders_of(first) | orders_of(second) == set(keys)


def test_a_deferred_transaction_is_released_later(shop: AmazonSandbox, seller: AmazonClient) -> None:
    sell(shop, 30, days=1)
    deferred = {one.key: one for one in read(seller, "") if one.payload["transactionStatus"] == "DEFERRED"}
    assert deferred
    shop.clock.advance(8 * 86400)
    again = {one.key: one for one in read(seller, times.written(shop.now() - timedelta(days=9)))}
    for key, one in deferred.items():
        assert again[key].payload["transactionStatus"] == "DEFERRED_RELEASED"
        assert again[key].version > one.version
        release = again[related(again[key].payload, "RELEASE_TRANSACTION_ID")]
        assert related(release.payload, "DEFERRED_TRANSACTION_ID") == key
        assert release.payload["totalAmount"] == one.payload["totalAmount"]


def test_no_window_is_longer_than_180_days(shop: AmazonSandbox, seller: AmazonClient) -> None:
    keys = sell(shop, 2, days=390)
    found = list(read(seller, times.written(shop.now() - timedelta(days=400))))
    assert orders_of(found) == set(keys)
    assert shop.counts()["listTransactions"]["200"] == 3


def test_money_is_exact(shop: AmazonSandbox, seller: AmazonClient) -> None:
    sell(shop, 1, item="0.10", shipping="0.20", tax="0")
    total = next(read(seller, "")).payload["totalAmount"]["currencyAmount"]
    assert isinstance(total, Decimal)
    assert total == Decimal("0.28")


def test_nothing_is_read_again_within_half_an_hour(shop: AmazonSandbox, seller: AmazonClient) -> None:
    sell(shop, 1)
    cursor = list(read(seller, ""))[-1].cursor
    assert list(read(seller, cursor)) == []


@pytest.mark.parametrize("fault", ["500", "truncate", "html"])
def test_a_broken_page_is_a_failure_for_now(shop: AmazonSandbox, seller: AmazonClient, fault: str) -> None:
    sell(shop, 1)
    shop.faults.add(fault, "*/transactions")
    with pytest.raises(TransientError):
        list(read(seller, ""))


def test_a_refusal_of_the_first_page_is_said(shop: AmazonSandbox, seller: AmazonClient) -> None:
    shop.faults.add("400", "*/transactions", count=None)
    with pytest.raises(RejectedError):
        list(read(seller, ""))


def test_records_are_what_their_schema_declares(shop: AmazonSandbox, seller: AmazonClient) -> None:
    sell(shop, 5, discount="-2.00")
    bookings.bring_up(shop)
    for one in read(seller, ""):
        assert schema.validate("connectors.amazon", TRANSACTIONS.schema, one.payload) == []
        assert TRANSACTIONS.summary
        assert TRANSACTIONS.summary(one.payload).currency == "USD"


def test_only_parameters_that_amazon_publishes_are_sent(shop: AmazonSandbox, seller: AmazonClient, monkeypatch: pytest.MonkeyPatch) -> None:
    queries: list[dict[str, Any]] = []
    call = seller.call
    monkeypatch.setattr(seller, "call", lambda *way, **options: (queries.append(options.get("query") or {}), call(*way, **options))[1])
    sell(shop, 1)
    list(read(seller, ""))
    assert {name for one in queries for name in one} <= set(parameters("finances_2024-06-19.json", "listTransactions"))
    assert transactions.PATH.startswith("finances/2024-06-19/")
