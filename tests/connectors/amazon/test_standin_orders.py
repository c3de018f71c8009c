"""Searching and reading orders at the stand-in, with Amazon's rules for windows, pages and blocks."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from connectors.amazon.sandbox import AmazonSandbox
from connectors.amazon.times import written
from tests.connectors.amazon.models import valid
from tests.connectors.amazon.standin import NOW, ORDERS, WHOLE, ask, fresh, orders, words

US, CANADA, GERMANY = "ATVPDKIKX0DER", "A2EUQ1WTGCTBG2", "A1PA6795UKMFR9"
MODEL = "orders_2026-01-01.json"
SINCE = {"lastUpdatedAfter": "2026-11-01T00:00:00Z", "marketplaceIds": US}


@pytest.fixture
def box() -> Iterator[AmazonSandbox]:
    made = fresh()
    yield made
    made.close()


def search(box: AmazonSandbox, **query: Any) -> tuple[int, Any]:
    return ask(box, "GET", ORDERS, query={**SINCE, **query})


def ids(box: AmazonSandbox, **query: Any) -> set[str]:
    status, body = search(box, **query)
    assert status == 200, body
    return {order["orderId"] for order in body["orders"]}


def walk(box: AmazonSandbox, **query: Any) -> list[list[str]]:
    """The numbers of all pages."""
    pages, token = [], {}
    while True:
        status, body = search(box, **query, **token)
        assert status == 200, body
        pages.append([order["orderId"] for order in body["orders"]])
        if "pagination" not in body:
            return pages
        token = {"paginationToken": body["pagination"]["nextToken"]}


def test_an_order_shows_up_in_searches_two_minutes_after_its_change(box: AmazonSandbox) -> None:
    (number,) = box.place_many(orders(1))
    assert ids(box) == set()
    box.clock.advance(121)
    assert ids(box) == {number}


def test_the_answer_says_up_to_which_time_it_is_complete(box: AmazonSandbox) -> None:
    assert search(box)[1]["lastUpdatedBefore"] == written(NOW - timedelta(minutes=2))
    assert search(box, lastUpdatedBefore="2026-11-10T00:00:00Z")[1]["lastUpdatedBefore"] == "2026-11-10T00:00:00.000Z"


def test_a_single_order_is_known_at_once(box: AmazonSandbox) -> None:
    (number,) = box.place_many(orders(1))
    status, body = ask(box, "GET", f"{ORDERS}/{number}", query={"includedData": WHOLE})
    assert (status, body["order"]["orderId"]) == (200, number)


def test_an_unknown_order_and_one_of_another_region_are_not_found(box: AmazonSandbox) -> None:
    (number,) = box.place_many(orders(1))
    for region, key in (("NA", "111-0000000-0000000"), ("EU", number)):
        status, body = ask(box, "GET", f"{ORDERS}/{key}", region=region)
        assert (status, body["errors"][0]["code"]) == (404, "NotFound")


@pytest.mark.parametrize(
    "query",
    [
        {"lastUpdatedAfter": ""},
        {"lastUpdatedAfter": "yesterday"},
        {"createdAfter": "2026-11-01T00:00:00Z"},
        {"createdBefore": "2026-11-01T00:00:00Z"},
        {"lastUpdatedBefore": "2026-10-31T00:00:00Z"},
        {"lastUpdatedBefore": written(NOW - timedelta(seconds=119))},
        {"maxResultsPerPage": 0},
        {"maxResultsPerPage": 101},
        {"maxResultsPerPage": "ten"},
        {"fulfillmentStatuses": "Unshipped"},
        {"fulfilledBy": "MFN"},
        {"includedData": "EVERYTHING"},
        {"marketplaceIds": "ATLANTIS"},
        {"paginationToken": "made-up"},
    ],
    ids=str,
)
def test_a_wrong_parameter_is_refused(box: AmazonSandbox, query: dict[str, Any]) -> None:
    status, body = search(box, **query)
    assert (status, body["errors"][0]["code"]) == (400, "InvalidInput")


def test_without_any_time_nothing_is_searched(box: AmazonSandbox) -> None:
    assert ask(box, "GET", ORDERS, query={"marketplaceIds": US})[0] == 400


def test_a_repeated_instead_of_a_joined_list_is_refused(box: AmazonSandbox) -> None:
    status, body = ask(box, "GET", ORDERS, query=[*SINCE.items(), ("includedData", "BUYER"), ("includedData", "TAX")])
    assert (status, "joined by commas" in words(body)) == (400, True)


def test_another_regions_or_a_denied_marketplace_is_403(box: AmazonSandbox) -> None:
    assert search(box, marketplaceIds=f"{US},{GERMANY}")[0] == 403
    box.denied_marketplaces.add(CANADA)
    assert search(box, marketplaceIds=f"{US},{CANADA}")[0] == 403
    assert search(box)[0] == 200


def test_pages_give_every_order_once_in_whatever_order(box: AmazonSandbox) -> None:
    placed = box.place_many(orders(25), backdated=True)
    pages = walk(box, maxResultsPerPage=10)
    assert [len(page) for page in pages] == [10, 10, 5]
    assert sorted(chain.from_iterable(pages)) == sorted(placed)
    times = [box.order(number)["lastUpdatedTime"] for number in pages[0]]
    assert times != sorted(times)


def test_a_full_last_page_has_no_next_one(box: AmazonSandbox) -> None:
    box.place_many(orders(10), backdated=True)
    assert "pagination" not in search(box, maxResultsPerPage=10)[1]


@pytest.mark.parametrize(
    "changed",
    [
        {"lastUpdatedAfter": "2026-11-01T00:00:00.000Z"},
        {"marketplaceIds": f"{US},{CANADA}"},
        {"fulfilledBy": "MERCHANT"},
        {"lastUpdatedBefore": "2026-11-19T00:00:00Z"},
    ],
    ids=str,
)
def test_a_token_wants_the_same_parameters_to_the_byte(box: AmazonSandbox, changed: dict[str, str]) -> None:
    box.place_many(orders(5), backdated=True)
    token = search(box, maxResultsPerPage=2)[1]["pagination"]["nextToken"]
    status, body = search(box, maxResultsPerPage=2, paginationToken=token, **changed)
    assert (status, "All parameters must match the original request" in words(body)) == (400, True)


def test_size_and_blocks_may_change_from_page_to_page(box: AmazonSandbox) -> None:
    box.place_many(orders(5), backdated=True)
    token = search(box, maxResultsPerPage=2)[1]["pagination"]["nextToken"]
    status, body = search(box, maxResultsPerPage=3, includedData="TAX", paginationToken=token)
    assert (status, len(body["orders"])) == (200, 3)


def test_a_token_lives_a_day_and_cannot_be_altered(box: AmazonSandbox) -> None:
    box.place_many(orders(5), backdated=True)
    token = search(box, maxResultsPerPage=2)[1]["pagination"]["nextToken"]
    held = base64.urlsafe_b64decode(token)
    assert search(box, paginationToken=base64.urlsafe_b64encode(held[:-3] + b"xx}").decode())[0] == 400
    box.clock.advance(86390)
    assert search(box, paginationToken=token)[0] == 200
    box.clock.advance(20)
    assert search(box, paginationToken=token)[0] == 400


def test_the_window_of_the_first_page_holds_for_all(box: AmazonSandbox) -> None:
    placed = box.place_many(orders(5), backdated=True)
    first = search(box, maxResultsPerPage=2)[1]
    box.place_many(orders(1, first=900))
    box.clock.advance(3600)
    rest = search(box, paginationToken=first["pagination"]["nextToken"])[1]
    assert {order["orderId"] for order in first["orders"] + rest["orders"]} == set(placed)
    assert rest["lastUpdatedBefore"] == first["lastUpdatedBefore"]


def test_filters_choose_by_status_fulfilment_and_time_of_purchase(box: AmazonSandbox) -> None:
    wanted = orders(40, kinds={"plain": 2, "fba": 1, "pending": 1, "cancelled": 1})
    box.place_many(wanted, backdated=True)

    def chosen(group: str, value: str) -> set[str]:
        return {order["orderId"] for order in wanted if order["fulfillment"][group] == value}

    assert ids(box, fulfillmentStatuses="PENDING") == chosen("fulfillmentStatus", "PENDING")
    both = chosen("fulfillmentStatus", "SHIPPED") | chosen("fulfillmentStatus", "CANCELLED")
    assert ids(box, fulfillmentStatuses="SHIPPED,CANCELLED") == both
    assert ids(box, fulfilledBy="AMAZON") == chosen("fulfilledBy", "AMAZON")
    middle = sorted(order["createdTime"] for order in wanted)[20]
    status, body = ask(box, "GET", ORDERS, query={"createdAfter": middle, "marketplaceIds": US})
    assert (status, "createdBefore" in body) == (200, True)
    assert {order["orderId"] for order in body["orders"]} == {order["orderId"] for order in wanted if order["createdTime"] >= middle}


def test_blocks_come_only_when_asked_for(box: AmazonSandbox) -> None:
    box.place_many(orders(1), backdated=True)
    (bare,) = search(box)[1]["orders"]
    assert set(bare) == {"orderId", "createdTime", "lastUpdatedTime", "programs", "salesChannel", "orderItems"}
    assert set(bare["orderItems"][0]) == {"orderItemId", "quantityOrdered", "product"}
    assert "price" not in bare["orderItems"][0]["product"]
    (more,) = search(box, includedData="FULFILLMENT,PROCEEDS")[1]["orders"]
    assert set(more) - set(bare) == {"fulfillment", "proceeds"}


def test_a_pending_order_has_neither_amounts_nor_address_until_it_is_paid(box: AmazonSandbox) -> None:
    (number,) = box.place_many(orders(1, kinds={"pending": 1}, seed=2))
    before = ask(box, "GET", f"{ORDERS}/{number}", query={"includedData": WHOLE})[1]["order"]
    assert not {"proceeds", "recipient", "buyer"} & set(before)
    box.pay(number)
    after = ask(box, "GET", f"{ORDERS}/{number}", query={"includedData": WHOLE})[1]["order"]
    assert after["fulfillment"]["fulfillmentStatus"] == "UNSHIPPED"
    assert after["proceeds"]["grandTotal"]


def test_amazons_own_shipments_come_without_address_mail_and_packages(box: AmazonSandbox) -> None:
    box.place_many(orders(10, kinds={"fba": 1}), backdated=True)
    for order in search(box, includedData=WHOLE)[1]["orders"]:
        assert not {"recipient", "packages"} & set(order)
        assert "buyerEmail" not in order["buyer"]


@pytest.mark.parametrize(("given", "status"), [("left out", 200), ("refused", 403)])
def test_without_the_role_personal_data_is_left_out_or_refused(box: AmazonSandbox, given: str, status: int) -> None:
    box.place_many(orders(1), backdated=True)
    box.personal_data = given
    answered, body = search(box, includedData="BUYER,RECIPIENT,FULFILLMENT")
    assert answered == status
    assert not {"buyer", "recipient"} & set(body.get("orders", [{}])[0])
    assert search(box, includedData="FULFILLMENT")[0] == 200


def test_an_order_of_another_channel_shows_in_its_own_region_whatever_marketplaces_are_asked_for(box: AmazonSandbox) -> None:
    box.place_many(orders(3, kinds={"non_amazon": 1}, weights={"DE": 1}), backdated=True)
    query = {"lastUpdatedAfter": SINCE["lastUpdatedAfter"], "marketplaceIds": GERMANY}
    body = ask(box, "GET", ORDERS, query=query, region="EU")[1]
    assert [order["salesChannel"] for order in body["orders"]] == [{"channelName": "NON_AMAZON", "marketplaceName": "Non-Amazon"}] * 3
    assert ids(box) == set()


def test_a_hidden_order_is_known_by_its_number_only(box: AmazonSandbox) -> None:
    shown, hidden = box.place_many(orders(2), backdated=True)
    box.hide(hidden)
    assert ids(box) == {shown}
    assert ask(box, "GET", f"{ORDERS}/{hidden}")[0] == 200


def test_a_share_of_what_is_placed_can_be_hidden(box: AmazonSandbox) -> None:
    box.hidden_share = 0.1
    placed = box.place_many(orders(200), backdated=True)
    assert 5 < len(set(placed) - set(chain.from_iterable(walk(box)))) < 40


def test_orders_and_tokens_of_pages_survive_a_restart(tmp_path: Path) -> None:
    before = fresh(place=tmp_path / "amazon.sqlite3")
    placed = before.place_many(orders(5), backdated=True)
    first = search(before, maxResultsPerPage=2)[1]
    before.close()
    after = fresh(place=tmp_path / "amazon.sqlite3")
    rest = search(after, paginationToken=first["pagination"]["nextToken"])[1]
    after.close()
    assert {order["orderId"] for order in first["orders"] + rest["orders"]} == set(placed)


def test_every_page_fits_the_published_model(box: AmazonSandbox) -> None:
    box.place_many(orders(60, kinds=None, weights=None, failing=0.1), backdated=True)
    for region, places in (("NA", f"{US},{CANADA}"), ("EU", ""), ("FE", "")):
        query = {"lastUpdatedAfter": SINCE["lastUpdatedAfter"], "includedData": WHOLE, **({"marketplaceIds": places} if places else {})}
        status, body = ask(box, "GET", ORDERS, query=query, region=region)
        assert (status, valid(MODEL, "SearchOrdersResponse", body)) == (200, [])
        assert body["orders"]
        one = ask(box, "GET", f"{ORDERS}/{body['orders'][0]['orderId']}", query={"includedData": WHOLE}, region=region)[1]
        assert valid(MODEL, "GetOrderResponse", one) == []
    assert valid(MODEL, "ErrorList", search(box, maxResultsPerPage=0)[1]) == []
