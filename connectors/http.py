"""JSON over HTTP: one session per thread, timeouts, and every failure classified, the token request included."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests

from connectors.answers import Explain, classify, plain_explain, read_quota
from connectors.errors import ConnectorError, CredentialsError, OutcomeUnknownError, RejectedError, TransientError
from connectors.hooks import Exchange, Hooks, Quota
from connectors.wire import decode, encode

TIMEOUT = (10.0, 60.0)
MAX_ANSWER = 64 * 1024 * 1024
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Auth(Protocol):
    """Adds credentials to a call; `renew` is asked once after a 401 and answers whether a retry makes sense."""

    def headers(self, client: JsonClient) -> Mapping[str, str]: ...
    def renew(self, client: JsonClient) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A successful answer: status, headers and the decoded body (None when there is none)."""

    status: int
    headers: Mapping[str, str]
    body: Any


class JsonClient:
    """Calls of one connection. Threads may share it."""

    content_type = "application/json; charset=utf-8"
    request_id_header = "X-Request-ID"

    def __init__(
        self,
        base_url: str,
        *,
        auth: Auth,
        hooks: Hooks | None = None,
        label: str,
        explain: Explain = plain_explain,
        headers: Mapping[str, str] | None = None,
        limit: str = "calls",
        timeout: tuple[float, float] = TIMEOUT,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.auth = auth
        self.hooks = hooks or Hooks()
        self.label = label
        self.explain = explain
        self.limit = limit
        self.timeout = timeout
        self.settings = dict(settings or {})
        self._headers = dict(headers or {})
        self._local = threading.local()

    @property
    def session(self) -> requests.Session:
        """This thread's session; it keeps its connections open."""
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            session.trust_env = False
            session.headers.update({"Accept": "application/json", "User-Agent": "Throughline/0.1", **self._headers})
        return session

    def get(self, path: str, **query: Any) -> Any:
        """The decoded body of a GET."""
        return self.call("GET", path, query=query).body

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        cost: int = 1,
        limit: str = "",
        safe: bool | None = None,
        auth: Auth | None = None,
    ) -> Answer:
        """One call, replayed once with a new token after one that was refused. Raises ConnectorError, classified.

        `safe`: the call changes nothing (default: by method), so a lost answer is harmless. `auth`: other credentials than the client's.
        """
        auth, limit = auth or self.auth, limit or self.limit
        send = self._sender(method, path, query=query, body=body, headers=headers, safe=safe, limit=limit, auth=auth)
        try:
            self.hooks.throttle(limit, cost)
            return self._renewed(send, auth)
        except ConnectorError as error:
            error.limit = limit
            raise

    def _renewed(self, send: Callable[[], Answer], auth: Auth) -> Answer:
        try:
            return send()
        except CredentialsError as error:
            if not self.token_refused(error) or not auth.renew(self):
                raise
            return send()

    def token_refused(self, error: CredentialsError) -> bool:
        """Whether a new token may help."""
        return error.status == 401

    def quota(self, status: int, headers: Mapping[str, str]) -> Quota | None:
        """What an answer tells of its rate limit."""
        return read_quota(headers)

    def _sender(self, method: str, path: str, **options: Any) -> Callable[[], Answer]:
        return lambda: self._once(method, path, **options)

    def _once(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None,
        body: Any,
        headers: Mapping[str, str] | None,
        safe: bool | None,
        limit: str,
        auth: Auth,
    ) -> Answer:
        url = path if path.startswith(("http://", "https://")) else f"{self.base_url}/{path.lstrip('/')}"
        if urlsplit(url)[:2] != urlsplit(self.base_url)[:2]:
            raise RejectedError(f"{self.label} answered with a link to another address; it was not followed.", code="foreign_link")
        wire = {"Content-Type": self.content_type} if body is not None else {}
        raw, status, answered = self.exchange(
            method,
            url,
            query=query,
            content=None if body is None else encode(body),
            headers={**wire, **auth.headers(self), **(headers or {})},
            safe=method in SAFE_METHODS if safe is None else safe,
        )
        quota = self.quota(status, answered)
        if quota:
            self.hooks.learn(limit, quota)
        return self._answer(status, answered, raw, safe=method in SAFE_METHODS if safe is None else safe)

    def exchange(
        self,
        method: str,
        url: str,
        *,
        query: Mapping[str, Any] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        safe: bool = True,
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Sends and reads the whole answer. Raises TransientError, or OutcomeUnknownError for a write whose answer was lost."""
        started = time.monotonic()
        status: int | None = None
        failure = ""
        answered: Mapping[str, str] = {}
        options: dict[str, Any] = {"params": query, "data": content, "headers": dict(headers or {}), "timeout": self.timeout}
        try:
            with self.session.request(method, url, **options, stream=True, allow_redirects=False) as response:
                status, answered = response.status_code, response.headers
                return self._read(response, until=started + 2 * self.timeout[1]), status, answered
        except requests.ConnectTimeout as error:
            failure = type(error).__name__
            raise TransientError(f"{self.label} could not be reached (no connection within {self.timeout[0]:.0f} s).") from None
        except requests.RequestException as error:
            failure = type(error).__name__
            raise self.broken(error, safe=safe) from None
        finally:
            self.hooks.log(
                Exchange(
                    method=method,
                    path=urlsplit(url).path,
                    status=status,
                    seconds=time.monotonic() - started,
                    request_id=answered.get(self.request_id_header, ""),
                    failure=failure,
                )
            )

    def _read(self, response: requests.Response, *, until: float) -> bytes:
        """The timeout of a read counts from byte to byte; an answer that drips for ever ends at `until`."""
        chunks, size = [], 0
        for chunk in response.iter_content(65536):
            size += len(chunk)
            if time.monotonic() > until:
                raise requests.ReadTimeout("The answer takes too long.")
            if size > MAX_ANSWER:
                raise RejectedError(f"{self.label} sent more than {MAX_ANSWER // 2**20} MiB in one answer.", code="answer_too_large")
            chunks.append(chunk)
        return b"".join(chunks)

    def broken(self, error: requests.RequestException, *, safe: bool) -> ConnectorError:
        """What a failure of the network means."""
        if _never_sent(error):
            return TransientError(f"{self.label} could not be reached (connection refused or address unknown).")
        if safe:
            return TransientError(f"The connection to {self.label} broke before the answer was complete.")
        return OutcomeUnknownError(f"The connection to {self.label} broke before the answer was complete; it may have acted.")

    def _answer(self, status: int, headers: Mapping[str, str], raw: bytes, *, safe: bool) -> Answer:
        readable, body = True, None
        if raw:
            try:
                body = decode(raw)
            except (ValueError, RecursionError):
                readable = False
        if 200 <= status < 300:
            if readable:
                return Answer(status=status, headers=headers, body=body)
            words = f"{self.label} answered {status}, but not with readable JSON (a web page or a broken answer)."
            raise TransientError(words, status=status) if safe else OutcomeUnknownError(words, status=status)
        refused = classify(self.label, status, headers, body, explain=self.explain, safe=safe)
        refused.answer = body
        raise refused


def _never_sent(error: requests.RequestException) -> bool:
    """True when no connection was made, so the other side cannot have acted."""
    return isinstance(error, requests.ConnectionError) and any(
        mark in repr(error) for mark in ("NewConnectionError", "NameResolutionError", "ConnectTimeoutError")
    )


def pages(fetch: Callable[[str], tuple[list[Any], str]], *, start: str = "") -> Iterator[Any]:
    """Items of every page; `fetch(place)` answers a page's items and the next place ("" at the end).

    Stops when a place repeats: some systems answer a page past the end with the first page again.
    """
    place, seen = start, set()
    while place not in seen:
        seen.add(place)
        items, place = fetch(place)
        yield from items
        if not place:
            return
