"""Lookup tables: an exact key, else the row `*`; a miss names the table and the key."""

from __future__ import annotations

from collections.abc import Mapping

from mappings.core.refusal import RefusedError

ANY = "*"


def found_in_table(tables: Mapping[str, Mapping[str, str]], table: str, key: str) -> str | None:
    """The value of the row `key`, else of the row `*`, else None."""
    rows = tables.get(table)
    if rows is None:
        return None
    value = rows.get(key)
    return rows.get(ANY) if value is None else value


def missed(table: str, key: str, *, wait: int = 0) -> RefusedError:
    """The refusal for a key without a row; `wait`: hours for which the row may still come."""
    return RefusedError(
        f'The lookup table "{table}" has no row for "{key[:80]}". Add the row, then retry.',
        code="lookup",
        value=key,
        cause=f"lookup:{table}:{key[:80]}",
        wait=wait,
    )
