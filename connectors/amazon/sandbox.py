"""The local stand-in of Amazon's Selling Partner API: strict, with real usage plans, and orders that live."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from connectors.amazon.standin import (
    announcements,
    calls,
    documents,
    feeds,
    finances,
    inventory,
    listings,
    login,
    notifications,
    orders_part,
    outbound,
    reports,
    sellers,
)
from connectors.amazon.standin.login import CLIENT_ID, CLIENT_SECRET, SELLER_ID
from connectors.amazon.standin.markets import of_region
from connectors.amazon.standin.orders_part import OrderPlay
from connectors.amazon.standin.parts import NAMED, PLANS, Operation, Part, envelope, joined
from connectors.base import Payload
from connectors.sandbox import Rate, Refusal, Request, Response, Router, Sending

PARTS: tuple[Part, ...] = (
    calls.PART,
    login.PART,
    sellers.PART,
    Part(routes=documents.DOCUMENTS),
    orders_part.PART,
    notifications.PART,
    outbound.PART,
    listings.PART,
    feeds.PART,
    inventory.PART,
    reports.PART,
    finances.PART,
)
"""Every area of the stand-in; a new one is one more line here."""
REGIONS = ("NA", "EU", "FE")
TOLD = frozenset({400, 404})
DENIED = "Access to requested resource is denied."
CODES = {400: "InvalidInput", 401: "Unauthorized", 403: "Unauthorized", 404: "NotFound", 405: "InvalidInput", 429: "QuotaExceeded"}
MESSAGES = {
    403: DENIED, 429: "You exceeded your quota for the requested resource.", 500: "We encountered an internal error. Please try again.",
    503: "Service is temporarily unavailable.",
}  # fmt: skip
Listener = Callable[[str, Payload], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks: the application, the seller and its region with its marketplaces (none of them for a grantless call)."""

    client: str
    seller: str
    region: str
    marketplaces: tuple[str, ...]
    operation: Operation

    @property
    def account(self) -> str:
        """Under which name usage plans count: the seller in its region, or the application."""
        return f"{self.seller} {self.region}" if self.seller else self.client


class AmazonSandbox(OrderPlay):
    """One application and one seller with an authorisation for each region; `settings(region)` answers what a connection needs.

    `scale` makes usage plans faster and life cycles shorter by that factor; `throttled = False` lifts the plans. `clients` (id ->
    secret) and `denied_marketplaces` (ids for which 403 is answered) are open for tests, so is `personal_data`: "given", or without the
    role for it "left out" or "refused"; `late_bookings` shows transactions up to 48 hours late. `listeners` hear every
    `announce(kind, payload)`.
    """

    routes: ClassVar[Router] = joined([part.routes for part in PARTS])
    controls: ClassVar[Router] = joined([part.controls for part in PARTS])
    label: ClassVar[str] = "Amazon"
    max_body: ClassVar[int] = 32 * 1024 * 1024

    def __init__(self, place: str | Path = ":memory:", *, seed: int = 1, scale: float = 1.0, throttled: bool = True) -> None:
        super().__init__(place, seed=seed)
        self.scale = scale
        self.throttled = throttled
        self.late_bookings = False
        self.clients = {CLIENT_ID: CLIENT_SECRET}
        self.denied_marketplaces: set[str] = set()
        self.personal_data = "given"
        self.listeners: list[Listener] = []
        self.calls: Counter[tuple[str, int]] = Counter()
        for part in PARTS:
            if part.declare:
                part.declare(self)
        self.seed()

    def seed(self, **options: Any) -> None:
        """The authorisations of the seller, one for each region, and what each area begins with."""
        for region in REGIONS:
            if not self.book.has("refresh", refresh_token(region)):
                self.book.put("refresh", refresh_token(region), {"Client": CLIENT_ID, "Seller": SELLER_ID, "Region": region})
        for part in PARTS:
            if part.seed:
                part.seed(self)

    def reset(self) -> None:
        """Forgets everything, the counted calls included, and seeds again."""
        self.calls.clear()
        super().reset()

    def settings(self, region: str = "NA") -> dict[str, str]:
        """The settings of a connection to this stand-in."""
        return {
            "base_url": self.url,
            "token_url": self.url + login.PATH,
            "region": region,
            "marketplace_ids": ",".join(of_region(region)),
            "seller_id": SELLER_ID,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "refresh_token": refresh_token(region),
        }

    def delay(self, seconds: float) -> timedelta:
        """How long something of the life cycle takes that takes so many seconds at Amazon."""
        return timedelta(seconds=seconds / self.scale)

    def announce(self, kind: str, payload: Payload) -> None:
        """Tells every listener what has happened, within the caller's transaction; see `standin.announcements.hear` for kinds."""
        for listener in self.listeners:
            listener(kind, payload)

    def advance(self, now: datetime | None = None) -> None:
        """Lets everything happen that is due by now, or by another time."""
        for part in PARTS:
            if part.advance:
                with self.book.transaction():
                    part.advance(self, now or self.now())

    def revoke(self, region: str = "NA") -> None:
        """The seller takes the authorisation of a region back; access tokens end as well."""
        row = self.book.get("refresh", refresh_token(region)) or {}
        self.book.put("refresh", refresh_token(region), {**row, "Revoked": True})
        self.tokens.expire_all()

    def take(self, plan: str, account: str, operation: str = "") -> None:
        """Counts one call against a usage plan of an account. Raises Refusal 429 `QuotaExceeded`, without Retry-After."""
        per_second, burst = PLANS[plan]
        if not self.throttled:
            return
        try:
            self.limits.take(f"{account} {operation or plan}", Rate(burst, burst / per_second / self.scale))
        except Refusal:
            raise Refusal(429, CODES[429], MESSAGES[429]) from None

    def counts(self) -> dict[str, dict[str, int]]:
        """How often each operation was answered, by status: `{"getOrder": {"200": 3, "429": 1}}`."""
        found: dict[str, dict[str, int]] = {}
        for (name, status), number in sorted(self.calls.items()):
            found.setdefault(name, {})[str(status)] = number
        return found

    def authorize(self, request: Request) -> Caller | None:
        """Form, token and usage plan of an operation, in this order."""
        operation = NAMED.get(self.routes.find(request))
        if operation is None:
            return None
        self.advance()
        _check_form(request)
        caller = self._caller(request, operation)
        self.take(operation.plan, caller.account, operation.name)
        return caller

    def _caller(self, request: Request, operation: Operation) -> Caller:
        given = request.headers.get("x-amz-access-token", "")
        if not given:
            raise Refusal(401, CODES[401], DENIED, details="Access token is missing in the request header.")
        about = self.tokens.read(given)
        if about is None:
            raise Refusal(403, CODES[403], DENIED, details="The access token you provided is revoked, malformed or invalid.")
        if about["expired"]:
            raise Refusal(403, CODES[403], DENIED, details="The access token you provided has expired.")
        if operation.grantless == bool(about["seller"]):
            raise Refusal(403, CODES[403], DENIED)
        region = str(about["region"])
        return Caller(client=about["client"], seller=about["seller"], region=region, marketplaces=of_region(region), operation=operation)

    def error_body(self, refusal: Refusal, request: Request) -> Any:
        """Amazon's envelope; at Login with Amazon that of OAuth."""
        if request.path == login.PATH:
            return {"error": refusal.code, "error_description": refusal.message}
        code = refusal.code if refusal.code[:1].isupper() else CODES.get(refusal.status, refusal.code)
        return envelope(code, refusal.message, refusal.more.get("details", ""))

    def sign(self, sending: Sending, now: datetime) -> dict[str, str]:
        """The key of the event bridge."""
        return announcements.signed(self, sending, now)

    def fault(self, status: int, request: Request, headers: dict[str, str]) -> Refusal:
        """A switched-on fault in Amazon's words; no Retry-After (Amazon SP-API reference, 4.2)."""
        code = {500: "InternalFailure", 503: "ServiceUnavailable", **CODES}.get(status, "InternalFailure")
        if request.path == login.PATH:
            code = {400: "invalid_grant", 401: "invalid_client"}.get(status, "server_error")
        return Refusal(status, code, MESSAGES.get(status, "Switched on for a test."))

    def finish(self, request: Request, response: Response) -> None:
        """The request id on every answer of Amazon, the rate only where Amazon tells it; counts the answer."""
        if request.path.startswith(("/__sandbox__/", documents.STORE)):
            return
        response.headers["x-amzn-RequestId"] = response.headers.pop("X-Request-ID", request.id)
        operation = self._operation(request)
        if operation is None:
            return
        self.calls[operation.name, response.status] += 1
        if 200 <= response.status < 300 or response.status in TOLD:
            response.headers["x-amzn-RateLimit-Limit"] = f"{PLANS[operation.plan][0] * self.scale:g}"

    def _operation(self, request: Request) -> Operation | None:
        with suppress(Refusal):
            return NAMED.get(self.routes.find(request))
        return None


def refresh_token(region: str) -> str:
    """The seller's refresh token of a region."""
    return f"Atzr|standin-{region}"


def _check_form(request: Request) -> None:
    if not request.headers.get("user-agent"):
        raise Refusal(400, CODES[400], "The user-agent header is missing.")
    if request.body and not request.headers.get("content-type", "").lower().startswith("application/json"):
        raise Refusal(415, "UnsupportedMediaType", "The request's Content-Type must be application/json.")
