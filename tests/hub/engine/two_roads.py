"""The simulated hub with a second road of the same orders, a filter on the first, buyers in sequence, and a limit that runs empty."""

from __future__ import annotations

import time
from dataclasses import replace
from types import SimpleNamespace

import pytest

from connectors import registry
from connectors.base import Limit, Payload, Receipt, Reference
from connectors.errors import ThrottledError
from connectors.http import JsonClient
from hub import throttle
from hub.engine import deliver as sending
from hub.models import Delivery, Flow, RateLimit
from tests.hub.engine import toy
from tests.hub.engine.simulation import FAULTS, FORGETFUL, Simulation, create

BUYERS = {"a": "dana", "b": "dana"}
"""The third order has no buyer."""
UNWANTED = 2
"""The total with which the first road takes no new order."""
SLOW_DOWN = "slow down"


def counted(client: JsonClient, payload: Payload, reference: Reference) -> Receipt:
    """A call as the real client counts it."""
    client.hooks.throttle("calls", 1)
    return create(client, payload, reference)


class TwoRoads(Simulation):
    """The target makes everything twice that is sent twice; only dead workers lose their lease."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        super().__init__(patch, slow=False)
        limits = (Limit(name="calls", label="Calls", burst=3, per_second=0.2),)
        ledger = replace(toy.LEDGER, operations=(replace(FORGETFUL, send=counted),), limits=limits)
        patch.setattr(registry, "connectors", lambda: {"shop": toy.SHOP, "ledger": ledger})
        patch.setitem(FAULTS, SLOW_DOWN, ThrottledError("Slow down."))
        patch.setattr(throttle, "time", SimpleNamespace(time=lambda: self.now.timestamp()))
        patch.setattr(sending, "time", SimpleNamespace(monotonic=time.monotonic, sleep=self.pass_time))
        values = {"source": self.flow.source, "target": self.flow.target, "mapping": self.flow.mapping}
        other = Flow.objects.create(slug="other", name="Other", stream="orders", operation="orders", **values)
        Flow.objects.filter(pk=self.flow.pk).update(filter=f"Total <> {UNWANTED}")
        self.flow.refresh_from_db(fields=["filter"])
        self.flows = [self.flow, other]

    def place(self, key: str, total: int) -> None:
        self.world.place(key, Total=total, Buyer=BUYERS.get(key, ""))

    def claim(self, worker: int, size: int) -> None:
        before = self.workers.get(worker)
        super().claim(worker, size)
        if before is None and worker in self.workers:
            lease, rows = self.workers[worker]
            for row in rows:
                ahead = Delivery.objects.filter(flow=row.flow, sequence=row.sequence, pk__lt=row.pk, state__in=["sending", "waiting"])
                assert not row.sequence or not ahead.exclude(lease=lease).exists(), f"{row.key} overtakes"

    def drain(self) -> None:
        """Somebody else uses up the target's calls."""
        RateLimit.objects.update(tokens=0, refilled_at=self.now.timestamp())

    def deliver(self, fault: str) -> None:
        """A sender's whole turn, its rate limit included."""
        if error := FAULTS.get(fault):
            (self.world.after if fault == "dropped" else self.world.before).append(error)
        sending.deliver(self.flow.target_id or 0, deadline=float("inf"))
        self.world.before.clear()
        self.world.after.clear()
