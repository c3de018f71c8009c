"""What follows a failure, as tables and as promises for any failure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import (
    ConflictError,
    ConnectorError,
    CredentialsError,
    CursorExpiredError,
    MissingError,
    OutcomeUnknownError,
    OwnedElsewhereError,
    RejectedError,
    StaleError,
    ThrottledError,
    TransientError,
    UnsupportedError,
)  # fmt: skip
from hub.core.policy import (
    ADVICE,
    BACKOFF,
    LONGEST_WAIT,
    TRIP_AFTER,
    Circuit,
    GiveUp,
    Retry,
    Skip,
    advice,
    after_death,
    after_failure,
    circuit,
    while_missing,
    while_undecided,
)  # fmt: skip

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
RETRYABLE = (TransientError, OutcomeUnknownError, ThrottledError, StaleError, CursorExpiredError)
FINAL = (RejectedError, MissingError, ConflictError, CredentialsError, UnsupportedError, ConnectorError)


def failing(kind: type[ConnectorError], retry_after: float | None = None) -> ConnectorError:
    error = kind("It did not work.")
    error.retry_after = retry_after
    return error


@pytest.mark.parametrize("kind", FINAL)
def test_what_time_does_not_heal_goes_to_a_person_at_once(kind: type[ConnectorError]) -> None:
    assert after_failure(failing(kind), attempts=1, now=NOW) == GiveUp(category=kind.category)


@pytest.mark.parametrize("kind", [TransientError, StaleError, CursorExpiredError])
@pytest.mark.parametrize(("attempts", "wait"), list(enumerate(BACKOFF, start=1)))
def test_each_attempt_waits_longer_than_the_one_before(kind: type[ConnectorError], attempts: int, wait: timedelta) -> None:
    assert after_failure(failing(kind), attempts=attempts, now=NOW) == Retry(at=NOW + wait)


def test_the_waits_cover_a_night_of_maintenance() -> None:
    assert timedelta(hours=8) < sum(BACKOFF, timedelta()) < timedelta(hours=24)
    assert list(BACKOFF) == sorted(BACKOFF)


def test_a_write_without_an_answer_is_asked_about_before_it_is_repeated() -> None:
    assert after_failure(failing(OutcomeUnknownError), attempts=1, now=NOW) == Retry(at=NOW + BACKOFF[0], unknown=True)


@pytest.mark.parametrize(("kind", "category"), [(TransientError, "exhausted"), (OutcomeUnknownError, "unknown_outcome")])
def test_after_the_last_wait_a_person_looks(kind: type[ConnectorError], category: str) -> None:
    assert after_failure(failing(kind), attempts=len(BACKOFF) + 1, now=NOW) == GiveUp(category=category)


@pytest.mark.parametrize(("asked", "wait"), [(None, 15.0), (0.0, 0.0), (2.5, 2.5), (10**9, LONGEST_WAIT.total_seconds())])
def test_a_full_quota_costs_no_attempt_and_waits_as_long_as_asked(asked: float | None, wait: float) -> None:
    found = after_failure(failing(ThrottledError, asked), attempts=99, now=NOW)
    assert found == Retry(at=NOW + timedelta(seconds=wait), free=True)


def test_a_system_that_names_a_time_is_not_called_earlier() -> None:
    found = after_failure(failing(TransientError, 300.0), attempts=1, now=NOW, pace=0.01)
    assert found == Retry(at=NOW + timedelta(seconds=300))


def test_what_another_road_brought_is_skipped_with_that_reason() -> None:
    found = after_failure(OwnedElsewhereError("112-1 came through Amazon.", existing="SO-1"), attempts=1, now=NOW)
    assert found == Skip(code="owned_elsewhere", reason="112-1 came through Amazon.")


any_failure = st.builds(
    failing, st.sampled_from(RETRYABLE + FINAL), st.none() | st.floats(min_value=0, max_value=10**7, allow_nan=False, allow_infinity=False)
)


@given(any_failure, st.integers(0, 10**6), st.floats(allow_nan=False), st.floats(0.001, 1.0))
def test_a_retry_is_never_in_the_past_nor_beyond_the_longest_wait(error: ConnectorError, attempts: int, spread: float, pace: float) -> None:
    found = after_failure(error, attempts=attempts, now=NOW, spread=spread, pace=pace)
    if isinstance(found, Retry):
        assert NOW <= found.at <= NOW + LONGEST_WAIT * 1.2


@given(st.sampled_from(RETRYABLE), st.floats(0, 1))
def test_attempts_are_bounded_unless_the_system_itself_asks_for_patience(kind: type[ConnectorError], spread: float) -> None:
    steps = [after_failure(failing(kind), attempts=n, now=NOW, spread=spread) for n in range(1, len(BACKOFF) + 2)]
    assert isinstance(steps[-1], GiveUp) or all(isinstance(step, Retry) and step.free for step in steps)


@given(st.floats(0, 1), st.integers(1, len(BACKOFF)))
def test_a_crowd_parts_by_a_fifth_at_most(spread: float, attempts: int) -> None:
    found = after_failure(failing(TransientError), attempts=attempts, now=NOW, spread=spread)
    assert isinstance(found, Retry)
    assert BACKOFF[attempts - 1] <= found.at - NOW <= BACKOFF[attempts - 1] * 1.2


@given(st.integers(0, 1000))
def test_a_dead_worker_leaves_a_question_and_the_third_death_a_person(deaths: int) -> None:
    found = after_death(deaths=deaths, now=NOW, most=3)
    if deaths >= 3:
        assert found == GiveUp(category="unknown_outcome")
    else:
        assert isinstance(found, Retry)
        assert found.unknown
        assert found.at > NOW


CLOSED = Circuit(failures=0, open_until=None)


@pytest.mark.parametrize(
    ("before", "worked", "failed", "retry_after", "failures", "pause"),
    [
        (CLOSED, 1, 0, None, 0, None),
        (CLOSED, 0, 0, None, 0, None),
        (CLOSED, 0, TRIP_AFTER - 1, None, TRIP_AFTER - 1, None),
        (CLOSED, 0, TRIP_AFTER, None, TRIP_AFTER, 30),
        (CLOSED, 1, 500, None, 0, None),
        (CLOSED, 0, 2 * TRIP_AFTER, None, 2 * TRIP_AFTER, 60),
        (CLOSED, 0, 100 * TRIP_AFTER, None, 100 * TRIP_AFTER, 300),
        (CLOSED, 0, 1, 7.0, 1, 7),
        (CLOSED, 0, 1, 10.0**6, 1, 1800),
        (Circuit(failures=TRIP_AFTER, open_until=NOW), 3, 0, None, 0, None),
    ],
)
def test_a_circuit_opens_after_enough_failures_in_a_row_and_closes_with_any_success(
    before: Circuit, worked: int, failed: int, retry_after: float | None, failures: int, pause: float | None
) -> None:
    found = circuit(before, worked=worked, failed=failed, now=NOW, retry_after=retry_after)
    assert found == Circuit(failures=failures, open_until=None if pause is None else NOW + timedelta(seconds=pause))


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 50)), max_size=60), st.none() | st.floats(0, 10**6))
def test_no_circuit_stays_open_for_more_than_half_an_hour(batches: list[tuple[int, int]], retry_after: float | None) -> None:
    now = CLOSED
    for worked, failed in batches:
        now = circuit(now, worked=worked, failed=failed, now=NOW, retry_after=retry_after)
        assert now.open_until is None or NOW <= now.open_until <= NOW + timedelta(minutes=30)


@pytest.mark.parametrize(
    "category",
    [kind.category for kind in FINAL] + ["exhausted", "unknown_outcome", "mapping", "held", "unreadable", "not_decided", "receipt_lost"],
)
def test_every_failure_that_a_person_sees_says_what_to_do(category: str) -> None:
    assert category in ADVICE
    assert advice(category) == ADVICE[category]


def test_a_failure_nobody_thought_of_has_advice_as_well() -> None:
    assert advice("never heard of") == ADVICE["internal"]


@pytest.mark.parametrize(
    ("age", "wait"), [(0, 60), (60, 60), (23 * 60, 60), (23 * 60 + 30, 30), (24 * 60 - 1, 1)], ids=lambda minutes: f"{minutes} min"
)
def test_a_missing_value_is_looked_for_every_hour_and_once_more_at_the_end(age: int, wait: int) -> None:
    found = while_missing(hours=24, since=NOW - timedelta(minutes=age), now=NOW)
    assert found == Retry(at=NOW + timedelta(minutes=wait), free=True)


@pytest.mark.parametrize("age", [timedelta(hours=24), timedelta(days=9)])
def test_a_value_that_did_not_come_in_its_time_is_a_mapping_error(age: timedelta) -> None:
    assert while_missing(hours=24, since=NOW - age, now=NOW) == GiveUp(category="mapping")


def test_the_pace_shortens_the_wait_for_a_value_and_its_end() -> None:
    assert while_missing(hours=24, since=NOW, now=NOW, pace=0.5) == Retry(at=NOW + timedelta(minutes=30), free=True)
    assert isinstance(while_missing(hours=24, since=NOW - timedelta(hours=12), now=NOW, pace=0.5), GiveUp)


DAY = timedelta(hours=24)


@pytest.mark.parametrize(
    ("age", "error", "pace", "expected"),
    [
        (timedelta(), None, 1.0, 30),
        (DAY - timedelta(seconds=1), None, 1.0, 30),
        (DAY, None, 1.0, "not_decided"),
        (timedelta(days=9), None, 1.0, "not_decided"),
        (timedelta(), None, 0.1, 3),
        (DAY * 0.1, None, 0.1, "not_decided"),
        (timedelta(), failing(TransientError), 1.0, 30),
        (DAY * 2, failing(TransientError), 1.0, 30),
        (timedelta(), failing(ThrottledError, 300), 1.0, 300),
        (DAY * 2, failing(ThrottledError, 5), 1.0, 30),
        (timedelta(), failing(ConnectorError), 1.0, 30),
        (DAY, failing(ConnectorError), 1.0, "not_decided"),
    ],
)
def test_who_has_not_decided_is_asked_again_for_a_day(
    age: timedelta, error: ConnectorError | None, pace: float, expected: float | str
) -> None:
    found = while_undecided(since=NOW - age, now=NOW, after=30, error=error, pace=pace)
    wanted = GiveUp(category=expected) if isinstance(expected, str) else Retry(at=NOW + timedelta(seconds=expected), free=True)
    assert found == wanted
