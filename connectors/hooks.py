"""What the hub gives a client: shared tokens, shared rate limits, a log of calls. The defaults make it work in a plain script."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An access token and the moment (seconds since 1970) it stops working."""

    value: str
    expires_at: float


class TokenStore(Protocol):
    """Where access tokens are kept; the hub's store is encrypted and shared by all processes."""

    def get(self, name: str) -> Token | None: ...
    def put(self, name: str, token: Token | None) -> None: ...
    def lock(self, name: str) -> AbstractContextManager[None]: ...


class MemoryTokens:
    """Tokens of this process only."""

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}
        self._lock = threading.Lock()

    def get(self, name: str) -> Token | None:
        return self._tokens.get(name)

    def put(self, name: str, token: Token | None) -> None:
        if token is None:
            self._tokens.pop(name, None)
        else:
            self._tokens[name] = token

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        with self._lock:
            yield


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """What an answer says of a rate limit: calls left, seconds until it is full again, and the rate really in force."""

    limit: int | None = None
    remaining: int | None = None
    reset_after: float | None = None
    per_second: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One call as it went over the wire; the query string is left out, since it may hold personal data."""

    method: str
    path: str
    status: int | None
    seconds: float
    request_id: str = ""
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """What the hub gives a client. The defaults do nothing, so a connector works in a plain script.

    `throttle(limit, cost)` is called before a call and may raise ThrottledError. `rotate(name, value)` stores a secret setting that the
    system replaced (a new refresh token). `reads(stream)` answers the paths of that stream's records that somebody uses, such as
    `recipient.deliveryAddress`, so that personal data is asked for only where it is needed; None = any of them may be. It is called by
    the thread that reads, never by one of its helpers.
    """

    throttle: Callable[[str, int], None] = lambda limit, cost: None
    learn: Callable[[str, Quota], None] = lambda limit, quota: None
    log: Callable[[Exchange], None] = lambda exchange: None
    rotate: Callable[[str, str], None] = lambda name, value: None
    reads: Callable[[str], Collection[str] | None] = lambda stream: None
    tokens: TokenStore = field(default_factory=MemoryTokens)
