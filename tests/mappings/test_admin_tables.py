"""The pages of lookup tables: rows, files with a preview, uses."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from mappings.lookups import Row, set_entry, write
from mappings.models import LookupEntry, LookupTable, LookupUpload
from mappings.starting import load_starters
from mappings.table_files import read_file

pytestmark = pytest.mark.django_db


@pytest.fixture
def table(db: None) -> LookupTable:
    found = LookupTable.objects.create(slug="t", name="T")
    set_entry("t", "a", "1", by=None)
    return found


def at(name: str, table: LookupTable, *more: Any) -> str:
    return reverse(f"admin:mappings_lookuptable_{name}", args=[table.pk, *more])


def upload(client: Client, table: LookupTable, content: bytes, *, name: str = "x.csv", mode: str = "add") -> Any:
    return client.post(at("import", table), {"file": SimpleUploadedFile(name, content), "mode": mode}, follow=True)


def test_an_auditor_may_look_and_export_but_not_change(auditor: Client, table: LookupTable) -> None:
    assert auditor.get(at("change", table)).status_code == 200
    assert auditor.get(at("export", table, "csv")).status_code == 200
    assert auditor.post(at("set", table), {"key": "b", "value": "2"}).status_code == 403
    assert auditor.get(at("import", table)).status_code == 403
    assert table.entries.count() == 1


def test_somebody_without_any_right_sees_nothing(table: LookupTable) -> None:
    client = Client()
    client.force_login(User.objects.create_user("guest", is_staff=True), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(at("export", table, "csv")).status_code == 403
    assert client.get(at("change", table)).status_code == 403


def test_a_row_is_saved_on_the_page(mapper: Client, table: LookupTable) -> None:
    page = mapper.post(at("set", table), {"key": "b", "value": "2"}, follow=True)
    assert "b → 2 was saved" in page.content.decode()
    assert table.entries.get(key="b").history.first().history_user.username == "mapper"
    assert b"the key is empty" in mapper.post(at("set", table), {"key": " "}, follow=True).content


def test_a_file_is_previewed_before_anything_changes(mapper: Client, table: LookupTable) -> None:
    page = upload(mapper, table, b"key,value\na,one\nb,2\n")
    assert b"1 added, 1 changed, 0 removed, 0 unchanged" in page.content
    assert table.entries.get().value == "1"
    kept = LookupUpload.objects.get()
    table.refresh_from_db()
    mapper.post(at("preview", table, kept.pk), {"revision": table.revision})
    assert dict(table.entries.values_list("key", "value")) == {"a": "one", "b": "2"}
    again = mapper.post(at("preview", table, kept.pk), {"revision": table.revision}, follow=True)
    assert b"taken over already" in again.content


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_file_of_exchange_rates_is_taken_over_as_it_is(separator: str, mapper: Client) -> None:
    load_starters()
    rates = LookupTable.objects.get(slug="rates")
    rows = [["Currency|day", "Company units for one"], ["EUR|2026-11-20", "1.0912"], ["CHF|2026-11-20", "1.1"]]
    upload(mapper, rates, "\n".join(separator.join(row) for row in rows).encode())
    rates.refresh_from_db()
    mapper.post(at("preview", rates, LookupUpload.objects.get().pk), {"revision": rates.revision})
    assert dict(rates.entries.filter(key__endswith="20").values_list("key", "value")) == {
        "EUR|2026-11-20": "1.0912",
        "CHF|2026-11-20": "1.1",
    }


def test_replacing_the_table_removes_what_the_file_does_not_name(mapper: Client, table: LookupTable) -> None:
    upload(mapper, table, b"key,value\nb,2\n", mode="replace")
    table.refresh_from_db()
    mapper.post(at("preview", table, LookupUpload.objects.get().pk), {"revision": table.revision})
    assert list(table.entries.values_list("key", flat=True)) == ["b"]


def test_a_table_changed_after_the_preview_is_shown_again(mapper: Client, table: LookupTable) -> None:
    upload(mapper, table, b"key,value\nb,2\n")
    table.refresh_from_db()
    set_entry("t", "c", "3", by=None)
    page = mapper.post(at("preview", table, LookupUpload.objects.get().pk), {"revision": table.revision}, follow=True)
    assert b"Somebody changed the table meanwhile" in page.content
    assert not table.entries.filter(key="b").exists()


def test_nobody_takes_over_the_file_of_somebody_else(mapper: Client, table: LookupTable, people: dict[str, User]) -> None:
    upload(mapper, table, b"key,value\nb,2\n")
    other = Client()
    other.force_login(people["Administrator"], backend="django.contrib.auth.backends.ModelBackend")
    other.post(at("preview", table, LookupUpload.objects.get().pk), {"revision": table.revision})
    assert not table.entries.filter(key="b").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"), (b"colour,size\n1,2\n", "must name the columns"), (b"key,value\na,1\na,2\n", "stands in row 2 already"),
        (b"key,value\na,=1+1\n", "holds a formula"), (b"key,value\n", "no rows"), (b"\x00\x01\x02", "encoding"),
        (b"PK\x03\x04zip", "damaged"),
    ],
)  # fmt: skip
def test_a_bad_file_is_explained_and_changes_nothing(mapper: Client, table: LookupTable, content: bytes, words: str) -> None:
    answer = upload(mapper, table, content)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not LookupUpload.objects.exists()
    assert table.entries.count() == 1


def test_exports_hold_no_cell_that_runs(mapper: Client, table: LookupTable) -> None:
    set_entry("t", "=1+1", "@SUM(A1)", by=None)
    text = mapper.get(at("export", table, "csv")).content.decode("utf-8-sig")
    assert "'=1+1,'@SUM(A1)" in text
    raw = mapper.get(at("export", table, "xlsx")).content
    cells = {cell.data_type for row in load_workbook(io.BytesIO(raw)).active.iter_rows() for cell in row if cell.value}
    assert cells == {"s"}
    assert Row("=1+1", "@SUM(A1)") in read_file("t.xlsx", raw).rows
    assert mapper.get(at("export", table, "exe")).status_code == 404


def test_a_table_names_the_rules_that_use_it_and_cannot_be_deleted(mapper: Client) -> None:
    load_starters()
    table = LookupTable.objects.get(slug="ca_ship")
    page = mapper.get(at("change", table)).content.decode()
    assert "ChannelAdvisor order → TIMS sales order v1" in page
    assert "ShippingMethod" in page
    assert mapper.post(at("delete", table), {"post": "yes"}).status_code == 403


def test_an_unused_table_can_be_deleted(mapper: Client, table: LookupTable) -> None:
    assert mapper.post(at("delete", table), {"post": "yes"}).status_code == 302
    assert not LookupEntry.objects.exists()


def test_the_page_of_a_large_table_asks_few_queries(mapper: Client, table: LookupTable) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert mapper.get(at("change", table)).status_code == 200
        return len(seen)

    queries()
    few = queries()
    write(table, [Row(str(number), "x") for number in range(2_000)], by=None)
    assert queries() <= few + 1


def test_rows_are_found_by_key_and_value(mapper: Client, table: LookupTable) -> None:
    set_entry("t", "UPS|GROUND", "UPS-GND", by=None)
    page = mapper.get(at("change", table), {"q": "gnd"}).content.decode()
    assert "UPS-GND" in page
    assert "1 rows" not in page


def test_rows_are_edited_in_the_list_with_their_author(mapper: Client, table: LookupTable) -> None:
    entry = table.entries.get()
    form = {
        "form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-id": str(entry.pk), "form-0-value": "changed", "form-0-note": "",
        "_save": "Save",
    }  # fmt: skip
    assert mapper.post(reverse("admin:mappings_lookupentry_changelist"), form).status_code == 302
    entry.refresh_from_db()
    assert (entry.value, entry.history.first().history_user.username) == ("changed", "mapper")


def test_the_history_of_a_table_and_of_a_row_opens(mapper: Client, table: LookupTable) -> None:
    for row, name in ((table, "lookuptable"), (table.entries.get(), "lookupentry")):
        assert mapper.get(reverse(f"admin:mappings_{name}_history", args=[row.pk])).status_code == 200
        past = reverse(f"admin:mappings_{name}_simple_history", args=[row.pk, row.history.first().pk])
        assert mapper.get(past).status_code == 200


def test_lists_open_for_everybody_who_may_look(auditor: Client, table: LookupTable) -> None:
    for name in ("lookuptable", "lookupentry"):
        assert auditor.get(reverse(f"admin:mappings_{name}_changelist")).status_code == 200
