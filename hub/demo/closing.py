"""What other apps play in the demonstration; they register here, since the hub knows none of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from hub.demo.acts import Day
    from hub.demo.standins import StandIns


@dataclass(slots=True)
class Closed:
    """What such an act found: sentences about what does not agree (none, if all is well), and tables for the report."""

    differences: list[str] = field(default_factory=list)
    shown: list[Any] = field(default_factory=list)


Act = Callable[["Day"], Closed]
Pastime = Callable[["StandIns"], None]
_acts: list[str] = []
_pastimes: list[str] = []


def register(act: str, *, pastime: str) -> None:
    """The dotted names of an act that ends the scripted day, and of what happens again and again while the demonstration stays up.

    They are imported only when they are played.
    """
    if act not in _acts:
        _acts.append(act)
        _pastimes.append(pastime)


def pass_time(opened: StandIns) -> None:
    """Every registered pastime, once."""
    for name in _pastimes:
        pastime: Pastime = import_string(name)
        pastime(opened)


def play(day: Day) -> Closed:
    """Every registered act, while the web server and the worker still run."""
    found = Closed()
    for name in _acts:
        act: Act = import_string(name)
        closed = act(day)
        found.differences += closed.differences
        found.shown += closed.shown
    return found
