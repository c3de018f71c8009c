"""What a list hides is counted elsewhere, fetched by name, and stated."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from connectors.errors import NotReadyError, TransientError
from hub import tasks
from hub.engine import completeness, read
from hub.models import CompletenessCheck, Delivery, Flow, SyncRun
from tests.hub.engine.toyhub import Hub


def started(hub: Hub) -> CompletenessCheck:
    now = timezone.now()
    check = completeness.start_check(hub.flow, since=now - timedelta(days=1), until=now)
    assert check
    return check


def concluded(hub: Hub) -> CompletenessCheck:
    """A check from its start to its end, the fetching included."""
    check = started(hub)
    completeness.carry_out(check.pk)
    check.refresh_from_db()
    if check.run:
        read.carry_out(check.run.pk)
        completeness.carry_out(check.pk)
        check.refresh_from_db()
    return check


def test_what_the_list_hides_is_fetched_by_name_and_the_statement_is_whole(hub: Hub) -> None:
    for number in range(1300):
        hub.world.place(str(number))
    hub.world.hidden = {str(number) for number in range(0, 1300, 200)}
    hub.read()
    check = concluded(hub)
    assert (check.missing, check.statement, check.complete) == (7, "1,300 of 1,300", True)
    assert Delivery.objects.values("key").distinct().count() == 1300


def test_nothing_is_fetched_where_nothing_is_missing(hub: Hub) -> None:
    hub.world.place("1")
    hub.read()
    check = concluded(hub)
    assert (check.statement, check.run, SyncRun.objects.count()) == ("1 of 1", None, 0)


def test_a_skipped_record_counts_as_taken_in(hub: Hub) -> None:
    hub.world.place("1")
    hub.read()
    Delivery.objects.update(state="skipped")
    assert concluded(hub).complete


def test_a_record_that_the_flow_neither_takes_nor_lists_is_not_called_missing(hub: Hub) -> None:
    Flow.objects.update(filter='Status = "New"', list_others=False)
    hub.flow.refresh_from_db()
    hub.world.place("1", Status="Old")
    hub.read()
    check = concluded(hub)
    hub.send()
    assert (check.statement, check.complete, hub.states()) == ("1 of 1", True, {"1": "skipped"})
    assert concluded(hub).missing == 0


def test_what_cannot_be_read_by_name_either_is_named_and_not_complete(hub: Hub) -> None:
    hub.world.hidden = {"ghost"}
    check = concluded(hub)
    assert (check.statement, check.absent, check.complete) == ("0 of 1", ["ghost"], False)
    assert "look for them in the source" in check.message


def test_a_list_that_is_still_being_made_is_asked_for_again_later(hub: Hub) -> None:
    hub.world.uncounted = NotReadyError("The report is being made.", retry_after=90)
    check = started(hub)
    completeness.carry_out(check.pk)
    check.refresh_from_db()
    assert (check.state, check.due_at > timezone.now() + timedelta(seconds=60)) == ("waiting", True)
    hub.world.uncounted = None
    completeness.carry_out(check.pk)
    check.refresh_from_db()
    assert check.state == "done"


def test_a_source_that_cannot_be_counted_is_told_in_words(hub: Hub) -> None:
    hub.world.uncounted = TransientError("The shop is unwell.")
    check = concluded(hub)
    assert (check.state, check.message) == ("failed", "The shop is unwell.")


def test_one_check_of_a_flow_at_a_time(hub: Hub) -> None:
    started(hub)
    now = timezone.now()
    assert completeness.start_check(hub.flow, since=now - timedelta(days=1), until=now) is None


def test_two_workers_never_count_the_same_check(hub: Hub) -> None:
    hub.world.place("1")
    check = started(hub)
    CompletenessCheck.objects.update(state="counting", seen_at=timezone.now())
    assert completeness.carry_out(check.pk) is None


@pytest.mark.parametrize(("ended", "goes_on"), [("running", False), ("waiting", False), ("done", True), ("failed", True)])
def test_a_check_ends_only_when_its_fetching_has(hub: Hub, ended: str, goes_on: bool) -> None:
    hub.world.hidden = {"1"}
    check = started(hub)
    completeness.carry_out(check.pk)
    SyncRun.objects.update(state=ended)
    assert bool(completeness.carry_out(check.pk)) is goes_on


def test_every_day_a_new_window_begins_where_the_last_one_ended(hub: Hub) -> None:
    now = timezone.now()
    Flow.objects.update(created_at=now - timedelta(days=2))
    assert completeness.start_daily(now=now) == 1
    first = CompletenessCheck.objects.get()
    completeness.carry_out(first.pk)
    assert completeness.start_daily(now=now + timedelta(hours=20)) == 0
    assert completeness.start_daily(now=now + timedelta(hours=26)) == 1
    assert CompletenessCheck.objects.latest("pk").since == first.until


def test_a_new_flow_is_not_counted_before_its_first_day_is_over(hub: Hub) -> None:
    assert completeness.start_daily(now=timezone.now()) == 0


def test_a_dead_worker_leaves_its_count_to_another(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[tuple[str, int]] = []
    monkeypatch.setattr("hub.engine.completeness.wake", lambda kind, pk: woken.append((kind, pk)))
    check = started(hub)
    CompletenessCheck.objects.update(state="counting", seen_at=timezone.now() - timedelta(minutes=30))
    tasks.tick()
    assert ("completeness", check.pk) in woken


def test_a_window_that_could_not_be_counted_is_counted_the_next_day(hub: Hub) -> None:
    now = timezone.now()
    Flow.objects.update(created_at=now - timedelta(days=2))
    completeness.start_daily(now=now)
    first = CompletenessCheck.objects.get()
    hub.world.uncounted = TransientError("The shop is unwell.")
    completeness.carry_out(first.pk)
    assert completeness.start_daily(now=now + timedelta(hours=2)) == 0
    assert completeness.start_daily(now=now + timedelta(hours=26)) == 1
    assert CompletenessCheck.objects.latest("pk").since == first.since


def test_a_window_that_a_person_chose_leaves_no_gap_before_it(hub: Hub) -> None:
    now = timezone.now()
    Flow.objects.update(created_at=now - timedelta(days=9))
    asked = completeness.start_check(hub.flow, since=now - timedelta(days=2), until=now - timedelta(hours=2))
    assert asked
    completeness.carry_out(asked.pk)
    assert completeness.start_daily(now=now) == 1
    assert CompletenessCheck.objects.latest("pk").since == now - timedelta(days=9)


def test_what_came_by_itself_before_it_was_fetched_is_not_sent_again(hub: Hub) -> None:
    hub.world.place("1")
    check = started(hub)
    completeness.carry_out(check.pk)
    hub.read()
    hub.send()
    check.refresh_from_db()
    assert check.run
    read.carry_out(check.run.pk)
    hub.send()
    assert [call for call, _ in hub.world.calls].count("send") == 1


@pytest.mark.parametrize("state", ["waiting", "counting"])
def test_a_list_that_is_never_made_fails_after_a_day_and_the_window_is_counted_anew(hub: Hub, state: str) -> None:
    now = timezone.now()
    Flow.objects.update(created_at=now - timedelta(days=2))
    completeness.start_daily(now=now)
    first = CompletenessCheck.objects.get()
    CompletenessCheck.objects.update(state=state, created_at=now - timedelta(hours=25), seen_at=now - timedelta(hours=1))
    completeness.wake_due(now=now)
    first.refresh_from_db()
    assert (first.state, first.message) == ("failed", "The source did not make its list within a day.")
    assert completeness.start_daily(now=now) == 1
    assert CompletenessCheck.objects.latest("pk").since == first.since


def test_without_its_run_a_check_does_not_call_itself_complete(hub: Hub) -> None:
    hub.world.hidden = {"ghost"}
    check = started(hub)
    completeness.carry_out(check.pk)
    SyncRun.objects.all().delete()
    completeness.carry_out(check.pk)
    check.refresh_from_db()
    assert (check.state, check.complete) == ("failed", False)
