"""Any interleaving with a target that decides later: nothing newer goes out before the older is decided, and the newest stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from connectors import registry
from connectors.base import Payload, Receipt, Reference
from connectors.errors import ConnectorError, MissingError, OutcomeUnknownError, RejectedError, TransientError
from connectors.http import JsonClient
from hub.engine.claim import claim_taken
from hub.models import Delivery
from tests.hub.engine import toy
from tests.hub.engine.simulation import KEYS, Plan, Simulation, played
from tests.hub.engine.toy import slow

VERDICTS: dict[str, str | ConnectorError] = {
    "done": "done",
    "refused": RejectedError("Refused."),
    "void": OutcomeUnknownError("Nobody can tell."),
    "lost": MissingError("No such receipt."),
}
PHASES = [Phase.explicit, Phase.generate, Phase.shrink]
number, key = st.integers(0, 2), st.sampled_from(KEYS)
fault = st.sampled_from(["", "", "refused", "unwell", "dropped"])
STEPS = st.one_of(
    st.tuples(st.just("place"), key, number),
    st.tuples(st.just("place"), key, number),
    st.tuples(st.just("look"), number, st.sampled_from(["poll", "webhook", "resync"]), key),
    st.tuples(st.just("take_in"), number),
    st.tuples(st.just("take_in"), number),
    st.tuples(st.just("claim"), number, st.integers(1, 3)),
    st.tuples(st.just("ask"), number),
    st.tuples(st.just("work"), number, fault),
    st.tuples(st.just("settle"), number),
    st.tuples(st.just("turn"), number, fault),
    st.tuples(st.just("turn"), number, st.just("")),
    st.tuples(st.just("decide"), key, st.sampled_from(["done", "done", *VERDICTS]), st.booleans()),
    st.tuples(st.just("deaf"), st.booleans()),
    st.tuples(st.just("die"), number),
    st.tuples(st.just("pass_time"), st.sampled_from([1, 40, 400, 8000, 90_000])),
    st.tuples(st.just("revive")),
    st.tuples(st.just("retry")),
    st.tuples(st.just("hold"), key),
)


class SlowTarget(Simulation):
    """Workers live or die; the target remembers what it was asked to do, decides in any order, and may lose what it knew."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        super().__init__(patch, slow=False)
        self.overtaking: set[str] = set()
        ledger = replace(slow.LEDGER, operations=(replace(slow.SLOW, send=self._submit), *slow.LEDGER.operations[1:]))
        patch.setattr(registry, "connectors", lambda: {"shop": toy.SHOP, "ledger": ledger})

    def _submit(self, client: JsonClient, payload: Payload, reference: Reference) -> Receipt:
        """Notes what goes out while the hub holds a receipt of the same record that is undecided."""
        undecided = {one.ticket for one in self.world.submissions if one.key == reference.key and not one.verdict}
        held = set(Delivery.objects.filter(key=reference.key).exclude(ticket="").values_list("ticket", flat=True))
        self.overtaking |= undecided & held
        return slow.submit(client, payload, reference)

    def check(self) -> None:
        super().check()
        assert not self.overtaking, "something was sent while an older version was undecided"

    def ask(self, worker: int) -> None:
        if worker not in self.workers:
            lease, rows = claim_taken([self.flow], size=9, now=self.now)
            if rows:
                self.workers[worker] = (lease, rows)

    def turn(self, worker: int, fault: str) -> None:
        self.ask(worker)
        self.work(worker, "")
        self.settle(worker)
        super().turn(worker, fault)

    def decide(self, key: str, verdict: str, acted: bool) -> None:
        slow.decide(key, VERDICTS[verdict], acted=acted or verdict == "done")

    def deaf(self, yes: bool) -> None:
        self.world.unasked = TransientError("Down.") if yes else None

    def calm_world(self) -> None:
        self.deaf(False)
        for one in KEYS:
            self.decide(one, "done", True)


@pytest.fixture
def simulated(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Plays a plan in a transaction that is rolled back."""

    def run(plan: Plan) -> SlowTarget:
        with monkeypatch.context() as patch, transaction.atomic():
            return played(SlowTarget(patch), plan)

    return run


READ: Plan = [("look", 0, "poll", "a"), ("take_in", 0)]
TAKEN: Plan = [("place", "a", 1), *READ, ("turn", 0, "")]
NEWER: Plan = [*TAKEN, ("place", "a", 2), *READ]


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES, database=None)
@given(plan=st.lists(STEPS, max_size=50))
@example(plan=[*NEWER, ("turn", 1, ""), ("decide", "a", "refused", False), ("pass_time", 40), ("turn", 1, "")])
@example(plan=[*NEWER, ("decide", "a", "void", True), ("pass_time", 40), ("turn", 1, ""), ("turn", 1, "")])
@example(plan=[*NEWER, ("pass_time", 400), ("ask", 1), ("die", 1), ("pass_time", 400), ("revive",), ("pass_time", 400), ("turn", 1, "")])
@example(plan=[*NEWER, ("pass_time", 90_000), ("turn", 1, ""), ("turn", 1, "")])
@example(plan=[*NEWER, ("retry",), ("place", "a", 1), *READ, ("turn", 1, ""), ("decide", "a", "done", True), ("pass_time", 40)])
def test_the_newest_version_is_at_the_target_in_the_end_and_nothing_overtakes(simulated: Any, plan: Plan) -> None:
    simulated(plan).judge()


def test_the_simulation_reaches_what_it_is_meant_to_prove(simulated: Any) -> None:
    plan: Plan = [*NEWER, ("turn", 1, ""), ("decide", "a", "refused", False), ("pass_time", 40), ("turn", 1, "")]
    assert {"taken", "pending", "superseded", "delivered"} <= set(simulated(plan).seen)
