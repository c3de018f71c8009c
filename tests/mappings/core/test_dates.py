"""Dates and times in the company's zone."""

from __future__ import annotations

import pytest

from mappings.core.dates import day, in_utc, later, local_date, zone
from mappings.core.refusal import RefusedError


@pytest.mark.parametrize(
    "wrong", ["", "13/25/2026", "2026-13-01T00:00:00Z", "2026-11-20T25:00:00Z", "2026-W47-5", "20261120T043000Z", 5, None, []]
)
def test_what_is_no_time_is_refused(wrong: object) -> None:
    with pytest.raises(RefusedError):
        local_date(wrong, zone(""))


def test_an_unknown_time_zone_is_refused() -> None:
    for name in ("Mars/Base", "../../etc/passwd", "America"):
        with pytest.raises(RefusedError, match="time zone"):
            zone(name)


@pytest.mark.parametrize(
    ("time", "where", "expected"),
    [
        ("2026-11-20T04:30:00Z", "America/Denver", "2026-11-19"),
        ("2026-11-20T07:30:00Z", "America/Los_Angeles", "2026-11-19"),
        ("2026-11-20T08:00:00Z", "America/Los_Angeles", "2026-11-20"),
        ("2026-11-20T10:30:00Z", "Pacific/Auckland", "2026-11-20"),
        ("2026-11-20T11:00:00Z", "Pacific/Auckland", "2026-11-21"),
        ("2026-03-29T01:30:00Z", "Europe/Berlin", "2026-03-29"),
        ("2026-10-25T22:59:59Z", "Europe/Berlin", "2026-10-25"),
        ("2026-10-25T23:00:00Z", "Europe/Berlin", "2026-10-26"),
        ("2026-11-01T05:59:59Z", "America/New_York", "2026-11-01"),
        ("2026-11-20T04:30:00.1234567Z", "America/Denver", "2026-11-19"),
        ("2026-11-19T23:30:00-08:00", "", "2026-11-20"),
        ("2026-11-20T04:30:00", "America/Denver", "2026-11-19"),
        ("2026-11-20", "America/Denver", "2026-11-20"),
    ],
)
def test_a_time_becomes_the_day_of_its_zone(time: str, where: str, expected: str) -> None:
    assert local_date(time, zone(where)) == expected


@pytest.mark.parametrize(
    ("time", "expected"),
    [("2026-11-19T23:41:07Z", "2026-11-19T23:41:07Z"), ("2026-11-20T01:00:00+02:00", "2026-11-19T23:00:00Z"),
     ("2026-11-19T23:41:07.1234567Z", "2026-11-19T23:41:07.123456Z")],
)  # fmt: skip
def test_any_offset_becomes_utc(time: str, expected: str) -> None:
    assert in_utc(time) == expected


def test_a_moment_at_the_edge_of_the_calendar_is_refused_and_not_a_crash() -> None:
    with pytest.raises(RefusedError):
        local_date("0001-01-01T00:00:00Z", zone("America/Denver"))
    with pytest.raises(RefusedError):
        later("9999-12-31", 1)


def test_a_date_that_does_not_exist_is_refused() -> None:
    with pytest.raises(RefusedError):
        day("2026-02-30")
