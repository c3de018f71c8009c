"""The shared kit of the local stand-ins: server, state, fault injection, clock, tokens, limits, webhooks.

A stand-in is a subclass with routes::

    routes = Router()

    class ThingsSandbox(Sandbox):
        routes, label = routes, "Things"
        def authorize(self, request): ...            # -> principal, or raise Refusal(401, "invalid_token", "…")
        def credential(self, request): ...           # name for rate limit and gate, "" = unlimited
        def error_body(self, refusal, request): ...  # the system's error shape from refusal.code/.message/.more
        def sign(self, sending, now): ...            # headers of one webhook attempt
        def seed(self, **options): ...               # what a fresh one holds; safe to repeat

    @routes.on("GET", "/v2/things/{thing_id}")
    def read(box: ThingsSandbox, request: Request) -> Response:
        row = box.book.get("things", request.params["thing_id"])
        if row is None:
            raise Refusal(404, "not_found", "There is no such thing.")
        return reply(row, headers={"ETag": '"1"'})

    with ThingsSandbox(path, seed=7, rate=Rate(2000, 60), parallel=5) as box:   # ":memory:" or a file that survives SIGKILL
        requests.get(box.url + "/v2/things/1")

Running: `start(port=0) -> url`, `stop()` (cuts open connections; `start(port)` may follow), `close()`, `reset()`, context manager.

Request: `method path query_string headers(lower case) body params principal id`, `query` (lists), `arg(name, default)`, `json()`,
`form()`.
Answer: `reply(value, status, headers)`; `raise Refusal(status, code, message, headers=…, **members)` anywhere undoes what the call wrote.
One call runs at a time inside `book.transaction()`, so read-then-write needs no lock. `box.now()` is the clock, `box.stamp()` its text,
never twice the same (`2026-11-20T10:15:00.000000Z`); `box.random` is seeded.

Book (`box.book`): `get(kind, key)`, `put(kind, key, row)`, `delete`, `rows(kind)`, `keys(kind)`, `has`, `count`, `next_number(name,
first)`; `index(kind, name, of)` + `find(kind, name, value) -> keys`; `order(kind, of)` + `after(kind, (text, key), limit) -> [((text,
key), row)]` for paging that stays right under writes (declare both in `__init__`). Reads are copies. Every finished call is in the file
before its answer leaves.

Faults (`box.faults`): `add(kind, path="*", method="*", count=1, skip=0, probability=1.0, retry_after=None, seconds=1.0)`, `clear()`.
Kinds: a status ("503", "429", "401", "412": refused, not acted); "reset" (connection cut, not acted); "html" (200 with a web page, not
acted); "slow" (waits, then acts); "slow_after" (acts, then waits); "timeout" (acts, waits `seconds`, cuts); "drop_after" (acts, cuts);
"truncate" (acts, half a body); "html_after" (acts, web page). A burst of 429 is `add("429", count=50, retry_after=1)`. `fault(status, …)`
may be overridden for the system's words.

Tokens (`box.tokens`): `issue("tims_at_", seconds=1800, **about)`, `read(token) -> about + "expired" | None`, `expire_all()`.
Limits: `rate` (token bucket with X-RateLimit-* headers and Retry-After; override `cost`) and `parallel`; both None = unlimited; settable
while running. Remove the headers in `finish(request, response)` where a dialect has none.
Idempotency: `Idempotency-Key` on POST is kept per path for 72 h (override `idempotency(request)`; "" = off); `once(key, content, act)`
for bulk parts.
Webhooks (`box.webhooks`): `announce(url, body, id=…, **about)` queues (also inside a call); `flush()`, `pending()`; `mischief.twice`,
`.shuffle = n`, `.delay`, `.paused`. `webhook_retries` are seconds by the stand-in's clock; after the last one `webhook_gave_up(sending)`.

Invented content: `people.buyer(…)` (names, addresses that could exist, phones kept for fiction), `prices.price_of(sku)`, `prices.Rates`.

Over HTTP, from this machine only: `POST /__sandbox__/faults` (`{"Match": {"Method", "Path"}, "Fault": "503", "Count", "Skip",
"RetryAfter", "Seconds", "Probability"}`), `DELETE /__sandbox__/faults`, `POST …/clock` (`{"Now", "Frozen"}` | `{"Advance": s}` | `{}`),
`POST …/seed`, `POST …/reset`, `POST …/tokens/expire`, `POST …/webhooks/flush`, `POST …/webhooks/mischief`, `GET …/state`, `GET
…/book/{kind}`. A system's own: a second Router as class attribute `controls`.
"""

from __future__ import annotations

from connectors.sandbox.book import Book, Row
from connectors.sandbox.box import Sandbox
from connectors.sandbox.clock import Clock, rfc3339
from connectors.sandbox.control import CONTROL
from connectors.sandbox.faults import Fault, Faults
from connectors.sandbox.limits import Limits, Rate
from connectors.sandbox.web import Refusal, Request, Response, Router, reply
from connectors.sandbox.webhooks import Mischief, Sending, Webhooks

__all__ = [
    "CONTROL", "Book", "Clock", "Fault", "Faults", "Limits", "Mischief", "Rate", "Refusal", "Request", "Response", "Router", "Row",
    "Sandbox", "Sending", "Webhooks", "reply", "rfc3339",
]  # fmt: skip
