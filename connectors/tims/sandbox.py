"""The TIMS stand-in: a strict, stateful TIMS on this machine, for tests and for trying flows before an account is trusted."""

from __future__ import annotations

import math
import random
from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

from connectors.sandbox import Rate, Refusal, Request, Router, Row, Sandbox, Sending
from connectors.tims.standin import (
    accountant,
    actions,
    bulk,
    chart,
    customers,
    documents,
    events,
    front,
    gl_entries,
    invoices,
    items,
    ledger,
    matching,
    orders,
    payments,
    seeds,
    shipments,
    stock,
    warehouse,
)
from connectors.tims.standin.front import COMPANY

CLIENT_ID, CLIENT_SECRET, API_KEY = "throughline", "tims-sandbox-secret", "tk_test_sandbox_key"
USUAL_RATE = Rate(600, 60)
"""Calls that TIMS allows by default (TIMS contract 1.7)."""
SCOPES = ("master", "sales", "inventory", "ar", "gl", "webhooks")
AREAS = {
    "customers": "master",
    "items": "master",
    "reference": "master",
    "sales_orders": "sales",
    "shipments": "sales",
    "inventory": "inventory",
    "webhooks": "webhooks",
    "invoices": "ar",
    "payments": "ar",
    "gl_entries": "gl",
    "gl_accounts": "gl",
    "fiscal_periods": "gl",
}

ROUTES = Router()
ROUTES.add(
    bulk.BULK,
    front.FRONT,
    matching.MATCHING,
    customers.CUSTOMERS,
    items.ITEMS,
    orders.ORDERS,
    actions.ACTIONS,
    shipments.SHIPMENTS,
    stock.STOCK,
    chart.CHART,
    gl_entries.GL_ENTRIES,
    invoices.INVOICES,
    payments.PAYMENTS,
    events.EVENTS_ROUTES,
)
CONTROLS = Router()
CONTROLS.add(accountant.ACCOUNTANT, actions.CONTROLS)


class TimsSandbox(Sandbox):
    """TIMS with one company, MAIN, in US dollars.

    `credentials` (client id -> secret) and `api_keys` (key -> scopes) are open for tests; `environment` is what ping says.
    """

    routes: ClassVar[Router] = ROUTES
    controls: ClassVar[Router] = CONTROLS
    label: ClassVar[str] = "TIMS"
    webhook_retries: ClassVar[tuple[float, ...]] = (60, 300, 900, 3600, 14400, 43200)

    def __init__(
        self,
        path: str | Path = ":memory:",
        *,
        seed: int = 1,
        rate: Rate | None = USUAL_RATE,
        parallel: int | None = 10,
        environment: str = "qa",
        seeded: bool = True,
    ) -> None:
        super().__init__(path, seed=seed, rate=rate, parallel=parallel)
        self.environment = environment
        self.credentials = {CLIENT_ID: CLIENT_SECRET}
        self.api_keys: dict[str, tuple[str, ...]] = {API_KEY: SCOPES}
        self.scopes: tuple[str, ...] = SCOPES
        self.blocked_addresses: set[str] = set()
        for part in (customers, items, orders, shipments, ledger, chart, gl_entries, invoices, payments):
            part.declare(self)
        if seeded and not self.book.count("items"):
            self.seed()

    def seed(self, **options: Any) -> None:
        """See `standin.seeds.seed` for the options."""
        seeds.seed(self, **options)

    def authorize(self, request: Request) -> dict[str, Any] | None:
        """A bearer token or an API key, the company, and the scope of the address."""
        if request.peer in self.blocked_addresses:
            raise Refusal(403, "ip_not_allowed", f"Calls from {request.peer} are not allowed.")
        if request.path == "/oauth/token":
            return None
        principal = self._principal(request)
        company = request.headers.get("x-tims-company", COMPANY)
        if company != COMPANY:
            raise Refusal(400, "invalid_parameter", f"There is no company {company}.")
        area = AREAS.get(request.path.split("/")[3] if request.path.count("/") > 2 else "", "")
        needed = {area} | ({f"{area}.read"} if request.method == "GET" else set())
        if area and not needed & set(principal["scopes"]):
            raise Refusal(403, "insufficient_scope", f"The scope {area} is missing.")
        if len(request.headers.get("idempotency-key", "")) > 128:
            raise Refusal(400, "invalid_parameter", "Idempotency-Key has at most 128 characters.")
        return principal

    def _principal(self, request: Request) -> dict[str, Any]:
        bearer, key = request.headers.get("authorization", ""), request.headers.get("x-api-key", "")
        if bearer and key:
            raise Refusal(400, "ambiguous_credentials", "Send a token or an API key, not both.")
        if key:
            if key not in self.api_keys:
                raise Refusal(401, "invalid_credentials", "The API key is not valid.")
            return {"name": f"key-{key[-4:]}", "scopes": self.api_keys[key]}
        held = self.tokens.read(bearer.removeprefix("Bearer ")) if bearer.startswith("Bearer ") else None
        if held is None:
            raise Refusal(401, "invalid_credentials", "A valid token or API key is required.")
        if held["expired"]:
            raise Refusal(401, "token_expired", "The token has expired.")
        return held

    def credential(self, request: Request) -> str:
        """Limits count per client or key."""
        return str(request.principal["name"]) if request.principal else ""

    def cost(self, request: Request) -> int:
        """A bulk call costs 1 and one more for every ten parts, rounded up."""
        if not request.path.endswith("/bulk"):
            return 1
        wish = request.json()
        operations = wish.get("Operations") if isinstance(wish, dict) else None
        return 1 + math.ceil(len(operations if isinstance(operations, list) else ()) / 10)

    def error_body(self, refusal: Refusal, request: Request) -> Any:
        """`{"Error": {"Code", "Message", "RequestID", "Retryable", "Fields", …}}`."""
        retryable = refusal.status in (429, 500, 503) or refusal.code in ("request_in_progress", "locked")
        about = {"Code": refusal.code, "Message": refusal.message, "RequestID": request.id, "Retryable": retryable}
        return {"Error": {**about, "Fields": [], **refusal.more}}

    def fault(self, status: int, request: Request, headers: dict[str, str]) -> Refusal:
        """Code words of TIMS; a 503 with Retry-After is the nightly maintenance."""
        codes = {
            401: "token_expired",
            403: "ip_not_allowed",
            409: "locked",
            412: "version_mismatch",
            413: "payload_too_large",
            429: "rate_limited",
        }
        named = (
            ("maintenance" if headers else "unavailable")
            if status == 503
            else codes.get(status, "internal" if status == 500 else "unavailable")
        )
        return Refusal(status, named, "Switched on for a test.", headers=headers)

    def sign(self, sending: Sending, now: datetime) -> dict[str, str]:
        """The X-TIMS headers."""
        return events.signed(self, sending, now)

    def webhook_gave_up(self, sending: Sending) -> None:
        """The subscription turns inactive."""
        row = self.book.get("webhooks", sending.about["subscription"])
        if row:
            self.book.put("webhooks", row["ID"], {**row, "Active": False})

    # for tests and demonstrations: what people inside TIMS do

    def order(self, source_system: str, external_id: str) -> Row | None:
        """The sales order of a source's id."""
        keys = self.book.find("sales_orders", "external", f"{source_system}\x1f{external_id}")
        return self.book.get("sales_orders", keys[0]) if keys else None

    def edit(self, kind: str, key: str, changes: Row, *, by: str = "mkeller") -> Row:
        """A person changes members of a document; its version rises."""
        with self.book.transaction():
            row = documents.load(self, kind, key, kind)
            return documents.save(self, kind, key, {**row, **changes}, changed=sorted(changes), by=by)

    def ship(self, order_id: str, lines: list[Row] | None = None, *, parcels: list[list[Row]] | None = None, tracked: bool = True) -> Row:
        """The warehouse ships an order or `[{"LineNumber", "Quantity"}]` of it, as one package, or `parcels` as one shipment of several.

        Answers the order; asked again, a fulfilled one is completed. Without `tracked` the carrier's numbers come later.
        """
        with self.book.transaction():
            order = documents.load(self, "sales_orders", order_id, "Sales order")
            if order["OrderStatus"] == "Fulfilled":
                return warehouse.completed(self, order)
            warehouse.ship(self, order_id, parcels or ([lines] if lines else None), tracked=tracked)
            return documents.load(self, "sales_orders", order_id, "Sales order")

    def ship_open(self, chance: random.Random, now: datetime, *, stay: Collection[str] = ()) -> list[str]:
        """A round of the warehouse over all open orders, see `standin.warehouse.ship_open`; answers the shipments it made or changed."""
        with self.book.transaction():
            return warehouse.ship_open(self, chance, now, stay=stay)

    def shipments(self, order_id: str) -> list[Row]:
        """Every shipment of an order, oldest first."""
        return shipments.of_order(self, order_id)

    def correct_tracking(self, shipment_id: str, number: str, *, package: int = 1) -> Row:
        """A person corrects the tracking number of a package."""
        with self.book.transaction():
            return warehouse.retracked(self, documents.load(self, shipments.KIND, shipment_id, "Shipment"), number, package=package)

    def void(self, shipment_id: str) -> Row:
        """A person voids a shipment."""
        with self.book.transaction():
            return shipments.voided(self, documents.load(self, shipments.KIND, shipment_id, "Shipment"), by="mkeller")

    def merge(self, customer_id: str, into: str) -> Row:
        """A person merges a customer into another one."""
        with self.book.transaction():
            return customers.merged(self, documents.load(self, "customers", customer_id, "Customer"), into)

    def balances(self) -> dict[str, Decimal]:
        """Debits less credits of every account, in the company's currency; all of them together are zero."""
        return ledger.balances(self)

    def invoice_shipments(self, on: bool = True) -> None:
        """From now on what is shipped is invoiced at once, as in a TIMS that does its own receivables; or no longer."""
        ledger.set_company(self, InvoicesShipments=on)

    def close_period(self, period: str, status: str = "Closed") -> Row:
        """The accountant closes a month such as 2026-10, locks it (`Locked`), or opens it again (`Open`)."""
        return self.edit(chart.PERIODS, period, {"Status": status})
