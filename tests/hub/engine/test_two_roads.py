"""Any interleaving of two roads of one fact, a filter, sequences and empty limits brings each record once, and as it is now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from tests.hub.engine.simulation import KEYS, Plan, played
from tests.hub.engine.two_roads import SLOW_DOWN, UNWANTED, TwoRoads

number = st.integers(0, 2)
road = st.integers(0, 1)
key = st.sampled_from(KEYS)
fault = st.sampled_from(["", "", "", "refused", "unwell", "dropped", SLOW_DOWN])
STEPS = st.one_of(
    st.tuples(st.just("place"), key, number),
    st.tuples(st.just("place"), key, number),
    st.tuples(st.just("look"), number, st.sampled_from(["poll", "webhook"]), key, road),
    st.tuples(st.just("look"), number, st.just("poll"), key, road),
    st.tuples(st.just("take_in"), number),
    st.tuples(st.just("take_in"), number),
    st.tuples(st.just("announce"), key),
    st.tuples(st.just("read_events")),
    st.tuples(st.just("claim"), number, st.integers(1, 3)),
    st.tuples(st.just("work"), number, fault),
    st.tuples(st.just("settle"), number),
    st.tuples(st.just("turn"), number, fault),
    st.tuples(st.just("deliver"), fault),
    st.tuples(st.just("drain")),
    st.tuples(st.just("die"), number),
    st.tuples(st.just("pass_time"), st.sampled_from([1, 30, 400])),
    st.tuples(st.just("revive")),
    st.tuples(st.just("retry")),
)
PHASES = [Phase.explicit, Phase.generate, Phase.shrink]
play = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES, database=None)


@pytest.fixture
def two_roads(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Plays a plan, lets everything come to rest and judges it, in a transaction that is rolled back."""

    def run(plan: Plan) -> TwoRoads:
        with monkeypatch.context() as patch, transaction.atomic():
            return played(TwoRoads(patch), plan)

    return run


def both() -> Plan:
    """Both roads read everything, the first one first."""
    return [step for road in (0, 1) for step in (("look", 0, "poll", "", road), ("take_in", 0))]


def wanted_meanwhile() -> Plan:
    """What the first road does not take becomes what it takes while that is being found out."""
    return [("place", "a", UNWANTED), *both(), ("claim", 0, 3), ("place", "a", 1), *both(), ("work", 0, ""), ("settle", 0)]


def unwanted_then_changed() -> Plan:
    """The second road takes over what the first does not take, and the limit is empty in between."""
    return [("place", "a", UNWANTED), ("place", "b", 1), *both(), ("drain",), ("deliver", ""), ("place", "a", 0), *both()]


@play
@given(plan=st.lists(STEPS, max_size=40))
@example(plan=wanted_meanwhile())
@example(plan=unwanted_then_changed())
def test_two_roads_bring_every_record_once_and_as_it_is_now(two_roads: Any, plan: Plan) -> None:
    two_roads(plan).judge()
