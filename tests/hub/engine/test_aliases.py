"""One fact by two roads: delivered once, whichever comes first, and by the other road where the first does not take it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from time import monotonic, sleep

import pytest
from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from connectors.base import Record
from hub.engine.accept import accept
from hub.engine.aliases import same_fact
from hub.engine.claim import claim
from hub.engine.deliver import work
from hub.engine.settle import settle
from hub.models import Connection, Delivery, Flow, RecordAlias
from tests.hub.engine.toyhub import Hub


@pytest.fixture
def other(hub: Hub) -> Flow:
    """A second road of the same facts to the same target, whose filter takes everything."""
    flow = hub.flow
    return Flow.objects.create(
        slug="other", name="Other", source=flow.source, stream="orders", target=flow.target, operation="orders", mapping=flow.mapping
    )


def choosy(hub: Hub) -> None:
    """The first road takes new orders only."""
    Flow.objects.filter(pk=hub.flow.pk).update(filter='Status = "New"')
    hub.flow.refresh_from_db()


@pytest.mark.parametrize("second_first", [False, True])
def test_the_same_fact_by_two_roads_is_delivered_once_whichever_comes_first(hub: Hub, other: Flow, second_first: bool) -> None:
    hub.world.place("1")
    for flow in (other, hub.flow) if second_first else (hub.flow, other):
        hub.read(flow)
    hub.send()
    assert sorted([hub.states()["1"], hub.states(other)["1"]]) == ["delivered", "skipped"]
    assert len(hub.world.documents) == 1


def test_what_the_first_road_does_not_take_goes_by_the_other_one(hub: Hub, other: Flow) -> None:
    choosy(hub)
    hub.world.place("1", Status="Pending")
    hub.read()
    hub.read(other)
    assert hub.states(other) == {"1": "skipped"}
    hub.send()
    hub.send()
    assert (hub.last("1").reason_code, hub.states(other)) == ("filtered", {"1": "delivered"})
    assert RecordAlias.objects.get().flow == other


def test_what_was_not_taken_before_the_other_road_brought_it_is_the_others(hub: Hub, other: Flow) -> None:
    choosy(hub)
    hub.world.place("1", Status="Pending")
    hub.read()
    hub.send()
    assert not RecordAlias.objects.exists()
    hub.read(other)
    hub.send()
    assert hub.states(other) == {"1": "delivered"}


def test_a_road_that_gave_up_does_not_bring_it_a_second_time_later(hub: Hub, other: Flow) -> None:
    test_what_the_first_road_does_not_take_goes_by_the_other_one(hub, other)
    hub.world.place("1", Status="New")
    hub.read()
    hub.send()
    assert hub.last("1").reason_code == "owned_elsewhere"
    assert len(hub.world.documents) == 1


def test_only_the_last_word_of_a_record_takes_over(hub: Hub, other: Flow) -> None:
    choosy(hub)
    hub.world.place("1", Status="Pending")
    hub.read()
    hub.read(other)
    hub.world.place("1", Total=77)
    hub.read(other)
    hub.read()
    hub.send()
    hub.send()
    assert list(Delivery.objects.filter(flow=other).order_by("pk").values_list("state", flat=True)) == ["skipped", "delivered"]
    assert [one["Total"] for one in hub.world.documents.values()] == [77]


def test_a_road_whose_record_failed_stays_the_owner(hub: Hub, other: Flow) -> None:
    hub.world.place("1")
    hub.read()
    Delivery.objects.update(state="failed", due_at=timezone.now())
    hub.read(other)
    assert hub.states(other) == {"1": "skipped"}


def test_each_road_shows_the_other(hub: Hub, other: Flow) -> None:
    hub.world.place("1")
    hub.read()
    hub.read(other)
    first, second = hub.last("1"), Delivery.objects.get(flow=other)
    assert (same_fact(first), same_fact(second)) == ([second], [first])


def test_two_records_of_one_page_with_the_same_name_are_one_fact(hub: Hub) -> None:
    records = [Record(key=key, payload={"Id": key, "Sku": "TK-1", "Name": "D", "Total": 1}, aliases=("toy:same",)) for key in ("1", "2")]
    accept(hub.flow, records, now=timezone.now())
    hub.send()
    assert hub.states() == {"1": "delivered", "2": "skipped"}
    assert len(hub.world.documents) == 1


def test_a_version_not_taken_hands_nothing_over_while_a_newer_one_waits(hub: Hub, other: Flow) -> None:
    choosy(hub)
    hub.world.place("1", Status="Pending")
    hub.read()
    hub.read(other)
    now = timezone.now()
    lease, rows = claim([hub.flow], size=5, now=now)
    hub.world.place("1", Status="New")
    hub.read()
    assert hub.flow.target
    work(hub.flow.target, [hub.flow], rows)
    settle(hub.flow.target, rows, lease=lease, now=now)
    hub.send()
    assert (hub.states(), hub.states(other)) == ({"1": "delivered"}, {"1": "skipped"})


def test_two_flows_that_bring_the_same_nameless_record_at_once_both_get_through(hub: Hub, other: Flow) -> None:
    record = Record(key="1", payload={"Id": "1", "Sku": "TK-1", "Name": "D", "Total": 1})
    for flow in (hub.flow, other):
        accept(flow, [record], now=timezone.now())
    hub.send()
    assert (hub.states(), hub.states(other)) == ({"1": "delivered"}, {"1": "delivered"})


@pytest.mark.postgres
def test_a_road_that_gives_up_waits_for_the_other_to_take_in_what_is_new(hub: Hub, other: Flow) -> None:
    choosy(hub)
    hub.world.place("1", Status="Pending")
    hub.read()
    hub.read(other)
    now, target = timezone.now(), Connection.objects.get(slug="ledger")
    lease, rows = claim([hub.flow], size=5, now=now)
    work(target, [hub.flow], rows)

    def give_up() -> None:
        try:
            settle(target, rows, lease=lease, now=now)
        finally:
            database.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Flow.objects.select_for_update().get(pk=other.pk)
            settling = pool.submit(give_up)
            _until_somebody_waits()
            hub.world.place("1", Total=77)
            hub.read(other)
        settling.result(10)
    hub.send()
    assert [one["Total"] for one in hub.world.documents.values()] == [77]


def _until_somebody_waits() -> None:
    deadline = monotonic() + 5
    with database.cursor() as cursor:
        while monotonic() < deadline:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
            sleep(0.01)
    raise AssertionError("nobody waits")
