"""Runs: read in turns, put back when they must wait, and never two sweeps at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from connectors.base import Record
from connectors.errors import NotReadyError, ThrottledError, TransientError
from connectors.hooks import Quota
from hub import clients, tasks, throttle
from hub.engine import read, runs
from hub.engine.records import stream_of
from hub.models import Delivery, Flow, InboundEvent, RateLimit, SyncRun
from tests.hub.engine.toyhub import Hub

BY_HAND = SyncRun.Trigger.COMMAND


def test_a_long_run_is_read_in_turns_and_every_record_once(hub: Hub) -> None:
    keys = [str(n) for n in range(250)]
    for key in keys:
        hub.world.place(key)
    run = read.start_run(hub.flow, trigger=BY_HAND, keys=keys, wake_up=False)
    turns = 0
    while SyncRun.objects.get(pk=run.pk).state == "waiting":
        read.carry_out(run.pk, turn=-1)
        turns += 1
    run.refresh_from_db()
    assert (turns, run.state, run.read) == (4, "done", 250)
    assert Delivery.objects.count() == 250


def test_a_run_that_is_throttled_goes_on_later_at_its_place(hub: Hub) -> None:
    hub.world.place("1")
    hub.world.unreadable = ThrottledError("Slow down.", retry_after=60)
    run = read.start_run(hub.flow, trigger=BY_HAND, keys=["1"], wake_up=False)
    read.carry_out(run.pk)
    waiting = SyncRun.objects.get()
    assert (waiting.state, waiting.message) == ("waiting", "Slow down.")
    assert waiting.due_at == pytest.approx(timezone.now() + timedelta(seconds=60), abs=timedelta(seconds=5))
    hub.world.unreadable = None
    assert read.carry_out(run.pk) is None
    SyncRun.objects.update(due_at=timezone.now())
    read.carry_out(run.pk)
    assert SyncRun.objects.get().state == "done"


def test_what_was_read_before_a_list_broke_off_is_taken_in(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(client: object, cursor: str) -> Iterator[Record]:
        yield Record(key="1", payload={"Number": "1"})
        yield Record(key="2", payload={"Number": "2"}, cursor="2026-11-20")
        raise ThrottledError("Slow down.", retry_after=60)

    stream = replace(stream_of(hub.flow) or pytest.fail("the flow has a stream"), read=broken)
    monkeypatch.setattr(read, "stream_of", lambda flow: stream)
    run = read.start_run(hub.flow, trigger=BY_HAND, wake_up=False)
    read.carry_out(run.pk)
    run.refresh_from_db()
    hub.flow.refresh_from_db()
    assert (run.state, run.read, hub.flow.cursor) == ("waiting", 2, "2026-11-20")


def test_a_run_that_cannot_read_says_why(hub: Hub) -> None:
    hub.world.unreadable = TransientError("The shop is unwell.")
    run = read.start_run(hub.flow, trigger=BY_HAND, keys=["1"], wake_up=False)
    read.carry_out(run.pk)
    run.refresh_from_db()
    assert (run.state, run.message) == ("failed", "The shop is unwell.")


def test_two_sweeps_of_a_flow_never_run_at_once_but_webhooks_do_not_count(hub: Hub) -> None:
    now = timezone.now()
    SyncRun.objects.create(flow=hub.flow, trigger="webhook", state="running", seen_at=now)
    first = read.start_run(hub.flow, trigger=BY_HAND, wake_up=False)
    read.carry_out(first.pk)
    assert SyncRun.objects.get(pk=first.pk).state == "done"
    SyncRun.objects.filter(pk=first.pk).update(state="running", seen_at=now)
    second = read.start_run(hub.flow, trigger=BY_HAND, wake_up=False)
    read.carry_out(second.pk)
    assert SyncRun.objects.get(pk=second.pk).state == "stopped"


@pytest.mark.parametrize(("reading", "asked"), [("2026-11-01", ""), ("", "2026-11-01"), ("2026-11-01", "2026-11-20")])
def test_reading_the_past_again_and_reading_what_is_new_do_not_stop_each_other(hub: Hub, reading: str, asked: str) -> None:
    SyncRun.objects.create(flow=hub.flow, trigger=BY_HAND, since=reading, state="running", seen_at=timezone.now())
    run = read.start_run(hub.flow, trigger=BY_HAND, since=asked, wake_up=False)
    read.carry_out(run.pk)
    run.refresh_from_db()
    assert run.state == "done"


@pytest.mark.parametrize(("keys", "state"), [(["1"], "waiting"), ([], "failed")])
def test_a_run_whose_worker_died_goes_on_at_its_place_or_leaves_the_rest_to_the_next(hub: Hub, keys: list[str], state: str) -> None:
    old = timezone.now() - timedelta(hours=1)
    run = SyncRun.objects.create(flow=hub.flow, trigger=BY_HAND, state="running", seen_at=old, keys=keys, place="100" if keys else "")
    runs.lost_runs(now=timezone.now())
    run.refresh_from_db()
    assert (run.state, run.place) == (state, "100" if keys else "")


def test_a_run_that_dies_again_and_again_is_closed(hub: Hub) -> None:
    run = SyncRun.objects.create(flow=hub.flow, trigger=BY_HAND, state="running", seen_at=timezone.now() - timedelta(hours=1), keys=["1"])
    for _ in range(runs.RESTARTS + 1):
        runs.lost_runs(now=timezone.now())
        SyncRun.objects.filter(pk=run.pk, state="waiting").update(state="running")
    run.refresh_from_db()
    assert run.state == "failed"


def test_resyncing_named_records_sends_them_even_when_unchanged(hub: Hub) -> None:
    hub.world.place("1")
    hub.read()
    hub.send()
    read.carry_out(read.start_run(hub.flow, trigger=BY_HAND, keys=["1"], wake_up=False).pk)
    hub.send()
    assert hub.world.calls.count(("send", "1")) == 2


def test_a_task_that_fails_never_quotes_what_it_met(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise ValueError("could not read Dana Ruiz, 12 Elm Street")

    monkeypatch.setattr(read, "carry_out", broken)
    with pytest.raises(tasks.TaskFailedError) as failed:
        tasks.run(1)
    assert str(failed.value) == "ValueError"
    assert failed.value.__suppress_context__


def test_a_limit_that_the_system_closes_is_closed_for_everybody(hub: Hub) -> None:
    RateLimit.objects.create(connection=hub.flow.target, name="calls", burst=10, per_second=1, tokens=10)
    throttle.learn(hub.flow.target_id, "calls", Quota(remaining=0, reset_after=30))
    assert not throttle.take(hub.flow.target_id, "calls", 1)


def refused(hub: Hub, error: ThrottledError | NotReadyError) -> SyncRun:
    hub.world.place("1")
    hub.world.unreadable = error
    run = read.start_run(hub.flow, trigger=BY_HAND, keys=["1"], wake_up=False)
    RateLimit.objects.create(connection=hub.flow.source, name="calls", burst=1, per_second=0.01, tokens=1)
    RateLimit.objects.create(connection=hub.flow.source, name="orders", burst=5, per_second=0.01, tokens=5)
    read.carry_out(run.pk)
    run.refresh_from_db()
    return run


def seconds_until(run: SyncRun) -> float:
    assert run.due_at
    return (run.due_at - timezone.now()).total_seconds()


def test_a_refusal_without_a_time_closes_the_limit_of_that_call_until_one_is_refilled(hub: Hub) -> None:
    error = ThrottledError("Slow down.")
    error.limit = "orders"
    run = refused(hub, error)
    assert (run.state, RateLimit.objects.get(name="calls").blocked_until) == ("waiting", 0)
    assert RateLimit.objects.get(name="orders").tokens == 0
    assert 100 <= seconds_until(run) <= 126


def test_a_limit_that_we_counted_out_ourselves_is_not_closed_for_urgent_work(hub: Hub) -> None:
    error = clients.NoCallsLeftError("Nothing left.", retry_after=50)
    error.limit = "orders"
    run = refused(hub, error)
    assert {row.blocked_until for row in RateLimit.objects.all()} == {0}
    assert 45 <= seconds_until(run) <= 50


def test_a_report_that_is_still_being_made_is_asked_for_later_and_closes_nothing(hub: Hub) -> None:
    run = refused(hub, NotReadyError("The report is being made.", retry_after=90))
    assert (run.state, run.message, run.restarts) == ("waiting", "The report is being made.", 0)
    assert {row.blocked_until for row in RateLimit.objects.all()} == {0}
    assert 85 <= seconds_until(run) <= 90


def test_runs_that_are_due_are_woken_the_urgent_ones_first(hub: Hub) -> None:
    now = timezone.now()
    waiting = {"flow": hub.flow, "state": "waiting"}
    old = SyncRun.objects.create(trigger="command", since="2026", due_at=now - timedelta(hours=1), **waiting)
    new = SyncRun.objects.create(trigger="schedule", due_at=now, **waiting)
    SyncRun.objects.create(trigger="schedule", due_at=now + timedelta(hours=1), **waiting)
    assert runs.due_runs(now=now) == [new.pk, old.pk]


def test_a_run_whose_wake_up_got_lost_is_woken_again_after_a_while(hub: Hub) -> None:
    run = read.start_run(hub.flow, trigger=BY_HAND, wake_up=False)
    now = timezone.now()
    assert runs.due_runs(now=now) == []
    assert runs.due_runs(now=now + timedelta(seconds=20)) == [run.pk]


def test_a_schedule_starts_no_second_run_beside_one_that_waits(hub: Hub) -> None:
    later = timezone.now() + timedelta(hours=1)
    SyncRun.objects.create(flow=hub.flow, trigger="schedule", state="waiting", due_at=later)
    tasks.poll(hub.flow.pk)
    assert SyncRun.objects.count() == 1


@pytest.mark.parametrize(("trigger", "turns"), [("command", 3), ("schedule", 1)])
def test_a_back_fill_gives_way_to_what_is_announced_after_each_page(hub: Hub, trigger: str, turns: int) -> None:
    Flow.objects.update(batch=1)
    for key in ("1", "2"):
        hub.world.place(key)
    now = timezone.now()
    InboundEvent.objects.create(
        connection=hub.flow.source, event_id="e", type="order", stream="orders", key="1", due_at=now, received_at=now
    )
    run = read.start_run(hub.flow, trigger=trigger, since="0" if trigger == "command" else "", wake_up=False)
    count = 0
    while SyncRun.objects.get(pk=run.pk).state == "waiting" and count < 9:
        read.carry_out(run.pk)
        count += 1
    assert count == turns
    assert Delivery.objects.count() == 2
