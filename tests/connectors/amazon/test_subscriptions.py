"""Setting up what Amazon announces: repeatable, against other workers too, and every announcement is one that Amazon could send."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from jsonschema import Draft7Validator

from connectors.amazon import CONNECTOR, notifications, queue, subscriptions
from connectors.amazon.sandbox import AmazonSandbox
from connectors.amazon.standin import announcements
from connectors.amazon.standin import queue as sqs
from connectors.errors import RejectedError
from connectors.hooks import Hooks
from connectors.http import JsonClient
from tests.connectors.amazon.models import model, valid

MODEL = "notifications.json"
ORDER = {
    "orderId": "111-2223334-4445556", "createdTime": "2026-11-18T09:15:30.123Z", "lastUpdatedTime": "2026-11-18T09:47:02.501Z",
    "salesChannel": {"channelName": "AMAZON", "marketplaceId": "ATVPDKIKX0DER"},
    "fulfillment": {"fulfillmentStatus": "UNSHIPPED", "fulfilledBy": "MERCHANT"},
    "orderItems": [{"orderItemId": "90123456789012", "quantityOrdered": 2, "product": {"sellerSku": "MUG/BLUE 1"},
                    "fulfillment": {"quantityFulfilled": 0, "quantityUnfulfilled": 2}}],
}  # fmt: skip
TOLD: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("ORDER_CHANGE", ORDER, "OrderChange"),
    ("REPORT_PROCESSING_FINISHED", {"reportId": "51234", "reportType": notifications.SETTLEMENT, "processingStatus": "DONE",
                                    "reportDocumentId": "doc-1"}, "ReportProcessingFinished"),
    ("FEED_PROCESSING_FINISHED", {"feedId": "50123", "feedType": "JSON_LISTINGS_FEED", "processingStatus": "DONE"},
     "FeedProcessingFinished"),
    ("FULFILLMENT_ORDER_STATUS", {"orderId": "ChannelAdvisor-1", "status": "PROCESSING"}, "FulfillmentOrderStatus"),
)  # fmt: skip
LISTING = {"sku": "MUG/BLUE 1", "marketplaceId": "ATVPDKIKX0DER", "asin": "B0TEST0001", "status": ["BUYABLE"]}


@pytest.fixture
def box() -> Iterator[AmazonSandbox]:
    with AmazonSandbox(throttled=False) as running:
        yield running


def client_of(box: AmazonSandbox, **settings: str) -> JsonClient:
    return CONNECTOR.connect({**box.settings(), **sqs.settings(box), **settings}, Hooks())


@pytest.fixture
def client(box: AmazonSandbox) -> JsonClient:
    pytest.importorskip("boto3")
    return client_of(box)


def set_up_rows(box: AmazonSandbox) -> tuple[int, list[str]]:
    return box.book.count("destinations"), sorted(row["Type"] for row in box.book.rows("subscriptions"))


def test_without_queue_and_bridge_the_words_say_what_to_enter(box: AmazonSandbox) -> None:
    with pytest.raises(RejectedError, match="Enter the queue's ARN"):
        subscriptions.set_up(client_of(box, queue_arn=""))


def test_a_queue_that_amazon_may_not_use_is_refused_in_words(box: AmazonSandbox) -> None:
    with pytest.raises(RejectedError, match="437568002678"):
        subscriptions.set_up(client_of(box, queue_arn=sqs.arn("unknown")))


def test_setting_up_twice_makes_nothing_new(box: AmazonSandbox, client: JsonClient) -> None:
    words = subscriptions.set_up(client)
    made = set_up_rows(box)
    assert subscriptions.set_up(client) == words
    assert (set_up_rows(box), made) == (made, (1, sorted(subscriptions.BY_QUEUE)))
    assert "ORDER_CHANGE" in words


def test_what_another_worker_makes_at_the_same_moment_is_used(box: AmazonSandbox, client: JsonClient) -> None:
    subscriptions.set_up(client)
    # The two readings come too early to see what the other worker makes.
    real, early = client.call, {"destinations": 1, "subscriptions/ORDER_CHANGE": 1}

    def call(method: str, path: str, **more: Any) -> Any:
        name = path.removeprefix("notifications/v1/")
        answer = real(method, path, **more)
        if method == "GET" and early.pop(name, 0):
            answer.body["payload"] = [] if name == "destinations" else {}
        return answer

    client.call = call  # type: ignore[method-assign]
    subscriptions.set_up(client)
    assert set_up_rows(box) == (1, sorted(subscriptions.BY_QUEUE))


def test_a_lost_answer_is_made_good_by_pressing_again(box: AmazonSandbox, client: JsonClient) -> None:
    box.faults.add("drop_after", "/notifications/v1/destinations", method="POST")
    with pytest.raises(Exception, match="broke"):
        subscriptions.set_up(client)
    subscriptions.set_up(client)
    assert set_up_rows(box) == (1, sorted(subscriptions.BY_QUEUE))


def test_a_subscription_that_goes_elsewhere_is_not_taken_over_silently(box: AmazonSandbox, client: JsonClient) -> None:
    subscriptions.set_up(client)
    other = sqs.make(box, "another")
    with pytest.raises(RejectedError, match="another destination"):
        subscriptions.set_up(client_of(box, queue_arn=other))


def test_listings_are_announced_by_the_event_bridge_only(box: AmazonSandbox) -> None:
    bridge = announcements.connect_bridge(box, "http://127.0.0.1:9", "k" * 40)
    words = subscriptions.set_up(client_of(box, queue_arn="", **bridge))
    assert set_up_rows(box) == (1, ["LISTINGS_ITEM_STATUS_CHANGE"])
    assert "event bridge: LISTINGS" in words


@pytest.mark.parametrize(("kind", "about", "schema"), TOLD)
def test_an_announcement_is_what_the_published_schema_asks(
    box: AmazonSandbox, client: JsonClient, kind: str, about: Any, schema: str
) -> None:
    subscriptions.set_up(client)
    box.announce(kind, about)
    [message] = queue.receive(client)
    found = Draft7Validator(model(f"notifications/{schema}Notification.json")).iter_errors(json.loads(message.body))
    assert [error.message for error in found] == []


@pytest.mark.parametrize(("kind", "about", "schema"), TOLD)
def test_an_announcement_is_read_as_what_it_is(box: AmazonSandbox, client: JsonClient, kind: str, about: Any, schema: str) -> None:
    subscriptions.set_up(client)
    box.announce(kind, about)
    [message] = queue.receive(client)
    event = queue.INBOX.parse(client.settings, message.body)
    keys = {"ORDER_CHANGE": ORDER["orderId"], "REPORT_PROCESSING_FINISHED": "51234", "FULFILLMENT_ORDER_STATUS": "ChannelAdvisor-1"}
    assert (event.type, event.key) == (kind, keys.get(kind, ""))


def test_a_change_that_the_filter_leaves_out_is_not_announced(box: AmazonSandbox, client: JsonClient) -> None:
    subscriptions.set_up(client)
    row = box.book.get("subscriptions", "NA ORDER_CHANGE 1.0") or {}
    row["processingDirective"]["eventFilter"]["orderChangeTypes"] = ["BuyerRequestedChange"]
    box.book.put("subscriptions", "NA ORDER_CHANGE 1.0", row)
    box.announce("ORDER_CHANGE", ORDER)
    assert sqs.pending(box) == 0
    box.announce("ORDER_CHANGE", {**ORDER, "buyerRequest": True})
    assert sqs.pending(box) == 1


def test_nothing_is_announced_without_a_subscription(box: AmazonSandbox) -> None:
    box.announce("ORDER_CHANGE", ORDER)
    assert sqs.pending(box) == 0


class Taker(BaseHTTPRequestHandler):
    taken: list[tuple[dict[str, str], bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.taken.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(202)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Silent."""


def test_the_event_bridge_brings_its_key_and_an_envelope_of_its_own(box: AmazonSandbox) -> None:
    Taker.taken = []
    with HTTPServer(("127.0.0.1", 0), Taker) as server:
        Thread(target=server.handle_request, daemon=True).start()
        bridge = announcements.connect_bridge(box, f"http://127.0.0.1:{server.server_port}/hook", "k" * 40)
        client = client_of(box, queue_arn="", **bridge)
        subscriptions.set_up(client)
        box.announce("LISTINGS_ITEM_STATUS_CHANGE", LISTING)
        box.webhooks.flush()
    [(headers, body)] = Taker.taken
    notifications.verify(client.settings, headers, body, box.now())
    event = notifications.parse(client.settings, body)
    assert (event.stream, event.key) == ("listings", "ATVPDKIKX0DER/MUG/BLUE 1")


def test_requests_and_answers_are_those_of_the_published_model(box: AmazonSandbox, client: JsonClient) -> None:
    asked: list[tuple[str, str, Any, Any]] = []
    real = client.call

    def call(method: str, path: str, **more: Any) -> Any:
        answer = real(method, path, **more)
        asked.append((method, path, more.get("body"), answer.body))
        return answer

    client.call = call  # type: ignore[method-assign]
    subscriptions.set_up(client)
    named = {"GET destinations": "GetDestinations", "POST destinations": "CreateDestination", "POST subscriptions": "CreateSubscription"}
    for method, path, body, answer in asked:
        name = named[f"{method} {path.split('/')[2]}"]
        assert body is None or valid(MODEL, f"{name}Request", body) == []
        assert valid(MODEL, f"{name}Response", answer) == []


def test_amazons_own_kit_can_set_up_and_test_notifications(box: AmazonSandbox) -> None:
    spapi = pytest.importorskip("spapi")
    from spapi.api.notifications_v1.notifications_api import NotificationsApi

    given = box.settings()
    config = spapi.SPAPIConfig(
        client_id=given["client_id"], client_secret=given["client_secret"], region="NA", scope="sellingpartnerapi::notifications",
        grant_type="client_credentials",
    )  # fmt: skip
    api = NotificationsApi(spapi.SPAPIClient(config, oauth_endpoint=given["token_url"], endpoint=box.url).api_client)
    wish = {"name": "by-kit", "resourceSpecification": {"sqs": {"arn": sqs.arn()}}}
    made = api.create_destination(wish, _request_timeout=10).payload
    api.send_test_notification(
        "ORDER_CHANGE", {"destinationId": made.destination_id, "testNotification": {"payloadVersion": "1.0"}}, _request_timeout=10
    )
    assert ([one.destination_id for one in api.get_destinations(_request_timeout=10).payload], sqs.pending(box)) == (
        [made.destination_id], 1,
    )  # fmt: skip


def test_the_connection_test_says_what_the_queue_lacks(box: AmazonSandbox, client: JsonClient) -> None:
    [lacking] = queue.findings(client)
    subscriptions.set_up(client)
    [complete] = queue.findings(client)
    [refused] = queue.findings(client_of(box, queue_secret_key="wrong"))
    assert (lacking.ok, complete.ok, refused.ok) == (False, True, False)
    assert "press Subscribe" in lacking.words
    assert "does not accept the access key" in refused.words
    assert not any(one.vital for one in (lacking, refused))


def test_a_connection_without_a_queue_is_not_asked_about_one(box: AmazonSandbox) -> None:
    assert queue.findings(client_of(box, queue_url="")) == []
