"""What happens when all rules have run: named elements without content go, and lists of them are filtered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mappings.core.paths import EACH, KEYED, Segment, reader
from mappings.core.refusal import RefusedError
from mappings.core.state import State, without_last_walk
from mappings.core.values import Rule

Path = tuple[Segment, ...]


def sweeper(target: Path) -> Callable[[State], None]:
    """Takes out the elements that hold nothing but the key that names them, and a list that has become empty."""
    place = next(place for place, segment in enumerate(target) if segment.pick == KEYED)
    before, segment = target[:place], target[place]

    def sweep(state: State) -> None:
        for holder in _holders(state.payload, before):
            elements = holder.get(segment.name)
            if elements.__class__ is list:
                _keep(holder, segment.name, [one for one in elements if not _bare(one, segment.key)])

    return sweep


def _bare(element: Any, key: str) -> bool:
    return element.__class__ is dict and all(name == key or value is None for name, value in element.items())


def _holders(payload: Any, path: Path) -> Iterator[dict[str, Any]]:
    """Every group that a path leads to."""
    if payload.__class__ is not dict:
        return
    if not path:
        yield payload
        return
    first, rest = path[0], path[1:]
    inner = payload.get(first.name)
    if first.pick == EACH and inner.__class__ is list:
        for element in inner:
            yield from _holders(element, rest)
    elif first.pick != EACH:
        yield from _holders(reader((first,))(payload), rest)


def keyed_filters(rule: Rule, target: Path, keep: Callable[[State], bool]) -> Callable[[State], None]:
    """Keeps the elements of a built list for which the condition, about the element's own fields, holds."""
    before, name = target[:-1], without_last_walk(target)[-1].name

    def run(state: State) -> None:
        state.rule = rule
        for holder in _holders(state.payload, before):
            elements = holder.get(name)
            if elements.__class__ is list:
                _keep(holder, name, [one for place, one in enumerate(elements) if _stays(state, place, one, keep)])

    return run


def _stays(state: State, place: int, element: Any, keep: Callable[[State], bool]) -> bool:
    state.levels, state.outs, state.indexes = (element,), (element,), (place,)
    try:
        return keep(state)
    except RefusedError as refused:
        state.refuse(refused)
        return True


def _keep(holder: dict[str, Any], name: str, elements: list[Any]) -> None:
    if elements:
        holder[name] = elements
    else:
        del holder[name]
