"""Requests, answers, refusals and routes of the stand-ins."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

from connectors.wire import decode, encode


class Refusal(Exception):  # noqa: N818 - an answer, not a failure of ours
    """The stand-in says no. Each system writes it in its own shape (`Sandbox.error_body`); `more` are members of that shape."""

    def __init__(self, status: int, code: str, message: str, *, headers: dict[str, str] | None = None, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}
        self.more = more


@dataclass(slots=True)
class Request:
    """One request. Header names are in lower case, `path` is still percent-encoded, `params` are the route's decoded `{names}`."""

    method: str
    path: str
    query_string: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    peer: str = "127.0.0.1"
    params: dict[str, str] = field(default_factory=dict)
    id: str = ""
    principal: Any = None
    _query: dict[str, list[str]] | None = None
    _json: Any = None

    @property
    def query(self) -> dict[str, list[str]]:
        """The decoded query; every name holds a list."""
        if self._query is None:
            self._query = parse_qs(self.query_string, keep_blank_values=True)
        return self._query

    def arg(self, name: str, default: str = "") -> str:
        """The last value of a query parameter."""
        return self.query.get(name, [default])[-1]

    def form(self) -> dict[str, str]:
        """The fields of a form body."""
        return {name: values[-1] for name, values in parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True).items()}

    def json(self) -> Any:
        """The JSON body. Raises Refusal 400 `malformed_json`."""
        if self._json is None:
            try:
                self._json = decode(self.body)
            except ValueError:
                raise Refusal(400, "malformed_json", "The body is not valid JSON.") from None
        return self._json


@dataclass(slots=True)
class Response:
    """One answer. `cut` and `hold` are the transport's faults: "drop" closes without an answer, "truncate" sends half of it."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: str = ""
    hold: float = 0.0


def reply(value: Any = None, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer; Decimal becomes a number. None = no body."""
    if value is None:
        return Response(status=status, headers=dict(headers or {}))
    return Response(status=status, body=encode(value), headers={"Content-Type": "application/json; charset=utf-8", **(headers or {})})


Act = Callable[[Any, Request], Response]


class Router:
    """Routes of one stand-in: `@routes.on("GET", "/v2/orders/{order_id}")` over `def act(box, request) -> Response`.

    A name in braces matches within one segment, so `/v1/Orders({order_id})` works too; it is percent-decoded.
    """

    def __init__(self) -> None:
        self._fixed: dict[tuple[str, str], Act] = {}
        self._patterns: dict[tuple[str, int], list[tuple[re.Pattern[str], Act]]] = {}
        self._paths: list[re.Pattern[str]] = []

    def on(self, method: str, path: str) -> Callable[[Act], Act]:
        """Registers what follows for a method and a path."""

        def register(act: Act) -> Act:
            pattern = re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+?)", re.escape(path)) + r"\Z")
            self._paths.append(pattern)
            if "{" in path:
                self._patterns.setdefault((method, path.count("/")), []).append((pattern, act))
            else:
                self._fixed[method, path] = act
            return act

        return register

    def add(self, *others: Router) -> None:
        """Takes over the routes of other routers; earlier ones win."""
        for other in others:
            self._fixed = {**other._fixed, **self._fixed}
            self._paths += other._paths
            for at, patterns in other._patterns.items():
                self._patterns.setdefault(at, []).extend(patterns)

    def has(self, request: Request) -> bool:
        """Whether any method of this address is served here."""
        return any(pattern.match(request.path) for pattern in self._paths)

    def find(self, request: Request) -> Act:
        """The act for a request; fills `request.params`. Raises Refusal 404 or 405."""
        act = self._fixed.get((request.method, request.path))
        if act:
            return act
        for pattern, candidate in self._patterns.get((request.method, request.path.count("/")), ()):
            if match := pattern.match(request.path):
                request.params = {name: unquote(value) for name, value in match.groupdict().items()}
                return candidate
        if self.has(request):
            raise Refusal(405, "method_not_allowed", f"{request.method} is not possible here.")
        raise Refusal(404, "not_found", "There is no such address.")
