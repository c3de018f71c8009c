"""What other apps play when the day of the demonstration is over; they register here, since the hub knows none of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from hub.demo.acts import Day


@dataclass(slots=True)
class Closed:
    """What such an act found: sentences about what does not agree (none, if all is well), and tables for the report."""

    differences: list[str] = field(default_factory=list)
    shown: list[Any] = field(default_factory=list)


Act = Callable[["Day"], Closed]
_acts: list[str] = []


def register(act: str) -> None:
    """The dotted name of an act; it is imported only when it is played."""
    if act not in _acts:
        _acts.append(act)


def play(day: Day) -> Closed:
    """Every registered act, while the web server and the worker still run."""
    found = Closed()
    for name in _acts:
        act: Act = import_string(name)
        closed = act(day)
        found.differences += closed.differences
        found.shown += closed.shown
    return found
