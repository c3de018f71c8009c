"""Who wants to know that a lookup table changed: whoever keeps records that wait for a row registers here."""

from __future__ import annotations

from collections.abc import Callable

Waiter = Callable[[int], object]

_waiters: list[Waiter] = []


def register(waiter: Waiter) -> None:
    """`waiter` is called with the id of each table that changes, inside the transaction. A later one replaces it."""
    _waiters[:] = [waiter]


def tell(table_id: int) -> None:
    """A table changed."""
    for waiter in _waiters:
        waiter(table_id)
