"""Rate limits for people: what waits, until when, and the rate that somebody sets."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from hub import metrics, throttle
from hub.backlog import backlog
from hub.clients import connector
from hub.core.lanes import Lane
from hub.models import Connection, Delivery, Flow, InboundEvent, RateLimit, SyncRun
from tests import factories
from tests.hub.admin.reading import Enter, words

PAGE = "admin:hub_ratelimit_changelist"


@pytest.fixture
def amazon(db: None) -> Connection:
    """A connection whose limits are there and full."""
    made = factories.connection("amazon")
    throttle.ensure_limits(made, connector(made))
    return made


def limit(name: str, **fields: Any) -> RateLimit:
    if fields:
        RateLimit.objects.filter(name=name).update(**{"refilled_at": time.time(), **fields})
    return RateLimit.objects.get(name=name)


def confirmations(amazon: Connection, count: int, priority: int = 0, **fields: Any) -> Flow:
    flow = factories.flow(target=amazon, operation="confirm_shipment", mapping=None)
    for _ in range(count):
        factories.delivery(flow, priority=priority, **fields)
    return flow


def announce(amazon: Connection, count: int) -> None:
    now = timezone.now()
    InboundEvent.objects.bulk_create(
        InboundEvent(connection=amazon, event_id=f"{number}-{nth}", stream="orders", key=str(number), due_at=now, received_at=now)
        for number in range(count)
        for nth in range(2)
    )


def waiting(name: str) -> tuple[dict[Lane, int], dict[Lane, int]]:
    [found] = backlog(RateLimit.objects.filter(name=name))
    return dict(found.records), dict(found.calls)


def test_deliveries_wait_by_lane_for_the_limit_of_their_operation(amazon: Connection) -> None:
    confirmations(amazon, 2, priority=10_000)
    confirmations(amazon, 3, priority=-1)
    confirmations(amazon, 1, state="delivered")
    confirmations(amazon, 1, state="waiting", due_at=timezone.now() + timedelta(hours=1))
    assert waiting("confirmShipment") == ({Lane.URGENT: 2, Lane.BACKFILL: 3}, {Lane.URGENT: 2, Lane.BACKFILL: 3})
    assert waiting("getOrder") == ({}, {})


def test_announced_records_and_runs_wait_for_the_limits_of_reading(amazon: Connection) -> None:
    flow = factories.flow(source=amazon, mapping=None)
    announce(amazon, 7)
    SyncRun.objects.create(flow=flow, trigger="command", keys=["1"] * 500, wanted=500, read=100)
    SyncRun.objects.create(flow=flow, trigger="schedule")
    assert waiting("getOrder")[0] == {Lane.URGENT: 7, Lane.BACKFILL: 400}
    assert waiting("searchOrders")[0] == {Lane.NORMAL: 1}


def test_a_bulk_operation_needs_a_call_for_each_batch(db: None) -> None:
    tims = factories.connection("tims")
    throttle.ensure_limits(tims, connector(tims))
    flow = factories.flow(target=tims)
    for _ in range(3):
        factories.delivery(flow)
    [found] = [one for one in backlog() if one.records]
    assert (found.records[Lane.NORMAL], found.calls[Lane.NORMAL]) == (3, 1)


def test_the_page_says_when_the_backlog_ends(enter: Enter, amazon: Connection) -> None:
    announce(amazon, 1240)
    limit("getOrder", tokens=0.0, refused_at=time.time() - 120)
    page = words(enter("Operator").get(reverse(PAGE)))
    assert "The backlog of 1,240 ends about" in page
    assert "in 42 min." in page
    assert "last refused <time" in page
    assert page.index("Orders: one order") < page.index("Orders: list")


def test_a_learned_a_blocked_and_an_empty_limit_say_so(enter: Enter, amazon: Connection) -> None:
    limit("getOrder", per_second=0.25)
    limit("searchOrders", blocked_until=time.time() + 600)
    limit("createFeed", per_second=0.0, tokens=0.0)
    page = words(enter("Auditor").get(reverse(PAGE)))
    assert "learned; published: one in 2 s" in page
    assert "The system asked to wait until" in page
    assert "never" in page


def test_the_page_takes_the_same_few_queries_for_any_number_of_rows(enter: Enter, amazon: Connection) -> None:
    confirmations(amazon, 2)
    client, address = enter(), reverse(PAGE)
    client.get(address)
    with CaptureQueriesContext(database) as few:
        client.get(address)
    for _ in range(3):
        other = factories.connection("amazon")
        throttle.ensure_limits(other, connector(other))
        confirmations(other, 2)
    with CaptureQueriesContext(database) as many:
        client.get(address)
    assert len(many) == len(few)


def test_the_page_is_filtered_by_connection_and_says_how_it_fills(enter: Enter) -> None:
    client = enter()
    assert "They appear with the first call" in words(client.get(reverse(PAGE)))
    for number in (1, 2):
        made = factories.connection("tims", name=f"TIMS {number}")
        RateLimit.objects.create(connection=made, name=f"limit-{number}", burst=1, per_second=1, tokens=1)
    page = words(client.get(reverse(PAGE), {"connection": made.pk}))
    assert "limit-2" in page
    assert "limit-1" not in page
    assert client.get(reverse(PAGE), {"connection": "9' OR 1"}).status_code == 200


def test_the_connections_own_page_shows_its_limits(enter: Enter, amazon: Connection) -> None:
    announce(amazon, 60)
    page = words(enter().get(reverse("admin:hub_connection_change", args=[amazon.pk])))
    assert "Orders: one order" in page
    assert "The backlog of 60 ends about" in page


@pytest.mark.parametrize(("count", "told"), [(400, False), (600, True)])
def test_the_first_page_tells_of_a_backlog_that_lasts(enter: Enter, amazon: Connection, count: int, told: bool) -> None:
    factories.flow(source=amazon, mapping=None)
    announce(amazon, count)
    assert ("The backlog of" in words(enter().get(reverse("admin:index")))) == told


def test_a_rate_is_set_by_hand_after_a_confirmation_and_given_back(enter: Enter, amazon: Connection) -> None:
    client, row = enter("Administrator"), limit("getOrder")
    here = reverse("admin:hub_ratelimit_change", args=[row.pk])
    assert "refilled with 2.5 calls a second" in words(client.post(here, {"act": "set", "rate": "2,5"}))
    assert limit("getOrder").per_second == 0.5
    client.post(here, {"act": "set", "rate": "2,5", "confirmed": "yes"})
    row = limit("getOrder")
    assert (row.per_second, row.declared) == (2.5, 0)
    throttle.ensure_limits(amazon, connector(amazon))
    assert limit("getOrder").per_second == 2.5
    assert "2.5 calls a second" in LogEntry.objects.get().get_change_message()
    client.post(here, {"act": "declared", "confirmed": "yes"})
    row = limit("getOrder")
    assert (row.per_second, row.declared) == (0.5, 0.5)


@pytest.mark.parametrize("given", ["", "0", "-1", "nan", "1e9", "fast"])
def test_what_is_no_rate_is_refused_in_words(enter: Enter, amazon: Connection, given: str) -> None:
    here = reverse("admin:hub_ratelimit_change", args=[limit("getOrder").pk])
    assert "Enter a number above 0" in words(enter().post(here, {"act": "set", "rate": given, "confirmed": "yes"}))
    assert limit("getOrder").per_second == 0.5


def test_who_may_only_look_sets_no_rate(enter: Enter, amazon: Connection) -> None:
    here, client = reverse("admin:hub_ratelimit_change", args=[limit("getOrder").pk]), enter("Operator")
    assert "Set the rate by hand" not in words(client.get(here))
    assert client.post(here, {"act": "set", "rate": "9", "confirmed": "yes"}).status_code == 403


def test_the_backlog_is_measured(amazon: Connection) -> None:
    confirmations(amazon, 30, priority=10_000)
    limit("confirmShipment", tokens=0.0)
    found = {
        sample.name: sample.value
        for family in metrics._backlogs()
        for sample in family.samples
        if sample.labels == {"connection": amazon.slug, "limit": "confirmShipment", "lane": "urgent"}
    }
    assert found["throughline_backlog"] == 30
    assert found["throughline_backlog_seconds"] == pytest.approx(15, abs=1)
    assert Delivery.objects.count() == 30
