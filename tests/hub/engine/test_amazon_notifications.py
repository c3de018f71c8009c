"""What Amazon's stand-in announces reaches the hub once: by the queue, by the event bridge, doubled, mixed, and both ways at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from time import monotonic
from typing import Any

import pytest
from django.test import Client

from connectors import registry
from connectors.amazon import CONNECTOR, subscriptions
from connectors.amazon.sandbox import AmazonSandbox
from connectors.amazon.standin import announcements
from connectors.amazon.standin import queue as sqs
from tests.connectors.amazon.test_subscriptions import LISTING, ORDER

KEY = "k" * 40


@pytest.fixture
def box() -> Iterator[AmazonSandbox]:
    pytest.importorskip("boto3")
    with AmazonSandbox(throttled=False) as running:
        yield running


@pytest.fixture
def amazon(box: AmazonSandbox, db: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A connection whose notifications are set up both ways."""
    from hub import clients, vault
    from hub.api import addresses
    from hub.models import Connection

    known = {**registry.connectors(), "amazon": CONNECTOR}
    monkeypatch.setattr(registry, "connectors", lambda: known)
    monkeypatch.setattr(addresses, "connectors", lambda: known)
    clients.forget_clients()
    addresses.forget()
    bridge = announcements.connect_bridge(box, "http://127.0.0.1:9", KEY)
    given = {**box.settings(), **sqs.settings(box), **bridge}
    secret = {one.name for one in CONNECTOR.settings if one.secret}
    made = Connection.objects.create(
        slug="amazon-us", name="Amazon", connector="amazon",
        settings={name: value for name, value in given.items() if name not in secret},
        secrets=vault.seal_secrets({name: value for name, value in given.items() if name in secret}),
    )  # fmt: skip
    subscriptions.set_up(clients.client(made))
    return made


def empty(connection: Any) -> int:
    from hub.engine import inbox

    return inbox.empty(connection.pk, deadline=monotonic() + 20)


def kept() -> list[tuple[str, str, str]]:
    from hub.models import InboundEvent

    return list(InboundEvent.objects.order_by("pk").values_list("type", "key", "state"))


def post(client: Client, connection: Any, body: str, *, key: str = KEY) -> int:
    address = f"/api/webhooks/{connection.slug}/{connection.webhook_token}"
    return client.post(address, body, content_type="application/json", headers={"X-Api-Key": key}).status_code


def test_doubled_and_mixed_messages_become_one_event_each(box: AmazonSandbox, amazon: Any) -> None:
    sqs.mischief(box, twice=1.0, shuffle=True)
    for number in range(15):
        box.announce("ORDER_CHANGE", {**ORDER, "orderId": f"111-2223334-{number:07d}"})
    assert empty(amazon) == 30
    assert sorted(key for _, key, _ in kept()) == [f"111-2223334-{number:07d}" for number in range(15)]
    assert sqs.pending(box) == 0


def test_the_same_notification_by_queue_and_bridge_is_kept_once(box: AmazonSandbox, amazon: Any, client: Client) -> None:
    box.announce("ORDER_CHANGE", ORDER)
    [message] = [row["Body"] for row in box.book.rows(sqs.MESSAGES)]
    event = {"version": "0", "id": "e-1", "detail-type": "ORDER_CHANGE", "source": "aws.partner/x", "detail": json.loads(message)}
    assert post(client, amazon, json.dumps(event)) == 202
    empty(amazon)
    assert kept() == [("ORDER_CHANGE", ORDER["orderId"], "received")]


def test_a_bridge_with_a_wrong_key_is_refused(box: AmazonSandbox, amazon: Any, client: Client) -> None:
    assert post(client, amazon, "{}", key="x" * 40) == 401
    assert kept() == []


def test_what_the_bridge_brings_is_stored(box: AmazonSandbox, amazon: Any, client: Client) -> None:
    box.webhooks.mischief.paused = True
    box.announce("LISTINGS_ITEM_STATUS_CHANGE", LISTING)
    [body] = [row["Body"] for row in box.book.rows("__webhook__")]
    assert post(client, amazon, body) == 202
    assert kept() == [("LISTINGS_ITEM_STATUS_CHANGE", "ATVPDKIKX0DER/MUG/BLUE 1", "received")]


def test_a_hand_made_message_does_not_block_the_queue(box: AmazonSandbox, amazon: Any) -> None:
    sqs.put(box, sqs.NAME, "hello?")
    box.announce("ORDER_CHANGE", ORDER)
    empty(amazon)
    assert [state for _, _, state in kept()] == ["failed", "received"]


def test_a_wrong_key_of_the_queue_is_shown_and_heals(box: AmazonSandbox, amazon: Any) -> None:
    from hub import vault
    from hub.models import Connection, ErrorRecord

    right = vault.open_secrets(amazon.secrets)
    Connection.objects.update(secrets=vault.seal_secrets({**right, "queue_secret_key": "wrong"}))
    empty(amazon)
    assert [one.category for one in ErrorRecord.objects.filter(state="open")] == ["credentials"]
    Connection.objects.update(secrets=vault.seal_secrets(right))
    empty(amazon)
    assert not ErrorRecord.objects.filter(state="open").exists()


def test_the_button_sets_up_the_queue(box: AmazonSandbox, amazon: Any) -> None:
    from hub.engine.subscribe import can_subscribe, subscribe

    box.book.clear_kind("subscriptions")
    assert can_subscribe(CONNECTOR)
    assert "ORDER_CHANGE" in subscribe(amazon, "https://hub.example.com")
    assert box.book.count("subscriptions") == 5
