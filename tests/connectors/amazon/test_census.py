"""The independent list of orders."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from connectors.amazon import orders as orders_of_amazon
from connectors.amazon import times
from connectors.amazon.census import census
from connectors.amazon.client import AmazonClient
from connectors.amazon.sandbox import AmazonSandbox
from connectors.amazon.standin import documents
from connectors.errors import CredentialsError, NotReadyError, RejectedError, TransientError
from tests.connectors.amazon.shop import order, sell, wait
from tests.connectors.amazon.standin import orders


def counted(shop: AmazonSandbox, client: AmazonClient, *, days: float = 10) -> list[str]:
    since, until = (times.written(shop.now() - timedelta(days=one)) for one in (days, 0.01))
    try:
        return list(census(client, since, until))
    except NotReadyError:
        wait(shop)
        return list(census(client, since, until))


def test_every_order_is_counted_whatever_its_state_each_once(shop: AmazonSandbox, seller: AmazonClient) -> None:
    keys = [*sell(shop, 3), *sell(shop, 2, first=10, status="UNSHIPPED"), *sell(shop, 2, first=20, status="PENDING", by="AMAZON")]
    row = shop.book.get("orders", keys[0]) or {}
    shop.book.put("orders", keys[0], {**row, "orderItems": row["orderItems"] * 2})
    assert sorted(counted(shop, seller)) == sorted(keys)


def test_orders_outside_the_time_and_sales_elsewhere_are_not_counted(shop: AmazonSandbox, seller: AmazonClient) -> None:
    inside = sell(shop, 1)
    sell(shop, 1, first=5, channel="NON_AMAZON")
    old = order(9, at=shop.now() - timedelta(days=30))
    shop.book.put("orders", old["orderId"], old)
    assert counted(shop, seller) == inside


def test_a_time_without_orders_counts_none(shop: AmazonSandbox, seller: AmazonClient) -> None:
    assert counted(shop, seller) == []


def test_the_report_is_asked_for_once_however_often_the_count_is_taken_up(shop: AmazonSandbox, seller: AmazonClient) -> None:
    keys = sell(shop, 2)
    since, until = times.written(shop.now() - timedelta(days=10)), times.written(shop.now() - timedelta(hours=1))
    for _ in range(2):
        with pytest.raises(NotReadyError):
            list(census(seller, since, until))
    wait(shop)
    assert sorted(census(seller, since, until)) == keys
    assert sorted(census(seller, since, until)) == keys
    assert shop.book.count("reports") == 1


@pytest.mark.parametrize("fault", ["400", "403"])
def test_where_the_report_is_refused_the_booked_orders_are_counted(shop: AmazonSandbox, seller: AmazonClient, fault: str) -> None:
    keys = sell(shop, 3)
    sell(shop, 1, first=10, status="UNSHIPPED")
    shop.faults.add(fault, "*/reports", method="POST", count=None)
    assert sorted(counted(shop, seller)) == keys


def test_a_system_that_is_unwell_counts_nothing(shop: AmazonSandbox, seller: AmazonClient) -> None:
    sell(shop, 1)
    shop.faults.add("503", "*/reports", count=None)
    with pytest.raises(TransientError):
        counted(shop, seller)


def test_access_that_is_lost_altogether_is_said(shop: AmazonSandbox, seller: AmazonClient) -> None:
    shop.faults.add("403", "/*/2*", count=None)
    with pytest.raises(CredentialsError):
        counted(shop, seller)


def test_another_layout_is_no_empty_count(shop: AmazonSandbox, seller: AmazonClient) -> None:
    sell(shop, 1)
    since, until = (times.written(shop.now() - timedelta(days=one)) for one in (10, 0.01))
    with pytest.raises(NotReadyError):
        list(census(seller, since, until))
    wait(shop)
    name = next(shop.book.rows("reports"))["Body"]["reportDocumentId"]
    documents.store(shop, name, b"Bestellnummer\tDatum\n1\t2\n")
    with pytest.raises(RejectedError, match="no column amazonOrderId"):
        list(census(seller, since, until))


@pytest.mark.parametrize("text", ["", "yesterday"])
def test_a_time_that_is_none_is_refused(seller: AmazonClient, text: str) -> None:
    with pytest.raises(ValueError, match="two times"):
        list(census(seller, text, "2026-11-20T00:00:00Z"))


def test_every_region_is_counted_by_itself(shop: AmazonSandbox, sellers: Callable[[str], AmazonClient]) -> None:
    sell(shop, 2)
    assert counted(shop, sellers("EU")) == []


def test_orders_that_the_list_hides_are_counted(shop: AmazonSandbox, seller: AmazonClient) -> None:
    shop.hidden_share = 1.0
    made = orders(30, now=shop.now() - timedelta(days=2), weights={"US": 1}, kinds={"plain": 3, "fba": 1, "non_amazon": 1})
    shop.place_many(made, backdated=True)
    shop.hidden_share = 0.0
    sold = {one["orderId"] for one in made if one["salesChannel"]["channelName"] == "AMAZON"}
    listed = {one.key for one in orders_of_amazon.read(seller, "")}
    assert set(counted(shop, seller)) == sold
    assert 0 < len(sold) < len(made)
    assert not listed & sold
