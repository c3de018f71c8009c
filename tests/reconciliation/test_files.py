"""A file's bytes are kept once, whole, and found again."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.errors import TransientError
from reconciliation.engine import files
from reconciliation.models import StatementFile
from reconciliation.models.statement_file import statements
from tests import factories
from tests.reconciliation import rows

CONTENT = b"settlement-id\tamount\r\n" * 3000


@pytest.fixture
def keep(db: None) -> Any:
    account = factories.connection("amazon")
    return lambda chunks, name="file.txt": files.keep(chunks, connection=account, name=name, now=rows.NOW)


def stored() -> int:
    """How many files lie there."""
    return sum(len(statements().listdir(folder)[1]) for folder in statements().listdir("")[0])


def test_what_was_kept_is_read_again_byte_for_byte(keep: Any) -> None:
    row = keep([CONTENT[:10], CONTENT[10:]])
    with files.opened(row) as source:
        assert source.read() == CONTENT
    assert (row.size, row.state) == (len(CONTENT), "received")


def test_the_same_bytes_under_another_name_are_kept_once(keep: Any) -> None:
    first, before = keep([CONTENT, b"once"]), stored()
    assert keep([CONTENT, b"once"], name="again.txt") == first
    assert (StatementFile.objects.count(), stored()) == (1, before)


def test_of_two_that_bring_the_same_bytes_at_once_one_is_kept(keep: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    first, before = keep([CONTENT, b"twice"]), stored()
    monkeypatch.setattr(StatementFile.objects, "filter", lambda **_: StatementFile.objects.none())
    assert keep([CONTENT, b"twice"]) == first
    assert stored() == before


def test_a_download_that_breaks_off_leaves_nothing(keep: Any) -> None:
    def broken() -> Iterator[bytes]:
        yield CONTENT
        raise TransientError("The connection broke.")

    with pytest.raises(TransientError):
        keep(broken())
    assert not StatementFile.objects.exists()


@pytest.mark.parametrize("zipped", [False, True])
def test_a_file_on_disk_may_be_zipped(tmp_path: Path, zipped: bool) -> None:
    path = tmp_path / "file"
    path.write_bytes(gzip.compress(CONTENT) if zipped else CONTENT)
    assert b"".join(files.chunks_of(path)) == CONTENT
