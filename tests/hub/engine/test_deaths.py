"""What a worker's death does to the deliveries that it had under way."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from connectors.errors import TransientError
from hub.engine import leases, triage
from hub.engine.claim import claim
from hub.models import Delivery, ErrorRecord
from tests.hub.engine.toyhub import Hub


def die(hub: Hub) -> None:
    """A worker claims everything that is due and is never heard of again."""
    Delivery.objects.filter(state__in=Delivery.DUE).update(due_at=timezone.now() - timedelta(hours=3))
    claim([hub.flow], size=10, now=timezone.now() - timedelta(hours=2))
    leases.expired(now=timezone.now())


def test_failures_of_the_target_do_not_count_as_deaths(hub: Hub) -> None:
    hub.world.place("1")
    hub.world.before = [TransientError("Down.")] * 4
    hub.read()
    hub.send()
    for _ in range(3):
        hub.later()
    die(hub)
    assert hub.states() == {"1": "waiting"}


def test_the_third_death_goes_to_a_person_who_may_retry(hub: Hub) -> None:
    hub.world.place("1")
    hub.read()
    for _ in range(3):
        die(hub)
    assert hub.last("1").reason_code == "unknown_outcome"
    assert ErrorRecord.objects.get().cause == "died"
    triage.retry(Delivery.objects.all(), by=None)
    die(hub)
    assert hub.states() == {"1": "waiting"}
    hub.later()
    assert hub.states() == {"1": "delivered"}
    assert len(hub.world.documents) == 1
