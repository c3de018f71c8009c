"""A connection or flow that is switched off in the middle of a road: nothing goes out, nothing is lost, and all goes on afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from connectors import registry
from connectors.base import Payload, Receipt, Reference
from connectors.errors import OutcomeUnknownError, TransientError
from connectors.http import JsonClient
from hub import tasks
from hub.engine import leases, read, triage
from hub.engine.claim import claim
from hub.models import Connection, Delivery, Flow, SyncRun
from tests.hub.engine import toy
from tests.hub.engine.toy import slow
from tests.hub.engine.toyhub import Hub

BY_CHECK, BY_SCHEDULE, BY_COMMAND = SyncRun.Trigger.CHECK, SyncRun.Trigger.SCHEDULE, SyncRun.Trigger.COMMAND


def switch(slug: str, *, on: bool) -> None:
    Connection.objects.filter(slug=slug).update(enabled=on)


def sent(hub: Hub) -> list[str]:
    return [about for kind, about in hub.world.calls if kind == "send"]


def once_each(hub: Hub, keys: str) -> bool:
    """Every order is one document at the ledger, and was sent there once."""
    return sorted(one["Ref"] for one in hub.world.documents.values()) == sorted(keys) and sorted(sent(hub)) == sorted(keys)


def test_what_waits_stays_and_goes_out_once_after_the_switch(hub: Hub) -> None:
    for key in "123":
        hub.world.place(key)
    hub.read()
    switch("ledger", on=False)
    assert (hub.later(), sent(hub), set(hub.states().values())) == (0, [], {"pending"})
    switch("ledger", on=True)
    hub.send()
    assert once_each(hub, "123")


def test_nobody_is_woken_for_a_target_that_is_off_and_everybody_afterwards(hub: Hub) -> None:
    hub.world.place("1")
    hub.read()
    switch("ledger", on=False)
    assert tasks._due_targets(resting=True) == []
    switch("ledger", on=True)
    assert tasks._due_targets(resting=True) == [hub.flow.target_id]


def switching(monkeypatch: pytest.MonkeyPatch, slug: str, *, after: int) -> None:
    """Somebody switches the connection off while the so-many-th order is being sent."""
    left = [after]

    def send(client: JsonClient, payload: Payload, reference: Reference) -> Receipt:
        left[0] -= 1
        receipt = toy._send(client, payload, reference)
        if not left[0]:
            switch(slug, on=False)
        return receipt

    orders = replace(toy.LEDGER.operation("orders"), send=send)
    ledger = replace(toy.LEDGER, operations=(orders, *(one for one in toy.LEDGER.operations if one.id != "orders")), parallel=1)
    monkeypatch.setattr(registry, "connectors", lambda: {"shop": toy.SHOP, "ledger": ledger})


def test_a_batch_that_is_being_sent_is_ended_and_no_further_one_begins(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    Flow.objects.update(batch=2)
    switching(monkeypatch, "ledger", after=1)
    monkeypatch.setattr("hub.engine.deliver.senders", lambda connection, most: 1)
    for key in "12345":
        hub.world.place(key)
    hub.read()
    hub.send()
    assert sorted(hub.states().values()) == ["delivered"] * 2 + ["pending"] * 3
    switch("ledger", on=True)
    hub.send()
    assert once_each(hub, "12345")


@pytest.mark.parametrize("trouble", [OutcomeUnknownError("No answer came."), TransientError("Unwell.")])
def test_what_failed_before_the_switch_is_not_tried_while_off_and_not_doubled_afterwards(hub: Hub, trouble: Exception) -> None:
    hub.world.place("1")
    hub.world.after = [trouble]
    hub.read()
    hub.send()
    switch("ledger", on=False)
    calls = len(hub.world.calls)
    assert hub.later() == 0
    assert len(hub.world.calls) == calls
    switch("ledger", on=True)
    hub.later()
    assert (hub.states()["1"], len(hub.world.documents)) == ("delivered", 1)


def test_a_worker_that_died_while_its_target_was_switched_off_is_asked_about_afterwards(hub: Hub) -> None:
    hub.world.place("1")
    hub.read()
    claim([hub.flow], size=10, now=timezone.now())
    switch("ledger", on=False)
    assert leases.expired(now=timezone.now() + timedelta(hours=1)) == 1
    hub.later()
    assert (hub.states()["1"], sent(hub)) == ("waiting", [])
    switch("ledger", on=True)
    hub.later()
    assert [kind for kind, _ in hub.world.calls if kind in ("find", "send")] == ["find", "send"]
    assert hub.states()["1"] == "delivered"


def test_only_the_newest_version_goes_out_of_what_changed_while_off(hub: Hub) -> None:
    hub.world.place("1", Total=10)
    hub.read()
    switch("ledger", on=False)
    hub.world.place("1", Total=20)
    hub.world.place("2")
    hub.read()
    hub.send()
    assert hub.world.documents == {}
    switch("ledger", on=True)
    hub.send()
    assert once_each(hub, "12")
    assert next(one for one in hub.world.documents.values() if one["Ref"] == "1")["Total"] == 20


def test_what_the_target_had_taken_is_asked_about_only_after_the_switch(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "connectors", lambda: {"shop": toy.SHOP, "ledger": slow.LEDGER})
    hub.world.place("1")
    hub.read()
    hub.send()
    switch("ledger", on=False)
    slow.decide("1")
    hub.later()
    assert "follow" not in [kind for kind, _ in hub.world.calls]
    switch("ledger", on=True)
    Delivery.objects.update(taken_at=timezone.now() - timedelta(days=3))
    hub.later()
    assert (hub.states()["1"], sent(hub)) == ("delivered", ["1"])


def test_a_retry_that_a_person_asks_for_while_the_target_is_off_waits_for_it(hub: Hub) -> None:
    hub.world.place("1")
    hub.read()
    Delivery.objects.update(state="failed")
    switch("ledger", on=False)
    triage.retry(Delivery.objects.all(), by=None)
    hub.send()
    assert (hub.states()["1"], sent(hub)) == ("pending", [])
    switch("ledger", on=True)
    hub.send()
    assert once_each(hub, "1")


def test_a_flow_that_is_switched_off_sends_nothing_and_the_others_go_on(hub: Hub) -> None:
    hub.world.place("1")
    hub.read()
    Flow.objects.update(enabled=False)
    assert (hub.send(), sent(hub)) == (0, [])
    Flow.objects.update(enabled=True)
    hub.send()
    assert once_each(hub, "1")


def test_a_source_that_is_off_holds_up_nothing_that_was_read_before(hub: Hub) -> None:
    hub.world.place("1")
    hub.read()
    switch("shop", on=False)
    hub.send()
    assert once_each(hub, "1")


def run_of(hub: Hub, trigger: str, **asked: Any) -> SyncRun:
    return read.start_run(hub.flow, trigger=trigger, wake_up=False, **asked)


def test_reading_stops_at_the_next_page_and_the_next_reading_goes_on_at_the_cursor(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    Flow.objects.update(batch=2)
    for key in "12345":
        hub.world.place(key)
    off_after_a_page(monkeypatch)
    first = run_of(hub, BY_SCHEDULE)
    read.carry_out(first.pk)
    first.refresh_from_db()
    assert (first.state, first.read, "switched off" in first.message) == ("failed", 2, True)
    assert (hub.last("1").flow.cursor, Delivery.objects.count()) == ("000002", 2)
    switch("shop", on=True)
    read.carry_out(run_of(hub, BY_SCHEDULE).pk)
    hub.send()
    assert once_each(hub, "12345")


def off_after_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody switches the shop off while the first page is taken in."""
    accept: Callable[..., Any] = read.accept
    pages: list[int] = []

    def accepting(*args: Any, **options: Any) -> Any:
        pages.append(1)
        if len(pages) == 1:
            switch("shop", on=False)
        return accept(*args, **options)

    monkeypatch.setattr(read, "accept", accepting)


def test_records_asked_for_by_name_are_read_to_the_end_after_the_switch(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [str(at) for at in range(250)]
    for key in keys:
        hub.world.place(key)
    off_after_a_page(monkeypatch)
    run = run_of(hub, BY_CHECK, keys=keys)
    for _ in range(3):
        SyncRun.objects.update(due_at=timezone.now())
        read.carry_out(run.pk)
    run.refresh_from_db()
    assert (run.state, run.read, "goes on" in run.message) == ("waiting", 100, True)
    switch("shop", on=True)
    SyncRun.objects.update(due_at=timezone.now())
    read.carry_out(run.pk)
    run.refresh_from_db()
    assert (run.state, run.read, Delivery.objects.count()) == ("done", 250, 250)


def test_what_was_asked_for_before_the_switch_and_not_begun_waits_for_it(hub: Hub) -> None:
    hub.world.place("1")
    run = run_of(hub, BY_CHECK, keys=["1"])
    switch("shop", on=False)
    read.carry_out(run.pk)
    assert SyncRun.objects.get().state == "waiting"
    switch("shop", on=True)
    SyncRun.objects.update(due_at=timezone.now())
    assert (read.carry_out(run.pk) or run).state == "done"


def test_a_command_is_told_at_once_that_the_source_is_off(hub: Hub) -> None:
    switch("shop", on=False)
    read.carry_out(run_of(hub, BY_COMMAND, keys=["1"]).pk)
    run = SyncRun.objects.get()
    assert (run.state, run.message) == ("failed", "The connection Shop is switched off.")
