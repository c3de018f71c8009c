"""Access tokens that a stand-in gave out; they survive a restart."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from connectors.sandbox.book import Book
from connectors.sandbox.clock import Clock, rfc3339

KIND = "__token__"


class Tokens:
    """Issues and looks up tokens; only their hash is stored."""

    def __init__(self, book: Book, clock: Clock) -> None:
        self._book = book
        self._clock = clock

    def issue(self, prefix: str, *, seconds: int, **about: Any) -> str:
        """A new token; `about` comes back from `read`."""
        token = prefix + secrets.token_hex(20)
        until = rfc3339(self._clock.now() + timedelta(seconds=seconds))
        self._book.put(KIND, _name(token), {"Until": until, "About": about})
        return token

    def read(self, token: str) -> dict[str, Any] | None:
        """What the token stands for with `"expired": True` where its time is over; None when it was never given out."""
        row = self._book.get(KIND, _name(token))
        if row is None:
            return None
        return {**row["About"], "expired": datetime.fromisoformat(row["Until"]) <= self._clock.now()}

    def expire_all(self) -> int:
        """Ends all tokens now; answers how many."""
        keys = self._book.keys(KIND)
        with self._book.transaction():
            for key in keys:
                row = self._book.get(KIND, key) or {}
                self._book.put(KIND, key, {**row, "Until": "2000-01-01T00:00:00.000000Z"})
        return len(keys)


def _name(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
