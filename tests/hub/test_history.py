"""What ended long ago is removed; what has not ended, and what is evidence of an order, stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub import history
from hub.models import Attempt, Connection, CrossReference, Delivery, ErrorRecord, Flow, InboundEvent, SyncRun
from tests import factories

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
OLD, YOUNG = NOW - timedelta(days=401), NOW - timedelta(days=399)
pytestmark = pytest.mark.django_db


@pytest.fixture
def flow() -> Flow:
    return factories.flow()


def remove(days: int = 400) -> dict[str, int]:
    return history.remove_history(now=NOW, days=days)


def event(flow: Flow, state: str, at: datetime) -> InboundEvent:
    made = f"{state}-{at}-{InboundEvent.objects.count()}"
    return InboundEvent.objects.create(connection_id=flow.source_id, event_id=made, type="order", state=state, due_at=at, received_at=at)


def attempt(flow: Flow, state: str, at: datetime, **more: Any) -> Attempt:
    key = f"{state}-{Delivery.objects.count()}"
    row = Delivery.objects.create(flow=flow, key=key, state=state, fingerprint="", due_at=at, created_at=at, changed_at=at, **more)
    return Attempt.objects.create(delivery=row, number=1, started_at=at, finished_at=at, outcome=state)


def run(flow: Flow, state: str, at: datetime) -> SyncRun:
    made = SyncRun.objects.create(flow=flow, trigger="schedule", state=state)
    SyncRun.objects.filter(pk=made.pk).update(created_at=at)
    return made


def test_only_events_that_are_done_or_meant_nothing_are_removed(flow: Flow) -> None:
    for state in ("received", "done", "ignored", "failed"):
        for at in (OLD, YOUNG):
            event(flow, state, at)
    assert remove()["InboundEvent"] == 2
    assert sorted(InboundEvent.objects.filter(received_at=OLD).values_list("state", flat=True)) == ["failed", "received"]
    assert InboundEvent.objects.filter(received_at=YOUNG).count() == 4


def test_attempts_are_removed_once_their_delivery_is_over(flow: Flow) -> None:
    for state in Delivery.State.values:
        attempt(flow, state, OLD)
    attempt(flow, "delivered", YOUNG)
    assert remove()["Attempt"] == 3
    left = set(Attempt.objects.values_list("delivery__state", "finished_at"))
    assert left == {(state, OLD) for state in ("pending", "sending", "waiting", "held", "failed")} | {("delivered", YOUNG)}


def test_a_run_that_is_done_is_removed_and_its_deliveries_and_events_stay(flow: Flow) -> None:
    done, failed, young = run(flow, "done", OLD), run(flow, "failed", OLD), run(flow, "done", YOUNG)
    row = attempt(flow, "failed", OLD, run=done).delivery
    asked = event(flow, "received", OLD)
    InboundEvent.objects.filter(pk=asked.pk).update(run=done)
    assert remove()["SyncRun"] == 1
    row.refresh_from_db()
    asked.refresh_from_db()
    assert (row.run, asked.run, set(SyncRun.objects.all())) == (None, None, {failed, young})


def test_deliveries_errors_and_cross_references_stay(flow: Flow) -> None:
    row = attempt(flow, "delivered", OLD).delivery
    factories.error(row)
    CrossReference.objects.create(
        source=flow.source, stream="orders", source_key="1", target=flow.target, operation="sales_orders", target_key="SO-1",
        created_at=OLD, changed_at=OLD,
    )  # fmt: skip
    remove()
    assert (Delivery.objects.count(), ErrorRecord.objects.count(), CrossReference.objects.count()) == (1, 1, 1)


def test_zero_days_keep_everything(flow: Flow) -> None:
    event(flow, "done", OLD)
    assert remove(days=0) == {}
    assert InboundEvent.objects.exists()


def test_more_than_a_batch_is_removed_even_behind_many_that_stay(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "BATCH", 3)
    for state in ("failed",) * 7 + ("done",) * 7:
        event(flow, state, OLD)
    assert remove()["InboundEvent"] == 7
    assert set(InboundEvent.objects.values_list("state", flat=True)) == {"failed"}


def test_the_present_is_not_looked_through(flow: Flow, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any) -> None:
    monkeypatch.setattr(history, "BATCH", 2)
    for _ in range(20):
        event(flow, "done", YOUNG)
    with django_assert_max_num_queries(3):
        remove()


def test_what_takes_too_long_goes_on_the_next_day(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    event(flow, "done", OLD)
    monkeypatch.setattr(history, "LONGEST", -1.0)
    assert remove()["InboundEvent"] == 0
    monkeypatch.undo()
    assert remove()["InboundEvent"] == 1


@pytest.mark.parametrize(("state", "kept"), [("waiting", True), ("running", True), ("failed", True), ("done", False), ("stopped", False)])
def test_the_daily_task_sweeps_only_runs_that_ended_well_and_brought_nothing(flow: Flow, state: str, kept: bool) -> None:
    from hub import tasks

    SyncRun.objects.create(flow=flow, trigger="schedule", state=state)
    SyncRun.objects.update(created_at=datetime.now(UTC) - timedelta(days=20))
    tasks.purge()
    assert SyncRun.objects.exists() is kept


def test_the_daily_task_removes_what_is_older_than_the_setting(flow: Flow) -> None:
    from hub import tasks

    event(flow, "done", datetime(2020, 1, 1, tzinfo=UTC))
    tasks.purge()
    assert not InboundEvent.objects.exists()
    assert Connection.objects.exists()
