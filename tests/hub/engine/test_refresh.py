"""A fresh retry reads its source within the source's rate limit, and gives its lease back instead of waiting for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from time import time

import pytest
from django.utils import timezone

from connectors import registry
from connectors.base import Limit, Record
from connectors.errors import RejectedError, ThrottledError, TransientError
from connectors.http import JsonClient
from hub import clients
from hub.models import Delivery, RateLimit
from tests.hub.engine import toy
from tests.hub.engine.toyhub import Hub

RATE = 0.01


@pytest.fixture
def slow(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """The shop counts every order that is read by its number: two at once, then one in 100 seconds; so many are asked for in a call."""

    def counted(client: JsonClient, keys: Sequence[str]) -> list[Record]:
        client.hooks.throttle("one", len(keys))
        return toy._read_many(client, keys)

    orders = replace(toy.SHOP.streams[0], read_many=counted, keys_at_once=2)
    shop = replace(toy.SHOP, streams=(orders, *toy.SHOP.streams[1:]), limits=(Limit(name="one", label="One", burst=2, per_second=RATE),))
    monkeypatch.setattr(registry, "connectors", lambda: {"shop": shop, "ledger": toy.LEDGER})
    return hub


def fresh(hub: Hub, count: int) -> None:
    """So many deliveries that were asked to be tried again from the source on."""
    for number in range(count):
        hub.world.place(f"k{number}")
    hub.read()
    Delivery.objects.update(fresh=True)
    hub.world.calls.clear()


def asked(hub: Hub) -> list[str]:
    return [keys for kind, keys in hub.world.calls if kind == "read"]


def test_no_more_is_read_than_the_sources_limit_allows_and_the_rest_comes_in_turn(slow: Hub) -> None:
    fresh(slow, 6)
    slow.send()
    assert asked(slow) == ["k0,k1"]
    assert sorted(slow.states().values()) == ["delivered"] * 2 + ["waiting"] * 4
    due = [slow.last(f"k{number}").due_at - timezone.now() for number in range(2, 6)]
    assert all(timedelta(seconds=190) < wait < timedelta(seconds=250) for wait in due[:2])
    assert all(timedelta(seconds=380) < wait < timedelta(seconds=490) for wait in due[2:])
    assert {one.attempts for one in Delivery.objects.filter(state="waiting")} == {0}


def test_what_is_read_again_is_taken_from_the_sources_limit(slow: Hub) -> None:
    fresh(slow, 2)
    slow.send()
    assert RateLimit.objects.get(name="one").tokens == pytest.approx(0, abs=0.1)


def test_a_source_that_takes_no_more_calls_is_left_alone_by_everybody(slow: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh(slow, 2)
    clients.client(slow.flow.source)  # type: ignore[arg-type]
    slow.world.unreadable = ThrottledError("Slow down.")
    slow.world.unreadable.limit = "one"
    slow.send()
    assert RateLimit.objects.get(name="one").blocked_until > time() + 90
    assert set(slow.states().values()) == {"waiting"}


@pytest.mark.parametrize(("trouble", "calls"), [(TransientError("Away."), 1), (RejectedError("Odd."), 2)])
def test_an_unwell_source_is_asked_once_and_one_bad_record_stops_no_other(
    slow: Hub, trouble: TransientError | RejectedError, calls: int
) -> None:
    fresh(slow, 4)
    clients.client(slow.flow.source)  # type: ignore[arg-type]
    RateLimit.objects.filter(name="one").update(burst=100, tokens=100)
    slow.world.unreadable = trouble
    slow.send()
    assert len(asked(slow)) == calls
