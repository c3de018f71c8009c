"""The rate budget in small: `python -m tests.benchmarks.rate_budget` plays a whole hour."""

from __future__ import annotations

import pytest


@pytest.mark.django_db(transaction=True)
def test_a_burst_of_changes_keeps_to_the_usage_plans_and_urgent_work_waits_for_no_back_fill() -> None:
    from tests.benchmarks.rate_day import Day, measure, percentile

    found = measure(Day(changes=400, seconds=240, parcels=30, resync=400, late=300, scale=100))
    # What a call is under way counts a hundredfold here: our count may be one call ahead of Amazon's after a full bucket.
    assert sum(by.get("429", 0) for by in found.calls.values()) <= 1
    assert found.sweeps >= 1
    assert len(found.urgent) == 30
    assert 0 < percentile(found.urgent, 0.99) < 60
    assert found.unread > 0 or percentile(found.late, 0.5) > percentile(found.urgent, 0.5)
