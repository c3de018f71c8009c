"""Letters are what the marketplace meant: byte order mark, UTF-8, its own character set, latin-1 with a warning."""

from __future__ import annotations

import pytest

from reconciliation.core.statement import Problem
from tests.reconciliation.core.statement.reading import refused, whole
from tests.reconciliation.core.statement.writing import Dialect, line, write


@pytest.mark.parametrize(
    ("encoding", "marketplace", "text"),
    [
        ("utf-8", "", "Größe/Ü-1 割引"),
        ("utf-8-sig", "", "Größe/Ü-1"),
        ("cp1252", "", "Größe/Ü-1 €"),
        ("cp1252", "Amazon.de", "Größe/Ü-1"),
        ("cp932", "Amazon.co.jp", "割引ソ表 ー"),
        ("cp932", "JP", "割引"),
    ],
)
@pytest.mark.parametrize("piece", [100, 1 << 20])
def test_letters_are_read_as_the_marketplace_wrote_them(encoding: str, marketplace: str, text: str, piece: int) -> None:
    lines = [line(), line(number=4), line(number=5, sku=text, promotion_id=text), line(number=6)]
    statement, found = whole(write(lines, dialect=Dialect(encoding=encoding)), marketplace=marketplace, piece=piece)
    assert found == lines
    assert statement.warnings == []


def test_letters_of_no_known_set_are_read_with_a_warning() -> None:
    lines = [line(sku="K\x81\x8d-1")]
    statement, found = whole(write(lines, dialect=Dialect(encoding="latin-1")))
    assert found == lines
    assert "latin-1" in statement.warnings[0]


def test_letters_that_change_their_set_within_a_file_are_refused() -> None:
    lines = [line(sku="Ü"), *[line(number=number) for number in range(4, 1000)], line(number=1000, sku="ß")]
    raw = write(lines)
    problem = refused(raw.replace("ß".encode(), "ß".encode("latin-1")), piece=5000)
    assert (problem.code, problem.line) == (Problem.UNREADABLE, 1000)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("name".encode("utf-16"), "UTF-16"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"PK\x03\x04", "workbook"),
        (b'<?xml version="1.0"?>', "XML"),
        (b"", "empty"),
        (b"\n \n\r\n", "empty"),
    ],
)
def test_a_file_that_is_no_text_says_what_it_is(raw: bytes, words: str) -> None:
    problem = refused(raw)
    assert problem.code is Problem.UNREADABLE
    assert words in problem.words
