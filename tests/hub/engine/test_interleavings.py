"""Any interleaving of readings, claims, sendings, deaths and second thoughts ends with each record at the target once, as it is now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from tests.hub.engine.simulation import KEYS, Plan, Simulation, played

number = st.integers(0, 2)
key = st.sampled_from(KEYS)
fault = st.sampled_from(["", "", "", "refused", "unwell", "dropped", "dropped"])
STEPS = st.one_of(
    st.tuples(st.just("place"), key, number),
    st.tuples(st.just("place"), key, number),
    st.tuples(st.just("look"), number, st.sampled_from(["poll", "webhook", "resync"]), key),
    st.tuples(st.just("take_in"), number),
    st.tuples(st.just("announce"), key),
    st.tuples(st.just("read_events")),
    st.tuples(st.just("claim"), number, st.integers(1, 3)),
    st.tuples(st.just("work"), number, fault),
    st.tuples(st.just("settle"), number),
    st.tuples(st.just("turn"), number, fault),
    st.tuples(st.just("turn"), number, fault),
    st.tuples(st.just("die"), number),
    st.tuples(st.just("pass_time"), st.sampled_from([1, 30, 100, 400, 8000])),
    st.tuples(st.just("revive")),
    st.tuples(st.just("retry")),
    st.tuples(st.just("hold"), key),
    st.tuples(st.just("skip"), key),
)
PHASES = [Phase.explicit, Phase.generate, Phase.shrink]
play = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES, database=None)


@pytest.fixture
def simulations(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Begins simulations, each in a transaction that is rolled back; `slow`: workers may outlive their leases."""

    def run(plan: Plan, *, slow: bool) -> Simulation:
        with monkeypatch.context() as patch, transaction.atomic():
            return played(Simulation(patch, slow=slow), plan)

    return run


def back_and_forth(fate: str) -> Plan:
    """A record that was sent, changed, met that fate, and changed back."""
    read: Plan = [("look", 0, "poll", "a"), ("take_in", 0)]
    changed: Plan = [("place", "a", 1), *read, ("claim", 0, 3), ("work", 0, fate)]
    return [("place", "a", 0), *read, ("turn", 0, ""), *changed, ("settle", 0), ("place", "a", 0), *read]


def late_settler() -> Plan:
    """A worker that hung after sending writes down what it did when a newer version was long delivered."""
    read: Plan = [("look", 0, "poll", "a"), ("take_in", 0)]
    hung: Plan = [("place", "a", 1), *read, ("claim", 0, 3), ("work", 0, ""), ("pass_time", 400), ("revive",)]
    newer: Plan = [("place", "a", 2), *read, ("turn", 1, ""), ("settle", 0)]
    return [("place", "a", 0), *read, ("turn", 2, ""), *hung, *newer, ("place", "a", 1), *read]


def late_sender() -> Plan:
    """A worker that hung before sending goes on when a newer version was long delivered."""
    read: Plan = [("look", 0, "poll", "a"), ("take_in", 0)]
    hung: Plan = [("place", "a", 1), *read, ("claim", 0, 3), ("pass_time", 400), ("revive",), ("place", "a", 2), *read]
    return [*hung, ("pass_time", 30), ("turn", 1, ""), ("work", 0, ""), ("settle", 0)]


@play
@given(plan=st.lists(STEPS, max_size=50))
@example(plan=back_and_forth("dropped"))
@example(plan=late_settler())
@example(plan=late_sender())
def test_every_record_ends_at_the_target_once_and_as_it_is_now(simulations: Any, plan: Plan) -> None:
    simulations(plan, slow=True).judge()


@play
@given(plan=st.lists(STEPS, max_size=50))
@example(plan=back_and_forth("dropped"))
def test_a_target_that_would_make_everything_twice_is_asked_in_time(simulations: Any, plan: Plan) -> None:
    simulations(plan, slow=False).judge()


def test_the_simulation_reaches_every_state_it_is_meant_to_prove(simulations: Any) -> None:
    plan: Plan = [
        ("place", "a", 1), ("place", "b", 1), ("place", "c", 1), ("look", 0, "poll", "a"), ("take_in", 0),
        ("hold", "c"), ("claim", 0, 1), ("work", 0, "dropped"), ("settle", 0), ("claim", 0, 3), ("die", 0), ("pass_time", 400), ("revive",),
        ("place", "b", 2), ("announce", "b"), ("read_events",), ("turn", 1, "refused"), ("retry",), ("pass_time", 400), ("turn", 1, ""),
        ("turn", 1, ""),
    ]  # fmt: skip
    seen: Counter[str] = simulations(plan, slow=True).seen
    assert {"pending", "sending", "waiting", "held", "failed", "delivered", "superseded"} <= set(seen)
