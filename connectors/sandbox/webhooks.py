"""Webhooks that are really sent: from a queue in the book, signed at each attempt, repeated until taken."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import requests

from connectors.sandbox.book import Book, Row
from connectors.sandbox.clock import Clock, rfc3339

KIND = "__webhook__"
PAUSE = 0.05
TIMEOUT = (2.0, 10.0)


@dataclass(slots=True)
class Mischief:
    """Switches: send each event twice; hold `shuffle` events back and send them in any order; wait `delay` seconds first; stop all."""

    twice: bool = False
    shuffle: int = 0
    delay: float = 0.0
    paused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """One attempt: `id` is the same on every attempt, `attempt` counts from 1; `about` is what `announce` was given."""

    id: str
    url: str
    body: bytes
    attempt: int
    about: Mapping[str, Any]


class Webhooks:
    """The queue and its senders. `sign(sending, now)` answers the headers, `gave_up(sending)` is told after the last attempt."""

    def __init__(
        self,
        book: Book,
        clock: Clock,
        *,
        sign: Callable[[Sending, datetime], dict[str, str]],
        gave_up: Callable[[Sending], None],
        retries: tuple[float, ...],
        shuffled: Callable[[list[Any]], None],
    ) -> None:
        self.mischief = Mischief()
        self._book = book
        self._clock = clock
        self._sign = sign
        self._gave_up = gave_up
        self._retries = retries
        self._shuffled = shuffled
        self._claimed: set[str] = set()
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._threads: list[threading.Thread] = []
        book.order(KIND, lambda row: str(row["Due"]))

    def announce(self, url: str, body: bytes, **about: Any) -> str:
        """Queues one event for one address, within the caller's transaction; answers its id."""
        due = self._clock.now() + timedelta(seconds=self.mischief.delay)
        for again in range(2 if self.mischief.twice else 1):
            number = self._book.next_number("webhook")
            event = about.get("id") or f"evt-{number - again}"
            row = {"ID": event, "Url": url, "Body": body.decode(), "About": about, "Attempt": 0, "Due": rfc3339(due)}
            self._book.put(KIND, f"{number:012d}", row)
        self._wake.set()
        return str(event)

    def start(self, senders: int = 2) -> None:
        """Starts sending in the background."""
        self._stop.clear()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(senders)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stops sending; what waits stays in the book."""
        self._stop.set()
        self._wake.set()
        for thread in self._threads:
            thread.join(timeout=15)

    def pending(self) -> int:
        """How many events still wait."""
        return self._book.count(KIND)

    def flush(self, timeout: float = 10.0) -> int:
        """Makes everything due now, sends it once, waits; answers how many still wait (refused by the receiver)."""
        with self._book.transaction():
            for key in self._book.keys(KIND):
                row = self._book.get(KIND, key) or {}
                self._book.put(KIND, key, {**row, "Due": rfc3339(self._clock.now()), "Flush": True})
        end = time.monotonic() + timeout
        self._wake.set()
        while time.monotonic() < end and any(row.get("Flush") for row in self._book.rows(KIND)):
            time.sleep(0.01)
        return self.pending()

    def _run(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while not self._stop.is_set():
                key = self._claim()
                if key is None:
                    self._wake.wait(PAUSE)
                    self._wake.clear()
                    continue
                try:
                    self._send(session, key)
                finally:
                    self._claimed.discard(key)

    def _claim(self) -> str | None:
        if self.mischief.paused:
            return None
        with self._book.lock:
            ahead = self._book.after(KIND, ("", ""), max(32, self.mischief.shuffle) + len(self._claimed))
            now = rfc3339(self._clock.now())
            due = [(at[1], row) for at, row in ahead if at[0] <= now and at[1] not in self._claimed]
            flushing = any(row.get("Flush") for _, row in due)
            if not due or (len(due) < self.mischief.shuffle and not flushing):
                return None
            if self.mischief.shuffle:
                self._shuffled(due)
            self._claimed.add(due[0][0])
            return due[0][0]

    def _send(self, session: requests.Session, key: str) -> None:
        row = self._book.get(KIND, key)
        if row is None:
            return
        sending = Sending(id=row["ID"], url=row["Url"], body=row["Body"].encode(), attempt=row["Attempt"] + 1, about=row["About"])
        headers = {"Content-Type": "application/json; charset=utf-8", **self._sign(sending, self._clock.now())}
        try:
            taken = session.post(sending.url, data=sending.body, headers=headers, timeout=TIMEOUT, allow_redirects=False).status_code < 300
        except requests.RequestException:
            taken = False
        if taken:
            self._book.delete(KIND, key)
        else:
            self._later(key, row, sending)

    def _later(self, key: str, row: Row, sending: Sending) -> None:
        if sending.attempt > len(self._retries):
            self._book.delete(KIND, key)
            self._gave_up(sending)
            return
        due = self._clock.now() + timedelta(seconds=self._retries[sending.attempt - 1])
        self._book.put(KIND, key, {**row, "Attempt": sending.attempt, "Due": rfc3339(due), "Flush": False})
