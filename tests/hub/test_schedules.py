"""The queue's schedules equal the triggers of the flows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.models import Schedule

from hub import schedules
from hub.models import Connection, Flow

pytestmark = pytest.mark.django_db


@pytest.fixture
def flow() -> Flow:
    source = Connection.objects.create(slug="ca-us", name="ChannelAdvisor US", connector="channeladvisor")
    return Flow.objects.create(slug="ca-orders", name="Orders", source=source, stream="orders", poll_minutes=15)


def names() -> set[str]:
    return set(Schedule.objects.values_list("name", flat=True))


def test_every_function_that_is_scheduled_exists(flow: Flow) -> None:
    schedules.sync()
    for path in Schedule.objects.values_list("func", flat=True):
        assert callable(import_string(path))


def test_a_flow_is_read_as_often_as_it_says(flow: Flow) -> None:
    schedules.sync()
    row = Schedule.objects.get(name="hub: read ca-orders")
    assert (row.func, row.args, row.minutes, row.repeats) == ("hub.tasks.poll", f"{flow.pk},", 15, -1)


def test_doing_it_again_changes_nothing(flow: Flow) -> None:
    schedules.sync()
    before = list(Schedule.objects.order_by("id").values())
    assert schedules.sync() == 0
    assert list(Schedule.objects.order_by("id").values()) == before


def test_a_shorter_interval_counts_from_now(flow: Flow) -> None:
    schedules.sync()
    Schedule.objects.update(next_run=timezone.now() + timedelta(days=5))
    Flow.objects.update(poll_minutes=5)
    schedules.sync()
    assert Schedule.objects.get(name="hub: read ca-orders").next_run < timezone.now() + timedelta(minutes=6)


@pytest.mark.parametrize("change", [{"enabled": False}, {"poll_minutes": 0}, {"stream": "", "source": None}])
def test_a_flow_that_is_not_polled_has_no_schedule(flow: Flow, change: dict[str, object]) -> None:
    schedules.sync()
    assert "hub: read ca-orders" in names()
    Flow.objects.update(**change)
    schedules.sync()
    assert "hub: read ca-orders" not in names()
    assert {"hub: tick", "hub: purge"} <= names()


def test_a_connection_that_is_switched_off_is_not_polled(flow: Flow) -> None:
    Connection.objects.update(enabled=False)
    schedules.sync()
    assert "hub: read ca-orders" not in names()


def test_a_renamed_flow_keeps_one_schedule(flow: Flow) -> None:
    schedules.sync()
    Flow.objects.update(slug="orders-us")
    schedules.sync()
    assert {name for name in names() if "read" in name} == {"hub: read orders-us"}


def test_doubles_are_removed_and_schedules_of_others_left_alone(flow: Flow) -> None:
    schedules.sync()
    Schedule.objects.create(name="hub: tick", func="hub.tasks.tick", schedule_type="I", minutes=1)
    Schedule.objects.create(name="someone else's", func="builtins.print")
    schedules.sync()
    assert Schedule.objects.filter(name="hub: tick").count() == 1
    assert "someone else's" in names()
