"""Very many rows at once: by COPY on PostgreSQL, by many values a statement elsewhere. No model is made."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
from django.db import connection as database
from django.db.models import Model

AT_ONCE = 5000
WITHOUT_HEAD = pa_csv.WriteOptions(include_header=False, quoting_style="needed")


def write(model: type[Model], table: pa.Table) -> None:
    """Adds the rows of a table whose columns are named like the model's; all of the model's columns must be there, but for its number.

    Texts must not be null; a null is a null of the database.
    """
    if table.num_rows:
        writer = _copy if database.vendor == "postgresql" else _insert
        writer(model._meta.db_table, table)


def _names(table: pa.Table) -> str:
    return ", ".join(f'"{name}"' for name in table.column_names)


def _copy(name: str, table: pa.Table) -> None:
    """An empty text is written in quotes and a null as nothing, which is how COPY tells them apart."""
    statement = f'COPY "{name}" ({_names(table)}) FROM STDIN (FORMAT csv)'
    with database.wrap_database_errors, database.cursor() as cursor, cursor.copy(statement) as copy:
        for batch in table.to_batches(max_chunksize=20_000):
            text = pa.BufferOutputStream()
            pa_csv.write_csv(pa.Table.from_batches([batch]), text, WITHOUT_HEAD)
            copy.write(memoryview(text.getvalue()))


def _insert(name: str, table: pa.Table) -> None:
    marks = ", ".join(["%s"] * table.num_columns)
    statement = f'INSERT INTO "{name}" ({_names(table)}) VALUES ({marks})'  # noqa: S608 - our own names
    rows = zip(*(map(_plain, column.to_pylist()) for column in table.columns), strict=True)
    with database.cursor() as cursor:
        while some := list(islice(rows, AT_ONCE)):
            cursor.executemany(statement, some)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return database.ops.adapt_datetimefield_value(value)
    return str(value) if isinstance(value, Decimal | date) else value
