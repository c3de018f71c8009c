"""Times are read in the one way that a file's summary row writes them."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciliation.core.statement.dates import FORMATS, DateFormat, format_of

MOMENT = datetime(2025, 10, 3, 21, 4, 23, tzinfo=UTC)
WRITTEN = [
    "2025-10-03 21:04:23 UTC",
    "03.10.2025 21:04:23 UTC",
    "2025/10/03 21:04:23 UTC",
    "2025-10-03T21:04:23+00:00",
    "2025-10-03T23:04:23+02:00",
    "2025-10-03T21:04:23Z",
    "Fri Oct 03 2025 21:04:23 GMT+0000 (GMT)",
    "Fri Oct 03 2025 14:04:23 GMT-0700 (Pacific Daylight Time)",
    "Fri Oct 03 2025 21:04:23 GMT+0000",
]
NO_TIME = [
    "",
    "2025-10-03",
    "10/03/2025 21:04:23 UTC",
    "2025-10-03 21:04:23",
    "2025-10-03 21:04:23 PST",
    "2025-02-30 21:04:23 UTC",
    "2025-13-03 21:04:23 UTC",
    "2025-10-03 24:00:00 UTC",
    "2025-10-03 21:60:00 UTC",
    " 2025-10-03 21:04:23 UTC",
    "2025-10-03 21:04:23 UTC\n",
    "Fri Okt 03 2025 21:04:23 GMT+0000 (GMT)",
]


@pytest.mark.parametrize("text", WRITTEN)
def test_a_time_is_the_same_moment_however_it_is_written(text: str) -> None:
    found = format_of([text])
    assert found
    assert found.one(text) == MOMENT
    assert found.many(pa.array([text])).to_pylist() == [MOMENT]


@pytest.mark.parametrize("text", NO_TIME)
def test_what_is_no_time_or_could_be_two_is_refused(text: str) -> None:
    assert format_of([text]) is None
    assert [one.many(pa.array([text])) for one in FORMATS] == [None] * len(FORMATS)


def test_times_of_two_formats_have_none_in_common() -> None:
    assert format_of([WRITTEN[0], WRITTEN[1]]) is None


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(FORMATS),
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001 - a clock's digits
    st.integers(0, 20),
    st.sampled_from("0123456789:-. UTCOctZ+"),
)
def test_a_column_is_read_as_each_of_its_times_is(one: DateFormat, at: datetime, place: int, letter: str) -> None:
    shapes = (
        "%Y-%m-%d %H:%M:%S UTC",
        "%d.%m.%Y %H:%M:%S UTC",
        "%Y/%m/%d %H:%M:%S UTC",
        "%Y-%m-%dT%H:%M:%S+01:30",
        "%a %b %d %Y %H:%M:%S GMT-0330",
    )
    for text in [at.strftime(shape) for shape in shapes]:
        for value in (text, text[:place] + letter + text[place + 1 :]):
            column, single = one.many(pa.array([value])), one.one(value)
            assert (column.to_pylist() if column is not None else [None]) == [single]


@pytest.mark.parametrize(
    ("text", "day"), [("2025-10-03", True), ("03.10.2025", True), ("2025/10/03", True), ("09/06/25", False), ("10/03/2025", False)]
)
def test_a_date_alone_counts_when_it_can_be_read_in_one_way_only(text: str, day: bool) -> None:
    found = [values.to_pylist() for one in FORMATS if (values := one.many(pa.array([text]), days=True)) is not None]
    assert found[:1] == ([[datetime(2025, 10, 3, tzinfo=UTC)]] if day else [])
