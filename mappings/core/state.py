"""What is known while one record is mapped: the record, what has been built, where we are, and what was noticed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connectors.base import Payload
from connectors.errors import Problem
from mappings.core.paths import EACH, PathError, Segment, lists_in, parse, reader
from mappings.core.refusal import RefusedError, UnansweredError, shown
from mappings.core.values import Facts, Need, Rule, RuleResult

TARGET, SOURCE, SETTINGS = "$target", "$source", "$settings"
MISSING = object()


class State:
    """One application of a mapping to one record.

    `levels` and `outs` are the source elements and target elements of the lists that the present rule walks, outermost first;
    `indexes` their places; `rule` is the present rule. `bound` holds the walked elements per list plan.
    """

    __slots__ = (
        "asked",
        "bound",
        "facts",
        "hold",
        "indexes",
        "levels",
        "outs",
        "payload",
        "problems",
        "rule",
        "source",
        "trace",
        "waits",
        "warnings",
    )

    def __init__(self, source: Payload, facts: Facts) -> None:
        self.source = source
        self.facts = facts
        self.payload: Payload = {}
        self.levels: tuple[Any, ...] = ()
        self.outs: tuple[dict[str, Any], ...] = ()
        self.indexes: tuple[int, ...] = ()
        self.rule: Rule = NO_RULE
        self.bound: dict[int, list[Any]] = {}
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self.waits: list[Need] = []
        self.asked: set[Need] = set()
        self.trace: list[RuleResult] | None = None
        self.hold = ""

    @property
    def path(self) -> str:
        """The present rule's target with the indexes of the elements, such as `LineItems[2].SKU`."""
        text, *rest = self.rule.target.split("[]")
        for place, part in enumerate(rest):
            text += f"[{self.indexes[place]}]{part}" if place < len(self.indexes) else f"[]{part}"
        return text

    def refuse(self, refused: RefusedError) -> Problem | None:
        """Notes a problem at the present place; None for a value that only waits."""
        if isinstance(refused, UnansweredError):
            return None
        problem = self._problem(refused)
        self.problems.append(problem)
        self.hold = self.hold or refused.hold
        return problem

    def warn(self, refused: RefusedError) -> None:
        """Notes something a person should know although the record can be sent."""
        self.warnings.append(self._problem(refused))
        self.hold = self.hold or refused.hold

    def _problem(self, refused: RefusedError) -> Problem:
        path = self.path
        cause = refused.cause or f"{refused.code}:{self.rule.target}"
        words = f"{path}: {refused.message}"
        return Problem(path=path, code=refused.code, message=words, value=shown(refused.value), cause=cause, wait=refused.wait)

    def ask(self, kind: str, stream: str, key: str) -> str | None:
        """The answer to a need. UnansweredError while it is not known; None, with a wait noted, when the thing is not there."""
        need = Need(kind=kind, stream=stream, key=key)
        answer = self.facts.answers.get(need, MISSING)
        if answer is not MISSING and answer is not None:
            return answer  # type: ignore[return-value]
        need = Need(kind=kind, stream=stream, key=key, path=self.path)
        if answer is MISSING:
            self.facts.asked.add(need)
            self.asked.add(need)
            raise UnansweredError("not answered yet")
        self.waits.append(need)
        return None


NO_RULE = Rule(target="")

Look = Callable[[State], Any]


class Scope:
    """Which lists a rule walks, so that its paths can be compiled: one path from the record per level, outermost first.

    `target` are the target lists of the same levels. `elements_only`: plain names mean the element alone (the elements of a built list).
    """

    def __init__(
        self,
        sources: tuple[tuple[Segment, ...], ...] = (),
        targets: tuple[tuple[Segment, ...], ...] = (),
        *,
        tables: frozenset[str] | None = None,
        elements_only: bool = False,
    ) -> None:
        self.sources = sources
        self.targets = targets
        self.tables = tables
        self.elements_only = elements_only

    def look(self, text: str) -> Look:
        """A function that finds what stands at a path. PathError when it is not a path.

        Inside a list a plain name is the element's field, and the record's where the element has none of that name;
        `$source.` is always the record, `$target.` what has been built so far, `$settings.` a setting.
        """
        segments = parse(text)
        head = segments[0].name
        if head == SETTINGS:
            return _setting(segments, text)
        if head == TARGET:
            return self._built(segments[1:], text)
        if head == SOURCE:
            return _from_source(_some(segments[1:], text))
        for level in range(len(self.sources), 0, -1):
            prefix = self.sources[level - 1]
            if segments[: len(prefix)] == prefix:
                return _from_level(level - 1, segments[len(prefix) :])
        if not self.sources and not self.elements_only:
            return _from_source(segments)
        return _from_element(segments) if self.elements_only else _from_element_or_source(segments)

    def absolute(self, text: str) -> Look:
        """Like `look`, but a plain name is the record's field even inside a list, as in a rule's source."""
        segments = parse(text)
        inside = any(segments[: len(prefix)] == prefix for prefix in self.sources)
        return self.look(text) if inside or segments[0].name.startswith("$") else _from_source(segments)

    def _built(self, segments: tuple[Segment, ...], text: str) -> Look:
        for level in range(len(self.targets), 0, -1):
            prefix = self.targets[level - 1]
            if segments[: len(prefix)] == prefix:
                read = reader(segments[len(prefix) :])
                return lambda state, place=level - 1: read(state.outs[place])  # type: ignore[misc]
        read_payload = reader(_some(segments, text))
        return lambda state: read_payload(state.payload)


def _some(segments: tuple[Segment, ...], text: str) -> tuple[Segment, ...]:
    if not segments:
        raise PathError(f"{text}: a name is expected after the dot")
    return segments


def _setting(segments: tuple[Segment, ...], text: str) -> Look:
    if len(segments) != 2 or segments[1].pick:
        raise PathError(f"{text}: one name is expected after $settings.")
    name = segments[1].name
    return lambda state: state.facts.settings.get(name)


def _from_source(segments: tuple[Segment, ...]) -> Look:
    if len(segments) == 1 and not segments[0].pick:
        name = segments[0].name
        return lambda state: state.source.get(name)
    read = reader(segments)
    return lambda state: read(state.source)


def _from_level(level: int, segments: tuple[Segment, ...]) -> Look:
    read = reader(segments)
    return lambda state: read(state.levels[level])


def _from_element(segments: tuple[Segment, ...]) -> Look:
    read = reader(segments)
    return lambda state: read(state.levels[-1])


def _from_element_or_source(segments: tuple[Segment, ...]) -> Look:
    name, read = segments[0].name, reader(segments)

    def look(state: State) -> Any:
        element = state.levels[-1]
        return read(element if element.__class__ is dict and name in element else state.source)

    return look


def list_prefixes(segments: tuple[Segment, ...]) -> tuple[tuple[Segment, ...], ...]:
    """The path of each list that a path walks: `A[].B[].C` gives `A[]` and `A[].B[]`."""
    return tuple(segments[: place + 1] for place in lists_in(segments))


def without_last_walk(segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """The path of the list itself: `Order.Lines[]` gives `Order.Lines`."""
    *before, last = segments
    return (*before, Segment(last.name)) if last.pick == EACH else segments
