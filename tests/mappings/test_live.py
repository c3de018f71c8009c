"""What runs is always what is live, for one small query."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mappings.core.values import Facts
from mappings.live import live, rules_of, tables
from mappings.lookups import set_entry
from mappings.models import LookupEntry, LookupTable
from mappings.versions import draft_of, publish, roll_back
from tests.mappings.making import make_draft, make_live

pytestmark = pytest.mark.django_db


def test_a_mapping_without_a_published_version_has_nothing_live() -> None:
    assert live(make_draft().mapping_id) is None


def test_an_unknown_mapping_has_nothing_live() -> None:
    assert live(999_999) is None


def test_the_live_version_maps() -> None:
    found = live(make_live().pk)
    outcome = found.apply({"SourceKey": "7", "TargetKey": "SO-1"}, Facts())
    assert outcome.payload == {"ChannelAdvisorOrderID": 7, "SellerOrderID": "SO-1"}


def test_asking_again_costs_one_query() -> None:
    mapping = make_live()
    live(mapping.pk)
    with CaptureQueriesContext(connection) as seen:
        live(mapping.pk)
    assert len(seen) == 1


def test_publishing_and_going_back_are_seen_at_once() -> None:
    mapping = make_live()
    assert live(mapping.pk).number == 1
    publish(draft_of(mapping, by=None), by=None, comment="second")
    assert live(mapping.pk).number == 2
    mapping.refresh_from_db()
    roll_back(mapping, by=None)
    assert live(mapping.pk).number == 1


def test_rules_carry_the_type_of_their_target() -> None:
    assert [rule.type for rule in rules_of(make_draft())] == ["whole number", "text"]


def test_a_changed_entry_is_seen_at_once_and_an_unchanged_table_is_not_read_again() -> None:
    table = LookupTable.objects.create(slug="t", name="T")
    LookupEntry.objects.create(table=table, key="a", value="1")
    assert tables(["t"]) == {"t": {"a": "1"}}
    with CaptureQueriesContext(connection) as seen:
        tables(["t"])
    assert len(seen) == 1
    set_entry("t", "a", "2", by=None)
    assert tables(["t"]) == {"t": {"a": "2"}}
    LookupEntry.objects.filter(table=table).delete()
    assert tables(["t"]) == {"t": {}}


def test_a_table_that_was_deleted_and_made_anew_is_not_mixed_up() -> None:
    table = LookupTable.objects.create(slug="t", name="T")
    set_entry("t", "a", "old", by=None)
    tables(["t"])
    table.delete()
    LookupTable.objects.create(slug="t", name="T")
    set_entry("t", "a", "new", by=None)
    assert tables(["t", "gone"]) == {"t": {"a": "new"}}


def test_no_tables_cost_no_query() -> None:
    with CaptureQueriesContext(connection) as seen:
        assert tables([]) == {}
    assert len(seen) == 0
