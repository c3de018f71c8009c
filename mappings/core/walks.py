"""Lists: which source list each target list walks, and the binding of their elements while a record is mapped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from mappings.core.paths import AT, EACH, PathError, Read, Segment, entrance, joined, parse, reader
from mappings.core.refusal import RefusedError
from mappings.core.state import NO_RULE, State, list_prefixes, without_last_walk
from mappings.core.values import Rule

Path = tuple[Segment, ...]
Bound = tuple[Any, dict[str, Any], tuple[Any, ...], tuple[dict[str, Any], ...], tuple[int, ...]]
"""Element, its target element, and both with those of the outer lists, and the indexes."""


@dataclass(slots=True)
class Walk:
    """One target list that is made by walking a source list; `parent` is the walk of the list around it.

    `keep` decides which elements stay and `steps` change the elements before; both come from the rule on the list itself (`rule`).
    """

    number: int
    target: Path
    source: Path
    parent: Walk | None = None
    rule: Rule | None = None
    keep: Callable[[State], bool] | None = None
    steps: list[Callable[[list[Any], list[Any], State], list[Any]]] = field(default_factory=list)
    named: Rule = NO_RULE
    read: Read = lambda value: None
    place: Callable[[dict[str, Any]], list[Any]] = lambda out: []

    def prepare(self) -> None:
        """Compiles the paths, relative to the list around this one."""
        self.named = self.rule or Rule(target=joined(self.target))
        outer_source = self.parent.source if self.parent else ()
        outer_target = self.parent.target if self.parent else ()
        self.read = reader(without_last_walk(self.source[len(outer_source) :]))
        self.place = _placer(without_last_walk(self.target[len(outer_target) :]))

    def outer(self) -> tuple[Walk, ...]:
        """This walk and those around it, outermost first."""
        return (*self.parent.outer(), self) if self.parent else (self,)

    def bind(self, state: State) -> None:
        """Finds the elements and makes an empty target element for each that stays."""
        bound: list[Bound] = []
        if self.parent is None:
            self._bind_one(state, state.source, state.payload, ((), (), ()), bound)
        else:
            for element, out, levels, outs, indexes in state.bound[self.parent.number]:
                self._bind_one(state, element, out, (levels, outs, indexes), bound)
        state.bound[self.number] = bound

    def _bind_one(self, state: State, base: Any, out: dict[str, Any], outer: tuple[Any, Any, Any], bound: list[Bound]) -> None:
        levels, outs, indexes = outer
        elements = self.read(base)
        if elements is None:
            return
        state.rule, state.levels, state.outs, state.indexes = self.named, levels, outs, indexes
        try:
            elements = self._elements(state, elements)
            made = self.place(out)
        except RefusedError as refused:
            state.refuse(refused)
            return
        if self.keep is None and all(element.__class__ is dict for element in elements):
            made.extend({} for _ in elements)
            bound.extend(
                (element, target, (*levels, element), (*outs, target), (*indexes, place))
                for place, (element, target) in enumerate(zip(elements, made, strict=True))
            )
            elements = []
        for place, element in enumerate(elements):
            state.levels, state.indexes = (*levels, element), (*indexes, place)
            if self._stays(state, element):
                target: dict[str, Any] = {}
                bound.append((element, target, (*levels, element), (*outs, target), (*indexes, len(made))))
                made.append(target)
        if not made and self.rule is not None and self.rule.if_empty in ("error", "wait"):
            state.indexes = indexes
            wait = self.rule.wait_hours if self.rule.if_empty == "wait" else 0
            state.refuse(RefusedError("No line is left. Check the source, or cancel the record.", code="required", wait=wait))

    def _elements(self, state: State, elements: Any) -> list[Any]:
        if elements.__class__ is not list:
            raise RefusedError("A list is expected here, but the source has something else.", code="type_mismatch")
        for step in self.steps:
            elements = step(elements, [], state)
        made: list[Any] = elements
        return made

    def _stays(self, state: State, element: Any) -> bool:
        """An element that cannot be judged stays, with its problem."""
        try:
            if element.__class__ is not dict:
                raise RefusedError("A group of fields is expected here, but the source has something else.", code="type_mismatch")
            return self.keep is None or self.keep(state)
        except RefusedError as refused:
            state.refuse(refused)
            return True


def _placer(path: Path) -> Callable[[dict[str, Any]], list[Any]]:
    *groups, leaf = path
    steps = [entrance(group) for group in groups]

    def place(out: dict[str, Any]) -> list[Any]:
        for enter in steps:
            out = enter(out)
        made: list[Any] = []
        out[leaf.name] = made
        return made

    return place


def parsed(rule: Rule) -> tuple[Path, Path]:
    """A rule's target and source as segments. PathError in words."""
    target = parse(rule.target)
    if any(segment.pick == AT for segment in target):
        raise PathError(f"{rule.target}: a target element is named by [] or [Name=Value], not by a number")
    if target[0].name.startswith("$"):
        raise PathError(f"{rule.target}: a target begins with a field's name")
    return target, parse(rule.source) if rule.source else ()


def find_walks(paths: Sequence[tuple[Rule, Path, Path]]) -> dict[Path, Walk]:
    """The walks that the rules need, outer lists before inner ones; target lists without a source list are left out.

    A list that no rule fills with fields needs no walk: its elements are copied.
    """
    filled = {prefix for _, target, _ in paths for prefix in list_prefixes(target[:-1] if target[-1].pick == EACH else target)}
    walks: dict[Path, Walk] = {}
    for depth in range(1, 1 + max((len(list_prefixes(target)) for _, target, _ in paths), default=0)):
        for _, target, source in sorted(paths, key=lambda one: one[0].target.rstrip().endswith("[]"), reverse=True):
            targets, sources = list_prefixes(target), list_prefixes(source)
            if min(len(targets), len(sources)) < depth or source[0].name.startswith("$"):
                continue
            wanted, parent = targets[depth - 1], walks.get(targets[depth - 2]) if depth > 1 else None
            if wanted not in filled or wanted in walks or (depth > 1 and (parent is None or parent.source != sources[depth - 2])):
                continue
            walks[wanted] = Walk(number=len(walks), target=wanted, source=sources[depth - 1], parent=parent)
    structures = {target: rule for rule, target, _ in paths if target[-1].pick == EACH}
    for prefix, walk in walks.items():
        walk.rule = structures.get(prefix)
        walk.prepare()
    return walks
