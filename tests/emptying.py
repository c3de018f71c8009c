"""How the database is emptied after a test that really commits: without making every permission and content type anew."""

from __future__ import annotations

KEPT = {"auth_permission", "django_content_type"}
"""What migrations wrote and no test changes; Django's own way removes and writes it again, which takes most of its time."""
FIRST = ("reconciliation_settlement", "reconciliation_journalentry", "reconciliation_postingruleversion")
"""Whose parts the database does not let go while they are there."""


def empty_quickly() -> None:
    """Replaces what Django does after each such test."""
    from django.test import TransactionTestCase

    TransactionTestCase._fixture_teardown = _empty  # type: ignore[method-assign]


def _empty(case: object) -> None:
    from django.core.management.color import no_style
    from django.db import connection

    tables = [name for name in connection.introspection.django_table_names(only_existing=True, include_views=False) if name not in KEPT]
    tables.sort(key=lambda name: name not in FIRST)
    connection.ops.execute_sql_flush(connection.ops.sql_flush(no_style(), tables))
