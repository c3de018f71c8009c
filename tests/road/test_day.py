"""The scripted day, smaller than `demo --once`, on the database of the tests."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from hub.demo import day

pytestmark = [pytest.mark.road, pytest.mark.django_db(transaction=True)]


@pytest.mark.usefixtures("children")
def test_the_books_agree_after_a_day_of_faults_changes_and_cancellations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_PACE", "0.05")
    words = io.StringIO()
    assert day.play(Console(file=words, width=140), orders=60, seed=11), words.getvalue()
    assert "The books agree" in words.getvalue()
