"""Records that the hub makes itself: no source, no mapping, and whoever handed them in is told what became of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from django.utils import timezone

from connectors.base import Record, Summary
from connectors.errors import OutcomeUnknownError, RejectedError, TransientError
from hub.engine import listeners, triage
from hub.engine.accept import accept
from hub.models import Delivery, ErrorRecord, Flow
from tests.hub.engine.toyhub import Hub

PAYLOAD = {"Number": "J-1", "Sku": "TK-1", "Name": "Journal", "Total": 10}


@pytest.fixture
def own(hub: Hub) -> Flow:
    return Flow.objects.create(slug="journals", name="Journals", target=hub.flow.target, operation=hub.flow.operation)


@pytest.fixture
def told() -> Iterator[list[str]]:
    """The states in which listeners found deliveries when they were told of them."""
    seen: list[str] = []

    def look(ids: Sequence[int]) -> None:
        seen.extend(Delivery.objects.filter(pk__in=ids).values_list("state", flat=True))

    listeners.register(look)
    yield seen
    listeners._listeners.remove(look)


def hand_in(flow: Flow, key: str = "J-1") -> Delivery:
    accept(flow, [Record(key=key, payload={**PAYLOAD, "Number": key}, summary=Summary(title=f"Journal {key}"))], now=timezone.now())
    return Delivery.objects.get(flow=flow, key=key)


def test_a_record_without_source_and_mapping_reaches_the_target_as_it_is(hub: Hub, own: Flow, told: list[str]) -> None:
    hand_in(own)
    hub.send()
    delivery = Delivery.objects.get(flow=own)
    assert (delivery.state, delivery.title) == ("delivered", "Journal J-1")
    assert hub.world.documents[delivery.target_key]["Number"] == "J-1"
    assert told == ["delivered"]


def test_the_same_record_handed_in_twice_is_sent_once(hub: Hub, own: Flow) -> None:
    hand_in(own)
    hub.send()
    hand_in(own)
    hub.send()
    assert len(hub.world.documents) == 1


def test_a_lost_answer_is_asked_about_and_not_sent_again(hub: Hub, own: Flow, told: list[str]) -> None:
    hub.world.after = [OutcomeUnknownError("No answer.")]
    hand_in(own)
    hub.send()
    hub.later()
    assert Delivery.objects.get(flow=own).state == "delivered"
    assert len(hub.world.documents) == 1
    assert told == ["waiting", "delivered"]


def test_a_refused_record_waits_for_a_person_and_succeeds_after_a_retry(hub: Hub, own: Flow, told: list[str]) -> None:
    hub.world.before = [RejectedError("The period is closed.")]
    hand_in(own)
    hub.send()
    assert ErrorRecord.objects.get().message == "The period is closed."
    triage.retry(Delivery.objects.filter(flow=own), by=None)
    hub.send()
    assert told == ["failed", "pending", "delivered"]
    assert ErrorRecord.objects.get().state == "healed"


def test_a_record_that_does_not_fit_the_targets_schema_is_not_sent(hub: Hub, own: Flow) -> None:
    accept(own, [Record(key="J-2", payload={"Sku": 5})], now=timezone.now())
    hub.send()
    assert Delivery.objects.get(flow=own).state == "failed"
    assert hub.world.documents == {}


def test_records_of_a_source_are_told_to_nobody(hub: Hub, told: list[str]) -> None:
    hub.world.place("1")
    hub.world.before = [TransientError("The ledger is unwell.")]
    hub.read()
    hub.send()
    hub.later()
    assert told == []
