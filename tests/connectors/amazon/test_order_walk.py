"""The walk through the list of orders: nothing is passed over, whatever stops it and wherever."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.amazon.order_walk import BEGINNING, Page, Place, place_of, walk
from connectors.errors import ConnectorError, CursorExpiredError, RejectedError, ThrottledError, TransientError


def at(minute: int) -> str:
    return f"2026-11-20T{minute // 60:02d}:{minute % 60:02d}:00.000Z"


@dataclass
class Amazon:
    """A list of orders as (key, minute of the last change), answered newest first in pages, with tokens that can be ended."""

    orders: list[tuple[str, int]]
    size: int = 2
    now: int = 600
    calls: int = 0
    fails: dict[int, ConnectorError] = field(default_factory=dict)
    tokens: dict[str, tuple[str, int, int]] = field(default_factory=dict)
    trailing: bool = False
    """Whether a full last page still names a next one, which is empty."""

    def fetch(self, place: Place) -> Page:
        self.calls += 1
        if self.calls in self.fails:
            raise self.fails[self.calls]
        since, start, until = self._window(place)
        found = sorted((one for one in self.orders if since <= at(one[1]) <= at(until)), key=lambda one: -one[1])
        rows = [{"orderId": key, "lastUpdatedTime": at(minute)} for key, minute in found[start : start + self.size]]
        more = len(found) > start + self.size or (self.trailing and len(rows) == self.size)
        token = f"t{self.calls}" if more else ""
        if token:
            self.tokens[token] = (since, start + self.size, until)
        return Page(orders=rows, next_token=token, before=at(self.now - 2))

    def _window(self, place: Place) -> tuple[str, int, int]:
        if not place.token:
            return place.since, 0, self.now - 2
        if self.tokens.get(place.token, ("",))[0] != place.since:
            raise RejectedError("The paginationToken you have submitted is not valid.", status=400)
        return self.tokens[place.token]


def swept(amazon: Amazon, cursor: str, *, most: int | None = None) -> tuple[list[str], str]:
    """The keys that a walk yields, at most so many, and the cursor that is kept of them, as the hub keeps it."""
    keys: list[str] = []
    try:
        for order, moves in walk(amazon.fetch, place_of(cursor)):
            keys.append(order["orderId"])
            cursor = max(cursor, moves)
            if most is not None and len(keys) >= most:
                break
    except ConnectorError:
        pass
    return keys, cursor


def numbered(minutes: Sequence[int]) -> list[tuple[str, int]]:
    return [(f"o{nth}", minute) for nth, minute in enumerate(minutes)]


def test_a_whole_walk_yields_everything_and_ends_at_the_windows_end() -> None:
    amazon = Amazon(numbered([1, 2, 3, 4, 5]))
    keys, cursor = swept(amazon, "")
    assert sorted(keys) == ["o0", "o1", "o2", "o3", "o4"]
    assert cursor == at(598)


def test_only_the_last_order_of_a_page_carries_a_cursor() -> None:
    amazon = Amazon(numbered([1, 2, 3]))
    cursors = [cursor for _, cursor in walk(amazon.fetch, place_of(""))]
    assert cursors == ["", f"{BEGINNING}~00001~{at(598)}~t1", at(598)]


def test_a_walk_that_was_stopped_goes_on_with_the_next_page() -> None:
    amazon = Amazon(numbered([1, 2, 3, 4, 5]), fails={2: ThrottledError("slow down")})
    first, cursor = swept(amazon, "")
    second, end = swept(amazon, cursor)
    assert (first, second) == (["o3", "o4"], ["o1", "o2", "o0"])
    assert end == at(598)


def test_a_token_that_ended_begins_the_window_again() -> None:
    amazon = Amazon(numbered([1, 2, 3, 4, 5]), fails={2: ThrottledError("slow down")})
    _, cursor = swept(amazon, "")
    amazon.tokens.clear()
    keys, end = swept(amazon, cursor)
    assert sorted(keys) == ["o0", "o1", "o2", "o3", "o4"]
    assert end == at(598)


def test_after_a_new_begin_the_cursor_still_rises() -> None:
    amazon = Amazon(numbered(range(1, 9)), fails={4: ThrottledError("slow down")})
    _, cursor = swept(amazon, "")
    amazon.tokens.clear()
    cursors = [moves for _, moves in walk(amazon.fetch, place_of(cursor)) if moves]
    assert cursors == sorted(cursors)
    assert cursors[0] > cursor


def test_a_token_that_is_never_taken_ends_the_walk() -> None:
    def fetch(place: Place) -> Page:
        if place.token:
            raise RejectedError("not valid", status=400)
        return Page(orders=[{"orderId": "o1"}], next_token="never", before=at(5))

    with pytest.raises(CursorExpiredError):
        list(walk(fetch, place_of("")))


def test_a_page_that_names_itself_as_the_next_ends_the_walk() -> None:
    page = Page(orders=[{"orderId": "o1"}], next_token="same", before=at(5))
    with pytest.raises(TransientError):
        list(walk(lambda place: page, place_of("")))


def test_an_empty_last_page_does_not_hold_the_walk_for_ever() -> None:
    amazon = Amazon(numbered([1, 2]), trailing=True)
    swept(amazon, "")
    amazon.orders.append(("late", 597))
    keys, cursor = swept(amazon, swept(amazon, "")[1])
    assert "late" in keys
    assert cursor == at(598)


def test_a_quiet_window_leaves_the_cursor_alone() -> None:
    assert swept(Amazon([]), at(5)) == ([], at(5))


def test_a_list_that_does_not_tell_its_end_moves_to_the_newest_order_of_the_first_page() -> None:
    pages = {"": Page(orders=[{"lastUpdatedTime": at(7)}, {"lastUpdatedTime": at(3)}], next_token="t", before=""),
             "t": Page(orders=[{"lastUpdatedTime": at(9)}], next_token="", before="")}  # fmt: skip
    assert [cursor for _, cursor in walk(lambda place: pages[place.token], place_of(""))][-1] == at(7)


@pytest.mark.parametrize(
    ("cursor", "after", "token"),
    [
        ("", BEGINNING, ""),
        ("2026-11-20T00:00:00+01:00", "2026-11-19T23:00:00.000Z", ""),
        (f"{at(1)}~00003~{at(9)}~a~b", at(1), "a~b"),
        (f"{at(1)}~x~{at(9)}~a", at(1), ""),
        ("nonsense", BEGINNING, ""),
    ],
)
def test_a_cursor_is_read_as_what_it_is(cursor: str, after: str, token: str) -> None:
    place = place_of(cursor)
    assert (place.after, place.token) == (after, token)


def test_the_first_walk_begins_where_the_connection_says() -> None:
    assert place_of("", beginning="2026-11-01").after == "2026-11-01T00:00:00.000Z"


steps = st.lists(st.tuples(st.integers(0, 9), st.booleans(), st.lists(st.integers(0, 30), max_size=3)), max_size=8)


@given(
    minutes=st.lists(st.integers(0, 590), max_size=14),
    size=st.integers(1, 5),
    trailing=st.booleans(),
    walks=steps,
    faults=st.sets(st.integers(1, 25), max_size=6),
)
def test_every_order_is_yielded_however_often_the_walk_breaks(
    minutes: list[int], size: int, trailing: bool, walks: list[tuple[int, bool, list[int]]], faults: set[int]
) -> None:
    amazon = Amazon(numbered(minutes), size=size, trailing=trailing, fails={nth: TransientError("broken") for nth in faults})
    cursor, seen = "", set[tuple[str, str]]()
    for stop, forget, late in walks:
        keys, cursor = swept(amazon, cursor, most=stop)
        seen |= _versions(amazon, keys)
        if forget:
            amazon.tokens.clear()
        amazon.now += 5
        amazon.orders += [(f"late{amazon.now}-{nth}", amazon.now - 2 - back % 2) for nth, back in enumerate(late)]
    amazon.fails.clear()
    for _ in range(3):
        amazon.now += 5
        keys, cursor = swept(amazon, cursor)
        seen |= _versions(amazon, keys)
    assert {(key, at(minute)) for key, minute in amazon.orders} <= seen


@given(minutes=st.lists(st.integers(0, 590), max_size=12), size=st.integers(1, 4), stop=st.integers(0, 12))
def test_the_cursor_never_passes_an_unread_page(minutes: list[int], size: int, stop: int) -> None:
    amazon = Amazon(numbered(minutes), size=size)
    keys, cursor = swept(amazon, "", most=stop)
    if "~" not in cursor and cursor:
        assert set(keys) == {key for key, _ in amazon.orders}


def _versions(amazon: Amazon, keys: Sequence[str]) -> set[tuple[str, str]]:
    current: dict[str, Any] = dict(amazon.orders)
    return {(key, at(current[key])) for key in keys}
