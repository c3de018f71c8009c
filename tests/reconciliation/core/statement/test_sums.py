"""Lines are added up by kind and by the day of the ledger, and nothing gets lost on the way."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciliation.core.lines import Sum
from reconciliation.core.statement import Problem, Quarantined, read
from reconciliation.core.statement.dates import TIMESTAMP
from reconciliation.core.statement.days import days
from reconciliation.core.statement.sums import sums, totals
from tests.reconciliation.core.statement.writing import COMMISSION, PRINCIPAL, Dialect, line, write

BERLIN = ZoneInfo("Europe/Berlin")
MANY = [
    line(f"{number % 97}.{number % 89:02d}", (PRINCIPAL, COMMISSION)[number % 2], number=number + 3, sku=f"TK-{number % 5}")
    for number in range(2000)
]


def _whole(found: list[Sum]) -> Counter[tuple[object, ...]]:
    added: Counter[tuple[object, ...]] = Counter()
    for one in found:
        added[one.kind, one.day, one.sku, one.order_id] += one.lines
        added[one.kind, one.day, one.sku, one.order_id, "amount"] += one.amount  # type: ignore[assignment]
    return added


def test_totals_are_one_per_kind_day_marketplace_and_fulfilment() -> None:
    found = totals(read(BytesIO(write(MANY)), piece=5000), UTC)
    assert {one.kind: (one.amount, one.lines) for one in found} == {
        kind: (sum((one.amount for one in MANY if one.kind == kind), Decimal(0)), 1000) for kind in (PRINCIPAL, COMMISSION)
    }
    assert {(one.day, one.marketplace, one.fulfilment, one.order_id, one.sku) for one in found} == {
        (date(2026, 11, 2), "Amazon.com", "AFN", "", "")
    }


@pytest.mark.parametrize("piece", [5000, 1 << 20])
def test_the_sums_of_a_file_do_not_depend_on_how_it_is_cut(piece: int) -> None:
    found = list(sums(read(BytesIO(write(MANY)), piece=piece), UTC))
    assert _whole(found) == _whole(
        [Sum(kind=one.kind, day=one.posted_at.date(), amount=one.amount, sku=one.sku, order_id=one.order_id) for one in MANY]
    )


def test_totals_are_merged_when_many_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = totals(read(BytesIO(write(MANY))), UTC)
    monkeypatch.setattr("reconciliation.core.statement.sums.PENDING", 5)
    assert sorted(totals(read(BytesIO(write(MANY)), piece=5000), UTC), key=repr) == sorted(whole, key=repr)


def test_the_order_of_lines_changes_no_sum() -> None:
    shuffled = random.Random(7).sample(MANY, len(MANY))
    assert _whole(list(sums(read(BytesIO(write(shuffled))), BERLIN))) == _whole(list(sums(read(BytesIO(write(MANY))), BERLIN)))


def test_a_file_of_no_lines_has_no_sums() -> None:
    assert totals(read(BytesIO(write([]))), UTC) == list(sums(read(BytesIO(write([]))), UTC)) == []


def test_sums_of_a_file_that_does_not_add_up_end_in_its_quarantine() -> None:
    with pytest.raises(Quarantined) as problem:
        totals(read(BytesIO(write(MANY, dialect=Dialect(total="0.00")))), UTC)
    assert problem.value.code is Problem.TOTAL_MISMATCH


@pytest.mark.parametrize(
    ("posted", "zone", "day"),
    [
        (datetime(2026, 12, 31, 23, 30, tzinfo=UTC), "Europe/Berlin", date(2027, 1, 1)),
        (datetime(2026, 12, 31, 23, 30, tzinfo=UTC), "UTC", date(2026, 12, 31)),
        (datetime(2026, 12, 31, 23, 30, tzinfo=UTC), "America/Denver", date(2026, 12, 31)),
        (datetime(2026, 10, 24, 22, 0, tzinfo=UTC), "Europe/Berlin", date(2026, 10, 25)),
        (datetime(2026, 10, 25, 22, 59, 59, tzinfo=UTC), "Europe/Berlin", date(2026, 10, 25)),
        (datetime(2026, 10, 25, 23, 0, tzinfo=UTC), "Europe/Berlin", date(2026, 10, 26)),
        (datetime(2026, 4, 30, 18, 15, tzinfo=UTC), "Asia/Kathmandu", date(2026, 5, 1)),
    ],
)
def test_a_line_counts_on_the_day_of_the_ledgers_clock(posted: datetime, zone: str, day: date) -> None:
    (found,) = totals(read(BytesIO(write([line(posted_at=posted)]))), ZoneInfo(zone))
    assert found.day == day


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.integers(0, 86_400 * 800), min_size=1, max_size=40),
    st.sampled_from(["Europe/Berlin", "America/Denver", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Chatham"]),
)
def test_days_of_a_column_are_those_of_each_time(seconds: list[int], zone: str) -> None:
    times = [datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=one) for one in seconds]
    assert days(pa.array(times, TIMESTAMP), ZoneInfo(zone)).to_pylist() == [one.astimezone(ZoneInfo(zone)).date() for one in times]
