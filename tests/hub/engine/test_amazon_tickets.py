"""Cancellations that Amazon decides about later, through the real engine: feeds of order lines, and orders that Amazon ships."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone

from connectors import registry
from connectors.amazon import CONNECTOR, fulfilment, notifications
from connectors.amazon.sandbox import AmazonSandbox
from connectors.amazon.standin.outbound_life import switches
from tests.connectors.amazon import notices
from tests.connectors.amazon.standin import orders
from tests.connectors.amazon.test_fulfilment import NAME, REFERENCE
from tests.connectors.amazon.test_outbound_versions import order as wanted
from tests.hub.engine import toy

LATER = 1800
Begin = Callable[..., Any]


@pytest.fixture
def box() -> Iterator[AmazonSandbox]:
    with AmazonSandbox(throttled=False) as running:
        yield running


@pytest.fixture
def begin(hub: Any, box: AmazonSandbox, monkeypatch: pytest.MonkeyPatch) -> Begin:
    """A flow of the toy shop's orders to one of Amazon's operations."""
    from hub import vault
    from hub.models import Connection, Flow
    from tests.hub.engine.toyhub import mapping

    monkeypatch.setattr(registry, "connectors", lambda: {"shop": toy.SHOP, "ledger": toy.LEDGER, "amazon": CONNECTOR})
    secret = {one.name for one in CONNECTOR.settings if one.secret}
    given = box.settings()
    target = Connection.objects.create(
        slug="amazon", name="Amazon", connector="amazon",
        settings={name: value for name, value in given.items() if name not in secret},
        secrets=vault.seal_secrets({name: value for name, value in given.items() if name in secret}),
    )  # fmt: skip

    def run(operation: str, **rules: Any) -> Any:
        made = mapping("to-amazon", "orders", operation, rules)
        Flow.objects.update(target=target, operation=operation, mapping=made)
        hub.flow = Flow.objects.select_related("source", "target").get()
        return hub

    return run


def cancelling(begin: Begin, box: AmazonSandbox) -> Any:
    """A hub that has asked Amazon to cancel a whole order."""
    (made,) = orders(1)
    box.place(made)
    hub = begin("cancel_order", orderId="Id", reason={"constant": "NoInventory"})
    hub.world.place(made["orderId"])
    hub.read()
    hub.send()
    return hub


def only(hub: Any) -> Any:
    from hub.models import Delivery

    return Delivery.objects.get()


def test_a_cancellation_by_feed_is_delivered_when_amazon_has_decided(begin: Begin, box: AmazonSandbox) -> None:
    hub = cancelling(begin, box)
    row = only(hub)
    assert (row.state, row.reason) == ("waiting", "Amazon has taken it and is still deciding.")
    hub.later()
    assert only(hub).ticket == row.ticket
    box.clock.advance(LATER)
    box.advance()
    hub.later()
    row = only(hub)
    assert (row.state, row.outcome, row.target_key) == ("delivered", "cancelled", row.key)
    assert box.order(row.key)["fulfillment"]["fulfillmentStatus"] == "CANCELLED"
    assert box.counts()["createFeed"] == {"202": 1}


def test_a_cancellation_that_amazon_refuses_becomes_an_error(begin: Begin, box: AmazonSandbox) -> None:
    from hub.models import ErrorRecord

    hub = cancelling(begin, box)
    there = box.order(only(hub).key)
    for line in there["orderItems"]:
        line["fulfillment"] |= {"quantityFulfilled": line["quantityOrdered"], "quantityUnfulfilled": 0}
    there["fulfillment"]["fulfillmentStatus"] = "SHIPPED"
    box.book.put("orders", there["orderId"], there)
    box.clock.advance(LATER)
    box.advance()
    hub.later()
    row = only(hub)
    assert (row.state, row.reason_code, row.ticket) == ("failed", "rejected", "")
    assert row.key in row.reason
    assert ErrorRecord.objects.filter(state="open", delivery=row).exists()


def test_the_notification_of_a_feed_asks_at_once(begin: Begin, box: AmazonSandbox) -> None:
    from hub.engine import store

    hub = cancelling(begin, box)
    row = only(hub)
    box.clock.advance(LATER)
    box.advance()
    hub.send()
    assert only(hub).state == "waiting"
    event = notifications.parse({}, json.dumps(notices.feed(row.ticket.partition("/")[0])).encode())
    store.keep(hub.flow.target_id, event, b"{}", now=timezone.now())
    hub.send()
    assert only(hub).state == "delivered"


@pytest.mark.parametrize("fate", ["cancelled", "shipped"])
def test_a_cancellation_of_what_amazon_ships_waits_for_its_decision(begin: Begin, box: AmazonSandbox, fate: str) -> None:
    from hub import clients

    switches(box, split=0, late=0, ignored_cancels=int(fate == "shipped"))
    hub = begin("cancel_fulfilment_order", orderId="Id")
    fulfilment.create(clients.client(hub.flow.target), wanted(), REFERENCE)
    hub.world.place(NAME)
    hub.read()
    hub.send()
    assert only(hub).ticket == f"cancel:{NAME}"
    for _ in range(60):
        box.clock.advance(LATER)
        box.advance()
    hub.later()
    row = only(hub)
    assert (row.state, row.reason_code) == (("delivered", "") if fate == "cancelled" else ("failed", "conflict"))
