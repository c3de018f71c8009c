"""Asking Amazon for reports: once, patiently, and again only when that makes sense."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.amazon import reports
from connectors.amazon.client import AmazonClient
from connectors.amazon.reports import Kind, Report, Window
from connectors.amazon.sandbox import AmazonSandbox
from connectors.amazon.standin import returned
from connectors.errors import NotReadyError, RejectedError, TransientError
from tests.connectors.amazon.conftest import client_of
from tests.connectors.amazon.models import valid
from tests.connectors.amazon.shop import sell, wait

ORDERS = Kind(type="GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL", label="all orders")
RETURNED = Kind(type="GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA", label="returns to Amazon", every=timedelta(hours=4))
LONG = Kind(type="GET_FLAT_FILE_RETURNS_DATA_BY_RETURN_DATE", label="returns")


def window(box: AmazonSandbox, *, days: float = 10) -> Window:
    end = box.now().replace(microsecond=0)
    return Window(start=end - timedelta(days=days), end=end, asked_since=end - timedelta(hours=1))


def made(box: AmazonSandbox, client: AmazonClient, kind: Kind, wanted: Window) -> Report:
    return reports.made(client, kind, wanted, now=box.now())


def asked(box: AmazonSandbox) -> int:
    return box.counts().get("createReport", {}).get("202", 0)


def test_a_report_that_is_not_ready_is_found_again_and_asked_for_only_once(shop: AmazonSandbox, seller: AmazonClient) -> None:
    sell(shop, 3)
    wanted = window(shop)
    for _ in range(3):
        with pytest.raises(NotReadyError) as caught:
            made(shop, seller, ORDERS, wanted)
        assert caught.value.retry_after == reports.WAIT
    wait(shop)
    assert made(shop, seller, ORDERS, wanted).status == "DONE"
    assert asked(shop) == 1


def test_a_lost_answer_does_not_make_a_second_report(shop: AmazonSandbox, seller: AmazonClient) -> None:
    sell(shop, 1)
    wanted = window(shop)
    shop.faults.add("drop_after", "/reports/*/reports", method="POST")
    with pytest.raises(TransientError):
        made(shop, seller, ORDERS, wanted)
    wait(shop)
    assert made(shop, seller, ORDERS, wanted).status == "DONE"
    assert shop.book.count("reports") == 1


def test_another_time_is_another_report(shop: AmazonSandbox, seller: AmazonClient) -> None:
    for days in (3, 4):
        with pytest.raises(NotReadyError):
            made(shop, seller, ORDERS, window(shop, days=days))
    assert asked(shop) == 2


def test_a_report_without_anything_to_report_is_empty(shop: AmazonSandbox, seller: AmazonClient) -> None:
    wanted = window(shop)
    with pytest.raises(NotReadyError):
        made(shop, seller, ORDERS, wanted)
    wait(shop)
    assert made(shop, seller, ORDERS, wanted).empty
    assert asked(shop) == 1


def test_what_was_cancelled_because_it_was_asked_for_too_soon_is_asked_for_later(shop: AmazonSandbox, seller: AmazonClient) -> None:
    returned.ask(shop, sell(shop, 1, by="AMAZON")[0])
    shop.clock.advance(60)
    for days in (9, 10):
        with pytest.raises(NotReadyError):
            made(shop, seller, RETURNED, window(shop, days=days))
        wait(shop)
    wanted = Window(start=window(shop, days=10).start - timedelta(seconds=120), end=shop.now(), asked_since=shop.now() - timedelta(days=1))
    with pytest.raises(NotReadyError) as caught:
        made(shop, seller, RETURNED, wanted)
    assert 3 * 3600 < (caught.value.retry_after or 0) <= 4 * 3600
    assert asked(shop) == 2
    shop.clock.advance(4 * 3600)
    with pytest.raises(NotReadyError):
        made(shop, seller, RETURNED, wanted)
    assert asked(shop) == 3


def test_a_report_that_amazon_gave_up_is_explained_and_asked_for_again_an_hour_later(shop: AmazonSandbox, seller: AmazonClient) -> None:
    wanted = window(shop, days=61)
    with pytest.raises(NotReadyError):
        made(shop, seller, LONG, wanted)
    wait(shop)
    with pytest.raises(RejectedError, match="exceeds 60 days") as caught:
        made(shop, seller, LONG, wanted)
    assert caught.value.code == "report_fatal"
    shop.clock.advance(2 * 3600)
    with pytest.raises(NotReadyError):
        made(shop, seller, LONG, wanted)
    assert asked(shop) == 2


def test_a_report_that_hangs_for_a_day_is_asked_for_again(shop: AmazonSandbox, seller: AmazonClient) -> None:
    wanted = window(shop)
    with pytest.raises(NotReadyError):
        made(shop, seller, ORDERS, wanted)
    key = shop.book.keys("reports")[0]
    shop.book.put("reports", key, {**(shop.book.get("reports", key) or {}), "Step": ""})
    shop.clock.advance(25 * 3600)
    with pytest.raises(NotReadyError):
        made(shop, seller, ORDERS, wanted)
    assert asked(shop) == 2


def test_an_address_that_has_ended_is_replaced_once(shop: AmazonSandbox, seller: AmazonClient) -> None:
    report = _done(shop, seller)
    shop.faults.add("403", "/document-store/*")
    assert b"amazon-order-id" in reports.download(seller, report).content


def test_a_document_that_is_never_handed_out_is_a_failure_for_now(shop: AmazonSandbox, seller: AmazonClient) -> None:
    report = _done(shop, seller)
    shop.faults.add("403", "/document-store/*", count=None)
    with pytest.raises(TransientError, match="no longer valid"):
        reports.download(seller, report)


@pytest.mark.parametrize("fault", ["truncate", "reset", "503"])
def test_a_broken_download_is_a_failure_for_now(shop: AmazonSandbox, seller: AmazonClient, fault: str) -> None:
    report = _done(shop, seller)
    shop.faults.add(fault, "/document-store/*", count=None)
    with pytest.raises(TransientError):
        reports.download(seller, report)


def test_the_access_token_never_travels_to_the_document_store(shop: AmazonSandbox, seller: AmazonClient) -> None:
    assert reports.download(seller, _done(shop, seller)).content
    assert ("GET", "/reports/2021-06-30/reports", 200) in shop.seen


def test_a_page_token_goes_alone_and_every_page_is_read(shop: AmazonSandbox, seller: AmazonClient) -> None:
    for number in range(105):
        shop.clock.advance(1)
        with pytest.raises(NotReadyError):
            reports.ask(seller, ORDERS, window(shop, days=number + 1))
    found = list(reports.listed(seller, [ORDERS.type], since=shop.now() - timedelta(days=1)))
    assert len({one.id for one in found}) == 105
    assert shop.counts()["getReports"] == {"200": 2}


def test_what_is_asked_for_is_what_amazon_publishes(shop: AmazonSandbox, seller: AmazonClient, monkeypatch: pytest.MonkeyPatch) -> None:
    bodies: list[object] = []
    call = seller.call
    monkeypatch.setattr(seller, "call", lambda *way, **options: (bodies.append(options.get("body")), call(*way, **options))[1])
    with pytest.raises(NotReadyError):
        made(shop, seller, ORDERS, window(shop))
    assert [valid("reports_2021-06-30.json", "CreateReportSpecification", one) for one in bodies if one] == [[]]


def _done(shop: AmazonSandbox, seller: AmazonClient) -> Report:
    sell(shop, 2)
    wanted = window(shop)
    with pytest.raises(NotReadyError):
        made(shop, seller, ORDERS, wanted)
    wait(shop)
    return made(shop, seller, ORDERS, wanted)


def test_a_marketplace_that_denies_access_is_left_out(shop: AmazonSandbox) -> None:
    both = client_of(shop, marketplace_ids="US, CA")
    sell(shop, 1)
    shop.denied_marketplaces.add("A2EUQ1WTGCTBG2")
    wanted = window(shop)
    for _ in range(2):
        with pytest.raises(NotReadyError):
            made(shop, both, ORDERS, wanted)
    wait(shop)
    assert made(shop, both, ORDERS, wanted).marketplaces == {"ATVPDKIKX0DER"}
    assert asked(shop) == 1
