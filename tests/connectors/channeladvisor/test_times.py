"""Times as text that sorts: what ChannelAdvisor writes and what is no time at all."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.channeladvisor.times import from_http_date, moved, normalised

TIMES = [
    ("2026-11-20T10:15:00Z", "2026-11-20T10:15:00.000000Z"),
    ("2018-02-14T20:25:11.9133333Z", "2018-02-14T20:25:11.913333Z"),
    ("2026-11-20T10:15:00", "2026-11-20T10:15:00.000000Z"),
    ("2026-11-20T23:30:00-08:00", "2026-11-21T07:30:00.000000Z"),
    (" 2026-11-20T10:15:00Z ", "2026-11-20T10:15:00.000000Z"),
    ("0099-01-01T00:00:00Z", "0099-01-01T00:00:00.000000Z"),
    ("0001-01-01T00:00:00+14:00", ""),
    ("yesterday", ""),
    ("", ""),
    (None, ""),
    (20261120, ""),
]


@pytest.mark.parametrize(("given", "expected"), TIMES)
def test_a_time_becomes_text_that_sorts(given: Any, expected: str) -> None:
    assert normalised(given) == expected


def test_a_cursor_can_be_moved_and_an_odd_one_stays() -> None:
    assert moved("2026-11-20T00:01:00.500000Z", seconds=-120) == "2026-11-19T23:59:00.500000Z"
    assert moved("not a time", seconds=-120) == "not a time"
    assert moved("0001-01-01T00:00:00.000000Z", seconds=-120) == "0001-01-01T00:00:00.000000Z"


@pytest.mark.parametrize(("given", "expected"), [("Fri, 20 Nov 2026 10:15:00 GMT", "2026-11-20T10:15:00.000000Z"), ("", ""), ("soon", "")])
def test_the_date_header_is_a_time(given: str, expected: str) -> None:
    assert from_http_date(given) == expected
