"""Files out and in: nothing published is overwritten, and bad files are explained."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from mappings import documents
from mappings.documents import DocumentError, MappingDocument, as_json, read_document
from mappings.lookups import EntryError, set_entry
from mappings.models import LookupEntry, LookupTable, Mapping, MappingVersion
from mappings.portable import import_document, mapping_document, table_document
from mappings.starting import load_starters, starters
from mappings.versions import VersionError, copy_mapping, draft_of
from tests.mappings.making import add_rules, make_draft, make_live

pytestmark = pytest.mark.django_db
GOOD: dict[str, Any] = {
    "format": 1, "slug": "new", "name": "New", "source": {"connector": "", "stream": ""},
    "target": {"connector": "channeladvisor", "operation": "acknowledge_order"},
    "rules": [{"target": "ChannelAdvisorOrderID", "source": "SourceKey"}],
}  # fmt: skip


def document(**changes: Any) -> MappingDocument:
    found = read_document(json.dumps(GOOD | changes).encode())
    assert isinstance(found, MappingDocument)
    return found


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe{\x00}\x00", "not JSON"),
        (b"[]", "not an object"),
        (b"{}", "neither rules nor entries"),
        (b'{"rules": []}', "format is none"),
        (json.dumps(GOOD | {"format": 2}).encode(), "format is 2"),
        (json.dumps(GOOD | {"format": True}).encode(), "format is"),
        (json.dumps(GOOD | {"slug": "has space"}).encode(), "at slug"),
        (json.dumps(GOOD | {"surprise": 1}).encode(), "surprise"),
        (json.dumps(GOOD | {"rules": [{"target": 7}]}).encode(), r"at rules\[0\]"),
        (json.dumps(GOOD | {"rules": [{"target": "A", "if_empty": "explode"}]}).encode(), "explode"),
        (json.dumps({"slug": "t", "name": "T", "entries": [["only a key"]]}).encode(), "entries"),
        (b'{"rules": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deep|not JSON"),
    ],
)
def test_a_bad_file_is_explained(raw: bytes, words: str) -> None:
    with pytest.raises(DocumentError, match=words):
        read_document(raw)


def test_a_huge_file_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MOST_BYTES", 10)
    with pytest.raises(DocumentError, match="larger than"):
        read_document(b" " * 11)


def test_numbers_keep_their_digits() -> None:
    found = read_document(json.dumps(GOOD).replace('"source": "SourceKey"', '"steps": [{"name": "x", "args": {"n": 0.10}}]').encode())
    assert isinstance(found, MappingDocument)
    assert found.rules[0].steps[0].args == {"n": "0.10"}


def test_a_new_mapping_arrives_as_a_draft() -> None:
    said = import_document(document(), by=None)
    mapping = Mapping.objects.get(slug="new")
    assert mapping.live is None
    assert mapping.versions.get().state == "draft"
    assert "draft" in said[0]


def test_importing_leaves_what_is_live() -> None:
    mapping = make_live()
    live = mapping.live
    said = import_document(document(slug="ack"), by=None)
    mapping.refresh_from_db()
    assert mapping.live == live
    assert mapping.versions.get(state="draft").rules.count() == 1
    assert "stays live" in said[-1]


def test_a_draft_that_somebody_edits_is_not_overwritten() -> None:
    make_draft()
    with pytest.raises(VersionError, match="has a draft"):
        import_document(document(slug="ack"), by=None)
    import_document(document(slug="ack"), by=None, replace_draft=True)
    assert MappingVersion.objects.get().rules.count() == 1


def test_a_mapping_between_other_systems_is_refused() -> None:
    make_live()
    with pytest.raises(VersionError, match="other systems"):
        import_document(document(slug="ack", target={"connector": "tims", "operation": "customers"}), by=None)


def test_importing_the_same_twice_changes_nothing() -> None:
    import_document(document(), by=None)
    assert "Nothing was changed" in import_document(document(), by=None)[0]
    assert MappingVersion.objects.count() == 1


def test_rows_of_existing_tables_are_kept_and_missing_ones_added() -> None:
    table = LookupTable.objects.create(slug="t", name="T")
    set_entry("t", "a", "mine", by=None)
    said = import_document(document(tables=[{"slug": "t", "name": "T", "entries": [["a", "theirs"], ["b", "2"]]}]), by=None)
    assert dict(table.entries.values_list("key", "value")) == {"a": "mine", "b": "2"}
    assert "1 missing rows were added, 1 that differ were kept" in said[0]


def test_a_bad_entry_stops_the_whole_file() -> None:
    with pytest.raises(EntryError, match="entry 2"):
        import_document(document(tables=[{"slug": "t", "name": "T", "entries": [["a", "1"], ["b", "x" * 401]]}]), by=None)
    with pytest.raises(EntryError, match="twice"):
        import_document(document(tables=[{"slug": "t", "name": "T", "entries": [["a", "1"], ["a", "2"]]}]), by=None)
    assert not LookupTable.objects.exists()
    assert not Mapping.objects.exists()


def test_a_mapping_travels_and_comes_back_the_same() -> None:
    load_starters()
    mapping = Mapping.objects.get(slug="ca-order-to-tims-sales-order")
    text = as_json(mapping_document(mapping.live))
    found = read_document(text.encode())
    assert isinstance(found, MappingDocument)
    assert {table.slug for table in found.tables} >= {"ca_ship", "site_names", "pobox_fallback", "rates"}
    assert "Nothing was changed" in import_document(found, by=None)[-1]
    copied = copy_mapping(mapping, slug="other", name=mapping.name, by=None)
    there = mapping_document(copied.versions.get())
    assert as_json(there).replace('"slug": "other"', f'"slug": "{mapping.slug}"') == text.replace(
        f',\n  "comment": "{mapping.live.comment}"', ""
    )


def test_a_table_travels_and_comes_back_the_same() -> None:
    load_starters()
    table = LookupTable.objects.get(slug="ca_ship")
    text = as_json(table_document(table))
    assert "0 missing rows were added." in import_document(read_document(text.encode()), by=None)[0]


def test_starters_are_published_once_and_then_left_alone() -> None:
    first = load_starters()
    assert sum("created and published" in sentence for sentence in first) == sum(isinstance(one, MappingDocument) for one in starters())
    draft = draft_of(Mapping.objects.get(slug="ca-acknowledge"), by=None)
    LookupEntry.objects.filter(table__slug="ca_ship").delete()
    again = load_starters()
    assert all("left as it is" in sentence for sentence in again)
    assert MappingVersion.objects.filter(pk=draft.pk, state="draft").exists()
    assert not LookupEntry.objects.filter(table__slug="ca_ship").exists()


def test_a_starter_that_does_not_fit_stays_a_draft_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    from mappings import starting

    monkeypatch.setattr(starting, "starters", lambda: [document(rules=[{"target": "Vanished", "source": "SourceKey"}])])
    assert "not published" in load_starters()[0]
    assert Mapping.objects.get().live is None


def test_commands_export_and_import(tmp_path: Path) -> None:
    mapping = make_live()
    file = tmp_path / "ack.json"
    call_command("export_mapping", "ack", output=file)
    draft = draft_of(mapping, by=None)
    add_rules(draft, [{"target": "Note", "source": "SourceKey"}])
    shown = StringIO()
    call_command("import_mapping", str(file), replace_draft=True, stdout=shown)
    assert "was replaced" in shown.getvalue()
    assert draft.rules.count() == 2


@pytest.mark.parametrize(
    ("command", "arguments", "words"),
    [
        ("export_mapping", ["nowhere"], "There is no mapping nowhere. There are: ack"),
        ("export_mapping", ["ack"], "no live version"),
        ("import_mapping", ["/no/such/file.json"], "cannot be read"),
        ("import_mapping", [__file__], "not an object"),
    ],
)
def test_commands_say_what_is_wrong(command: str, arguments: list[str], words: str) -> None:
    make_draft()
    with pytest.raises(CommandError, match=words):
        call_command(command, *arguments)
