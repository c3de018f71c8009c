"""Which lane work travels by, and what each lane leaves to those before it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core.lanes import Lane, lane_of, lane_of_run, left_to_others, priority_in

U, N, B = Lane.URGENT, Lane.NORMAL, Lane.BACKFILL
priorities = st.integers(-32768, 32767)


@pytest.mark.parametrize(
    ("trigger", "keys", "since", "priority", "lane"),
    [
        ("webhook", 0, "", 0, U), ("webhook", 0, "", -5, U),
        ("schedule", 0, "", 0, N), ("schedule", 0, "", 3, U), ("schedule", 0, "", -3, B),
        ("person", 0, "", 0, N), ("person", 1, "", 0, U), ("person", 100, "", 0, U), ("person", 101, "", 0, B),
        ("person", 0, "2026-01-01T00:00:00Z", 0, B), ("api", 3, "", 0, U),
        ("check", 3, "", 0, N), ("command", 0, "", 0, N), ("command", 1, "", 9, B),
        ("command", 0, "2026-01-01T00:00:00Z", 9, B),
    ],
)  # fmt: skip
def test_a_run_goes_by_the_lane_of_whoever_waits_for_it(trigger: str, keys: int, since: str, priority: int, lane: Lane) -> None:
    assert lane_of_run(trigger, keys=keys, since=since, flow_priority=priority) is lane


@pytest.mark.parametrize(
    ("lane", "flow", "expected"),
    [(N, 0, N), (U, 0, U), (B, 0, B), (N, 10, U), (B, 10, B), (U, 10, U), (N, -1, B), (U, -1, B), (B, -1, B)],
)
def test_a_delivery_travels_by_the_lane_of_its_run_and_its_flow(lane: Lane, flow: int, expected: Lane) -> None:
    assert lane_of(priority_in(lane, flow)) is expected


@given(one=priorities, other=priorities, lane=st.sampled_from(Lane))
def test_a_priority_fits_its_column_and_keeps_the_order_of_flows(one: int, other: int, lane: Lane) -> None:
    assert -32768 <= priority_in(lane, one) <= 32767
    if 0 <= one <= other:
        assert priority_in(lane, one) <= priority_in(lane, other)


@given(first=st.integers(0, 32767), second=st.integers(0, 32767))
def test_no_flow_lifts_its_back_fill_over_another_flows_webhooks(first: int, second: int) -> None:
    assert priority_in(B, first) < priority_in(N, second) < priority_in(U, second)


@pytest.mark.parametrize(
    ("lane", "burst", "reserved", "left"),
    [(U, 20, 5, 0), (N, 20, 5, 5), (B, 20, 5, 8.75), (N, 1, 0, 0), (B, 1, 0, 0), (B, 1, 1, 0), (N, 2, 2, 1), (B, 10, 0, 2.5)],
)
def test_each_lane_leaves_calls_to_those_before_it(lane: Lane, burst: float, reserved: float, left: float) -> None:
    assert left_to_others(lane, burst=burst, reserved=reserved) == left


@given(lane=st.sampled_from(Lane), burst=st.integers(1, 1000), reserved=st.integers(0, 2000), n=st.integers(1, 1000))
def test_a_full_limit_always_gives_what_it_can_hold(lane: Lane, burst: int, reserved: int, n: int) -> None:
    if n <= burst:
        assert burst - n >= left_to_others(lane, burst=burst, reserved=reserved, n=n)
