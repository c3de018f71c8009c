"""Runs: read in turns, put back when they must wait, and never two sweeps at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from connectors.base import Record
from connectors.errors import ThrottledError, TransientError
from connectors.hooks import Quota
from hub import tasks, throttle
from hub.engine import read
from hub.engine.records import stream_of
from hub.models import Delivery, RateLimit, SyncRun
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
    assert SyncRun.objects.get().state == "waiting"
    hub.world.unreadable = None
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


@pytest.mark.parametrize(("keys", "state"), [(["1"], "waiting"), ([], "failed")])
def test_a_run_whose_worker_died_goes_on_at_its_place_or_leaves_the_rest_to_the_next(hub: Hub, keys: list[str], state: str) -> None:
    old = timezone.now() - timedelta(hours=1)
    run = SyncRun.objects.create(flow=hub.flow, trigger=BY_HAND, state="running", seen_at=old, keys=keys, place="100" if keys else "")
    read.lost_runs(now=timezone.now())
    run.refresh_from_db()
    assert (run.state, run.place) == (state, "100" if keys else "")


def test_a_run_that_dies_again_and_again_is_closed(hub: Hub) -> None:
    run = SyncRun.objects.create(flow=hub.flow, trigger=BY_HAND, state="running", seen_at=timezone.now() - timedelta(hours=1), keys=["1"])
    for _ in range(read.RESTARTS + 1):
        read.lost_runs(now=timezone.now())
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
