"""When more records are announced than can be read by name, one reading of the list answers them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from time import monotonic

import pytest
from django.utils import timezone

from connectors import registry
from connectors.base import Limit, Record
from connectors.http import JsonClient
from hub.engine import crowd, events
from hub.engine.read import carry_out, start_run
from hub.engine.records import stream_of
from hub.models import Connection, Flow, InboundEvent, RateLimit, SyncRun
from tests.hub.engine import toy
from tests.hub.engine.toyhub import Hub

MANY = crowd.CROWD + 20


@pytest.fixture
def busy(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """The shop says which version it announces, lets two orders be read by name and then hardly any, and lists all of them."""

    def counted(client: JsonClient, keys: Sequence[str]) -> list[Record]:
        client.hooks.throttle("one", len(keys))
        return toy._read_many(client, keys)

    orders = replace(toy.SHOP.streams[0], read_many=counted, keys_at_once=1, dated_events=True)
    limits = (Limit(name="one", label="One", burst=2, per_second=0.01),)
    shop = replace(toy.SHOP, streams=(orders, *toy.SHOP.streams[1:]), limits=limits)
    monkeypatch.setattr(registry, "connectors", lambda: {"shop": shop, "ledger": toy.LEDGER})
    monkeypatch.setattr(crowd, "FROM_THE_OLD_END", 0.0)
    Flow.objects.filter(pk=hub.flow.pk).update(cursor="000000")
    hub.flow.refresh_from_db()
    return hub


def announce(hub: Hub, count: int, *, ago: timedelta = timedelta(minutes=4), version: int = 1, first: int = 0) -> None:
    """So many orders change, and that is told."""
    at = timezone.now() - ago
    for number in range(first, first + count):
        hub.world.place(f"k{number}")
    InboundEvent.objects.bulk_create(
        InboundEvent(
            connection=hub.flow.source, event_id=f"e{number}-{version}", stream="orders", key=f"k{number}", type="changed",
            occurred_at=f"{version:06}", due_at=at, received_at=at,
        )
        for number in range(first, first + count)
    )  # fmt: skip


def read_events(hub: Hub) -> None:
    events.read_events(hub.flow.source_id, deadline=monotonic() + 0.01)  # type: ignore[arg-type]


def waiting() -> int:
    return InboundEvent.objects.filter(state="received").count()


def sweeps() -> list[SyncRun]:
    return list(SyncRun.objects.exclude(trigger="webhook").order_by("pk"))


def test_a_crowd_is_read_as_a_list_and_its_events_are_answered_by_it(busy: Hub) -> None:
    announce(busy, MANY)
    read_events(busy)
    [run] = sweeps()
    carry_out(run.pk)
    assert waiting() == 0
    assert len(busy.states()) == MANY
    assert InboundEvent.objects.filter(run=run, state="done").count() == MANY - 2
    assert RateLimit.objects.get(name="one").tokens < 1


def test_the_newest_are_read_by_name_while_the_list_comes_from_the_other_end(busy: Hub) -> None:
    announce(busy, MANY)
    read_events(busy)
    assert sorted(busy.states()) == [f"k{MANY - 2}", f"k{MANY - 1}"]


def test_a_record_older_than_what_was_announced_answers_nothing(busy: Hub) -> None:
    announce(busy, 3, version=2)
    run = start_run(busy.flow, trigger=SyncRun.Trigger.SCHEDULE)
    carry_out(run.pk)
    assert waiting() == 3
    announce(busy, 1, version=1)
    run = start_run(busy.flow, trigger=SyncRun.Trigger.SCHEDULE)
    carry_out(run.pk)
    assert set(InboundEvent.objects.filter(state="received").values_list("key", flat=True)) == {"k1", "k2"}


def test_several_events_of_one_record_are_answered_by_one_call(busy: Hub) -> None:
    announce(busy, 1, version=1)
    announce(busy, 1, version=2)
    stream = stream_of(busy.flow) or pytest.fail("the flow has a stream")
    one = InboundEvent.objects.order_by("pk")[0]
    events._read_stream(busy.flow.source, stream.id, [(one.pk, one.key, 1)])  # type: ignore[arg-type]
    assert waiting() == 0
    assert busy.world.calls == [("read", "k0")]


def test_a_few_or_new_announcements_start_no_reading_of_the_list(busy: Hub) -> None:
    announce(busy, crowd.CROWD - 1)
    announce(busy, MANY, ago=timedelta(minutes=1), first=crowd.CROWD)
    read_events(busy)
    assert sweeps() == []


def test_what_the_last_list_did_not_show_starts_no_other_one(busy: Hub) -> None:
    announce(busy, MANY)
    busy.world.hidden = set(busy.world.orders)
    for _ in range(2):
        InboundEvent.objects.update(due_at=timezone.now())
        read_events(busy)
        for run in sweeps():
            carry_out(run.pk)
    assert len(sweeps()) == 1
    announce(busy, MANY, first=MANY, ago=timedelta(minutes=3, seconds=1))
    SyncRun.objects.update(created_at=timezone.now() - timedelta(minutes=2))
    InboundEvent.objects.update(due_at=timezone.now())
    read_events(busy)
    assert len(sweeps()) == 2


def test_no_second_reading_of_the_list_starts_beside_one_that_waits(busy: Hub) -> None:
    announce(busy, MANY)
    for _ in range(2):
        InboundEvent.objects.update(due_at=timezone.now())
        read_events(busy)
    assert len(sweeps()) == 1


def test_a_list_that_was_never_read_is_left_to_its_schedule(busy: Hub) -> None:
    Flow.objects.update(cursor="")
    announce(busy, MANY)
    read_events(busy)
    assert sweeps() == []


def test_while_another_flow_listens_a_list_answers_nothing(busy: Hub) -> None:
    Flow.objects.create(
        slug="second", name="Second", source=busy.flow.source, target=busy.flow.target, stream="orders", operation="blind",
        mapping=busy.flow.mapping,
    )  # fmt: skip
    announce(busy, 3)
    carry_out(start_run(busy.flow, trigger=SyncRun.Trigger.SCHEDULE).pk)
    assert waiting() == 3


def test_a_system_that_does_not_date_its_events_is_read_by_name_in_their_order(hub: Hub) -> None:
    announce(hub, MANY)
    source = hub.flow.source or pytest.fail("the flow has a source")
    assert not crowd.from_the_new_end(source, crowd.dated(toy.SHOP.streams))
    stream = stream_of(hub.flow) or pytest.fail("the flow has a stream")
    assert crowd.sweep(Connection.objects.get(pk=source.pk), stream, [hub.flow], now=timezone.now()) == []
