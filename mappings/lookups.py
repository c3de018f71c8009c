"""Changing the entries of lookup tables, one or a hundred thousand, always with the author."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.utils import timezone
from simple_history.utils import bulk_create_with_history

from mappings.models import LookupEntry, LookupTable

KEY_LENGTH, VALUE_LENGTH, NOTE_LENGTH = 200, 400, 200
BATCH = 1_000


class EntryError(ValueError):
    """A row cannot be stored; the message says why."""


class Row(NamedTuple):
    """One entry as text."""

    key: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What writing rows would do to a table, or did. `changed` pairs the entry as it is with the new row."""

    added: tuple[Row, ...] = ()
    changed: tuple[tuple[Row, Row], ...] = ()
    removed: tuple[Row, ...] = ()
    same: int = 0

    def __str__(self) -> str:
        return f"{len(self.added)} added, {len(self.changed)} changed, {len(self.removed)} removed, {self.same} unchanged"


def set_entry(table_slug: str, key: str, value: str, *, by: Any) -> LookupEntry:
    """Adds or changes one row. EntryError when there is no such table, the key is blank or a text is too long."""
    row = checked(Row(key.strip(), value.strip()))
    with transaction.atomic():
        table = LookupTable.objects.filter(slug=table_slug).first()
        if table is None:
            raise EntryError(f'There is no lookup table "{table_slug}". Create it first.')
        entry = LookupEntry.objects.select_for_update().filter(table=table, key=row.key).first() or LookupEntry(table=table, key=row.key)
        entry.value = row.value
        entry._history_user = by  # type: ignore[attr-defined]
        entry.save()
    return entry


def checked(row: Row) -> Row:
    """The row itself. EntryError when it cannot be stored."""
    if not row.key:
        raise EntryError("the key is empty")
    for text, label, most in ((row.key, "key", KEY_LENGTH), (row.value, "value", VALUE_LENGTH), (row.note, "note", NOTE_LENGTH)):
        if len(text) > most:
            raise EntryError(f"the {label} has {len(text)} characters; at most {most} fit")
        if "\x00" in text:
            raise EntryError(f"the {label} holds a character that cannot be stored")
    return row


def compare(table: LookupTable, rows: Iterable[Row], *, replace: bool = False, keep: bool = False) -> Changes:
    """What `write` would do. One query however long the table is. Arguments as in `write`."""
    present = {row.key: row for row in _present(table)}
    added: list[Row] = []
    changed: list[tuple[Row, Row]] = []
    wanted: set[str] = set()
    for row in rows:
        wanted.add(row.key)
        before = present.get(row.key)
        if before is None:
            added.append(row)
        elif not keep and _differ(before, row):
            changed.append((before, row))
    removed = tuple(row for key, row in present.items() if key not in wanted) if replace else ()
    same = len(wanted) - len(added) - len(changed)
    return Changes(added=tuple(added), changed=tuple(changed), removed=removed, same=same)


@transaction.atomic
def write(table: LookupTable, rows: Sequence[Row], *, by: Any, replace: bool = False, keep: bool = False, reason: str = "") -> Changes:
    """Adds and changes rows in bulk; with `replace` removes those not named, with `keep` leaves existing rows as they are.

    Keys in `rows` are unique. The table's revision rises once, only when something changed.
    """
    locked = LookupTable.objects.select_for_update().get(pk=table.pk)
    changes = compare(locked, rows, replace=replace, keep=keep)
    if not (changes.added or changes.changed or changes.removed):
        return changes
    remembered: dict[str, Any] = {"batch_size": BATCH, "default_user": by, "default_change_reason": reason[:100]}
    if changes.added:
        new = [LookupEntry(table=locked, key=row.key, value=row.value, note=row.note) for row in changes.added]
        bulk_create_with_history(new, LookupEntry, **remembered)
    if changes.changed:
        _alter(locked, changes.changed, **remembered)
    if changes.removed:
        _remove(locked, [row.key for row in changes.removed], by=by, reason=reason[:100])
    LookupTable.touch(locked.pk)
    return changes


def _present(table: LookupTable) -> list[Row]:
    return [Row(*found) for found in table.entries.order_by("key").values_list("key", "value", "note")]


def _differ(before: Row, row: Row) -> bool:
    return before.value != row.value or bool(row.note and before.note != row.note)


def _alter(table: LookupTable, changed: Iterable[tuple[Row, Row]], **remembered: Any) -> None:
    """Changes many entries and remembers each. As an upsert: Django's bulk_update takes three times as long."""
    wanted = {row.key: row for _, row in changed}
    entries = [entry for entry in table.entries.all() if entry.key in wanted]
    for entry in entries:
        row = wanted[entry.key]
        entry.value, entry.note = row.value, row.note or entry.note
    LookupEntry.objects.bulk_create(
        entries, batch_size=BATCH, update_conflicts=True, unique_fields=["table", "key"], update_fields=["value", "note"]
    )
    LookupEntry.history.bulk_history_create(entries, update=True, **remembered)


def _remove(table: LookupTable, keys: Sequence[str], *, by: Any, reason: str) -> None:
    """Deletes many entries and remembers each, in batches: Django's own deletion would write the history row by row."""
    gone = set(keys)
    entries = [entry for entry in table.entries.all() if entry.key in gone]
    when, remembered = timezone.now(), LookupEntry.history.model
    remembered.objects.bulk_create(
        [
            remembered(
                id=entry.pk, table_id=entry.table_id, key=entry.key, value=entry.value, note=entry.note,
                history_date=when, history_type="-", history_user=by, history_change_reason=reason,
            )
            for entry in entries
        ],
        batch_size=BATCH,
    )  # fmt: skip
    for start in range(0, len(entries), BATCH):
        batch = LookupEntry.objects.filter(pk__in=[entry.pk for entry in entries[start : start + BATCH]])
        batch._raw_delete(connection.alias)
