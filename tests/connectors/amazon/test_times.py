"""Amazon writes seconds, milliseconds and offsets; we compare text."""

from __future__ import annotations

import pytest

from connectors.amazon.times import moved, normalised


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2026-11-18T09:15:30.123Z", "2026-11-18T09:15:30.123Z"),
        ("2026-11-18T09:15:30Z", "2026-11-18T09:15:30.000Z"),
        ("2026-11-18T09:15:30.123999+02:00", "2026-11-18T07:15:30.123Z"),
        ("2026-11-18T09:15:30", "2026-11-18T09:15:30.000Z"),
        ("yesterday", ""),
        ("", ""),
        (None, ""),
        (20261118, ""),
    ],
)
def test_a_time_is_written_in_one_form_or_not_at_all(given: object, expected: str) -> None:
    assert normalised(given) == expected


def test_a_time_moves_and_what_is_none_stays() -> None:
    assert moved("2026-11-18T00:00:10.500Z", seconds=-300) == "2026-11-17T23:55:10.500Z"
    assert moved("", seconds=-300) == ""
    assert moved("0001-01-01T00:00:00.000Z", seconds=-300) == "0001-01-01T00:00:00.000Z"
