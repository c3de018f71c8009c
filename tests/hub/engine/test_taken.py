"""A target that takes a record and decides later: it is asked by its receipt, and nothing newer goes out meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from connectors import registry
from connectors.errors import (
    ConnectorError,
    CredentialsError,
    MissingError,
    NotNeededError,
    OutcomeUnknownError,
    RejectedError,
    ThrottledError,
    TransientError,
)  # fmt: skip
from connectors.notices import Event
from hub import tasks
from hub.engine import leases, store, triage
from hub.engine.claim import claim, claim_taken
from hub.models import Attempt, Connection, CrossReference, Delivery, ErrorRecord, Flow, RateLimit
from tests.hub.engine import toy
from tests.hub.engine.toy import slow
from tests.hub.engine.toyhub import Hub


@pytest.fixture
def hub(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Hub:
    monkeypatch.setattr(registry, "connectors", lambda: {"shop": toy.SHOP, "ledger": slow.LEDGER})
    return hub


def take(hub: Hub, key: str = "1", **fields: Any) -> Delivery:
    """A record that the ledger has taken and not decided."""
    hub.world.place(key, **fields)
    hub.read()
    hub.send()
    return hub.last(key)


def calls(hub: Hub, what: str) -> list[str]:
    return [about for kind, about in hub.world.calls if kind == what]


def states() -> list[str]:
    return list(Delivery.objects.order_by("pk").values_list("state", flat=True))


def test_what_is_taken_waits_for_the_decision_and_is_not_delivered(hub: Hub) -> None:
    row = take(hub)
    assert (row.state, row.reason_code, row.ticket) == ("waiting", "not_decided", "T1/1")
    assert row.reason == "Ledger has taken it and is still deciding."
    assert row.attempts == 0
    assert timedelta(seconds=20) < row.due_at - timezone.now() <= timedelta(seconds=slow.AFTER)
    assert not CrossReference.objects.exists()
    assert list(Attempt.objects.values_list("outcome", flat=True)) == ["taken"]


def test_it_is_asked_once_for_all_and_delivered_when_it_is_decided(hub: Hub) -> None:
    for key in "123":
        hub.world.place(key)
    hub.read()
    hub.send()
    hub.later()
    assert calls(hub, "follow") == ["T1/1,T2/2,T3/3"]
    assert set(states()) == {"waiting"}
    for key in "123":
        slow.decide(key)
    hub.later()
    assert set(states()) == {"delivered"}
    assert calls(hub, "send") == ["1", "2", "3"]
    row = hub.last("1")
    assert (row.ticket, row.taken_at, row.attempts, row.target_key, row.outcome) == ("", None, 1, "D-1", "created")


def test_the_decision_leaves_the_same_traces_as_a_direct_answer(hub: Hub) -> None:
    take(hub)
    slow.decide("1")
    hub.later()
    names = CrossReference.objects.get()
    assert names.target_key == "D-1"
    assert names.payload_hash
    assert names.mapping_version_id == hub.last("1").mapping_version_id is not None
    assert list(Attempt.objects.order_by("pk").values_list("outcome", "number")) == [("taken", 1), ("created", 1)]
    hub.world.place("1", Status="Shipped")
    hub.read()
    hub.send()
    assert hub.last("1").reason_code == "unchanged"


def test_what_follows_begins_with_the_decision(hub: Hub) -> None:
    after = Flow.objects.create(
        slug="taken", name="Taken", after=hub.flow, target=hub.flow.source, operation="take", mapping=hub.flow.mapping
    )
    take(hub)
    assert not Delivery.objects.filter(flow=after).exists()
    slow.decide("1")
    hub.later()
    assert Delivery.objects.filter(flow=after, key="1").exists()


def test_a_refusal_becomes_an_error_and_a_retry_sends_again(hub: Hub) -> None:
    take(hub)
    slow.decide("1", RejectedError("No such item."))
    hub.later()
    row = hub.last("1")
    assert (row.state, row.reason, row.ticket) == ("failed", "No such item.", "")
    assert ErrorRecord.objects.get().category == "rejected"
    triage.retry(Delivery.objects.all(), by=None)
    hub.send()
    assert calls(hub, "send") == ["1", "1"]
    assert hub.last("1").ticket == "T2/1"
    assert ErrorRecord.objects.get().state == "open"
    slow.decide("1")
    hub.later()
    assert ErrorRecord.objects.get().state == "healed"


def test_nothing_to_do_is_a_skip(hub: Hub) -> None:
    take(hub)
    slow.decide("1", NotNeededError("It was cancelled already."))
    hub.later()
    assert hub.states() == {"1": "skipped"}


@pytest.mark.parametrize("error", [TransientError("Down."), ThrottledError("Slowly.", retry_after=300), OutcomeUnknownError("Lost.")])
def test_trouble_with_the_question_decides_nothing(hub: Hub, error: ConnectorError) -> None:
    take(hub)
    hub.world.unasked = error
    hub.later()
    row = hub.last("1")
    assert (row.state, row.ticket, row.attempts, row.reason_code) == ("waiting", "T1/1", 0, "not_decided")
    assert error.message in row.reason
    assert row.due_at - timezone.now() > timedelta(seconds=(error.retry_after or slow.AFTER) - 10)
    hub.world.unasked = None
    slow.decide("1")
    RateLimit.objects.update(blocked_until=0)
    hub.later()
    assert hub.states() == {"1": "delivered"}
    assert calls(hub, "send") == ["1"]


@pytest.mark.parametrize("error", [TransientError("Down."), ThrottledError("Slowly."), CredentialsError("Who are you?")])
def test_trouble_with_one_question_decides_nothing_either(hub: Hub, error: ConnectorError) -> None:
    take(hub)
    slow.decide("1", error)
    hub.later()
    assert (hub.last("1").state, hub.last("1").ticket) == ("waiting", "T1/1")


def test_a_fault_of_ours_while_asking_decides_nothing(hub: Hub) -> None:
    take(hub)
    hub.world.unasked = ZeroDivisionError()
    hub.later()
    assert (hub.last("1").state, hub.last("1").ticket) == ("waiting", "T1/1")
    assert "ZeroDivisionError" in hub.last("1").reason


def test_refused_credentials_stop_the_connection_and_keep_the_receipt(hub: Hub) -> None:
    take(hub)
    hub.world.unasked = CredentialsError("Who are you?")
    hub.later()
    assert hub.last("1").ticket == "T1/1"
    assert Connection.objects.get(pk=hub.flow.target_id).status == Connection.Status.REFUSED


def test_a_void_receipt_is_sent_again_after_asking(hub: Hub) -> None:
    take(hub)
    slow.decide("1", OutcomeUnknownError("The feed's result cannot be read."))
    hub.later()
    row = hub.last("1")
    assert (row.state, row.ticket, row.unknown, row.attempts) == ("waiting", "", True, 1)
    hub.later()
    assert calls(hub, "find") == ["1"]
    assert calls(hub, "send") == ["1", "1"]


def test_a_lost_receipt_goes_to_a_person(hub: Hub) -> None:
    take(hub)
    slow.decide("1", MissingError("No such feed."))
    hub.later()
    row, error = hub.last("1"), ErrorRecord.objects.get()
    assert (row.state, row.reason_code, row.unknown) == ("failed", "receipt_lost", True)
    assert "receipt T1/1 got lost" in error.message
    assert "retry sends it again" in error.advice


def test_after_a_day_without_a_decision_a_person_looks(hub: Hub) -> None:
    take(hub)
    Delivery.objects.update(taken_at=timezone.now() - timedelta(hours=24, seconds=1))
    hub.later()
    row, error = hub.last("1"), ErrorRecord.objects.get()
    assert (row.state, row.reason_code, row.ticket, row.unknown) == ("failed", "not_decided", "", True)
    assert "has not decided since" in error.message
    assert "Look in the target system" in error.advice
    triage.retry(Delivery.objects.all(), by=None)
    hub.send()
    assert calls(hub, "find") == ["1"]
    assert calls(hub, "send") == ["1", "1"]


def test_a_day_without_an_answer_is_no_decision(hub: Hub) -> None:
    take(hub)
    Delivery.objects.update(taken_at=timezone.now() - timedelta(hours=30))
    hub.world.unasked = TransientError("Down.")
    hub.later()
    hub.world.unasked = None
    slow.decide("1")
    hub.later()
    assert hub.states() == {"1": "delivered"}


def test_a_newer_version_waits_until_the_older_is_decided(hub: Hub) -> None:
    take(hub, Total=1)
    hub.world.place("1", Total=2)
    hub.read()
    hub.send()
    hub.later()
    assert states() == ["waiting", "pending"]
    assert calls(hub, "send") == ["1"]
    slow.decide("1")
    hub.later()
    hub.send()
    assert states() == ["delivered", "waiting"]
    slow.decide("1")
    hub.later()
    assert states() == ["delivered", "delivered"]
    assert hub.world.documents["D-1"]["Total"] == 2


def test_only_the_newest_of_several_waits_behind_it(hub: Hub) -> None:
    take(hub, Total=1)
    for total in (2, 3):
        hub.world.place("1", Total=total)
        hub.read()
    assert states() == ["waiting", "superseded", "pending"]


@pytest.mark.parametrize("verdict", [RejectedError("No."), OutcomeUnknownError("Who knows."), MissingError("Gone.")])
def test_an_older_one_that_did_not_get_through_gives_way(hub: Hub, verdict: ConnectorError) -> None:
    take(hub, Total=1)
    hub.world.place("1", Total=2)
    hub.read()
    slow.decide("1", verdict)
    hub.later()
    hub.send()
    assert states() == ["superseded", "waiting"]
    assert bool(calls(hub, "find")) is not isinstance(verdict, RejectedError)
    assert not ErrorRecord.objects.filter(state="open").exists()


def test_the_same_version_read_again_is_no_news(hub: Hub) -> None:
    take(hub)
    assert hub.read().unchanged == 1


def test_a_person_who_retries_asks_at_once(hub: Hub) -> None:
    take(hub)
    slow.decide("1")
    assert triage.retry(Delivery.objects.all(), by=None) == 1
    hub.send()
    assert hub.states() == {"1": "delivered"}
    assert calls(hub, "send") == ["1"]


def test_nobody_holds_or_skips_what_is_taken(hub: Hub) -> None:
    take(hub)
    rows = Delivery.objects.all()
    assert triage.hold(rows, reason="Wait.", by=None) == triage.skip(rows, reason="Never.", by=None) == 0
    assert "neither be held nor skipped" in triage.refusal(rows, triage.HOLDABLE)
    assert not triage.refusal(rows, triage.RETRYABLE)
    assert hub.last("1").ticket


def test_a_worker_that_dies_while_asking_leaves_the_receipt(hub: Hub) -> None:
    take(hub)
    hub.world.place("1", Total=77)
    hub.read()
    Delivery.objects.update(due_at=timezone.now() - timedelta(hours=3))
    claim_taken([hub.flow], size=10, now=timezone.now() - timedelta(hours=2))
    leases.expired(now=timezone.now())
    older = Delivery.objects.order_by("pk").first()
    assert older
    assert (older.state, older.ticket, older.unknown) == ("waiting", "T1/1", False)
    assert not hub.last("1").unknown
    slow.decide("1")
    hub.later()
    hub.send()
    assert states() == ["delivered", "waiting"]


def test_two_workers_never_ask_about_the_same(hub: Hub) -> None:
    take(hub)
    now = timezone.now() + timedelta(hours=1)
    assert len(claim_taken([hub.flow], size=10, now=now)[1]) == 1
    assert claim_taken([hub.flow], size=10, now=now)[1] == []
    assert claim([hub.flow], size=10, now=now)[1] == []


def test_in_a_sequence_the_next_one_waits_for_the_decision(hub: Hub) -> None:
    hub.world.place("1", Buyer="b")
    hub.world.place("2", Buyer="b")
    hub.read()
    hub.send()
    assert calls(hub, "send") == ["1"]
    slow.decide("1")
    hub.later()
    hub.send()
    assert calls(hub, "send") == ["1", "2"]


def test_asking_needs_no_call_of_the_limit_for_sending(hub: Hub) -> None:
    take(hub)
    slow.decide("1")
    RateLimit.objects.update(tokens=-100, per_second=0.001)
    hub.later()
    assert hub.states() == {"1": "delivered"}


def test_an_event_makes_what_it_decides_due_at_once(hub: Hub) -> None:
    take(hub, "1")
    take(hub, "2")
    slow.decide("1")
    target, now = hub.flow.target_id, timezone.now()
    assert target
    assert not store.keep(target, Event(id="e1", type="decided", ticket="T1/"), b"{}", now=now)
    hub.send()
    assert hub.states() == {"1": "delivered", "2": "waiting"}
    assert calls(hub, "follow") == ["T1/1"]


def test_an_event_of_another_connection_changes_nothing(hub: Hub) -> None:
    due = take(hub).due_at
    assert hub.flow.source_id
    store.keep(hub.flow.source_id, Event(id="e1", type="decided", ticket="T1/"), b"{}", now=timezone.now())
    assert hub.last("1").due_at == due


def test_a_target_that_decides_at_once_is_never_asked(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "connectors", lambda: {"shop": toy.SHOP, "ledger": toy.LEDGER})
    hub.world.place("1")
    hub.read()
    with CaptureQueriesContext(database) as caught:
        hub.send()
    assert hub.states() == {"1": "delivered"}
    assert not [one["sql"] for one in caught if "(ticket > '')" in one["sql"]]


@pytest.mark.parametrize(("batch", "chosen", "calls_made"), [(1000, 100, ["20", "4"]), (4, 100, ["4"] * 6), (1000, 1, ["1"] * 24)])
def test_a_target_that_takes_many_in_one_call_gets_them_together(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, settings: Any, batch: int, chosen: int, calls_made: list[str]
) -> None:
    """`chosen`: the batch that people set for the flow, which a smaller one than usual limits."""
    bulk = replace(slow.SLOW, send_many=slow.submit_many, batch=batch)
    monkeypatch.setattr(registry, "connectors", lambda: {"shop": toy.SHOP, "ledger": replace(slow.LEDGER, operations=(bulk,))})
    settings.HUB_BATCH = 2
    Flow.objects.update(batch=chosen)
    for number in range(24):
        hub.world.place(f"{number}")
    hub.read()
    hub.send()
    assert (calls(hub, "bulk") or ["1"] * len(calls(hub, "send"))) == calls_made
    hub.later()
    assert [about.count("T") for about in calls(hub, "follow")] == [20, 4]


def test_what_is_taken_is_asked_about_while_the_limit_for_sending_rests(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    take(hub)
    woken: list[tuple[str, int]] = []
    monkeypatch.setattr(tasks.wake, "wake", lambda kind, pk: woken.append((kind, pk)))
    Delivery.objects.update(due_at=timezone.now())
    Flow.objects.update(resume_at=timezone.now() + timedelta(minutes=10))
    tasks.wake_due()
    assert woken == [("deliver", hub.flow.target_id)]
