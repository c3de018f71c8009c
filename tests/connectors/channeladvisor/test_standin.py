"""The stand-in is strict, remembers everything, and really sends its webhooks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from connectors.channeladvisor import CONNECTOR
from connectors.channeladvisor.sandbox import WEBHOOK_SECRET, ChannelAdvisorSandbox
from connectors.channeladvisor.standin.odata import BadFilterError, Filter
from connectors.errors import ConflictError, ConnectorError, MissingError, RejectedError, StaleError
from connectors.hooks import Hooks
from connectors.http import JsonClient
from connectors.sandbox import Rate, Request, Response, Router, Sandbox, reply
from tests.connectors.channeladvisor.conftest import SKUS, orders, read, take

TRANSITIONS = [
    ("New", "Acknowledged", True), ("New", "OnHold", True), ("New", "Cancelled", True), ("New", "Completed", False),
    ("New", "Shipped", False),
    ("Acknowledged", "OnHold", True), ("Acknowledged", "Cancelled", True), ("Acknowledged", "Acknowledged", True),
    ("OnHold", "Acknowledged", True), ("Shipped", "Completed", True), ("Shipped", "Cancelled", False), ("Shipped", "Acknowledged", False),
    ("Cancelled", "Acknowledged", False), ("Completed", "OnHold", False), ("New", "Nonsense", False),
]  # fmt: skip


@pytest.fixture
def v2(connect: Callable[..., JsonClient]) -> JsonClient:
    return connect("v2")


@pytest.mark.parametrize(("start", "wanted", "allowed"), TRANSITIONS)
def test_only_the_documented_transitions_are_allowed(
    box: ChannelAdvisorSandbox, v2: JsonClient, start: str, wanted: str, allowed: bool
) -> None:
    (order,) = orders(1)
    number = box.place({**order, "OrderStatus": start})
    write = {"ChannelAdvisorOrderID": number, "OrderStatus": wanted}
    if allowed:
        assert v2.call("PUT", "v2/orders", body=write).body["OrderStatus"] == wanted
        return
    with pytest.raises(ConflictError) as caught:
        v2.call("PUT", "v2/orders", body=write)
    assert caught.value.code == "state_conflict"
    assert box.orders()[0]["OrderStatus"] == start


def test_shipping_by_put_needs_one_shipment(box: ChannelAdvisorSandbox, v2: JsonClient) -> None:
    (number,) = box.place_many(orders(1))
    write = {"OrderStatus": "Shipped", "Shipments": [{"Carrier": "UPS"}]}
    assert v2.call("PUT", f"v2/orders/{number}", body=write).body["FulfillmentStatus"] == "Shipped"


def test_cancelling_a_part_keeps_the_order_open(box: ChannelAdvisorSandbox, v2: JsonClient) -> None:
    (order,) = orders(1, lines=(2, 2))
    line = order["OrderItem"][0]
    number = box.place(order)
    write = {"CancelItems": [{"ItemID": line["ItemID"], "Quantity": line["Quantity"]}]}
    changed = v2.call("PUT", f"v2/orders/{number}", body=write).body
    assert changed["OrderStatus"] == "New"
    assert (changed["OrderItem"][0]["Quantity"], changed["OrderItem"][0]["QuantityCancelled"]) == (0, line["Quantity"])


REFUSED: list[tuple[str, str, dict[str, Any], type[ConnectorError], str]] = [
    ("GET", "v2/orders", {"query": {"limit": 101}}, RejectedError, "invalid_request"),
    ("GET", "v2/orders", {"query": {"cursor": "garbage"}}, RejectedError, "invalid_request"),
    ("GET", "v2/orders", {"query": {"updated_since": "yesterday"}}, RejectedError, "invalid_request"),
    ("GET", "v2/orders", {"query": {"channel_advisor_order_id": "x"}}, RejectedError, "invalid_request"),
    ("GET", "v2/orders/5", {}, MissingError, "not_found"),
    ("PUT", "v2/orders", {"body": {"Items": []}}, RejectedError, "invalid_request"),
    ("PUT", "v2/orders", {"body": {"ChannelAdvisorOrderID": "1"}}, RejectedError, "validation_failed"),
    ("PUT", "v2/orders/19918546", {"body": {"CancelItems": [{"ItemID": "x", "Quantity": 1}]}}, RejectedError, "validation_failed"),
    ("PUT", "v2/orders/19918546", {"body": {"CancelItems": [None]}}, RejectedError, "validation_failed"),
    ("PUT", "v2/orders", {"body": {}, "headers": {"Content-Type": "text/plain"}}, RejectedError, "unsupported_media_type"),
    ("DELETE", "v2/orders", {}, RejectedError, "method_not_allowed"),
    ("POST", "v2/webhooks", {"body": {"Url": "http://shop.example/x", "SigningSecret": "s" * 32}}, RejectedError, "validation_failed"),
    ("POST", "v2/webhooks", {"body": {"Url": "https://shop.example/x", "SigningSecret": "short"}}, RejectedError, "validation_failed"),
]


@pytest.mark.parametrize(("method", "path", "more", "error", "code"), REFUSED)
def test_what_the_system_rejects_is_rejected(
    box: ChannelAdvisorSandbox, v2: JsonClient, method: str, path: str, more: dict[str, Any], error: type[ConnectorError], code: str
) -> None:
    box.place_many(orders(1))
    with pytest.raises(error) as caught:
        v2.call(method, path, **more)
    assert caught.value.code == code


def test_a_cursor_belongs_to_its_filters_and_ends_after_a_day(box: ChannelAdvisorSandbox, v2: JsonClient) -> None:
    box.place_many(orders(3))
    cursor = v2.get("v2/orders", limit=2)["Paging"]["NextCursor"]
    assert len(v2.get("v2/orders", limit=2, cursor=cursor)["Data"]) == 1
    with pytest.raises(RejectedError) as mismatch:
        v2.get("v2/orders", limit=2, cursor=cursor, status="New")
    box.clock.advance(86401)
    with pytest.raises(RejectedError) as expired:
        v2.get("v2/orders", limit=2, cursor=cursor)
    assert (mismatch.value.code, expired.value.code) == ("cursor_mismatch", "cursor_expired")


def test_a_stale_version_is_refused(box: ChannelAdvisorSandbox, v2: JsonClient) -> None:
    (number,) = box.place_many(orders(1))
    tag = v2.call("GET", f"v2/orders/{number}").headers["ETag"]
    v2.call("PUT", f"v2/orders/{number}", body={"SellerOrderID": "A"}, headers={"If-Match": tag})
    with pytest.raises(StaleError):
        v2.call("PUT", f"v2/orders/{number}", body={"SellerOrderID": "B"}, headers={"If-Match": tag})
    assert box.orders()[0]["SellerOrderID"] == "A"


def test_the_export_flag_belongs_to_one_application(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    (number,) = box.place_many(orders(1))
    take(client, number)
    assert read(client) == []
    assert box.taken(number)
    assert not box.taken(number, "another-application")


def test_a_batch_counts_its_entries_against_the_limit(box: ChannelAdvisorSandbox, v2: JsonClient) -> None:
    numbers = box.place_many(orders(5))
    box.rate = Rate(2000, 6000)
    entries = [{"ChannelAdvisorOrderID": number, "Tags": ["x"]} for number in numbers]
    answer = v2.call("PUT", "v2/orders", body={"Items": entries})
    assert answer.headers["X-RateLimit-Remaining"] == str(2000 - 6)


def test_the_same_marketplace_order_exists_once(box: ChannelAdvisorSandbox) -> None:
    (order,) = orders(1)
    box.place(order)
    again = {"OrderID": order["OrderID"], "Marketplace": order["Marketplace"]}
    answer = requests.post(f"{box.url}/__sandbox__/orders", json={"Orders": [again]}, timeout=5)
    assert answer.status_code == 409


def test_the_marketplace_can_be_played_over_http(box: ChannelAdvisorSandbox) -> None:
    wish = {"Generate": {"Seed": 3, "Count": 4, "SKUs": SKUS, "Failing": 0}}
    first, second, third, _ = requests.post(f"{box.url}/__sandbox__/orders", json=wish, timeout=5).json()["Placed"]
    address = f"{box.url}/__sandbox__/orders"
    requests.post(f"{address}/{first}/change", json={"ShippingAddress": {"City": "Reno"}}, timeout=5).raise_for_status()
    requests.post(f"{address}/{second}/cancel", timeout=5).raise_for_status()
    requests.post(f"{address}/{third}/ship", timeout=5).raise_for_status()
    told = {order["ChannelAdvisorOrderID"]: order for order in requests.get(address, timeout=5).json()}
    assert told[first]["ShippingAddress"]["City"] == "Reno"
    assert (told[second]["OrderStatus"], told[third]["OrderStatus"]) == ("Cancelled", "Shipped")
    assert told[first]["Version"] == 2


FILTERS = [
    ("ID eq 5", True), ("ID eq 6", False), ("ID eq 5 and ProfileID eq 7", True), ("(ID eq 6 or ID eq 5) and ProfileID eq 7", True),
    ("SiteOrderID eq 'O''Neill'", True), ("SiteOrderID eq 'O'", False), ("UpdatedDateUtc ge 2026-11-20T10:00:00Z", True),
    ("UpdatedDateUtc gt 2026-11-20T10:00:00Z", False), ("ShippingStatus ne 'Canceled'", True), ("PaymentStatus eq 'Cleared'", False),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), FILTERS)
def test_a_filter_means_what_it_says(text: str, expected: bool) -> None:
    row = {"ID": 5, "ProfileID": 7, "SiteOrderID": "O'Neill", "UpdatedDateUtc": "2026-11-20T10:00:00Z"}
    row |= {"ShippingStatus": "Unshipped", "PaymentStatus": None}
    assert Filter(text).test(row) is expected


BAD_FILTERS = ["ID eq", "ID is 5", "(ID eq 5", "ID eq 5 ID eq 6", "SiteOrderID eq 'O'Neill'", "Nonsense eq 5", "ID eq five", ")"]


@pytest.mark.parametrize("text", BAD_FILTERS)
def test_a_filter_that_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(BadFilterError):
        Filter(text).test({"ID": 5, "SiteOrderID": "O"})


class Receiver(Sandbox):
    """Takes webhooks and keeps them."""

    routes = Router()
    got: list[Request]
    status = 202


@Receiver.routes.on("POST", "/hook")
def _hook(box: Receiver, request: Request) -> Response:
    box.got.append(request)
    return reply(status=box.status)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        running.got = []
        yield running


def subscribe(client: JsonClient, receiver: Receiver) -> str:
    assert CONNECTOR.webhook
    assert CONNECTOR.webhook.subscribe
    return CONNECTOR.webhook.subscribe(client, f"{receiver.url}/hook", WEBHOOK_SECRET)


def test_events_arrive_signed_and_name_the_order(box: ChannelAdvisorSandbox, client: JsonClient, receiver: Receiver) -> None:
    subscribe(client, receiver)
    (number,) = box.place_many(orders(1))
    box.cancel(number)
    assert box.webhooks.flush() == 0
    assert CONNECTOR.webhook
    kinds = set()
    for request in receiver.got:
        CONNECTOR.webhook.verify(client.settings, request.headers, request.body, datetime.now(UTC))
        event = CONNECTOR.webhook.parse(client.settings, request.headers, request.body)
        assert (event.stream, event.key) == ("orders", str(number))
        assert event.id == request.headers["x-channeladvisor-delivery"]
        kinds.add(event.type)
    assert kinds in ({"order.created", "order.cancelled"}, {"PaymentCleared", "CancellationFinalized"})


def test_subscribing_twice_renews_the_subscription(box: ChannelAdvisorSandbox, client: JsonClient, receiver: Receiver) -> None:
    assert subscribe(client, receiver) == subscribe(client, receiver)
    assert box.book.count("subscription") == 1


def test_a_retry_carries_the_same_delivery_number(box: ChannelAdvisorSandbox, v2: JsonClient, receiver: Receiver) -> None:
    subscribe(v2, receiver)
    receiver.status = 500
    box.place_many(orders(1))
    assert box.webhooks.flush() == 1
    receiver.status = 202
    assert box.webhooks.flush() == 0
    assert len({request.headers["x-channeladvisor-delivery"] for request in receiver.got}) == 1
    assert receiver.got[-1].headers["x-channeladvisor-attempt"] > "1"


def test_after_the_last_retry_the_subscription_is_suspended(box: ChannelAdvisorSandbox, v2: JsonClient, receiver: Receiver) -> None:
    number = subscribe(v2, receiver)
    receiver.status = 500
    box.place_many(orders(1))
    for _ in range(8):
        box.webhooks.flush()
    row = box.book.get("subscription", number)
    assert row
    assert row["Status"] == "Suspended"


SERVE = """
import sys, time
from connectors.channeladvisor.sandbox import ChannelAdvisorSandbox
box = ChannelAdvisorSandbox(sys.argv[1])
print(box.start(), flush=True)
time.sleep(60)
"""


def test_what_was_answered_survives_a_kill(tmp_path: Path) -> None:
    state = tmp_path / "standin.sqlite3"
    own = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    with subprocess.Popen([sys.executable, "-c", SERVE, str(state)], stdout=subprocess.PIPE, text=True, env=own) as running:
        assert running.stdout
        url = running.stdout.readline().strip()
        placed = requests.post(f"{url}/__sandbox__/orders", json={"Generate": {"Count": 20, "SKUs": SKUS}}, timeout=5).json()["Placed"]
        running.send_signal(signal.SIGKILL)
    with ChannelAdvisorSandbox(state, rate=None) as again:
        client = CONNECTOR.connect(again.settings("v2"), Hooks())
        assert sorted(record.key for record in read(client)) == sorted(map(str, placed))


def test_it_serves_more_than_300_orders_a_second(box: ChannelAdvisorSandbox, v2: JsonClient) -> None:
    numbers = box.place_many(orders(300))
    many = CONNECTOR.stream("orders").read_many
    assert many
    started = time.process_time()
    assert len(many(v2, list(map(str, numbers)))) == 300
    assert time.process_time() - started < 1
