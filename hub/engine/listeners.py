"""Who wants to know what became of the hub's own records: whoever hands them in without a source registers here."""

from __future__ import annotations

from collections.abc import Callable, Sequence

Listener = Callable[[Sequence[int]], object]

_listeners: list[Listener] = []


def register(listener: Listener) -> None:
    """`listener` is called with the ids of deliveries whose state changed, inside the transaction that changes it."""
    if listener not in _listeners:
        _listeners.append(listener)


def tell(deliveries: Sequence[int]) -> None:
    """These deliveries changed their state."""
    for listener in _listeners if deliveries else ():
        listener(deliveries)
