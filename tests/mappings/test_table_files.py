"""CSV and XLSX as people and spreadsheet programs really make them."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from mappings import table_files
from mappings.lookups import Row
from mappings.table_files import read_file, safe_cell
from mappings.workbooks import FileError, workbook


def xlsx(*rows: list[object]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


@pytest.mark.parametrize(
    ("name", "raw", "words"),
    [
        ("x.csv", b"", "empty"),
        ("x.csv", b"name,amount\n1,2\n", "must name the columns"),
        ("x.csv", b"key\n1\n", "must name the columns"),
        ("x.csv", b'key,value\n"a,1\n', "broken near line"),
        ("x.csv", b"key,value\na\x00b,1\n", "encoding"),
        ("x.csv", b"\x81\x8d\x8f\x90\x9d,value\n", "encoding"),
        ("x.xls", b"\xd0\xcf\x11\xe0rest", "old Excel"),
        ("x.xlsx", b"not a workbook", "damaged"),
        ("x.xlsx", b"PK\x03\x04broken", "damaged"),
        pytest.param("x.xlsx", xlsx(["name", "amount"]), "must name the columns", id="workbook"),
    ],
)
def test_a_file_that_cannot_be_read_is_explained(name: str, raw: bytes, words: str) -> None:
    with pytest.raises(FileError, match=words):
        read_file(name, raw)


def test_a_zip_that_is_no_workbook_is_refused() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as one:
        one.writestr("a.txt", "hello")
    with pytest.raises(FileError, match="damaged"):
        read_file("x.xlsx", packed.getvalue())


def test_a_workbook_that_unpacks_to_gigabytes_is_refused_unread() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as one, one.open("xl/worksheets/sheet1.xml", "w") as part:
        for _ in range(160):
            part.write(b"0" * 1024 * 1024)
    with pytest.raises(FileError, match="unpacks to far more"):
        read_file("x.xlsx", packed.getvalue())


def test_too_large_and_too_long_files_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_files, "MOST_ROWS", 2)
    with pytest.raises(FileError, match="more than 2 rows"):
        read_file("x.csv", b"key,value\na,1\nb,2\nc,3\n")
    monkeypatch.setattr(table_files, "MOST_BYTES", 5)
    with pytest.raises(FileError, match="larger than"):
        read_file("x.csv", b"key,value\n")


TEXT = "key,value\nStraße,Zürich €\n"


@pytest.mark.parametrize(
    "raw",
    [
        TEXT.encode(), TEXT.encode("utf-8-sig"), TEXT.encode("utf-16"), TEXT.encode("utf-16-le"), TEXT.encode("utf-16-be"),
        TEXT.encode("cp1252"),
        TEXT.replace(",", ";").encode(), TEXT.replace(",", "\t").encode(), TEXT.replace("\n", "\r\n").encode(),
        pytest.param(xlsx(["key", "value"], ["Straße", "Zürich €"]), id="workbook"),
    ],
)  # fmt: skip
def test_every_usual_encoding_and_separator_is_read(raw: bytes) -> None:
    assert read_file("x", raw).rows == (Row("Straße", "Zürich €"),)


def test_columns_are_found_by_label_in_any_order_and_others_are_named() -> None:
    found = read_file("x.csv", b"Method,Colour,Carrier|Class\nUPS-GND,red,UPS\n", key_label="Carrier|Class", value_label="Method")
    assert found.rows == (Row("UPS", "UPS-GND"),)
    assert found.ignored == ("Colour",)


def test_duplicates_formulas_and_long_texts_are_named_with_their_row() -> None:
    raw = b"key,value\na,1\na,2\nb,=1+1\n,x\nc," + b"y" * 401 + b"\na,1\n\nd,4\n"
    found = read_file("x.csv", raw)
    assert [one.split(":")[0] for one in found.problems] == ["Row 3", "Row 4", "Row 5", "Row 6"]
    assert "stands in row 2 already" in found.problems[0]
    assert "formula" in found.problems[1]
    assert found.repeated == 2
    assert found.rows == (Row("a", "1"), Row("d", "4"))


def test_a_formula_in_a_workbook_is_never_run() -> None:
    found = read_file("x.xlsx", xlsx(["key", "value"], ["a", '=HYPERLINK("http://x","y")'], ["b", "2"]))
    assert "Row 2: a cell holds a formula" in found.problems[0]


def test_numbers_and_dates_in_a_workbook_are_read_as_they_are_shown() -> None:
    import datetime

    found = read_file("x.xlsx", xlsx(["key", "value", "note"], [640, True, datetime.datetime(2026, 11, 20)]))  # noqa: DTZ001
    assert found.rows == (Row("640", "true", "2026-11-20"),)


def test_many_problems_are_cut_with_their_number() -> None:
    found = read_file("x.csv", b"key,value\n" + b"a,=1\n" * 60)
    assert len(found.problems) == 51
    assert found.problems[-1] == "… and 10 more."


@pytest.mark.parametrize("text", ["=1+1", "+49", "-5", "@x", "\tx", "\rx"])
def test_no_exported_cell_begins_like_a_formula(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


def test_plain_cells_are_exported_as_they_are() -> None:
    assert safe_cell("UPS|GROUND") == "UPS|GROUND"


PLAIN = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)


@given(st.dictionaries(PLAIN.map(str.strip).filter(lambda text: text and not text.startswith("'")), PLAIN.map(str.strip), max_size=5))
def test_what_was_exported_is_imported_the_same(rows: dict[str, str]) -> None:
    cells = [["key", "value"], *([safe_cell(key), safe_cell(value)] for key, value in rows.items())]
    if rows and not any(value.startswith("'") for value in rows.values()):
        assert {row.key: row.value for row in read_file("x.xlsx", workbook("t", cells)).rows} == rows


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_in_words(raw: bytes) -> None:
    for head in (b"", b"key,value\n", b"PK\x03\x04"):
        try:
            read_file("x.csv", head + raw)
        except FileError:
            continue
