"""A settlement report becomes a header and lines, whatever the order, spelling and dialect of its columns."""

from __future__ import annotations

import hashlib
from io import BytesIO

from reconciliation.core.statement import read
from tests.reconciliation.core.statement.writing import COMMISSION, header, line, write


def test_a_header_is_known_before_any_line_is_read() -> None:
    statement = read(BytesIO(write([line("12.50"), line("-2.10", COMMISSION)])))
    assert statement.header == header(total=statement.header.total)
    assert str(statement.header.total) == "10.40"


def test_the_fingerprint_is_of_the_bytes_as_they_came() -> None:
    raw = write([line()])
    statement = read(BytesIO(raw))
    assert len(list(statement.blocks())) == 1
    assert statement.sha256 == hashlib.sha256(raw).hexdigest()
    assert statement.size == len(raw)
