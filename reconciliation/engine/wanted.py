"""The orders that are looked at, as a table of the database that is gone afterwards: joins with it are fast, however many they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
from django.db import connection as database

from reconciliation.engine.bulk import fill
from reconciliation.models import Settlement

NAME = "reconciliation_wanted"


@contextmanager
def wanted(orders: Any) -> Iterator[None]:
    """Holds these order numbers in a temporary table of one column, `order_id`, while the block runs."""
    with _table():
        fill(NAME, pa.table({"order_id": orders}))
        _look_at()
        yield


@contextmanager
def wanted_of(settlement: Settlement, *, result: str) -> Iterator[None]:
    """As `wanted`: the settlement's orders with that result."""
    with _table():
        with database.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {NAME} SELECT order_id FROM reconciliation_ordermatch WHERE settlement_id = %s AND result = %s",  # noqa: S608
                [settlement.pk, result],
            )
        _look_at()
        yield


@contextmanager
def _table() -> Iterator[None]:
    with database.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE {NAME} (order_id text PRIMARY KEY)")
    try:
        yield
    finally:
        if not database.needs_rollback:
            with database.cursor() as cursor:
                cursor.execute(f"DROP TABLE {NAME}")


def _look_at() -> None:
    """PostgreSQL plans joins with a table by what it has seen of it."""
    if database.vendor == "postgresql":
        with database.cursor() as cursor:
            cursor.execute(f"ANALYZE {NAME}")
