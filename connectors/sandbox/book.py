"""What a stand-in holds: rows of JSON by kind and key, in memory for speed and in SQLite to survive a kill."""

from __future__ import annotations

import sqlite3
import threading
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connectors.wire import decode, encode

Row = dict[str, Any]
Marks = Callable[[Row], Iterable[str]]

_SCHEMA = "CREATE TABLE IF NOT EXISTS rows (kind TEXT NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (kind, key))"
_PUT = "INSERT INTO rows VALUES (?, ?, ?) ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body"


@dataclass(slots=True)
class _Entry:
    body: bytes
    marks: list[tuple[str, str]]
    place: str | None


@dataclass(slots=True)
class _Shelf:
    """One kind: its entries, its indexes (name -> value -> keys) and its order."""

    entries: dict[str, _Entry] = field(default_factory=dict)
    indexes: dict[str, Marks] = field(default_factory=dict)
    found: dict[tuple[str, str], dict[str, None]] = field(default_factory=dict)
    place: Callable[[Row], str] | None = None
    places: list[tuple[str, str]] = field(default_factory=list)

    def set(self, key: str, body: bytes | None, row: Row | None = None) -> bytes | None:
        old = self.entries.pop(key, None) if body is None else self.entries.get(key)
        if old:
            self._unmark(key, old)
        if body is not None:
            self.entries[key] = self._mark(key, body, row)
        return old.body if old else None

    def _unmark(self, key: str, old: _Entry) -> None:
        for mark in old.marks:
            self.found[mark].pop(key, None)
        if old.place is not None:
            del self.places[bisect_left(self.places, (old.place, key))]

    def _mark(self, key: str, body: bytes, row: Row | None) -> _Entry:
        if not self.indexes and self.place is None:
            return _Entry(body, [], None)
        content: Row = row if row is not None else decode(body)
        marks = [(name, value) for name, of in self.indexes.items() for value in of(content)]
        for mark in marks:
            self.found.setdefault(mark, {})[key] = None
        place = self.place(content) if self.place else None
        if place is not None:
            insort(self.places, (place, key))
        return _Entry(body, marks, place)

    def rebuild(self) -> None:
        self.found, self.places = {}, []
        self.entries = {key: self._mark(key, entry.body, None) for key, entry in self.entries.items()}


class Book:
    """Rows by kind and key. Every read answers a fresh copy; a change counts only when `put` again.

    `path` ":memory:" keeps nothing. Kinds that begin with "__" belong to the kit.
    """

    def __init__(self, path: str | Path = ":memory:") -> None:
        self.lock = threading.RLock()
        self._shelves: dict[str, _Shelf] = {}
        self._undo: list[tuple[str, str, bytes | None]] = []
        self._depth = 0
        self._file: sqlite3.Connection | None = None
        if str(path) != ":memory:":
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(str(path), check_same_thread=False, isolation_level=None)
            self._file.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;")
            self._file.execute(_SCHEMA)
            for kind, key, body in self._file.execute("SELECT kind, key, body FROM rows ORDER BY rowid"):
                self._shelf(kind).entries[key] = _Entry(body, [], None)

    def index(self, kind: str, name: str, of: Marks) -> None:
        """Declares an index: `of(row)` answers the values under which `find` shall find the row."""
        with self.lock:
            self._shelf(kind).indexes[name] = of
            self._shelf(kind).rebuild()

    def order(self, kind: str, of: Callable[[Row], str]) -> None:
        """Declares the order of `after`: (`of(row)`, key) as text."""
        with self.lock:
            self._shelf(kind).place = of
            self._shelf(kind).rebuild()

    def get(self, kind: str, key: str) -> Row | None:
        """A copy of a row, or None."""
        with self.lock:
            entry = self._shelf(kind).entries.get(key)
        return decode(entry.body) if entry else None

    def has(self, kind: str, key: str) -> bool:
        """Whether there is such a row; cheaper than `get`."""
        return key in self._shelf(kind).entries

    def put(self, kind: str, key: str, row: Row) -> None:
        """Writes a row whole."""
        body = encode(row)
        with self.transaction():
            self._undo.append((kind, key, self._shelf(kind).set(key, body, row)))

    def delete(self, kind: str, key: str) -> None:
        """Removes a row, if there is one."""
        with self.transaction():
            self._undo.append((kind, key, self._shelf(kind).set(key, None)))

    def rows(self, kind: str) -> Iterator[Row]:
        """Copies of all rows of a kind, oldest first."""
        with self.lock:
            bodies = [entry.body for entry in self._shelf(kind).entries.values()]
        return map(decode, bodies)

    def keys(self, kind: str) -> list[str]:
        """All keys of a kind, oldest first."""
        with self.lock:
            return list(self._shelf(kind).entries)

    def count(self, kind: str) -> int:
        """How many rows a kind has."""
        return len(self._shelf(kind).entries)

    def kinds(self) -> dict[str, int]:
        """Number of rows by kind, without the kit's own."""
        with self.lock:
            return {kind: len(shelf.entries) for kind, shelf in self._shelves.items() if not kind.startswith("__")}

    def find(self, kind: str, name: str, value: str) -> list[str]:
        """The keys that an index holds under a value."""
        with self.lock:
            return list(self._shelf(kind).found.get((name, value), ()))

    def after(self, kind: str, place: tuple[str, str], limit: int, *, inclusive: bool = False) -> list[tuple[tuple[str, str], Row]]:
        """Up to `limit` rows behind a place in the declared order, each with its own place: `((order text, key), row)`."""
        with self.lock:
            shelf = self._shelf(kind)
            start = (bisect_left if inclusive else bisect_right)(shelf.places, place)
            chosen = [(at, shelf.entries[at[1]].body) for at in shelf.places[start : start + limit]]
        return [(at, decode(body)) for at, body in chosen]

    def next_number(self, name: str, first: int = 1) -> int:
        """A counter that survives restarts and never gives a number twice."""
        with self.transaction():
            number = int((self.get("__number__", name) or {"Next": first})["Next"])
            self.put("__number__", name, {"Next": number + 1})
            return number

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, may be nested; the outermost one writes to the file before it ends."""
        with self.lock:
            start = len(self._undo)
            self._depth += 1
            try:
                yield
            except BaseException:
                self._roll_back(start)
                raise
            finally:
                self._depth -= 1
                if self._depth == 0:
                    self._commit()

    def clear(self) -> None:
        """Removes everything."""
        with self.transaction():
            for kind in list(self._shelves):
                self.clear_kind(kind)

    def clear_kind(self, kind: str) -> None:
        """Removes all rows of a kind; "__answer__" are the stored answers of idempotency keys."""
        with self.transaction():
            for key in self.keys(kind):
                self.delete(kind, key)

    def close(self) -> None:
        """Closes the file; the rows stay readable."""
        with self.lock:
            if self._file:
                self._file.close()
            self._file = None

    def _roll_back(self, start: int) -> None:
        while len(self._undo) > start:
            kind, key, body = self._undo.pop()
            self._shelf(kind).set(key, body)

    def _commit(self) -> None:
        touched = {(kind, key): None for kind, key, _ in self._undo}
        self._undo.clear()
        if not self._file or not touched:
            return
        bodies = [(kind, key, self._shelf(kind).entries.get(key)) for kind, key in touched]
        self._file.execute("BEGIN")
        self._file.executemany(_PUT, [(kind, key, entry.body) for kind, key, entry in bodies if entry])
        self._file.executemany("DELETE FROM rows WHERE kind = ? AND key = ?", [(kind, key) for kind, key, entry in bodies if not entry])
        self._file.execute("COMMIT")

    def _shelf(self, kind: str) -> _Shelf:
        shelf = self._shelves.get(kind)
        if shelf is None:
            with self.lock:
                shelf = self._shelves.setdefault(kind, _Shelf())
        return shelf
