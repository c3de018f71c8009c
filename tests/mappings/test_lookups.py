"""Entries one by one and in bulk, with their author, without a query per row."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mappings.lookups import EntryError, Row, compare, set_entry, write
from mappings.models import LookupEntry, LookupTable, LookupUpload
from mappings.uploads import ChangedMeanwhileError, keep, preview, take_over

pytestmark = pytest.mark.django_db


@pytest.fixture
def table() -> LookupTable:
    return LookupTable.objects.create(slug="t", name="T")


@pytest.fixture
def ann() -> User:
    return User.objects.create_user("ann")


@pytest.mark.parametrize(("key", "value"), [("", "x"), ("  ", "x"), ("k" * 201, "x"), ("k", "v" * 401), ("k\x00", "x")])
def test_a_row_that_cannot_be_stored_is_refused(table: LookupTable, key: str, value: str) -> None:
    with pytest.raises(EntryError):
        set_entry("t", key, value, by=None)


def test_a_table_that_does_not_exist_is_named(table: LookupTable) -> None:
    with pytest.raises(EntryError, match='"nowhere"'):
        set_entry("nowhere", "a", "b", by=None)


def test_setting_a_row_adds_then_changes_it_with_the_author(table: LookupTable, ann: User) -> None:
    set_entry("t", " a ", "1", by=ann)
    set_entry("t", "a", "2", by=ann)
    assert list(table.entries.values_list("key", "value")) == [("a", "2")]
    assert [(one.history_type, one.history_user) for one in LookupEntry.history.all()] == [("~", ann), ("+", ann)]
    table.refresh_from_db()
    assert table.revision == 3


def test_writing_many_rows_says_what_it_did(table: LookupTable, ann: User) -> None:
    write(table, [Row("a", "1"), Row("b", "2"), Row("c", "3")], by=ann)
    done = write(table, [Row("a", "1"), Row("b", "two"), Row("d", "4")], by=ann, replace=True, reason="file x.csv")
    assert str(done) == "1 added, 1 changed, 1 removed, 1 unchanged"
    assert dict(table.entries.values_list("key", "value")) == {"a": "1", "b": "two", "d": "4"}
    newest = LookupEntry.history.filter(history_change_reason="file x.csv")
    assert sorted(newest.values_list("key", "history_type", "history_user")) == [("b", "~", ann.pk), ("c", "-", ann.pk), ("d", "+", ann.pk)]


def test_writing_the_same_rows_changes_nothing_and_tells_nobody(table: LookupTable) -> None:
    write(table, [Row("a", "1")], by=None)
    table.refresh_from_db()
    before = table.revision
    write(table, [Row("a", "1")], by=None)
    table.refresh_from_db()
    assert table.revision == before


def test_an_empty_note_keeps_the_one_that_is_there(table: LookupTable) -> None:
    write(table, [Row("a", "1", "why")], by=None)
    write(table, [Row("a", "2")], by=None)
    assert table.entries.get().note == "why"


def test_queries_do_not_grow_with_the_rows(table: LookupTable) -> None:
    def queries(rows: int, value: str, *, replace: bool = False) -> int:
        with CaptureQueriesContext(connection) as seen:
            write(table, [Row(f"{value}{place}" if replace else str(place), value) for place in range(rows)], by=None, replace=replace)
        return len(seen)

    small = queries(10, "x") + queries(10, "y") + queries(10, "z", replace=True)
    LookupEntry.objects.all().delete()
    large = queries(900, "x") + queries(900, "y") + queries(900, "z", replace=True)
    assert large <= small + 80


def test_the_revision_rises_once_for_many_rows(table: LookupTable) -> None:
    before = table.revision
    write(table, [Row(str(place), "x") for place in range(2_500)], by=None)
    table.refresh_from_db()
    assert table.revision == before + 1


def test_a_preview_changes_nothing_and_taking_over_does_what_it_showed(table: LookupTable, ann: User) -> None:
    upload = keep(table, [Row("a", "1")], by=ann, file_name="x.csv", replace=False, now=timezone.now())
    assert preview(upload).added == (Row("a", "1"),)
    assert not table.entries.exists()
    take_over(upload, by=ann, revision=table.revision)
    assert table.entries.get().value == "1"
    assert not LookupUpload.objects.exists()


def test_a_table_that_changed_after_the_preview_is_looked_at_again(table: LookupTable, ann: User) -> None:
    upload = keep(table, [Row("a", "1")], by=ann, file_name="x.csv", replace=True, now=timezone.now())
    shown = table.revision
    set_entry("t", "b", "2", by=None)
    with pytest.raises(ChangedMeanwhileError):
        take_over(upload, by=ann, revision=shown)
    assert [row.key for row in compare(table, [Row("a", "1")], replace=True).removed] == ["b"]


def test_files_of_yesterday_are_forgotten(table: LookupTable, ann: User) -> None:
    keep(table, [Row("a", "1")], by=ann, file_name="old.csv", replace=False, now=timezone.now() - timedelta(days=2))
    keep(table, [Row("a", "1")], by=ann, file_name="new.csv", replace=False, now=timezone.now())
    assert [one.file_name for one in LookupUpload.objects.all()] == ["new.csv"]
