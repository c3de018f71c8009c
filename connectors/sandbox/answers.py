"""Answers kept under an idempotency key."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import msgspec

from connectors.sandbox.book import Book
from connectors.sandbox.clock import Clock, rfc3339
from connectors.sandbox.web import Refusal, Response

KIND = "__answer__"
_encoder = msgspec.json.Encoder(decimal_format="number", order="deterministic")


class Answers:
    """Same key and content: the stored answer. Same key, other content: 422. First call still running: 409."""

    def __init__(self, book: Book, clock: Clock, *, kept: timedelta) -> None:
        self._book = book
        self._clock = clock
        self._kept = kept
        self._lock = threading.Lock()
        self._running: set[str] = set()

    @contextmanager
    def running(self, key: str) -> Iterator[None]:
        """Marks a key as being worked on; "" = nothing to mark. Raises Refusal 409 `request_in_progress`."""
        if not key:
            yield
            return
        with self._lock:
            if key in self._running:
                raise Refusal(409, "request_in_progress", "The first call with this key is still running.", headers={"Retry-After": "2"})
            self._running.add(key)
        try:
            yield
        finally:
            self._running.discard(key)

    def once(self, key: str, content: Any, act: Callable[[], Response]) -> Response:
        """The stored answer of this key, or that of `act`, then stored. Raises Refusal 422 `idempotency_key_reused`."""
        fingerprint = hashlib.sha256(_encoder.encode(content)).hexdigest()
        with self._book.transaction():
            kept = self._book.get(KIND, key)
            if kept and kept["Until"] > rfc3339(self._clock.now()):
                if kept["Hash"] != fingerprint:
                    raise Refusal(422, "idempotency_key_reused", "This Idempotency-Key was used with another body.")
                headers = {**kept["Headers"], "Idempotency-Replayed": "true"}
                return Response(status=kept["Status"], body=kept["Body"].encode(), headers=headers)
            response = act()
            if response.status < 500 and response.status not in (401, 429):
                row = {"Hash": fingerprint, "Status": response.status, "Headers": response.headers, "Body": response.body.decode()}
                self._book.put(KIND, key, {**row, "Until": rfc3339(self._clock.now() + self._kept)})
            return response
