"""Calendar months: as people write them, in the ledger's time zone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from reconciliation.core.months import Month


@pytest.mark.parametrize("text", ["", "2026", "2026-13", "2026-00", "2026-1", "٢٠٢٦-١١", "-202-11", "9999-12", "0000-01", "2026-11-01"])
def test_what_is_no_month_is_none(text: str) -> None:
    assert Month.of(text) is None


def test_a_month_is_followed_by_the_next_over_the_years_end() -> None:
    assert Month.of("2026-12") == Month(2026, 12)
    assert [str(Month(2026, 12).moved(by)) for by in (1, -12, -24)] == ["2027-01", "2025-12", "2024-12"]


def test_a_month_begins_at_midnight_of_the_ledgers_zone() -> None:
    start, end = Month(2026, 11).during("America/Los_Angeles")
    assert start == datetime(2026, 11, 1, 7, tzinfo=UTC)
    assert end == datetime(2026, 12, 1, 8, tzinfo=UTC)
