"""Applies a mapping: rules compiled once to closures, then run in order on each record; every rule is tried."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from connectors.base import Payload
from connectors.errors import Problem
from mappings.core.finish import keyed_filters, sweeper
from mappings.core.formula import compile_condition
from mappings.core.formula_tokens import FormulaError
from mappings.core.paths import EACH, KEYED, PathError
from mappings.core.plan import BadRuleError, asks, compiled_plan, structure_steps
from mappings.core.runs import Run, list_copier, runner, traced_runner
from mappings.core.state import Scope, State
from mappings.core.values import Facts, Outcome, Rule
from mappings.core.walks import Path, Walk, find_walks, parsed

Parsed = tuple[int, Rule, Path, Path]


@dataclass(slots=True)
class Compiled:
    """A mapping ready to run. `problems` lists what is wrong with its rules, (rule index, problem); a published mapping has none.

    Rules with a problem are left out of `runs`. `traced` does the same and writes the trace.
    """

    rules: tuple[Rule, ...]
    runs: list[Run] = field(default_factory=list)
    traced: list[Run] = field(default_factory=list)
    asking: list[Run] = field(default_factory=list)
    """The few rules that ask about other records, with the lists they walk."""
    finish: list[Callable[[State], None]] = field(default_factory=list)
    problems: list[tuple[int, Problem]] = field(default_factory=list)

    def refuse(self, index: int, message: str) -> None:
        """Notes a bad rule."""
        target = self.rules[index].target
        message = message.removeprefix(f"{target}: ")
        self.problems.append((index, Problem(path=target, code="bad_rule", message=f"{target or 'A rule'}: {message}", cause="bad_rule")))


def compile_rules(rules: Sequence[Rule], *, tables: Iterable[str] | None = None) -> Compiled:
    """Compiles rules once. Never raises: what is wrong stands in `Compiled.problems`.

    `tables` are the slugs of the lookup tables that exist; without them tables are not checked.
    """
    compiled, known = Compiled(tuple(rules)), None if tables is None else frozenset(tables)
    good = [one for index, rule in enumerate(rules) if (one := _parsed(compiled, index, rule))]
    walks = find_walks([(rule, target, source) for _, rule, target, source in good])
    ready: set[int] = set()
    for index, rule, target, source in good:
        walk = _innermost(walks, target)
        _prepare(compiled, walk, ready, known, good)
        try:
            _add(compiled, (index, rule, target, source), walk, known)
        except (BadRuleError, FormulaError, PathError) as wrong:
            compiled.refuse(index, str(wrong))
    keyed = [target for _, _, target, _ in good if any(segment.pick == KEYED for segment in target)]
    compiled.finish.extend(sweeper(target) for target in dict.fromkeys(keyed))
    return compiled


def _parsed(compiled: Compiled, index: int, rule: Rule) -> Parsed | None:
    try:
        return (index, rule, *parsed(rule))
    except PathError as wrong:
        compiled.refuse(index, str(wrong))
        return None


def _innermost(walks: dict[Path, Walk], target: Path) -> Walk | None:
    found = [walk for prefix, walk in walks.items() if target[: len(prefix)] == prefix]
    return max(found, key=lambda walk: len(walk.target), default=None)


def _scope(walk: Walk | None, tables: frozenset[str] | None) -> Scope:
    chain = walk.outer() if walk else ()
    return Scope(tuple(one.source for one in chain), tuple(one.target for one in chain), tables=tables)


def _prepare(compiled: Compiled, walk: Walk | None, ready: set[int], tables: frozenset[str] | None, good: list[Parsed]) -> None:
    """Puts the binding of a list before the first rule that needs it."""
    for one in walk.outer() if walk else ():
        if one.number in ready:
            continue
        ready.add(one.number)
        index = next((index for index, rule, _, _ in good if rule is one.rule), None)
        if index is not None and one.rule is not None:
            _structure(compiled, index, one, tables)
        compiled.runs.append(one.bind)
        compiled.traced.append(one.bind)
        compiled.asking.append(one.bind)


def _structure(compiled: Compiled, index: int, walk: Walk, tables: frozenset[str] | None) -> None:
    rule = compiled.rules[index]
    try:
        if rule.condition:
            walk.keep = compile_condition(rule.condition, _scope(walk, tables))
        walk.steps = structure_steps(rule, _scope(walk.parent, tables))
    except (BadRuleError, FormulaError) as wrong:
        compiled.refuse(index, str(wrong))


def _add(compiled: Compiled, one: Parsed, walk: Walk | None, tables: frozenset[str] | None) -> None:
    index, rule, target, source = one
    if target[-1].pick != EACH:
        plan = compiled_plan(index, rule, (target, source), _scope(walk, tables), walk)
        compiled.runs.append(runner(plan))
        compiled.traced.append(traced_runner(plan))
        if asks(rule):
            compiled.asking.append(runner(plan))
    elif walk is None or walk.target != target:
        _add_list(compiled, one, walk, tables)


def _add_list(compiled: Compiled, one: Parsed, walk: Walk | None, tables: frozenset[str] | None) -> None:
    """A rule on a list without rules for its fields: copies the elements; without a source it filters the named elements at the end."""
    index, rule, target, source = one
    if not source and rule.condition and not rule.steps:
        keep = compile_condition(rule.condition, Scope((target,), (target,), tables=tables, elements_only=True))
        compiled.finish.append(keyed_filters(rule, target, keep))
        return
    if walk is not None or any(segment.pick == EACH for segment in target[:-1]):
        raise BadRuleError("A list inside a list needs a rule for each of its fields.")
    run = list_copier(index, rule, (target, source), Scope((source,), (target,), tables=tables))
    compiled.runs.append(run)
    compiled.traced.append(run)


def ask(compiled: Compiled, source: Payload, facts: Facts) -> None:
    """Puts what the record will ask into `facts.asked`, at a fraction of the cost of applying; what depends on more is asked by `apply`."""
    if source.__class__ is dict:
        state = State(source, facts)
        for run in compiled.asking:
            run(state)


def apply(compiled: Compiled, source: Payload, facts: Facts, *, trace: bool = False) -> Outcome:
    """What a record becomes. Never raises for any JSON; every rule is tried, and all problems come together."""
    state = State(source if source.__class__ is dict else {}, facts)
    if source.__class__ is not dict:
        state.problems.append(Problem(path="", code="type_mismatch", message="The record is not a group of fields.", cause="type_mismatch"))
    if trace:
        state.trace = []
    for run in compiled.traced if trace else compiled.runs:
        run(state)
    for end in compiled.finish:
        end(state)
    return Outcome(
        payload=state.payload,
        problems=tuple(state.problems),
        warnings=tuple(state.warnings),
        waits=tuple(state.waits),
        asked=frozenset(state.asked),
        trace=tuple(state.trace or ()),
        hold=state.hold,
    )
