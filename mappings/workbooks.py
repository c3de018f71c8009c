"""Excel workbooks: read without running anything, with limits on what they unpack to; written with safe cells."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

MOST_UNPACKED = 150 * 1024 * 1024
BROKEN = "The Excel file is damaged or protected. Save it again, without a password, and import that."


class FileError(ValueError):
    """A file cannot be read; the message says why and what to do."""


def sheet_rows(raw: bytes) -> Iterator[list[Any]]:
    """The cells of the first sheet, row by row; a formula stands as its text. FileError when it is no workbook."""
    _check_size(raw)
    try:
        book = load_workbook(io.BytesIO(raw), read_only=True, data_only=False, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        for row in sheet.iter_rows(values_only=True, max_col=50):
            yield list(row)
    except (KeyError, ValueError, IndexError, TypeError, AttributeError, SyntaxError, OSError, zipfile.BadZipFile):
        raise FileError(BROKEN) from None


def workbook(title: str, rows: Iterable[Sequence[str]]) -> bytes:
    """A workbook with one sheet of text cells; the caller has made the cells safe."""
    written = io.BytesIO()
    write_sheets(written, [(title, rows)])
    return written.getvalue()


def write_sheets(to: BinaryIO, sheets: Iterable[tuple[str, Iterable[Sequence[Any]]]]) -> None:
    """A workbook of several sheets, row by row: memory does not grow with it. The caller has made the cells safe; control characters,
    which no workbook can hold, are left out."""
    book = Workbook(write_only=True)
    for title, rows in sheets:
        sheet = book.create_sheet(title[:31] or "Table")
        for row in rows:
            sheet.append([ILLEGAL_CHARACTERS_RE.sub("", cell) if isinstance(cell, str) else cell for cell in row])
    book.save(to)


def _check_size(raw: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            size = sum(part.file_size for part in packed.infolist())
    except zipfile.BadZipFile:
        raise FileError(BROKEN) from None
    if size > MOST_UNPACKED:
        raise FileError("The Excel file unpacks to far more than a lookup table needs. Save only the table as CSV and import that.")
