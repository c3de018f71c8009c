"""The end of a backlog: what the bucket gives now, what is refilled, who goes first."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core.forecast import Bucket, ends, in_words
from hub.core.lanes import Lane

NOW = 1_800_000_000.0
U, N, B = Lane.URGENT, Lane.NORMAL, Lane.BACKFILL


def bucket(tokens: float = 0, per_second: float = 0.5, burst: float = 30, **more: float) -> Bucket:
    return Bucket(tokens=tokens, per_second=per_second, burst=burst, **{"refilled_at": NOW, **more})


@pytest.mark.parametrize(
    ("calls", "limit", "seconds"),
    [
        ({}, bucket(), {}),
        ({U: 0, N: 0}, bucket(), {}),
        ({U: 10}, bucket(tokens=30), {U: 0}),
        ({U: 40}, bucket(tokens=30), {U: 20}),
        ({U: 40}, bucket(tokens=-10), {U: 100}),
        ({U: 40}, bucket(tokens=0, refilled_at=NOW - 3600), {U: 20}),
        ({U: 40}, bucket(tokens=30, refilled_at=NOW + 3600), {U: 20}),
        ({N: 20}, bucket(tokens=30, reserved=10), {N: 0}),
        ({N: 40}, bucket(tokens=30, reserved=10), {N: 40}),
        ({B: 40}, bucket(tokens=30, reserved=10), {B: 50}),
        ({B: 1}, bucket(tokens=1, burst=1, reserved=0), {B: 0}),
        ({U: 10, N: 10, B: 10}, bucket(), {U: 20, N: 40, B: 75}),
        ({U: 10}, bucket(tokens=30, blocked_until=NOW + 60), {U: 60}),
        ({U: 40}, bucket(tokens=0, blocked_until=NOW + 60), {U: 80}),
        ({U: 5}, bucket(tokens=5, per_second=0), {U: 0}),
        ({U: 6}, bucket(tokens=5, per_second=0), {U: math.inf}),
        ({B: 100}, bucket(tokens=20, per_second=0.0056, burst=20, reserved=2), {B: 86.5 / 0.0056}),
    ],
)
def test_a_backlog_ends(calls: dict[Lane, int], limit: Bucket, seconds: dict[Lane, float]) -> None:
    found = {lane: end - NOW for lane, end in ends(calls, limit, now=NOW).items()}
    assert found == pytest.approx(seconds)


@st.composite
def limits(draw: st.DrawFn) -> Bucket:
    burst = draw(st.integers(1, 100))
    return Bucket(
        burst=burst, tokens=draw(st.floats(-200, burst)), per_second=draw(st.sampled_from([0.0056, 0.0222, 0.5, 2.0, 5.0, 100.0])),
        reserved=draw(st.integers(0, burst)), refilled_at=NOW - draw(st.floats(0, 9000)),
        blocked_until=NOW + draw(st.floats(-3600, 3600)),
    )  # fmt: skip


WORK = st.dictionaries(st.sampled_from(list(Lane)), st.integers(0, 20_000))


@given(WORK, limits())
def test_no_lane_ends_earlier_than_the_rate_allows_for_all_that_goes_before_it(calls: dict[Lane, int], limit: Bucket) -> None:
    for lane, end in ends(calls, limit, now=NOW).items():
        before = sum(waiting for other, waiting in calls.items() if other >= lane)
        assert end >= max(NOW, limit.blocked_until)
        assert before <= limit.left(NOW) + (end - NOW) * limit.per_second + 0.1


@given(WORK, limits())
def test_what_goes_first_ends_first(calls: dict[Lane, int], limit: Bucket) -> None:
    found = ends(calls, limit, now=NOW)
    assert set(found) == {lane for lane, waiting in calls.items() if waiting}
    assert [found[lane] for lane in sorted(found, reverse=True)] == sorted(found.values())


@given(WORK, limits(), st.integers(1, 1000))
def test_a_back_fill_delays_nobody_else(calls: dict[Lane, int], limit: Bucket, more: int) -> None:
    without, beside = (ends({**calls, B: count}, limit, now=NOW) for count in (0, more))
    assert {lane: end for lane, end in beside.items() if lane is not B} == without


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (19.2, "20 s"),
        (60, "1 min"),
        (61, "2 min"),
        (3541, "1 h"),
        (11400, "3 h 10 min"),
        (172_799, "2 days"),
        (500_000, "6 days"),
    ],
)
def test_a_wait_in_words(seconds: float, words: str) -> None:
    assert in_words(seconds) == words
