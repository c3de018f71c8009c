"""A file's bytes: kept for ever, zipped, under the fingerprint of what they are; the same bytes once."""

from __future__ import annotations

import gzip
import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, cast

from django.contrib.auth.models import AbstractBaseUser
from django.core.files import File
from django.core.files.storage import Storage
from django.db import transaction

from hub.models import Connection
from reconciliation.models import StatementFile
from reconciliation.models.statement_file import statements

CHUNK = 1 << 20
FASTEST = 1


def keep(
    chunks: Iterable[bytes], *, connection: Connection, name: str, now: datetime, report: str = "", by: AbstractBaseUser | None = None
) -> StatementFile:
    """The row of these bytes, stored now or known already; whoever brings them second gets the row of the first.

    Committed before anything is read in them, so that a crash loses no file. Raises what `chunks` raises; then nothing is kept.
    """
    with tempfile.TemporaryFile() as packed:
        sha256, size = _pack(chunks, packed)
        known = StatementFile.objects.filter(sha256=sha256).first()
        if known is not None:
            return known
        packed.seek(0)
        stored = statements().save(f"{sha256[:2]}/{sha256}.gz", File(packed))
    values = {
        "connection": connection, "name": Path(name).name[:200], "report": report[:60], "size": size, "stored": stored,
        "by_id": by.pk if by else None, "received_at": now,
    }  # fmt: skip
    with transaction.atomic():
        row, made = StatementFile.objects.get_or_create(sha256=sha256, defaults=values)
    if not made:
        statements().delete(stored)
    return row


def _pack(chunks: Iterable[bytes], into: BinaryIO) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with gzip.GzipFile(fileobj=into, mode="wb", compresslevel=FASTEST, mtime=0) as packed:
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
            packed.write(chunk)
    return digest.hexdigest(), size


def chunks_of(path: Path) -> Iterator[bytes]:
    """A file on disk, unzipped where it is gzip."""
    with unzipped(path) as source:
        while chunk := source.read(CHUNK):
            yield chunk


@contextmanager
def unzipped(path: Path) -> Iterator[BinaryIO]:
    """A file on disk, opened to be read once; unzipped where it is gzip."""
    with path.open("rb") as plain:
        zipped = plain.read(2) == b"\x1f\x8b"
        plain.seek(0)
        yield cast(BinaryIO, gzip.GzipFile(fileobj=plain)) if zipped else plain


@contextmanager
def opened(row: StatementFile) -> Iterator[BinaryIO]:
    """The bytes of a kept file, to be read once. Raises FileNotFoundError when they are gone."""
    storage: Storage = statements()
    with storage.open(str(row.stored.name), "rb") as packed, gzip.GzipFile(fileobj=cast(BinaryIO, packed)) as plain:
        yield cast(BinaryIO, plain)
