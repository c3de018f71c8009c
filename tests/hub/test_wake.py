"""A thousand wake-ups queue one task, and a lost one is asked for again."""

from __future__ import annotations

import time

import pytest
from django.db import transaction
from pytest_django.fixtures import SettingsWrapper

from hub import wake
from hub.models import Wake


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch, transactional_db: None) -> list[tuple[str, int]]:
    """What would have been queued."""
    calls: list[tuple[str, int]] = []
    monkeypatch.setattr(wake, "async_task", lambda name, pk, **about: calls.append((name, pk)))
    return calls


def test_many_wake_ups_queue_one_task(queued: list[tuple[str, int]]) -> None:
    for _ in range(50):
        wake.wake("events", 7)
    assert queued == [("hub.tasks.events", 7)]


def test_each_thing_to_do_has_a_wake_up_of_its_own(queued: list[tuple[str, int]]) -> None:
    for kind, pk in (("events", 1), ("events", 2), ("deliver", 1)):
        wake.wake(kind, pk)
    assert len(queued) == 3


def test_what_comes_after_the_task_has_started_is_asked_for_again(queued: list[tuple[str, int]]) -> None:
    wake.wake("deliver", 1)
    wake.answered("deliver", 1)
    wake.wake("deliver", 1)
    assert len(queued) == 2


def test_a_wake_up_that_nobody_answered_counts_as_lost_after_a_while(queued: list[tuple[str, int]]) -> None:
    wake.wake("deliver", 1)
    Wake.objects.update(asked_at=time.time() - wake.STALE - 1)
    wake.wake("deliver", 1)
    assert len(queued) == 2


def test_a_wake_up_from_the_future_does_not_silence_the_hub(queued: list[tuple[str, int]]) -> None:
    wake.wake("deliver", 1)
    Wake.objects.update(asked_at=time.time() + 3600)
    wake.wake("deliver", 1)
    assert len(queued) == 2


def test_a_rehearsal_gives_up_on_a_wake_up_sooner(queued: list[tuple[str, int]], settings: SettingsWrapper) -> None:
    settings.HUB_PACE = 0.01
    wake.wake("deliver", 1)
    Wake.objects.update(asked_at=time.time() - 1)
    wake.wake("deliver", 1)
    assert len(queued) == 2


def test_nothing_is_queued_for_what_was_rolled_back(queued: list[tuple[str, int]]) -> None:
    with transaction.atomic():
        transaction.on_commit(lambda: wake.wake("run", 3))
        transaction.set_rollback(True)
    assert not queued
