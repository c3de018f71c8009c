"""Files for lookup tables between looking and taking over: kept for a day, for the person who sent them."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import transaction

from mappings.lookups import Changes, Row, compare, write
from mappings.models import LookupTable, LookupUpload

KEPT = timedelta(days=1)


class ChangedMeanwhileError(Exception):
    """Somebody changed the table after the preview was shown; it must be looked at again."""


def keep(table: LookupTable, rows: Sequence[Row], *, by: Any, file_name: str, replace: bool, now: datetime) -> LookupUpload:
    """Keeps the checked rows of a file, and throws away those of yesterday."""
    LookupUpload.objects.filter(created_at__lt=now - KEPT).delete()
    packed = zlib.compress(msgspec.json.encode(list(rows)))
    return LookupUpload.objects.create(table=table, by=by, file_name=file_name[-100:], rows=packed, replace=replace, created_at=now)


def rows_of(upload: LookupUpload) -> list[Row]:
    """The rows of a kept file."""
    found = msgspec.json.decode(zlib.decompress(bytes(upload.rows)), type=list[tuple[str, str, str]])
    return [Row(*one) for one in found]


def preview(upload: LookupUpload) -> Changes:
    """What taking the file over would do now."""
    return compare(upload.table, rows_of(upload), replace=upload.replace)


@transaction.atomic
def take_over(upload: LookupUpload, *, by: Any, revision: int) -> Changes:
    """Writes the kept rows and forgets the file. ChangedMeanwhileError when the table is not the one that the preview showed."""
    table = LookupTable.objects.select_for_update().get(pk=upload.table_id)
    if table.revision != revision:
        raise ChangedMeanwhileError
    done = write(table, rows_of(upload), by=by, replace=upload.replace, reason=f"file {upload.file_name}")
    upload.delete()
    return done
