"""A connection's client with the hub's hooks: shared tokens, shared rate limits, rotated secrets."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog
from django.db import connection as database
from django.db import transaction

from connectors.base import Connector
from connectors.errors import ThrottledError, TransientError
from connectors.hooks import Exchange, Hooks, Quota, Token
from connectors.http import JsonClient
from connectors.registry import connector as declared
from hub import throttle, vault
from hub.core.lanes import Lane
from hub.models import AccessToken, Connection
from hub.used_fields import fields_read

log = structlog.get_logger(__name__)
TOKEN_LOCK_SECONDS = 45.0
LONGEST_PACE = 10.0
"""Seconds that one reading call may wait for the shared rate limit."""
_clients: dict[int, tuple[object, JsonClient, Meter]] = {}
_guard = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Paced:
    """The thread that reads, from which limit and for which lane its calls are taken, and how many seconds each may wait."""

    thread: int
    connection_id: int
    lane: Lane
    patience: float


@dataclass(slots=True)
class Meter:
    """What the calls of one client used, counted in threads that must not touch the database."""

    calls: dict[str, int] = field(default_factory=dict)
    quotas: dict[str, Quota] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    paced_by: Paced | None = None
    """Whose calls wait for the shared limit one by one; calls of sender threads were taken in advance."""

    def count(self, limit: str, cost: int) -> None:
        """One call about to be made. Raises NoCallsLeftError where a paced call would have to wait for long."""
        paced = self.paced_by
        if paced and paced.thread == threading.get_ident():
            _take_or_wait(paced, limit, cost)
            return
        with self.lock:
            self.calls[limit] = self.calls.get(limit, 0) + cost

    @contextmanager
    def paced(self, connection_id: int, lane: Lane, *, patience: float | None = None) -> Iterator[None]:
        """Calls of this thread take from the shared limit as they are made: for reading, which is one call after the other.

        `patience`: seconds that each may wait for it, else LONGEST_PACE. What the answers said of the limit is written at the end.
        """
        before = self.paced_by
        most = LONGEST_PACE if patience is None else patience
        self.paced_by = Paced(thread=threading.get_ident(), connection_id=connection_id, lane=lane, patience=most)
        try:
            yield
        finally:
            self.paced_by = before
            self._learned(connection_id)

    def learn(self, limit: str, quota: Quota) -> None:
        """What an answer said of the limit; the last one counts."""
        self.quotas[limit] = quota

    def settle(self, connection_id: int, *, taken: int, limit: str) -> None:
        """Writes what was used beyond the calls already taken, or gives back what was not used. Main thread only."""
        with self.lock:
            calls, self.calls = {limit: 0} | self.calls, {}
        for name, used in calls.items():
            throttle.owe(connection_id, name, used - (taken if name == limit else 0))
        self._learned(connection_id)

    def _learned(self, connection_id: int) -> None:
        with self.lock:
            quotas, self.quotas = self.quotas, {}
        for name, quota in quotas.items():
            throttle.learn(connection_id, name, quota)


class NoCallsLeftError(ThrottledError):
    """Our own count says that `cost` calls of `limit` are not left for this lane; the system was not asked."""

    cost: int = 1


def _take_or_wait(paced: Paced, limit: str, cost: int) -> None:
    deadline = time.monotonic() + paced.patience
    while not throttle.take(paced.connection_id, limit, cost, lane=paced.lane):
        wait = throttle.wait_for(paced.connection_id, limit, cost, lane=paced.lane)
        if time.monotonic() + wait > deadline:
            error = NoCallsLeftError("The rate limit of this connection is used up for now; reading goes on later.", retry_after=wait)
            error.limit, error.cost = limit, cost
            raise error
        time.sleep(max(wait, 0.02))


class SharedTokens:
    """Access tokens in the database, encrypted; one renewal at a time over all processes."""

    def __init__(self, connection_id: int) -> None:
        self.connection_id = connection_id
        self._memory: dict[str, Token] = {}
        self._local = threading.Lock()

    def get(self, name: str) -> Token | None:
        """The token in memory while it lasts, else the stored one."""
        token = self._memory.get(name)
        if token and token.expires_at > time.time() + 180:
            return token
        with _own_database():
            return self._stored(name)

    def _stored(self, name: str) -> Token | None:
        row = AccessToken.objects.filter(connection_id=self.connection_id, name=name).exclude(sealed="").first()
        return self._remember(name, Token(value=vault.unlock_text(row.sealed), expires_at=row.expires_at)) if row else None

    def _remember(self, name: str, token: Token) -> Token:
        self._memory[name] = token
        return token

    def put(self, name: str, token: Token | None) -> None:
        """Stores a new token; None forgets it everywhere."""
        self._memory.pop(name, None)
        sealed, expires_at = (vault.lock_text(token.value), token.expires_at) if token else ("", 0.0)
        with _own_database():
            AccessToken.objects.update_or_create(
                connection_id=self.connection_id, name=name, defaults={"sealed": sealed, "expires_at": expires_at}
            )
        if token:
            self._memory[name] = token

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Whoever holds it renews; the others wait and then find the new token."""
        with self._local, _own_database():
            self._take(name)
            self._memory.pop(name, None)
            try:
                yield
            finally:
                AccessToken.objects.filter(connection_id=self.connection_id, name=name).update(locked_until=0)

    def _take(self, name: str) -> None:
        AccessToken.objects.get_or_create(connection_id=self.connection_id, name=name)
        deadline = time.time() + TOKEN_LOCK_SECONDS
        while time.time() < deadline:
            now = time.time()
            rows = AccessToken.objects.filter(connection_id=self.connection_id, name=name, locked_until__lt=now)
            if rows.update(locked_until=now + TOKEN_LOCK_SECONDS):
                return
            time.sleep(0.05 + random.random() * 0.1)  # noqa: S311 - only spreads the waiting
        raise TransientError("Another worker has been renewing this connection's access for too long; it is tried again.")


@contextmanager
def _own_database() -> Iterator[None]:
    """A sender thread that must renew a token opens a database connection for it and closes it again."""
    try:
        yield
    finally:
        if threading.current_thread() is not threading.main_thread() and not database.in_atomic_block:
            database.close()


def connector(connection: Connection) -> Connector:
    """The declaration of the connection's system."""
    return declared(connection.connector)


def client(connection: Connection) -> JsonClient:
    """The client of a connection, kept by this process until its settings change. Raises vault.WrongKeyError."""
    return _entry(connection)[1]


def meter(connection: Connection) -> Meter:
    """What the client of this connection used since the last `settle`."""
    return _entry(connection)[2]


def _entry(connection: Connection) -> tuple[object, JsonClient, Meter]:
    state = (connection.connector, tuple(sorted(connection.settings.items())), connection.secrets)
    with _guard:
        known = _clients.get(connection.pk)
        if known is None or known[0] != state:
            used = Meter()
            settings = vault.connection_settings(connection)
            known = (state, connector(connection).connect(settings, _hooks(connection, used)), used)
            _clients[connection.pk] = known
            throttle.ensure_limits(connection, connector(connection))
        return known


def forget_clients() -> None:
    """Drops every client of this process (after a fork, or between tests)."""
    with _guard:
        _clients.clear()


def _hooks(connection: Connection, used: Meter) -> Hooks:
    pk, slug = connection.pk, connection.slug

    def note(exchange: Exchange) -> None:
        log.debug(
            "call", connection=slug, method=exchange.method, path=exchange.path, status=exchange.status,
            ms=round(exchange.seconds * 1000), request_id=exchange.request_id, failure=exchange.failure,
        )  # fmt: skip

    return Hooks(
        throttle=used.count, learn=used.learn, log=note, rotate=lambda name, value: rotate(pk, name, value), tokens=SharedTokens(pk),
        reads=lambda stream: fields_read(connection, stream),
    )  # fmt: skip


def rotate(connection_id: int, name: str, value: str) -> None:
    """Stores a secret that the system itself replaced, such as a new refresh token."""
    with transaction.atomic():
        rows = Connection.objects.filter(pk=connection_id)
        if database.features.has_select_for_update:
            rows = rows.select_for_update()
        row = rows.get()
        secrets = vault.seal_secrets({**vault.open_secrets(row.secrets), name: value})
        Connection.objects.filter(pk=connection_id).update(secrets=secrets)
