"""Lookup tables as CSV and XLSX: what a spreadsheet program or a person may have done to a file is found and said."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from mappings.lookups import EntryError, Row, checked
from mappings.workbooks import FileError, sheet_rows

MOST_BYTES = 10 * 1024 * 1024
MOST_ROWS = 200_000
MOST_PROBLEMS = 50
RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
ENCODINGS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
NAMES = {"key": ("key",), "value": ("value",), "note": ("note", "comment")}


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRows:
    """What a file holds. `problems` keep it from being imported; `ignored` are columns that nobody asked for."""

    rows: tuple[Row, ...] = ()
    problems: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    repeated: int = 0


def read_file(name: str, raw: bytes, *, key_label: str = "", value_label: str = "") -> FileRows:
    """The rows of a CSV or XLSX file. FileError when it cannot be read at all; problems of single rows are in the answer."""
    if len(raw) > MOST_BYTES:
        raise FileError(f"The file is larger than {MOST_BYTES // 1024 // 1024} MB. Split it and import the parts one after the other.")
    if not raw.strip():
        raise FileError("The file is empty.")
    lines = lines_of(name, raw)
    heading = next(lines, [])
    columns, ignored = _columns(heading, key_label=key_label, value_label=value_label)
    return _collect(lines, columns, ignored)


def safe_cell(text: str) -> str:
    """Text that a spreadsheet program never runs as a formula: one that begins like a formula gets an apostrophe in front."""
    return f"'{text}" if text.lstrip(" ").startswith(RISKY) else text


def lines_of(name: str, raw: bytes) -> Iterator[list[Any]]:
    """The cells of a CSV or XLSX file, line by line. FileError when it is neither; so may be asking for the next line."""
    if raw.startswith(b"PK\x03\x04"):
        return sheet_rows(raw)
    if raw.startswith(b"\xd0\xcf\x11\xe0"):
        raise FileError("This is an old Excel file (.xls). Save it as .xlsx or CSV and import that.")
    if name.lower().endswith((".xlsx", ".xlsm")):
        raise FileError("This file is named like an Excel file but is none, or it is damaged. Save it again and import that.")
    return _csv_lines(_decoded(raw))


def _decoded(raw: bytes) -> str:
    declared = next((encoding for mark, encoding in ENCODINGS if raw.startswith(mark)), "")
    tried = [declared] if declared else [*_without_mark(raw), "utf-8", "cp1252"]
    for encoding in tried:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise FileError("The text encoding of this file is not known. Save it as CSV UTF-8 and import that.")


def _without_mark(raw: bytes) -> list[str]:
    """UTF-16 without its mark shows as every second byte being zero."""
    start = raw[:200]
    if start[1::2].count(0) > len(start) // 4:
        return ["utf-16-le"]
    return ["utf-16-be"] if start[0::2].count(0) > len(start) // 4 else []


def _csv_lines(text: str) -> Iterator[list[Any]]:
    first = text.lstrip("\n\r").split("\n", 1)[0]
    separator = max(",;\t|", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        yield from reader
    except csv.Error as wrong:
        raise FileError(f"The CSV is broken near line {reader.line_num}: {wrong}. Check the quotes there.") from None


def _columns(heading: list[Any], *, key_label: str, value_label: str) -> tuple[dict[str, int], tuple[str, ...]]:
    found = [_text(cell).strip() for cell in heading]
    lowered = [name.lower() for name in found]
    labels = {"key": key_label.lower(), "value": value_label.lower(), "note": ""}
    columns = {
        field: next((lowered.index(name) for name in (labels[field], *names) if name and name in lowered), -1)
        for field, names in NAMES.items()
    }
    missing = [field for field in ("key", "value") if columns[field] < 0]
    if missing:
        shown = ", ".join(name[:40] for name in found[:10] if name) or "none"
        raise FileError(f"The first line must name the columns “key” and “value” (and, if wanted, “note”). It names: {shown}.")
    if len({at for at in columns.values() if at >= 0}) < sum(at >= 0 for at in columns.values()):
        raise FileError("The first line uses one column for two things. Name the columns key, value and note.")
    return columns, tuple(name[:40] for at, name in enumerate(found) if name and at not in columns.values())


def _collect(lines: Iterable[list[Any]], columns: dict[str, int], ignored: tuple[str, ...]) -> FileRows:
    rows: dict[str, Row] = {}
    places: dict[str, int] = {}
    problems: list[str] = []
    repeated = 0
    for number, cells in enumerate(lines, start=2):
        if number > MOST_ROWS + 1:
            raise FileError(f"The file has more than {MOST_ROWS:,} rows. Split it and import the parts one after the other.")
        if not any(_text(cell).strip() for cell in cells):
            continue
        try:
            row = _row(cells, columns)
        except EntryError as wrong:
            problems.append(f"Row {number}: {wrong}.")
            continue
        before = rows.get(row.key)
        if before is not None and before != row:
            problems.append(f"Row {number}: the key “{row.key[:60]}” stands in row {places[row.key]} already, with another value.")
        repeated += before is not None
        rows.setdefault(row.key, row)
        places.setdefault(row.key, number)
    more = len(problems) - MOST_PROBLEMS
    shown = [*problems[:MOST_PROBLEMS], f"… and {more} more."] if more > 0 else problems
    return FileRows(rows=tuple(rows.values()), problems=tuple(shown), ignored=ignored, repeated=repeated)


def _row(cells: list[Any], columns: dict[str, int]) -> Row:
    texts = {field: cell_text(cells[at]) if 0 <= at < len(cells) else "" for field, at in columns.items()}
    return checked(Row(texts["key"], texts["value"], texts["note"]))


def cell_text(value: Any) -> str:
    """What a cell says, without the apostrophe that keeps it from running. EntryError for a formula."""
    text = _text(value).strip()
    if text.startswith("="):
        raise EntryError("a cell holds a formula; paste its value instead")
    return text[1:] if text.startswith("'") and text[1:].startswith(RISKY) else text


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if hasattr(value, "isoformat"):
        return str(value.isoformat()).removesuffix("T00:00:00")
    return str(value)
