"""Paths such as `OrderItem[].SKU`, `Promotions[0].Code` and `Charges[Type=Shipping].Amount`, read from and written to JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from mappings.core.refusal import RefusedError

Read = Callable[[Any], Any]
Write = Callable[[dict[str, Any], Any], None]

EACH, AT, KEYED = "each", "at", "keyed"
LONGEST = 500


class PathError(ValueError):
    """A path is not well formed; the message says where."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One step of a path: a name, and what follows it in brackets.

    `pick` is "" for a plain name, EACH for `[]`, AT for `[0]` (`index`), KEYED for `[Type=Shipping]` (`key`, `wanted`).
    """

    name: str
    pick: str = ""
    index: int = 0
    key: str = ""
    wanted: str = ""

    def __str__(self) -> str:
        inside = {"": "", EACH: "[]", AT: f"[{self.index}]", KEYED: f"[{self.key}={self.wanted}]"}
        return self.name + inside[self.pick]


def parse(text: str) -> tuple[Segment, ...]:
    """The segments of a path. PathError when it is not one."""
    if not text.strip():
        raise PathError("the path is empty")
    if len(text) > LONGEST:
        raise PathError(f"the path is longer than {LONGEST} characters")
    return tuple(_segment(part, text) for part in _parts(text))


def _parts(text: str) -> list[str]:
    parts, start, inside = [], 0, False
    for place, char in enumerate(text):
        if char == "[":
            if inside:
                raise PathError(f"{text}: a second [ before the first is closed")
            inside = True
        elif char == "]":
            if not inside:
                raise PathError(f"{text}: a ] without its [")
            inside = False
        elif char == "." and not inside:
            parts.append(text[start:place])
            start = place + 1
    if inside:
        raise PathError(f"{text}: a [ is not closed")
    return [*parts, text[start:]]


def _segment(part: str, text: str) -> Segment:
    name, bracket, rest = part.strip().partition("[")
    name = name.strip()
    if not name:
        raise PathError(f"{text}: a name is missing")
    if not bracket:
        return Segment(name)
    inside, closed, after = rest.partition("]")
    if not closed or after.strip():
        raise PathError(f"{text}: after ] a dot or the end is expected")
    return _bracketed(name, inside.strip(), text)


def _bracketed(name: str, inside: str, text: str) -> Segment:
    if not inside:
        return Segment(name, EACH)
    if inside.isascii() and inside.isdigit() and len(inside) < 6:
        return Segment(name, AT, index=int(inside))
    key, equals, wanted = inside.partition("=")
    if equals and key.strip() and wanted.strip():
        return Segment(name, KEYED, key=key.strip(), wanted=wanted.strip())
    raise PathError(f"{text}: in brackets nothing, a number or Name=Value is expected")


def joined(segments: Sequence[Segment]) -> str:
    """The path as text."""
    return ".".join(map(str, segments))


def lists_in(segments: Sequence[Segment]) -> list[int]:
    """The places of the segments that walk a list."""
    return [place for place, segment in enumerate(segments) if segment.pick == EACH]


def reader(segments: Sequence[Segment]) -> Read:
    """A function from a JSON value to what stands at the path, None when nothing does.

    A `[]` answers a list with one entry per element (None where the element has nothing); `[]` inside `[]` answers one flat list.
    """
    if not segments:
        return lambda value: value
    plain = all(segment.pick == "" for segment in segments)
    names = [segment.name for segment in segments]
    if plain and len(names) == 1:
        return _one(names[0])
    if plain and len(names) == 2:
        return _two(names[0], names[1])
    if plain:
        return _several(names)
    return _picked(segments[0], reader(segments[1:]), nested=bool(lists_in(segments[1:])))


def _one(name: str) -> Read:
    return lambda value: value.get(name) if value.__class__ is dict else None


def _two(first: str, second: str) -> Read:
    def read(value: Any) -> Any:
        group = value.get(first) if value.__class__ is dict else None
        return group.get(second) if group.__class__ is dict else None

    return read


def _several(names: list[str]) -> Read:
    def read(value: Any) -> Any:
        for name in names:
            if value.__class__ is not dict:
                return None
            value = value.get(name)
        return value

    return read


def _picked(segment: Segment, rest: Read, *, nested: bool) -> Read:
    here = _one(segment.name)
    if segment.pick == EACH:
        return _each(here, rest, nested=nested)
    if segment.pick == AT:
        return lambda value: rest(_at(here(value), segment.index))
    if segment.pick == KEYED:
        return lambda value: rest(found(here(value), segment.key, segment.wanted))
    return lambda value: rest(here(value))


def _each(here: Read, rest: Read, *, nested: bool) -> Read:
    def read(value: Any) -> Any:
        elements = here(value)
        if elements.__class__ is not list:
            return None
        inner = [rest(element) for element in elements]
        return [one for part in inner if part is not None for one in part] if nested else inner

    return read


def _at(elements: Any, index: int) -> Any:
    return elements[index] if elements.__class__ is list and index < len(elements) else None


def found(elements: Any, key: str, wanted: str) -> Any:
    """The first element of a list whose `key` equals `wanted` as text, or None."""
    if elements.__class__ is list:
        for element in elements:
            if element.__class__ is dict and element.get(key) is not None and str(element[key]) == wanted:
                return element
    return None


def writer(segments: Sequence[Segment]) -> Write:
    """A function that writes a value at a path of groups and keyed elements, making them where needed.

    A path that ends with a keyed element takes a group, whose fields are laid over the element.
    """
    *groups, leaf = segments
    step = [entrance(segment) for segment in groups]
    if leaf.pick == KEYED:
        return _element_writer(step, leaf)
    if not step:
        return _leaf(leaf.name)

    def write(out: dict[str, Any], value: Any) -> None:
        for enter in step:
            out = enter(out)
        out[leaf.name] = value

    return write


def _leaf(name: str) -> Write:
    def write(out: dict[str, Any], value: Any) -> None:
        out[name] = value

    return write


def _element_writer(step: list[Callable[[dict[str, Any]], dict[str, Any]]], leaf: Segment) -> Write:
    enter_element = entrance(leaf)

    def write(out: dict[str, Any], value: Any) -> None:
        if value.__class__ is not dict:
            raise RefusedError("This place takes a group of fields, not a single value. Change the rule.", code="type_mismatch")
        for enter in step:
            out = enter(out)
        enter_element(out).update({name: one for name, one in value.items() if name != leaf.key})

    return write


def entrance(segment: Segment) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """A function from a group to the group or keyed element inside it, made where missing. RefusedError where a value stands there."""
    if segment.pick == KEYED:
        return lambda out: _keyed(out, segment)
    return lambda out: _group(out, segment.name)


def _group(out: dict[str, Any], name: str) -> dict[str, Any]:
    group = out.get(name)
    if group is None:
        group = out[name] = {}
    if group.__class__ is not dict:
        raise RefusedError(f"{name} already holds a value, so it cannot hold fields. Remove one of the two rules.", code="type_mismatch")
    made: dict[str, Any] = group
    return made


def _keyed(out: dict[str, Any], segment: Segment) -> dict[str, Any]:
    elements = out.get(segment.name)
    if elements is None:
        elements = out[segment.name] = []
    if elements.__class__ is not list:
        raise RefusedError(f"{segment.name} already holds something that is not a list. Remove one of the two rules.", code="type_mismatch")
    element = found(elements, segment.key, segment.wanted)
    if element is None:
        element = {segment.key: segment.wanted}
        elements.append(element)
    made: dict[str, Any] = element
    return made
