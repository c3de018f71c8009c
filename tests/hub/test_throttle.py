"""A rate limit that all threads and processes share never admits too many."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection as database

from connectors.base import Connector, Limit
from connectors.hooks import Quota
from hub import throttle
from hub.core.lanes import Lane
from hub.models import Connection, RateLimit

BURST, RATE = 5.0, 40.0


@pytest.fixture
def limit(transactional_db: None) -> RateLimit:
    shop = Connection.objects.create(slug="shop", name="Shop", connector="channeladvisor")
    return RateLimit.objects.create(connection=shop, name="calls", burst=BURST, per_second=RATE, tokens=BURST, refilled_at=time.time())


def take(limit: RateLimit, n: int = 1) -> bool:
    return throttle.take(limit.connection_id, limit.name, n)


def still(limit: RateLimit, tokens: float, **more: float) -> None:
    """The bucket as it is, with nothing refilled."""
    RateLimit.objects.filter(pk=limit.pk).update(**{"tokens": tokens, "per_second": 0.0, "refilled_at": time.time(), **more})


def test_the_bucket_gives_its_burst_and_then_no_more(limit: RateLimit) -> None:
    still(limit, BURST)
    assert [take(limit) for _ in range(7)] == [True] * 5 + [False] * 2


def test_calls_for_a_batch_are_taken_together_or_not_at_all(limit: RateLimit) -> None:
    still(limit, 3)
    assert not take(limit, 4)
    assert take(limit, 3)


def test_as_many_as_are_left_are_taken_at_most(limit: RateLimit) -> None:
    still(limit, 3)
    assert throttle.take_some(limit.connection_id, limit.name, 100) in (1, 2, 3)
    still(limit, 0)
    assert throttle.take_some(limit.connection_id, limit.name, 100) == 0


def test_a_bucket_left_alone_for_a_year_is_full_and_not_more(limit: RateLimit) -> None:
    RateLimit.objects.update(refilled_at=time.time() - 365 * 86400, per_second=0.5)
    assert not take(limit, int(BURST) + 1)
    assert take(limit, int(BURST))


def test_a_clock_that_was_set_back_gives_nothing_away(limit: RateLimit) -> None:
    RateLimit.objects.update(refilled_at=time.time() + 3600, tokens=2)
    assert not take(limit)


def test_calls_that_were_made_anyway_are_owed(limit: RateLimit) -> None:
    still(limit, 2)
    throttle.owe(limit.connection_id, limit.name, 6)
    RateLimit.objects.update(per_second=1.0)
    assert throttle.wait_for(limit.connection_id, limit.name) == pytest.approx(5, abs=0.5)


def test_who_is_asked_to_wait_waits(limit: RateLimit) -> None:
    throttle.block(limit.connection_id, limit.name, 30)
    throttle.block(limit.connection_id, limit.name, 5)
    assert not take(limit)
    assert throttle.wait_for(limit.connection_id, limit.name) == pytest.approx(30, abs=1)


def test_what_the_system_says_is_left_counts_when_it_is_less(limit: RateLimit) -> None:
    still(limit, 5)
    throttle.learn(limit.connection_id, limit.name, Quota(limit=5, remaining=9, reset_after=1.0))
    assert RateLimit.objects.get().tokens == 5
    throttle.learn(limit.connection_id, limit.name, Quota(limit=5, remaining=1, reset_after=1.0))
    assert RateLimit.objects.get().tokens == 1


def test_each_lane_takes_only_what_it_need_not_leave(limit: RateLimit) -> None:
    still(limit, 5, reserved=1)
    while throttle.take(limit.connection_id, limit.name, 1, lane=Lane.BACKFILL):
        pass
    assert RateLimit.objects.get().tokens == 2
    assert [throttle.take(limit.connection_id, limit.name, 1, lane=lane) for lane in (Lane.NORMAL, Lane.NORMAL, Lane.URGENT)] == [
        True, False, True,
    ]  # fmt: skip


def test_a_refusal_empties_the_limit_and_waits_for_one_call(limit: RateLimit) -> None:
    RateLimit.objects.update(per_second=0.1)
    wait = throttle.refused(limit.connection_id, limit.name, None)
    assert wait is not None
    assert 10.5 <= wait <= 12.5
    assert throttle.wait_for(limit.connection_id, limit.name) == pytest.approx(wait, abs=1)
    assert throttle.refused(limit.connection_id, "unknown", 7.0) == 7.0


def test_without_a_limit_everything_is_allowed(limit: RateLimit) -> None:
    assert throttle.take(limit.connection_id, "another", 10**6)
    assert throttle.wait_for(limit.connection_id, "another") == 0


def declare(limit: RateLimit, *limits: Limit) -> dict[str, RateLimit]:
    declared = Connector(
        id="x", label="X", settings=(), connect=lambda s, h: None, check=lambda c: [], package="x", limits=limits,  # type: ignore[arg-type, return-value]
    )  # fmt: skip
    throttle.ensure_limits(limit.connection, declared)
    return {row.name: row for row in RateLimit.objects.all()}


def test_what_was_learned_outlives_a_new_client_but_not_a_new_declaration(limit: RateLimit) -> None:
    RateLimit.objects.update(declared=RATE)
    one = Limit(name="calls", label="Calls", burst=5, per_second=2.0)
    assert declare(limit, one)["calls"].per_second == 2.0
    throttle.learn(limit.connection_id, "calls", Quota(per_second=3.0))
    assert declare(limit, one, Limit(name="more", label="More", burst=7, per_second=1))["calls"].per_second == 3.0
    assert declare(limit, Limit(name="calls", label="Calls", burst=9, per_second=4.0, reserved=2))["calls"].per_second == 4.0


def test_a_limit_that_was_set_by_hand_stays_as_it_is(limit: RateLimit) -> None:
    throttle.learn(limit.connection_id, "calls", Quota(per_second=1.0))
    assert declare(limit, Limit(name="calls", label="Calls", burst=9, per_second=4.0))["calls"].per_second == RATE


@pytest.mark.parametrize(
    ("said", "learned"),
    [(0.5, 0.5), (3.0, 3.0), (1e9, 20.0), (0.0, 0.02), (-4.0, 0.02), (float("nan"), 2.0), (float("inf"), 2.0)],
)
def test_the_rate_follows_what_the_system_says_within_reason(limit: RateLimit, said: float, learned: float) -> None:
    RateLimit.objects.update(declared=2.0, per_second=2.0)
    throttle.learn(limit.connection_id, "calls", Quota(per_second=said))
    assert RateLimit.objects.get().per_second == pytest.approx(learned)


def test_a_new_rate_counts_from_now_on_only(limit: RateLimit) -> None:
    RateLimit.objects.update(declared=1.0, per_second=1.0, tokens=0, refilled_at=time.time() - 2)
    throttle.learn(limit.connection_id, "calls", Quota(per_second=10.0))
    assert RateLimit.objects.get().tokens == pytest.approx(2, abs=0.5)


def _take_until(limit: RateLimit, enough: float, taken: list[bool], start: threading.Barrier) -> None:
    start.wait()
    end = time.monotonic() + 30
    while len(taken) < enough and time.monotonic() < end:
        if take(limit):
            taken.append(True)
    database.close()


def test_threads_together_never_get_more_than_the_limit_allows(limit: RateLimit) -> None:
    start, taken, began = threading.Barrier(4), list[bool](), time.time()
    RateLimit.objects.update(tokens=BURST, refilled_at=began)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: _take_until(limit, BURST + RATE, taken, start), range(4)))
    assert BURST + RATE <= len(taken) <= BURST + RATE * (time.time() - began)


@pytest.mark.road
def test_processes_together_never_get_more_than_the_limit_allows(limit: RateLimit, database_url: str, tmp_path: object) -> None:
    environment = {**os.environ, "DATABASE_URL": database_url, "HUB_VAR_DIR": str(tmp_path)}
    began = time.time()
    RateLimit.objects.update(tokens=BURST, refilled_at=began)
    command = [sys.executable, "-m", "tests.hub.takers", "1.5"]
    children = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    got = sum(int(child.communicate(timeout=120)[0]) for child in children)
    assert BURST < got <= BURST + RATE * (time.time() - began)
