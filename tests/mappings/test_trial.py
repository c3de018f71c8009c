"""Try: every rule's result, all problems, and what would be looked up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings import samples
from mappings.core.values import Need
from mappings.lookups import set_entry
from mappings.models import LookupTable
from mappings.trial import RecordError, pasted, try_version
from tests.mappings.making import make_draft

pytestmark = pytest.mark.django_db
GOOD = {"SourceKey": "7", "TargetKey": "SO-1"}


class Known:
    """A keeper of records that knows one item."""

    def __call__(self, mapping: Any, query: str) -> list[tuple[str, str]]:
        return [("1", "order 7")]

    def load(self, mapping: Any, sample_id: str) -> samples.Sample | None:
        return samples.Sample(label="order 7", payload=dict(GOOD)) if sample_id == "1" else None

    def answers(self, mapping: Any, needs: Any) -> dict[Need, str | None]:
        return {need: {"A": "A", "B": None}[need.key] for need in needs if need.key in ("A", "B")}

    def flows(self, mapping_ids: Any) -> dict[int, list[tuple[str, str]]]:
        return {}


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(samples, "_providers", [Known()])
    return


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON"), ("{", "not JSON"), ("[1]", "not a list"), ("7", "not a list"), ("x" * 1_000_001, "larger than"),
        ('{"a":' * 70 + "1" + "}" * 70, "nested deeper"), ('{"a":' * 5_000 + "1" + "}" * 5_000, "nested deeper|not JSON"),
        ("\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace"), "not JSON"),
    ],
)  # fmt: skip
def test_what_is_not_a_record_is_explained(text: str, words: str) -> None:
    with pytest.raises(RecordError, match=words):
        pasted(text)


def test_numbers_in_a_pasted_record_keep_their_digits() -> None:
    assert str(pasted('{"a": 0.10}')["a"]) == "0.10"


def test_every_rule_shows_where_its_value_came_from_and_what_it_wrote() -> None:
    trial = try_version(make_draft(), dict(GOOD))
    assert trial.ready
    shown = [(one.rule.target, one.state, one.results[0].source, one.results[0].result) for one in trial.rules]
    assert shown == [("ChannelAdvisorOrderID", "written", "7", 7), ("SellerOrderID", "written", "SO-1", "SO-1")]


def test_problems_of_rules_and_of_the_target_come_together() -> None:
    rules = [
        {"target": "SellerOrderID", "source": "TargetKey", "steps": [{"name": "trim", "args": {"length": 2}}]},
        {"target": "A", "formula": "1 +"},
    ]
    trial = try_version(make_draft(rules=rules), dict(GOOD))
    assert not trial.ready
    assert [one.state for one in trial.rules] == ["problem", "bad"]
    assert "ChannelAdvisorOrderID is required but empty." in [one.message for one in trial.schema_problems]


def test_lookup_tables_are_taken_as_they_are_now() -> None:
    LookupTable.objects.create(slug="t", name="T")
    draft = make_draft(rules=[{"target": "SellerOrderID", "source": "TargetKey", "steps": [{"name": "lookup", "args": {"table": "t"}}]}])
    assert 'no row for "SO-1"' in try_version(draft, dict(GOOD)).outcome.problems[0].message
    set_entry("t", "SO-1", "yes", by=None)
    assert try_version(draft, dict(GOOD)).outcome.payload == {"SellerOrderID": "yes"}


@pytest.mark.parametrize(("key", "waits", "unknown"), [("A", 0, 0), ("B", 1, 0), ("C", 0, 1)])
def test_other_records_are_answered_waited_for_or_named(known: None, key: str, waits: int, unknown: int) -> None:
    draft = make_draft(
        rules=[{"target": "SellerOrderID", "source": "TargetKey", "steps": [{"name": "known", "args": {"stream": "items"}}]}]
    )
    trial = try_version(draft, {"TargetKey": key})
    assert (len(trial.outcome.waits), len(trial.unknown)) == (waits, unknown)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["SourceKey", "TargetKey", "x"]), inner, max_size=3),
    max_leaves=8,
)


def test_no_record_makes_trying_fail() -> None:
    draft = make_draft()

    @given(st.dictionaries(st.sampled_from(["SourceKey", "TargetKey", "x"]), JSON))
    def any_record(record: dict[str, Any]) -> None:
        assert isinstance(try_version(draft, record).rules, tuple)

    any_record()
