"""A buyer's orders stay in sequence while the target is unwell, and nobody else waits for them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from connectors.errors import CredentialsError, OutcomeUnknownError, RejectedError, TransientError
from hub.engine.claim import claim
from hub.models import Connection, Delivery, Flow
from tests.hub.engine.toyhub import Hub


def place(hub: Hub, *keys: str, buyer: str = "dana") -> None:
    for key in keys:
        hub.world.place(key, Buyer=buyer)
        hub.read()


def sent(hub: Hub) -> list[str]:
    return [key for call, key in hub.world.calls if call == "send"]


def unwell(hub: Hub, error: Exception) -> None:
    hub.world.before = [error]
    hub.send()
    hub.world.calls.clear()


def test_a_later_order_of_a_buyer_waits_while_the_earlier_one_waits_for_the_target(hub: Hub) -> None:
    place(hub, "1")
    unwell(hub, TransientError("The ledger is unwell."))
    place(hub, "2")
    place(hub, "3", buyer="emil")
    Connection.objects.update(failures=0, open_until=None)
    hub.send()
    assert sent(hub) == ["3"]
    hub.later()
    assert sent(hub) == ["3", "1", "2"]


def test_behind_a_call_that_was_not_answered_the_buyers_next_order_is_not_sent(hub: Hub) -> None:
    place(hub, "1", "2", "3")
    hub.world.after = [OutcomeUnknownError("No answer.")]
    hub.send()
    assert hub.states() == {"1": "waiting", "2": "pending", "3": "pending"}
    hub.later()
    assert [one["Ref"] for one in hub.world.documents.values()] == ["1", "2", "3"]


def test_a_bulk_call_holds_each_buyer_once_and_the_next_follows_when_it_got_through(hub: Hub) -> None:
    Flow.objects.update(operation="bulk_orders")
    hub.flow.refresh_from_db()
    place(hub, "1", "2")
    place(hub, "3", buyer="emil")
    hub.world.before = [None, TransientError("Order 1 is locked.")]  # type: ignore[list-item]
    hub.send()
    assert hub.states() == {"1": "waiting", "2": "pending", "3": "delivered"}


def test_an_order_that_failed_for_its_own_reasons_does_not_block_the_next(hub: Hub) -> None:
    place(hub, "1", "2")
    hub.world.before = [RejectedError("Refused.")]
    hub.send()
    assert hub.states() == {"1": "failed", "2": "delivered"}


def test_refused_credentials_keep_the_sequence_too(hub: Hub) -> None:
    place(hub, "1", "2")
    unwell(hub, CredentialsError("The key is not accepted."))
    Connection.objects.update(status="working")
    hub.later()
    assert sent(hub) == ["1", "2"]


def test_while_a_worker_sends_a_buyers_order_no_other_worker_gets_the_next(hub: Hub) -> None:
    place(hub, "1", "2")
    _, first = claim([hub.flow], size=1, now=timezone.now())
    _, second = claim([hub.flow], size=1, now=timezone.now())
    assert [row.key for row in first] == ["1"]
    assert second == []


@pytest.mark.postgres
def test_two_workers_that_claim_at_the_same_moment_do_not_share_out_a_buyer(hub: Hub) -> None:
    place(hub, "1", "2")
    place(hub, "3", buyer="emil")

    def claim_all() -> list[str]:
        try:
            return [row.key for row in claim([hub.flow], size=5, now=timezone.now())[1]]
        finally:
            database.close()

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        _, first = claim([hub.flow], size=1, now=timezone.now())
        second = pool.submit(claim_all).result(10)
    assert ([row.key for row in first], second) == (["1"], ["3"])


def test_what_was_not_sent_keeps_its_place_before_what_came_later(hub: Hub) -> None:
    place(hub, "1", "2")
    unwell(hub, TransientError("The ledger is unwell."))
    place(hub, "3")
    hub.later()
    assert sent(hub) == ["1", "2", "3"]


def test_a_changed_order_keeps_the_place_of_the_version_that_waited(hub: Hub) -> None:
    place(hub, "1")
    unwell(hub, TransientError("The ledger is unwell."))
    place(hub, "2")
    hub.world.place("1", Sku="NEW")
    hub.read()
    hub.later()
    assert sent(hub) == ["1", "2"]


def test_orders_without_a_buyer_wait_for_nobody(hub: Hub) -> None:
    place(hub, "1", "2", buyer="")
    unwell(hub, TransientError("The ledger is unwell."))
    assert hub.states() == {"1": "waiting", "2": "delivered"}


def test_behind_an_order_that_cannot_be_read_anew_the_buyers_next_is_not_sent(hub: Hub) -> None:
    place(hub, "1", "2")
    place(hub, "3", buyer="emil")
    Delivery.objects.filter(key="1").update(fresh=True)
    hub.world.unreadable = TransientError("The shop is unwell.")
    hub.send()
    assert hub.states() == {"1": "waiting", "2": "pending", "3": "delivered"}
