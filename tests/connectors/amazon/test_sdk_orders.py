"""Amazon's own SDK, unchanged, against the stand-in: a foreign client finds what it expects."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from connectors.amazon.sandbox import AmazonSandbox
from connectors.amazon.times import written
from tests.connectors.amazon.sdk import api_client, sdk
from tests.connectors.amazon.standin import NOW, fresh, orders

spapi = sdk()
US = "ATVPDKIKX0DER"
INCLUDED = ["BUYER", "RECIPIENT", "PROCEEDS", "FULFILLMENT", "PACKAGES"]


@pytest.fixture(scope="module")
def server() -> Iterator[AmazonSandbox]:
    with fresh() as running:
        yield running


@pytest.fixture
def box(server: AmazonSandbox) -> AmazonSandbox:
    server.reset()
    server.clock.set(NOW, frozen=True)
    server.throttled = False
    return server


@pytest.fixture
def api(box: AmazonSandbox) -> Any:
    """The SDK's client for the seller in North America."""
    return api_client(box)


def search(api: Any, **query: Any) -> Any:
    from spapi.api.orders_v2026_01_01.search_orders_api import SearchOrdersApi

    wish = {"last_updated_after": "2026-11-01T00:00:00Z", "marketplace_ids": [US], "included_data": INCLUDED, **query}
    return SearchOrdersApi(api).search_orders(**wish, _request_timeout=10)


def read(api: Any, number: str) -> Any:
    from spapi.api.orders_v2026_01_01.get_order_api import GetOrderApi

    return GetOrderApi(api).get_order_with_http_info(number, included_data=INCLUDED, _request_timeout=10)


def confirm(api: Any, order: Any, **changed: Any) -> Any:
    from spapi.api.orders_v0.orders_v0_api import OrdersV0Api

    lines = [{"orderItemId": line["orderItemId"], "quantity": line["quantityOrdered"]} for line in order["orderItems"]]
    detail = {
        "packageReferenceId": "101", "carrierCode": "UPS", "trackingNumber": "1Z999AA10123456784",
        "shipDate": written(NOW - timedelta(minutes=5)), "orderItems": lines,
    }  # fmt: skip
    payload = {"marketplaceId": US, "packageDetail": {**detail, **changed}}
    return OrdersV0Api(api).confirm_shipment_with_http_info(order["orderId"], payload, _request_timeout=10)


def test_it_reads_one_order_with_its_amounts_and_headers(box: AmazonSandbox, api: Any) -> None:
    (made,) = orders(1)
    box.place(made)
    answer, status, headers = read(api, made["orderId"])
    assert (status, answer.order.order_id) == (200, made["orderId"])
    assert answer.order.proceeds.grand_total.amount == made["proceeds"]["grandTotal"]["amount"]
    assert answer.order.recipient.delivery_address.city == made["recipient"]["deliveryAddress"]["city"]
    assert (headers["x-amzn-RateLimit-Limit"], bool(headers["x-amzn-RequestId"])) == ("0.5", True)


def test_it_walks_all_pages(box: AmazonSandbox, api: Any) -> None:
    placed = box.place_many(orders(7), backdated=True)
    first = search(api, max_results_per_page=4)
    rest = search(api, max_results_per_page=4, pagination_token=first.pagination.next_token)
    assert sorted(one.order_id for one in first.orders + rest.orders) == sorted(placed)
    assert rest.pagination is None


def test_it_confirms_a_shipment_and_sees_it(box: AmazonSandbox, api: Any) -> None:
    (made,) = orders(1, now=NOW - timedelta(days=1))
    box.place(made)
    _, status, _ = confirm(api, made)
    shown = read(api, made["orderId"])[0].order
    assert (status, shown.fulfillment.fulfillment_status) == (204, "SHIPPED")
    assert [one.tracking_number for one in shown.packages] == ["1Z999AA10123456784"]


def test_it_is_told_what_is_wrong_in_the_shape_it_knows(box: AmazonSandbox, api: Any) -> None:
    (made,) = orders(1, now=NOW - timedelta(days=1))
    box.place(made)
    with pytest.raises(spapi.ApiException) as caught:
        confirm(api, made, shipDate=written(NOW + timedelta(days=1)))
    assert (caught.value.status, "future" in str(caught.value.body)) == (400, True)


def test_it_is_throttled_as_by_amazon(box: AmazonSandbox, api: Any) -> None:
    box.throttled = True
    for _ in range(20):
        search(api)
    with pytest.raises(spapi.ApiException) as caught:
        search(api)
    assert (caught.value.status, "QuotaExceeded" in str(caught.value.body)) == (429, True)
    assert "Retry-After" not in caught.value.headers
    assert box.counts()["searchOrders"] == {"200": 20, "429": 1}


def test_it_learns_its_marketplaces(box: AmazonSandbox, api: Any) -> None:
    from spapi.api.sellers_v1.sellers_api import SellersApi

    found = SellersApi(api).get_marketplace_participations(_request_timeout=10)
    assert [(one.marketplace.country_code, one.participation.is_participating) for one in found.payload] == [("US", True), ("CA", True)]
