"""Many rows in few statements, without model instances: they are what costs most where every order passes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from django.db import connection as database
from django.db.models import Field, Model

MOST_VALUES = 30_000
"""SQLite takes 32,766 values a statement."""


def insert(model: type[Model], rows: Sequence[Mapping[str, Any]], *, on_conflict: str = "") -> None:
    """Writes new rows of a model; each names the same columns (`flow_id`), the others get the model's defaults."""
    if not rows:
        return
    given = list(rows[0])
    missing = {
        field.attname: field.get_default()
        for field in model._meta.concrete_fields
        if not field.primary_key and field.attname not in rows[0]
    }
    step = MOST_VALUES // (len(given) + len(missing))
    for at in range(0, len(rows), step):
        some = [[*(row[name] for name in given), *missing.values()] for row in rows[at : at + step]]
        statement = f"INSERT INTO {model._meta.db_table} ({', '.join([*given, *missing])}) VALUES {placeholders(some)} {on_conflict}"  # noqa: S608
        with database.cursor() as cursor:
            cursor.execute(statement, plain(some))


def update(
    model: type[Model], names: Sequence[str], rows: Sequence[Sequence[Any]], *, also: str, where: str, params: Sequence[Any]
) -> list[int]:
    """Gives each row values of its own in one statement; answers the ids that were changed.

    Each row is (id, value, …) in the order of `names`. `also` are further assignments, `where` with its `params` a further condition.
    """
    columns = [field for name in names if isinstance(field := model._meta.get_field(name), Field)]
    table, listed = model._meta.db_table, ", ".join(f"c{n}" for n in range(len(columns)))
    wanted = ", ".join(f"{field.column} = {_cast(field.db_type(database), f'v.c{n}')}" for n, field in enumerate(columns))
    statement = (
        f"WITH v(id, {listed}) AS (VALUES {placeholders(rows)}) UPDATE {table} SET {wanted}, {also} FROM v "  # noqa: S608 - our own names
        f"WHERE {table}.id = {_cast('bigint', 'v.id')} AND {where} RETURNING {table}.id"
    )
    with database.cursor() as cursor:
        cursor.execute(statement, [*plain(rows), *params])
        return [row[0] for row in cursor.fetchall()]


def placeholders(rows: Sequence[Sequence[Any]]) -> str:
    """`(%s, %s), (%s, %s)` for two rows of two values."""
    one = "(" + ", ".join(["%s"] * len(rows[0])) + ")"
    return ", ".join([one] * len(rows))


def plain(rows: Sequence[Sequence[Any]]) -> list[Any]:
    """All values as the driver takes them."""
    return [_plain(value) if value.__class__ in _ADAPTED or isinstance(value, Enum) else value for row in rows for value in row]


_ADAPTED = frozenset({datetime, Decimal})


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return database.ops.adapt_datetimefield_value(value)
    return str(value) if database.vendor == "sqlite" else value


def _cast(db_type: str | None, name: str) -> str:
    """PostgreSQL takes the columns of a VALUES list for text unless told; SQLite keeps what it is given."""
    return name if database.vendor == "sqlite" else f"CAST({name} AS {db_type})"
