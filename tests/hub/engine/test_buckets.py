"""Several rate limits of one system: each flow waits for its own only, and urgent work never waits behind a back-fill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors import registry
from connectors.base import Limit, Payload, Receipt, Reference
from connectors.errors import ThrottledError
from connectors.http import JsonClient
from hub import clients, tasks, wake
from hub.core.lanes import Lane
from hub.engine.accept import accept
from hub.engine.buckets import buckets, in_order
from hub.engine.records import stream_of
from hub.models import Connection, Delivery, Flow, RateLimit
from tests.hub.engine import toy
from tests.hub.engine.toyhub import Hub

SLOW = 0.0056


def counted(client: JsonClient, payload: Payload, reference: Reference) -> Receipt:
    """A call as the real client counts it."""
    client.hooks.throttle("slow", 1)
    return toy._send(client, payload, reference)


@pytest.fixture
def two(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """The ledger counts the calls of one operation apart, and takes few of them; a second flow of the same orders uses it."""
    operations = tuple(replace(one, limit="slow", send=counted) if one.id == "blind" else one for one in toy.LEDGER.operations)
    limits = (*toy.LEDGER.limits, Limit(name="slow", label="Slow calls", burst=2, per_second=SLOW))
    ledger = replace(toy.LEDGER, operations=operations, limits=limits)
    monkeypatch.setattr(registry, "connectors", lambda: {"shop": toy.SHOP, "ledger": ledger})
    values = {"source": hub.flow.source, "target": hub.flow.target, "stream": "orders", "mapping": hub.flow.mapping}
    Flow.objects.create(slug="slow", name="Slow", operation="blind", **values)
    return hub


def slow() -> Flow:
    return Flow.objects.select_related("source", "target").get(slug="slow")


def left(tokens: float, name: str = "slow") -> None:
    RateLimit.objects.filter(name=name, connection__slug="ledger").update(tokens=tokens, refilled_at=timezone.now().timestamp())


def take_in(hub: Hub, flow: Flow, keys: Sequence[str], lane: Lane = Lane.NORMAL) -> None:
    stream = stream_of(flow)
    assert stream
    assert stream.read_many
    for key in keys:
        hub.world.place(key)
    accept(flow, stream.read_many(clients.client(flow.source), keys), now=timezone.now(), cursor=False, lane=lane)


def test_a_flow_whose_limit_is_empty_does_not_stop_the_others(two: Hub) -> None:
    take_in(two, slow(), ["1", "2", "3", "4"])
    take_in(two, two.flow, ["5", "6"])
    two.send()
    assert sorted(two.states(slow()).values()) == ["delivered", "delivered", "pending", "pending"]
    assert set(two.states().values()) == {"delivered"}


def test_what_goes_in_one_call_stays_together_beside_a_flow_that_sends_one_by_one(hub: Hub) -> None:
    one_by_one = Flow.objects.create(
        slug="single", name="Single", source=hub.flow.source, target=hub.flow.target, stream="orders", mapping=hub.flow.mapping,
        operation="orders",
    )  # fmt: skip
    Flow.objects.filter(pk=hub.flow.pk).update(operation="bulk_orders")
    clients.client(hub.flow.target)
    RateLimit.objects.update(declared=0, burst=40, per_second=1e-6)
    left(4, "calls")
    take_in(hub, Flow.objects.get(pk=hub.flow.pk), [str(n) for n in range(20)])
    take_in(hub, one_by_one, ["a", "b"])
    hub.send()
    assert [call for call in hub.world.calls if call[0] == "bulk"] == [("bulk", "20")]
    assert set(hub.states().values()) == set(hub.states(one_by_one).values()) == {"delivered"}


def test_of_two_that_share_a_limit_the_more_urgent_goes_first_and_then_what_has_waited_longer(hub: Hub) -> None:
    bulk = Flow.objects.create(
        slug="bulk", name="Bulk", source=hub.flow.source, target=hub.flow.target, stream="orders", mapping=hub.flow.mapping,
        operation="bulk_orders",
    )  # fmt: skip
    take_in(hub, bulk, ["1"])
    take_in(hub, hub.flow, ["2"])
    flows, connection = [hub.flow, bulk], hub.flow.target
    assert connection
    assert [bucket.bulk for bucket in in_order(buckets(connection, flows), timezone.now())] == [True, False]
    take_in(hub, hub.flow, ["3"], Lane.URGENT)
    assert [bucket.bulk for bucket in in_order(buckets(connection, flows), timezone.now())] == [False, True]


def test_what_waits_for_an_empty_limit_gives_its_turn_back_and_is_due_when_it_has_a_call(two: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[str] = []
    take_in(two, slow(), ["1", "2", "3"])
    before = timezone.now()
    two.send()
    monkeypatch.setattr(wake, "wake", lambda kind, pk: woken.append(kind))
    assert timezone.now() - before < timedelta(seconds=5)
    assert slow().resume_at == pytest.approx(timezone.now() + timedelta(seconds=1 / SLOW), abs=timedelta(seconds=10))
    tasks.wake_due()
    assert woken == []
    tasks.wake_due(resting=True)
    Flow.objects.update(resume_at=timezone.now())
    tasks.wake_due()
    assert woken == ["deliver", "deliver"]


def test_a_system_that_refuses_one_kind_of_calls_is_not_paused(two: Hub) -> None:
    take_in(two, slow(), ["1"])
    two.world.before = [ThrottledError("Slow down.")]
    two.send()
    take_in(two, two.flow, ["2"])
    two.send()
    closed = RateLimit.objects.get(name="slow")
    delivery = Delivery.objects.get(flow=slow())
    assert (delivery.state, delivery.attempts) == ("waiting", 0)
    assert 1.05 / SLOW <= closed.blocked_until - timezone.now().timestamp() + 5 <= 1.25 / SLOW + 5
    assert closed.tokens <= 0
    assert Connection.objects.get(slug="ledger").open_until is None
    assert two.states() == {"2": "delivered"}


def test_a_back_fill_leaves_the_reserved_calls_to_a_webhooks_record(two: Hub) -> None:
    take_in(two, slow(), ["warm"])
    two.send()
    RateLimit.objects.filter(name="slow").update(burst=10, reserved=4)
    left(6)
    take_in(two, slow(), ["a", "b", "c", "d"], Lane.BACKFILL)
    two.send()
    assert sum(state == "delivered" for state in two.states(slow()).values()) == 1
    left(4)
    take_in(two, slow(), ["e"], Lane.URGENT)
    two.send()
    assert two.states(slow())["e"] == "delivered"


def test_a_newer_version_goes_no_later_than_the_one_it_replaces(hub: Hub) -> None:
    take_in(hub, hub.flow, ["1"], Lane.URGENT)
    take_in(hub, hub.flow, ["1"], Lane.BACKFILL)
    assert hub.last("1").priority > 0


arrivals = st.lists(st.tuples(st.sampled_from(Lane), st.integers(1, 3), st.integers(0, 4)), min_size=1, max_size=8)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(plan=arrivals, reserved=st.integers(0, 3))
def test_urgent_work_never_waits_behind_a_back_fill(two: Hub, plan: list[tuple[Lane, int, int]], reserved: int) -> None:
    with transaction.atomic():
        clients.client(two.flow.target)
        RateLimit.objects.filter(name="slow").update(burst=6, reserved=reserved, per_second=1e-6, declared=0)
        for turn, (lane, count, tokens) in enumerate(plan):
            take_in(two, slow(), [f"{turn}-{n}" for n in range(count)], lane)
            left(tokens)
            sent = {row.pk: row for row in Delivery.objects.filter(state="delivered")}
            two.send()
            now_sent = [row.priority for row in Delivery.objects.filter(state="delivered").exclude(pk__in=sent)]
            waiting = list(Delivery.objects.filter(state="pending").values_list("priority", flat=True))
            assert not (now_sent and waiting) or min(now_sent) >= max(waiting)
            assert not tokens or not any(priority > 0 for priority in waiting) or len(now_sent) == tokens
        transaction.set_rollback(True)
    clients.forget_clients()


def test_calls_that_were_taken_and_not_used_stay_lost_when_the_system_says_that_none_are_left(two: Hub) -> None:
    RateLimit.objects.filter(name="slow").update(burst=10)
    take_in(two, slow(), ["1"])
    two.send()
    RateLimit.objects.filter(name="slow").update(burst=10)
    left(8)
    take_in(two, slow(), ["2"])
    two.world.before = [ThrottledError("Slow down.")]
    two.send()
    assert RateLimit.objects.get(name="slow").tokens <= 0
