"""The stand-in itself: the road of every request, and starting and stopping."""

from __future__ import annotations

import random
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Self

from connectors.sandbox.answers import Answers
from connectors.sandbox.book import Book
from connectors.sandbox.clock import Clock
from connectors.sandbox.control import CONTROL
from connectors.sandbox.faults import ACTING, Fault, Faults
from connectors.sandbox.limits import Limits, Rate
from connectors.sandbox.server import Server
from connectors.sandbox.tokens import Tokens
from connectors.sandbox.web import Refusal, Request, Response, Router, reply
from connectors.sandbox.webhooks import Sending, Webhooks

HTML = b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"


class Sandbox:
    """Base of the stand-ins; see the package's docstring. Subclasses set the class attributes and override what differs."""

    routes: ClassVar[Router]
    controls: ClassVar[Router] = Router()
    label: ClassVar[str] = "sandbox"
    max_body: ClassVar[int] = 4 * 1024 * 1024
    webhook_retries: ClassVar[tuple[float, ...]] = (60, 300, 900, 3600, 21600, 43200)
    answers_kept: ClassVar[timedelta] = timedelta(hours=72)

    def __init__(self, path: str | Path = ":memory:", *, seed: int = 1, rate: Rate | None = None, parallel: int | None = None) -> None:
        self.book = Book(path)
        self.clock = Clock()
        self.random = random.Random(seed)  # noqa: S311 - repeatable play, not secrets
        self.faults = Faults(self.random)
        self.tokens = Tokens(self.book, self.clock)
        self.limits = Limits()
        self.rate = rate
        self.parallel = parallel
        self.seen: deque[tuple[str, str, int]] = deque(maxlen=5000)
        self.counted: Counter[str] = Counter()
        self.url = ""
        self._answers = Answers(self.book, self.clock, kept=self.answers_kept)
        self._server: Server | None = None
        self.webhooks = Webhooks(
            self.book,
            self.clock,
            sign=self.sign,
            gave_up=self.webhook_gave_up,
            retries=self.webhook_retries,
            shuffled=self.random.shuffle,
        )

    # what a system overrides

    def authorize(self, request: Request) -> Any:
        """Who asks; becomes `request.principal`. Raises Refusal 401/403. Called for every route, the token address included."""
        return None

    def credential(self, request: Request) -> str:
        """The name under which limits count this request; "" = not limited."""
        return ""

    def cost(self, request: Request) -> int:
        """How many calls of the rate limit this request takes."""
        return 1

    def idempotency(self, request: Request) -> str:
        """The key under which the answer is kept, "" = not kept. Default: the Idempotency-Key of a POST, per path."""
        key = request.headers.get("idempotency-key", "") if request.method == "POST" else ""
        return f"{request.path} {key}" if key else ""

    def error_body(self, refusal: Refusal, request: Request) -> Any:
        """The system's own shape of an error."""
        return {"code": refusal.code, "message": refusal.message, **refusal.more}

    def fault(self, status: int, request: Request, headers: dict[str, str]) -> Refusal:
        """The refusal of a switched-on fault status; override to use the system's code words."""
        return Refusal(status, {401: "token_expired", 412: "version_mismatch", 429: "rate_limited"}.get(status, "unavailable"),
                       "Switched on for a test.", headers=headers)  # fmt: skip

    def finish(self, request: Request, response: Response) -> None:
        """Last touch on every answer's headers."""

    def sign(self, sending: Sending, now: datetime) -> dict[str, str]:
        """Headers of one webhook attempt."""
        return {}

    def webhook_gave_up(self, sending: Sending) -> None:
        """The last attempt failed: the system suspends the subscription."""

    def seed(self, **options: Any) -> None:
        """Fills the book with what a fresh stand-in holds; must be safe to repeat."""

    # running it

    def start(self, port: int = 0, host: str = "127.0.0.1") -> str:
        """Serves until `stop`; answers the base address."""
        self._server = Server(self.answer, host=host, port=port, max_body=self.max_body)
        self.url = self._server.url
        self.webhooks.start()
        return self.url

    def stop(self) -> None:
        """Stops serving and sending; the book stays readable, and `start` may follow again."""
        if self._server:
            self._server.stop()
            self.webhooks.stop()
        self._server = None

    def close(self) -> None:
        """Stops and closes the state file."""
        self.stop()
        self.book.close()

    def __enter__(self) -> Self:
        if self._server is None:
            self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def reset(self) -> None:
        """Forgets everything, faults and clock included, and seeds again."""
        self.faults.clear()
        self.clock.reset()
        self.limits.reset()
        self.seen.clear()
        self.book.clear()
        self.seed()

    def now(self) -> datetime:
        """The stand-in's time."""
        return self.clock.now()

    def stamp(self) -> str:
        """The stand-in's time as text, never the same twice."""
        return self.clock.stamp()

    # the road of a request

    def answer(self, request: Request) -> Response:
        """Any request to its answer; never raises."""
        request.id = request.headers.get("x-request-id") or uuid.uuid4().hex[:12]
        try:
            response = self._controlled(request) if request.path.startswith("/__sandbox__/") else self._with_faults(request)
        except Refusal as refusal:
            response = self._refused(refusal, request)
        except Exception as error:  # noqa: BLE001 - a stand-in answers 500 as the real system would
            response = self._refused(Refusal(500, "internal", f"{type(error).__name__}: {error}"), request)
        response.headers.setdefault("X-Request-ID", request.id)
        self.finish(request, response)
        self.seen.append((request.method, request.path, response.status))
        self.counted[f"{request.method} {response.status}"] += 1
        return response

    def once(self, key: str, content: Any, act: Callable[[], Response]) -> Response:
        """Acts once per idempotency key ("" = always); a Refusal becomes an answer that is kept too, and undoes what was written."""
        if not key:
            return act()
        return self._answers.once(key, content, lambda: self._caught(act))

    def _caught(self, act: Callable[[], Response]) -> Response:
        try:
            with self.book.transaction():
                return act()
        except Refusal as refusal:
            return self._refused(refusal, Request(method="POST", path=""))

    def _controlled(self, request: Request) -> Response:
        if not (request.peer.startswith("127.") or request.peer == "::1"):
            raise Refusal(404, "not_found", "There is no such address.")
        if not self.controls.has(request):
            return CONTROL.find(request)(self, request)
        with self.book.transaction():
            return self.controls.find(request)(self, request)

    def _with_faults(self, request: Request) -> Response:
        fault = self.faults.take(request.method, request.path)
        if fault is None:
            return self._admitted(request, None)
        if fault.kind == "reset":
            return Response(cut="drop")
        if fault.kind == "html":
            return Response(body=HTML, headers={"Content-Type": "text/html; charset=utf-8"})
        if fault.kind not in ACTING:
            wait = {} if fault.retry_after is None else {"Retry-After": f"{fault.retry_after:g}"}
            raise self.fault(int(fault.kind), request, wait)
        return _spoiled(fault, self._admitted(request, fault))

    def _admitted(self, request: Request, fault: Fault | None) -> Response:
        request.principal = self.authorize(request)
        credential = self.credential(request)
        with self._gate(credential):
            headers = self.limits.take(credential, self.rate, self.cost(request)) if credential and self.rate else {}
            try:
                response = self._acted(request, fault)
            except Refusal as refusal:
                response = self._refused(refusal, request)
            response.headers = {**headers, **response.headers}
            return response

    def _gate(self, credential: str) -> AbstractContextManager[None]:
        return self.limits.gate(credential, self.parallel) if credential and self.parallel else nullcontext()

    def _acted(self, request: Request, fault: Fault | None) -> Response:
        act = self.routes.find(request)
        key = self.idempotency(request)
        with self._answers.running(key):
            if fault and fault.kind == "slow":
                time.sleep(fault.seconds)
            with self.book.transaction():
                return self.once(key, request.json() if key else None, lambda: act(self, request))

    def _refused(self, refusal: Refusal, request: Request) -> Response:
        return reply(self.error_body(refusal, request), refusal.status, refusal.headers)


def _spoiled(fault: Fault, response: Response) -> Response:
    if fault.kind == "html_after":
        return Response(body=HTML, headers={"Content-Type": "text/html; charset=utf-8"})
    response.hold = fault.seconds if fault.kind in ("slow_after", "timeout") else 0.0
    response.cut = {"timeout": "drop", "drop_after": "drop", "truncate": "truncate"}.get(fault.kind, "")
    return response
