"""Webhooks of TIMS: only genuine ones, and hostile bodies harm nobody."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest

from connectors.errors import BadEventError, BadSignatureError, RejectedError
from connectors.sandbox import Request, Response, Router, Sandbox, reply
from connectors.tims import CONNECTOR, webhook
from connectors.tims.client import TimsClient
from connectors.tims.sandbox import TimsSandbox
from tests.connectors.tims.conftest import WEBHOOK_SECRET
from tests.connectors.tims.orders import created

SETTINGS = {"webhook_secret": WEBHOOK_SECRET}
NOW = datetime(2026, 11, 20, 10, 15, tzinfo=UTC)
EVENT = {
    "ID": "evt_01J9ZK", "Type": "item.updated", "OccurredAt": "2026-11-20T10:14:58Z", "Company": "MAIN",
    "Entity": {"Type": "item", "ID": "TK-9000", "Version": 17, "Href": "/api/v1/items/TK-9000"}, "Data": {"SKU": "TK-9000"},
}  # fmt: skip
BODY = json.dumps(EVENT).encode()


def headers(body: bytes = BODY, secret: str = WEBHOOK_SECRET, at: datetime = NOW) -> dict[str, str]:
    stamp = str(int(at.timestamp()))
    mac = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"x-tims-timestamp": stamp, "x-tims-signature": f"sha256={mac}", "x-tims-event": "item.updated", "x-tims-delivery": "d-1"}


@pytest.mark.parametrize(
    "sent",
    [
        {},
        headers(secret="another-secret-entirely"),
        headers(body=b"other"),
        headers(at=NOW - timedelta(seconds=301)),
        headers(at=NOW + timedelta(seconds=301)),
        {**headers(), "x-tims-timestamp": "soon"},
        {**headers(), "x-tims-timestamp": "9" * 400},
        {**headers(), "x-tims-signature": "sha256=é"},
        {**headers(), "x-tims-signature": headers()["x-tims-signature"].removeprefix("sha256=")},
    ],
)
def test_a_signature_that_does_not_fit_is_refused(sent: dict[str, str]) -> None:
    with pytest.raises(BadSignatureError):
        webhook.verify(SETTINGS, sent, BODY, NOW)


def test_without_a_secret_nothing_is_genuine() -> None:
    with pytest.raises(BadSignatureError):
        webhook.verify({}, headers(secret=""), BODY, NOW)


@pytest.mark.parametrize("late", [-300, 0, 300])
def test_a_genuine_event_of_the_last_five_minutes_is_taken(late: int) -> None:
    webhook.verify(SETTINGS, headers(), BODY, NOW + timedelta(seconds=late))


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe", b"[]", b'"text"', b"null", b"[" * 200_000,
     b'{"Entity": {"Type": "item"}}', b'{"Entity": {"Type": "item", "ID": 5}}',
     json.dumps({"Entity": {"Type": "item", "ID": "x" * 101}}).encode()],
)  # fmt: skip
def test_a_body_that_is_no_event_is_said(body: bytes) -> None:
    with pytest.raises(BadEventError):
        webhook.parse(SETTINGS, headers(), body)


def test_an_event_names_the_record_to_read() -> None:
    event = webhook.parse(SETTINGS, headers(), BODY)
    assert (event.id, event.type, event.stream, event.key, event.occurred_at) == (
        "evt_01J9ZK", "item.updated", "items", "TK-9000", "2026-11-20T10:14:58Z",
    )  # fmt: skip


@pytest.mark.parametrize(
    "change", [{"Entity": None}, {"Entity": {"Type": "gl_entry", "ID": "GL-1"}}, {"Type": 5, "ID": None, "Entity": []}]
)
def test_an_unknown_kind_of_event_needs_no_reading(change: dict[str, Any]) -> None:
    event = webhook.parse(SETTINGS, headers(), json.dumps({**EVENT, **change}).encode())
    assert event.stream == ""
    assert event.id


@pytest.mark.parametrize("query", [{}, {"validation_token": ""}, {"validation_token": "<script>"}, {"validation_token": "a" * 201}])
def test_only_a_plain_token_is_answered(query: dict[str, str]) -> None:
    assert webhook.challenge(SETTINGS, query) is None


def test_a_challenge_is_answered_with_its_token() -> None:
    assert webhook.challenge(SETTINGS, {"validation_token": "abc-123"}) == "abc-123"


class Hub(Sandbox):
    """Receives webhooks as the hub does."""

    routes: ClassVar[Router] = Router()
    answers_challenge = True


@Hub.routes.on("POST", "/in/tims")
def take(box: Hub, request: Request) -> Response:
    token = webhook.challenge(SETTINGS, {"validation_token": request.arg("validation_token")})
    if token and box.answers_challenge:
        return Response(body=token.encode())
    if not token:
        webhook.verify(SETTINGS, request.headers, request.body, datetime.now(UTC))
        event = webhook.parse(SETTINGS, request.headers, request.body)
        box.book.put("events", event.id, {"Stream": event.stream, "Key": event.key, "Type": event.type})
    return reply({}, 202)


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as running:
        yield running


def subscribe(client: TimsClient, hub: Hub) -> str:
    assert CONNECTOR.webhook
    assert CONNECTOR.webhook.subscribe
    return CONNECTOR.webhook.subscribe(client, f"{hub.url}/in/tims", WEBHOOK_SECRET)


def test_a_receiver_that_does_not_answer_the_challenge_gets_no_subscription(client: TimsClient, box: TimsSandbox, hub: Hub) -> None:
    hub.answers_challenge = False
    with pytest.raises(RejectedError):
        subscribe(client, hub)
    assert box.book.count("webhooks") == 0


def test_subscribing_again_renews_and_the_secret_is_never_shown(client: TimsClient, box: TimsSandbox, hub: Hub) -> None:
    first = subscribe(client, hub)
    [before] = box.book.rows("webhooks")
    box.clock.advance(15 * 86400)
    assert subscribe(client, hub) == first
    [after] = box.book.rows("webhooks")
    assert after["ExpiresAt"] > before["ExpiresAt"]
    assert WEBHOOK_SECRET not in repr(client.get("api/v1/webhooks"))


def test_what_happens_in_tims_arrives_signed(client: TimsClient, box: TimsSandbox, hub: Hub) -> None:
    subscribe(client, hub)
    row = box.book.get("items", "TK-1001") or {}
    client.call("PATCH", "api/v1/items/TK-1001", body={"Brand": "New"}, headers={"If-Match": f'W/"{row["Version"]}"'})
    end = time.monotonic() + 30
    while not hub.book.count("events") and time.monotonic() < end:
        time.sleep(0.01)
    assert list(hub.book.rows("events")) == [{"Stream": "items", "Key": "TK-1001", "Type": "item.updated"}]


def test_what_the_warehouse_does_names_the_shipment_to_read(client: TimsClient, box: TimsSandbox, hub: Hub) -> None:
    order_id = created(client).key
    subscribe(client, hub)
    box.ship(order_id)
    box.correct_tracking("SH-000771", "NEW1")
    box.void("SH-000771")
    wanted = {f"shipment.{kind}": ("packages", "SH-000771") for kind in ("created", "updated", "voided")}
    end = time.monotonic() + 30
    while time.monotonic() < end and not wanted.items() <= told(hub).items():
        time.sleep(0.01)
    assert wanted.items() <= told(hub).items()


def told(hub: Hub) -> dict[str, tuple[str, str]]:
    return {row["Type"]: (row["Stream"], row["Key"]) for row in hub.book.rows("events")}


def test_an_expired_subscription_gets_nothing(client: TimsClient, box: TimsSandbox, hub: Hub) -> None:
    subscribe(client, hub)
    box.clock.advance(31 * 86400)
    row = box.book.get("items", "TK-1001") or {}
    client.call("PATCH", "api/v1/items/TK-1001", body={"Brand": "New"}, headers={"If-Match": f'W/"{row["Version"]}"'})
    assert box.webhooks.pending() == 0


def test_a_receiver_that_never_takes_an_event_loses_its_subscription(client: TimsClient, box: TimsSandbox, hub: Hub) -> None:
    subscribe(client, hub)
    hub.stop()
    row = box.book.get("items", "TK-1001") or {}
    client.call("PATCH", "api/v1/items/TK-1001", body={"Brand": "New"}, headers={"If-Match": f'W/"{row["Version"]}"'})
    for _ in range(8):
        box.webhooks.flush()
    assert [one["Active"] for one in box.book.rows("webhooks")] == [False]
