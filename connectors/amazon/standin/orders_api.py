"""Orders API 2026-01-01: searchOrders and getOrder (Amazon SP-API reference, 6.1, 6.2)."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from connectors.amazon.regions import MARKETPLACES
from connectors.amazon.standin import page_tokens, store
from connectors.amazon.standin.order_totals import market_of
from connectors.amazon.standin.parts import Operations
from connectors.amazon.standin.shown import INCLUDED, may_ask, shown
from connectors.amazon.times import written
from connectors.base import Payload
from connectors.sandbox import Refusal, Request, Response, reply

if TYPE_CHECKING:
    from connectors.amazon.sandbox import AmazonSandbox

ORDERS = Operations()
STATUSES = frozenset({"PENDING_AVAILABILITY", "PENDING", "UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED", "CANCELLED", "UNFULFILLABLE"})
BY = frozenset({"MERCHANT", "AMAZON"})
FREE = ("maxResultsPerPage", "includedData", "paginationToken")
"""Parameters that may differ from page to page."""
LAG = 120
MOST = 100
BLOCK = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which time is asked for: `field` is "lastUpdated" or "created"; both ends as text."""

    field: str
    after: str
    before: str

    @property
    def kind(self) -> str:
        """The kind in the book that is sorted by this time."""
        return store.KIND if self.field == "lastUpdated" else store.CREATED


@ORDERS.operation("searchOrders", "GET", "/orders/2026-01-01/orders")
def search(box: AmazonSandbox, request: Request) -> Response:
    """A page of orders of a window of time; within a page they come in no order."""
    repeated = [name for name, values in request.query.items() if len(values) > 1]
    if repeated:
        raise invalid(f"{repeated[0]} is given more than once; values of a list are joined by commas.")
    window, keep = _window(box, request), _filter(box, request)
    included, size = _included(box, request), _size(request)
    place = (window.after, "")
    fixed = sorted((name, values[0]) for name, values in request.query.items() if name not in FREE)
    if request.arg("paginationToken"):
        before, place = page_tokens.read(request.arg("paginationToken"), fixed, now=box.now())
        window = Window(field=window.field, after=window.after, before=before)
    found = _found(box, window, place, size + 1, keep)
    page, more = found[:size], len(found) > size
    orders = sorted((order for _, order in page), key=lambda order: zlib.crc32(order["orderId"].encode()))
    answer: Payload = {"orders": [shown(box, order, included) for order in orders], f"{window.field}Before": window.before}
    if more:
        answer["pagination"] = {"nextToken": page_tokens.made(fixed, before=window.before, place=page[-1][0], now=box.now())}
    return reply(answer)


@ORDERS.operation("getOrder", "GET", "/orders/2026-01-01/orders/{order_id}")
def read(box: AmazonSandbox, request: Request) -> Response:
    """One order, at once and whether or not a search shows it."""
    included = _included(box, request)
    return reply({"order": shown(box, mine(box, request), included)})


def mine(box: AmazonSandbox, request: Request) -> Payload:
    """The order of the address. Raises Refusal 404 for an unknown one and for one of another region."""
    order = store.load(box, request.params["order_id"])
    if market_of(order).region != request.principal.region:
        raise Refusal(404, "NotFound", "The requested order does not exist.")
    return order


def invalid(words: str) -> Refusal:
    """400 in Amazon's words."""
    return Refusal(400, "InvalidInput", "Invalid Input", details=words)


def _window(box: AmazonSandbox, request: Request) -> Window:
    given = [name for name in ("lastUpdatedAfter", "createdAfter") if name in request.query]
    if len(given) != 1:
        raise invalid("Exactly one of createdAfter and lastUpdatedAfter must be provided.")
    field, other = ("lastUpdated", "created") if given[0] == "lastUpdatedAfter" else ("created", "lastUpdated")
    if f"{other}Before" in request.query:
        raise invalid(f"{other}Before cannot be provided together with {field}After.")
    after = _moment(request, f"{field}After")
    latest = box.now() - timedelta(seconds=LAG / box.scale)
    if f"{field}Before" not in request.query:
        return Window(field=field, after=written(after), before=written(latest))
    before = _moment(request, f"{field}Before")
    if before < after:
        raise invalid(f"{field}Before must be equal to or after {field}After.")
    if before > latest:
        raise invalid(f"{field}Before must be at least two minutes before the time of the request.")
    return Window(field=field, after=written(after), before=written(before))


def _moment(request: Request, name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(request.arg(name))
    except ValueError:
        raise invalid(f"{name} must be in ISO 8601 format.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _filter(box: AmazonSandbox, request: Request) -> Callable[[Payload], bool]:
    statuses, by = _listed(request, "fulfillmentStatuses", STATUSES), _listed(request, "fulfilledBy", BY)
    places, region = _marketplaces(box, request), request.principal.region

    def keep(order: Payload) -> bool:
        fulfillment, place = order["fulfillment"], order["salesChannel"].get("marketplaceId")
        if market_of(order).region != region or (place and place not in places):
            return False
        return (not statuses or fulfillment["fulfillmentStatus"] in statuses) and (not by or fulfillment["fulfilledBy"] in by)

    return keep


def _marketplaces(box: AmazonSandbox, request: Request) -> frozenset[str]:
    asked = _listed(request, "marketplaceIds", frozenset(MARKETPLACES), "Invalid marketplace id.")
    if len(asked) > 50:
        raise invalid("marketplaceIds holds at most 50 values.")
    region = request.principal.region
    if box.denied_marketplaces & asked or any(MARKETPLACES[one].region != region for one in asked):
        raise Refusal(403, "Unauthorized", "Access to requested resource is denied.")
    return asked or frozenset(request.principal.marketplaces)


def _listed(request: Request, name: str, known: frozenset[str], words: str = "") -> frozenset[str]:
    values = frozenset(request.arg(name).split(",")) if name in request.query else frozenset()
    if values - known:
        raise invalid(words or f"{name} holds a value that is not known: {', '.join(sorted(values - known))}.")
    return values


def _included(box: AmazonSandbox, request: Request) -> frozenset[str]:
    included = _listed(request, "includedData", INCLUDED)
    may_ask(box, included)
    return included


def _size(request: Request) -> int:
    text = request.arg("maxResultsPerPage", str(MOST))
    if not text.isdigit() or not 1 <= int(text) <= MOST:
        raise invalid(f"maxResultsPerPage must be between 1 and {MOST}.")
    return int(text)


def _found(
    box: AmazonSandbox, window: Window, place: tuple[str, str], limit: int, keep: Callable[[Payload], bool]
) -> list[tuple[tuple[str, str], Payload]]:
    """Up to `limit` orders behind a place, each with its own; hidden ones are left out."""
    found: list[tuple[tuple[str, str], Payload]] = []
    while len(found) < limit:
        block = box.book.after(window.kind, place, BLOCK)
        for at, row in block:
            if at[0] > window.before:
                return found[:limit]
            order = row if window.kind == store.KIND else box.book.get(store.KIND, at[1]) or {}
            if not box.book.has(store.HIDDEN, at[1]) and keep(order):
                found.append((at, order))
        if len(block) < BLOCK:
            break
        place = block[-1][0]
    return found[:limit]
