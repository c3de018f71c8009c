"""The walk through Amazon's list of orders: a window of time, page by page, and the cursor that finds its way back.

The list has no order that can be relied on, so a cursor may pass a time only when the last page of its window was read. Until then it
reads `<window's begin>~<step>~<window's end>~<token of the next page>`: steps only ever rise, so that it sorts in the order of reading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from connectors.amazon.times import moved, normalised
from connectors.errors import CursorExpiredError, RejectedError, TransientError

OVERLAP = 300.0
BEGINNING = "2016-01-01T00:00:00.000Z"
"""No marketplace gives older orders (Amazon SP-API reference, 6.5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One answer: the orders, the token of the next page ("" = the last), and the time up to which the list is complete."""

    orders: list[Any]
    next_token: str
    before: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How far a walk has come. `after` is a time that earlier walks have reached; the window begins a little before it."""

    after: str
    step: int = 0
    before: str = ""
    token: str = ""

    @property
    def since(self) -> str:
        """The begin of the window, the same text for every page."""
        return moved(self.after, seconds=-OVERLAP)

    def __str__(self) -> str:
        return f"{self.after}~{self.step:05d}~{self.before}~{self.token}"


Fetch = Callable[[Place], Page]
"""Asks for the page at a place."""


def place_of(cursor: str, *, beginning: str = "") -> Place:
    """The place that a cursor stands for; a time stands for a new window, anything else for the beginning."""
    after, step, before, token = (*cursor.split("~", 3), "", "", "")[:4]
    start = normalised(after) or normalised(beginning) or BEGINNING
    if token and step.isdigit() and normalised(before):
        return Place(after=start, step=int(step), before=before, token=token)
    return Place(after=start)


def walk(fetch: Fetch, place: Place) -> Iterator[tuple[Any, str]]:
    """Every order from a place on, each with its cursor: "" but for the last of a page.

    A token that Amazon no longer takes begins the window again. Raises CursorExpiredError where the new token is refused as well.
    """
    restarted = followed = False
    while True:
        try:
            page = fetch(place)
        except RejectedError as error:
            if not (place.token and error.status == 400):
                raise
            if restarted:
                raise CursorExpiredError("Amazon refused the place in its list twice; the list is read again.", status=400) from None
            restarted, place = True, replace(place, before="", token="")
            continue
        there = _next(place, page)
        yield from _with_cursor(page.orders, str(there) if there.token else there.after)
        if not there.token:
            if page.orders or not place.step or followed:
                return
            # After an empty last page no order carries the end of the window: the next window begins there at once.
            followed = True
        place = there


def _next(place: Place, page: Page) -> Place:
    if page.next_token and page.next_token == place.token:
        raise TransientError("Amazon sent the same page of orders again; the list is read again later.")
    before = place.before or page.before or max([place.after, *filter(None, map(_updated, page.orders))])
    if page.next_token:
        return replace(place, step=place.step + 1, before=before, token=page.next_token)
    return Place(after=max(before, place.after))


def _with_cursor(orders: list[Any], cursor: str) -> Iterator[tuple[Any, str]]:
    oldest_first = sorted(orders, key=_updated)
    for nth, order in enumerate(oldest_first, start=1):
        yield order, cursor if nth == len(oldest_first) else ""


def _updated(order: Any) -> str:
    return normalised(order.get("lastUpdatedTime")) if isinstance(order, dict) else ""
