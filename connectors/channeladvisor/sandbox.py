"""The local stand-in of ChannelAdvisor: both dialects over the same orders, strict, with signed webhooks that are really sent."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any, ClassVar

from connectors.base import Payload
from connectors.channeladvisor.standin import (  # noqa: F401 - they register addresses
    orders_control,
    published_api,
    shipments,
    shipping_v1,
    shipping_v2,
    store,
    v2_api,
    webhooks,
)
from connectors.channeladvisor.standin.routes import ROUTES
from connectors.sandbox import Rate, Refusal, Request, Response, Router, Row, Sandbox, Sending, reply

APPLICATION_ID = "standin-application"
SHARED_SECRET = "standin-shared-secret"  # noqa: S105 - the stand-in's own, worth nothing elsewhere
REFRESH_TOKEN = "ca_rt_standin"  # noqa: S105
WEBHOOK_SECRET = "standin-webhook-secret-of-40-characters!"  # noqa: S105
PROFILES = (12345678, 87654321)
TOKEN_LIFE = 3600
PUBLISHED_RATE = Rate(2000, 60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks: application, the profile meant (0 = all visible ones, published dialect), visible profiles and scopes."""

    application: str
    profile: int
    profiles: tuple[int, ...]
    scopes: tuple[str, ...]


class ChannelAdvisorSandbox(Sandbox):
    """Two applications know two profiles; `settings(dialect)` answers what a connection needs to reach it.

    `place`, `change`, `cancel` and `ship` play the marketplace; `orders()`, `shipments(number)` and `taken(number)` tell what it holds.
    `rotates`: every renewal replaces the refresh token. `slow_adjustments`: cancellations in rest-v1 wait for the marketplace.
    `page_size` and `cursor_life` (seconds) may be set while it runs.
    """

    routes: ClassVar[Router] = ROUTES
    label: ClassVar[str] = "ChannelAdvisor"
    max_body: ClassVar[int] = 8 * 1024 * 1024

    def __init__(
        self, path: str | Path = ":memory:", *, seed: int = 1, rate: Rate | None = PUBLISHED_RATE, parallel: int | None = 5
    ) -> None:
        super().__init__(path, seed=seed, rate=rate, parallel=parallel)
        self.applications = (APPLICATION_ID, "another-application")
        self.profiles = PROFILES
        self.page_size = 20
        self.cursor_life = 86400.0
        self.rotates = False
        self.slow_adjustments = False
        self.hidden_share = 0.0
        store.declare(self.book, self.applications)
        self.seed()

    def seed(self, **options: Any) -> None:
        """The applications' secrets and refresh tokens; no orders."""
        if not self.book.has("refresh", REFRESH_TOKEN):
            scopes = ["orders", "inventory"]
            self.book.put("refresh", REFRESH_TOKEN, {"Application": APPLICATION_ID, "Scopes": scopes, "Profiles": [self.profiles[0]]})
            self.book.put("refresh", "ca_rt_both", {"Application": APPLICATION_ID, "Scopes": scopes, "Profiles": list(self.profiles)})
            readonly = {"Application": APPLICATION_ID, "Scopes": ["orders.readonly"], "Profiles": [self.profiles[0]]}
            self.book.put("refresh", "ca_rt_readonly", readonly)

    def settings(self, dialect: str = "v2") -> dict[str, str]:
        """The settings of a connection to this stand-in."""
        return {
            "base_url": self.url,
            "dialect": dialect,
            "application_id": APPLICATION_ID,
            "shared_secret": SHARED_SECRET,
            "refresh_token": REFRESH_TOKEN,
            "profile_id": str(self.profiles[0]),
            "webhook_secret": WEBHOOK_SECRET,
            "tax_sites": "640:US, 1:US, 996:US",
            "page_orders": f"{self.url}/__sandbox__/orders/{{key}}",
        }

    def place(self, order: Payload) -> int:
        """A marketplace order arrives; answers its number."""
        return store.place(self, order)

    def place_many(self, orders: Iterable[Payload]) -> list[int]:
        """Many orders arrive at once."""
        with self.book.transaction():
            return [store.place(self, order) for order in orders]

    def change(self, number: int, **fields: Any) -> Payload:
        """The buyer or the marketplace changes something."""
        return store.change(self, number, fields)

    def cancel(self, number: int, units: dict[int, int] | None = None) -> Payload:
        """The buyer cancels all, or `units` by line number."""
        return store.cancel(self, number, units)

    def ship(self, number: int) -> Payload:
        """Everything of an order is shipped."""
        return shipments.ship(self, number)

    def shipments(self, number: int) -> list[Payload]:
        """Every shipment of an order with its tracking, oldest first."""
        return shipments.shipments_of(store.load(self, number)["Order"])

    def orders(self, application: str = APPLICATION_ID) -> list[Payload]:
        """Every order as v2 shows it to an application."""
        return [v2_api.shown(row, application) for row in self.book.rows(store.KIND)]

    def taken(self, number: int, application: str = APPLICATION_ID) -> bool:
        """Whether an application has marked the order as exported."""
        return application in store.load(self, number)["Taken"]

    def revoke(self, refresh_token: str = REFRESH_TOKEN) -> None:
        """The user takes the authorisation back; access tokens end as well."""
        self.book.delete("refresh", refresh_token)
        self.tokens.expire_all()

    def announce(self, event: str, order: Payload) -> None:
        """Queues a webhook for every subscription that wants it."""
        webhooks.announce(self, event, order)

    def authorize(self, request: Request) -> Caller | None:
        """The caller behind the bearer token; in v2 also the profile of the header."""
        if request.path == "/oauth2/token":
            return None
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        about = self.tokens.read(token) if scheme.lower() == "bearer" else None
        if about is None or about["expired"]:
            raise Refusal(401, "invalid_token", "Authorization has been denied for this request.")
        profiles, scopes = tuple(about["profiles"]), tuple(about["scopes"])
        if request.method != "GET" and "orders" not in scopes:
            status = 403 if request.path.startswith("/v2/") else 401
            raise Refusal(status, "insufficient_scope", "Authorization has been denied for this request.")
        profile = _profile(request, profiles) if request.path.startswith("/v2/") else 0
        return Caller(application=about["application"], profile=profile, profiles=profiles, scopes=scopes)

    def credential(self, request: Request) -> str:
        """Limits count per application."""
        return request.principal.application if request.principal else ""

    def cost(self, request: Request) -> int:
        """A batch counts one and every entry of it one; a total costs one more (ChannelAdvisor API reference, A2.2, A2.4)."""
        if (request.method, request.path) in (("PUT", "/v2/orders"), ("POST", "/v2/shipping")):
            body = request.json()
            entries = body.get("Items") if isinstance(body, dict) and "ChannelAdvisorOrderID" not in body else None
            return 1 + len(entries) if isinstance(entries, list) else 1
        return 2 if request.arg("include_total") == "true" else 1

    def error_body(self, refusal: Refusal, request: Request) -> Any:
        """Each dialect's own shape; the published one has three."""
        if request.path == "/oauth2/token":
            return {"error": refusal.code}
        if request.path.startswith("/v1/"):
            if refusal.status in (401, 404, 405):
                return {"$id": "1", "Message": refusal.message}
            return {"error": {"code": "", "message": refusal.message}}
        details = refusal.more.pop("Details", [])
        return {"Error": {"Code": refusal.code, "Message": refusal.message, "RequestID": request.id, "Details": details, **refusal.more}}

    def fault(self, status: int, request: Request, headers: dict[str, str]) -> Refusal:
        """A switched-on fault in the system's words."""
        codes = {
            401: "invalid_token",
            403: "insufficient_scope",
            410: "cursor_expired",
            412: "version_mismatch",
            429: "rate_limited",
            500: "internal",
        }
        words = "Authorization has been denied for this request." if status == 401 else "Switched on for a test."
        return Refusal(status, codes.get(status, "unavailable"), words, headers=headers)

    def finish(self, request: Request, response: Response) -> None:
        """The time in every answer; no quota headers in the published dialect (ChannelAdvisor API reference, B3)."""
        response.headers["Date"] = format_datetime(self.now(), usegmt=True)
        if request.path.startswith("/v1/"):
            limited = [name for name in response.headers if name.startswith("X-RateLimit-")]
            for name in [*limited, "Retry-After"] if limited else []:
                response.headers.pop(name, None)

    def sign(self, sending: Sending, now: datetime) -> dict[str, str]:
        """Signature headers of one attempt."""
        return webhooks.sign(self, sending, now)

    def webhook_gave_up(self, sending: Sending) -> None:
        """After the last retry the subscription is suspended."""
        webhooks.suspend(self, str(sending.about.get("Subscription")))


@ROUTES.on("POST", "/oauth2/token")
def token(box: ChannelAdvisorSandbox, request: Request) -> Response:
    """Access token for a refresh token or a single-use code (ChannelAdvisor API reference, A2.1)."""
    application, form = _application(request), request.form()
    kind, given = {
        "refresh_token": ("refresh", form.get("refresh_token", "")),
        "authorization_code": ("code", form.get("code", "")),
    }.get(form.get("grant_type", ""), ("", ""))
    if not kind:
        raise Refusal(400, "unsupported_grant_type", "")
    row = box.book.get(kind, given)
    if row is None or row["Application"] != application:
        raise Refusal(400, "invalid_grant", "")
    access = box.tokens.issue("ca_at_", seconds=TOKEN_LIFE, application=application, scopes=row["Scopes"], profiles=row["Profiles"])
    refresh = _refresh(box, kind, given, row)
    return reply({"access_token": access, "token_type": "bearer", "expires_in": TOKEN_LIFE, "refresh_token": refresh})


def _application(request: Request) -> str:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    try:
        name, _, secret = base64.b64decode(given, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        name = secret = ""
    if scheme.lower() != "basic" or secret != SHARED_SECRET:
        raise Refusal(400, "invalid_client", "")
    return name


def _refresh(box: ChannelAdvisorSandbox, kind: str, given: str, row: Row) -> str:
    """The refresh token to use from now on; a code works once, a replaced token no more."""
    if kind == "refresh" and not box.rotates:
        return given
    fresh = f"ca_rt_{box.random.getrandbits(96):024x}"
    box.book.delete(kind, given)
    box.book.put("refresh", fresh, row)
    return fresh


def _profile(request: Request, profiles: tuple[int, ...]) -> int:
    given = request.headers.get("x-channeladvisor-profile", "")
    if not given and len(profiles) == 1:
        return profiles[0]
    if not given:
        raise Refusal(400, "profile_required", "The token sees several profiles.")
    if not given.isdigit() or int(given) not in profiles:
        raise Refusal(403, "profile_forbidden", "The token does not see this profile.")
    return int(given)
