"""Very many rows at once, in and out, as columns: by COPY on PostgreSQL, by many values a statement elsewhere. No model is made."""

from __future__ import annotations

import ctypes
import io
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
from django.db import connection as database
from django.db.models import Model

AT_ONCE = 5000
BLOCK = 1 << 20
"""Bytes of a block that is read."""
WITHOUT_HEAD = pa_csv.WriteOptions(include_header=False, quoting_style="needed")


def write(model: type[Model], table: pa.Table) -> None:
    """Adds the rows of a table whose columns are named like the model's; all of the model's columns must be there, but for its number.

    A null is a null of the database, an empty text an empty text.
    """
    fill(model._meta.db_table, table)


def fill(name: str, table: pa.Table) -> None:
    """As `write`, into any table of the database."""
    if table.num_rows:
        writer = _copy if database.vendor == "postgresql" else _insert
        writer(name, table)


def read(query: str, params: Sequence[Any], schema: pa.Schema) -> Iterator[pa.Table]:
    """What a query answers, in blocks with the columns of the schema: texts, whole numbers, truths and dates."""
    return _copied(query, params, schema) if database.vendor == "postgresql" else _fetched(query, params, schema)


def give_back() -> None:
    """Memory that was freed goes back to the system; the allocators would keep what every thread ever had."""
    pa.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


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


class _Answer(io.RawIOBase):
    """What COPY sends, as a file."""

    def __init__(self, copy: Any) -> None:
        super().__init__()
        self._copy, self._rest = copy, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            chunk = bytes(self._copy.read())
            if not chunk:
                return 0
            self._rest = chunk
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


def _copied(query: str, params: Sequence[Any], schema: pa.Schema) -> Iterator[pa.Table]:
    statement = f"COPY ({query}) TO STDOUT (FORMAT csv, FORCE_QUOTE *)"
    convert = pa_csv.ConvertOptions(
        column_types=schema, strings_can_be_null=True, quoted_strings_can_be_null=False, null_values=[""], true_values=["t"],
        false_values=["f"], check_utf8=False,
    )  # fmt: skip
    read_options = pa_csv.ReadOptions(column_names=schema.names, block_size=BLOCK, use_threads=False)
    parse_options = pa_csv.ParseOptions(newlines_in_values=True)
    with database.wrap_database_errors, database.cursor() as cursor, cursor.copy(statement, params) as copy:
        source = io.BufferedReader(_Answer(copy), BLOCK)
        if source.peek(1):
            for batch in pa_csv.open_csv(source, read_options, parse_options, convert):
                yield pa.Table.from_batches([batch])


def _fetched(query: str, params: Sequence[Any], schema: pa.Schema) -> Iterator[pa.Table]:
    with database.cursor() as cursor:
        cursor.execute(query, params)
        while rows := cursor.fetchmany(AT_ONCE):
            columns = zip(*rows, strict=True)
            yield pa.table([_column(values, kind) for values, kind in zip(columns, schema.types, strict=True)], schema=schema)


def _column(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    if pa.types.is_boolean(kind):
        values = [None if value is None else bool(value) for value in values]
    elif pa.types.is_date(kind):
        values = [date.fromisoformat(value) if isinstance(value, str) else value for value in values]
    return pa.array(values, kind)
