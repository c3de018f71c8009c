"""Returns of the stand-in's buyers: a few shipped orders come back, always the same ones, and those that a test asks for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from connectors.amazon import times
from connectors.base import Payload

if TYPE_CHECKING:
    from connectors.amazon.sandbox import AmazonSandbox

ASKED = "asked_returns"
SHARE = 6
"""Percent of the shipped orders."""
DAY = 86400
REASONS = ("AMZ-PG-BAD-DESC", "CR-UNWANTED_ITEM", "CR-DEFECTIVE", "AMZ-PG-APP-TOO-SMALL", "CR-QUALITY_UNACCEPTABLE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """Units of one order item that come back."""

    order: Payload
    item: Payload
    units: int
    at: datetime
    refunded_at: datetime
    by_amazon: bool
    number: int

    @property
    def id(self) -> str:
        """The return's number at Amazon."""
        return f"RMA{self.number:010d}"

    @property
    def reason(self) -> str:
        """Why."""
        return REASONS[self.number % len(REASONS)]


def ask(box: AmazonSandbox, order_id: str, *, at: datetime | None = None) -> None:
    """A buyer sends an order's first item back: now, or at another time."""
    box.book.put(ASKED, order_id, {"At": times.written(at or box.now())})


def returned(box: AmazonSandbox) -> Iterator[Returned]:
    """All returns up to now, oldest order first."""
    for order_id in box.book.keys("orders"):
        asked = box.book.get(ASKED, order_id)
        if asked is None and _chance(order_id) % 100 >= SHARE:
            continue
        order = box.book.get("orders", order_id) or {}
        status = order.get("fulfillment") or {}
        if status.get("fulfillmentStatus") == "SHIPPED" and order.get("orderItems"):
            one = _returned(box, order, asked)
            if one.at <= box.now():
                yield one


def _returned(box: AmazonSandbox, order: Payload, asked: Payload | None) -> Returned:
    number = _chance(order["orderId"])
    shipped = shipped_at(order) or box.now()
    at = times.parsed(asked["At"]) if asked else None
    at = at or shipped + box.delay((3 + number % 8) * DAY)
    by_amazon = order["fulfillment"].get("fulfilledBy") == "AMAZON"
    return Returned(
        order=order, item=order["orderItems"][0], units=1, at=at, refunded_at=at + box.delay(2 * DAY), by_amazon=by_amazon, number=number
    )


def shipped_at(order: Payload) -> datetime | None:
    """When the last parcel left; for Amazon's own shipments, whose parcels are not shown, the last change."""
    sent = [times.normalised(one.get("shipTime")) for one in order.get("packages") or ()]
    return times.parsed(max(sent, default="") or order.get("lastUpdatedTime"))


def _chance(order_id: str) -> int:
    return int(hashlib.sha256(f"return {order_id}".encode()).hexdigest()[:8], 16)
