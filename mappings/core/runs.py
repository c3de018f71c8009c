"""Runs compiled rules over the elements they concern, and notes what goes wrong where."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mappings.core.convert import CONVERTERS
from mappings.core.formula import compile_condition
from mappings.core.paths import parse, reader, writer
from mappings.core.plan import BadRuleError, Plan, check_words
from mappings.core.refusal import RefusedError
from mappings.core.state import Scope, State, without_last_walk
from mappings.core.values import Rule, RuleResult
from mappings.core.walks import Bound, Path

Run = Callable[[State], None]


def runner(plan: Plan) -> Run:
    """The quickest run that does what the plan says."""
    if plan.column is not None:
        return lambda state: run_column(plan, state)
    if plan.copy is not None:
        return _list_copy(plan) if plan.walk else _record_copy(plan)
    return _list_run(plan) if plan.walk else _record_run(plan)


def _record_copy(plan: Plan) -> Run:
    read, convert, write, empty, rule = plan.copy, plan.convert, plan.write, plan.empty, plan.rule
    if read is None:
        raise BadRuleError("The rule has no source.")

    def run(state: State) -> None:
        try:
            value = convert(read(state.source))
            if value is not None:
                write(state.payload, value)
            elif empty is not None:
                state.rule = rule
                empty(state, state.payload)
        except RefusedError as refused:
            _at_record(state, rule)
            state.refuse(refused)

    return run


def _list_copy(plan: Plan) -> Run:
    read, convert, write, empty, rule = plan.copy, plan.convert, plan.write, plan.empty, plan.rule
    number = plan.walk.number if plan.walk else 0
    if read is None:
        raise BadRuleError("The rule has no source.")

    def run(state: State) -> None:
        for bound in state.bound[number]:
            try:
                value = convert(read(bound[0]))
                if value is not None:
                    write(bound[1], value)
                elif empty is not None:
                    state.rule = rule
                    empty(state, bound[1])
            except RefusedError as refused:
                _at_element(state, rule, bound)
                state.refuse(refused)

    return run


def _record_run(plan: Plan) -> Run:
    find, work, write, empty, rule, condition = plan.find, plan.work, plan.write, plan.empty, plan.rule, plan.condition

    def run(state: State) -> None:
        _at_record(state, rule)
        try:
            if condition is not None and not condition(state):
                return
            value = work(state, find(state, state.source))
            if value is not None:
                write(state.payload, value)
            elif empty is not None:
                empty(state, state.payload)
        except RefusedError as refused:
            state.refuse(refused)

    return run


def _list_run(plan: Plan) -> Run:
    find, work, write, empty, rule, condition = plan.find, plan.work, plan.write, plan.empty, plan.rule, plan.condition
    number = plan.walk.number if plan.walk else 0

    def run(state: State) -> None:
        state.rule = rule
        for bound in state.bound[number]:
            element, out, state.levels, state.outs, state.indexes = bound
            try:
                if condition is not None and not condition(state):
                    continue
                value = work(state, find(state, element))
                if value is not None:
                    write(out, value)
                elif empty is not None:
                    empty(state, out)
            except RefusedError as refused:
                state.refuse(refused)

    return run


def _at_record(state: State, rule: Rule) -> None:
    state.rule, state.levels, state.outs, state.indexes = rule, (), (), ()


def _at_element(state: State, rule: Rule, bound: Bound) -> None:
    state.rule = rule
    _, _, state.levels, state.outs, state.indexes = bound


def run_column(plan: Plan, state: State) -> None:
    """Runs a rule with a step that works on the values of all elements together."""
    values: list[Any] = []
    chosen: list[Bound] = []
    before = len(state.problems)
    for bound in state.bound[plan.walk.number if plan.walk else 0]:
        _at_element(state, plan.rule, bound)
        try:
            if plan.condition is None or plan.condition(state):
                values.append(plan.work(state, plan.find(state, bound[0])))
                chosen.append(bound)
        except RefusedError as refused:
            state.refuse(refused)
    if len(state.problems) > before:
        return
    try:
        results = plan.column(values, chosen, state) if plan.column else values
    except RefusedError as refused:
        _at_record(state, plan.rule)
        state.refuse(refused)
        return
    for bound, value in zip(chosen, results, strict=True):
        _at_element(state, plan.rule, bound)
        _finish_column(plan, state, bound[1], value)


def _finish_column(plan: Plan, state: State, out: dict[str, Any], value: Any) -> None:
    try:
        value = plan.after(state, value)
        if value is not None:
            plan.write(out, value)
        elif plan.empty is not None:
            plan.empty(state, out)
    except RefusedError as refused:
        state.refuse(refused)


def traced_runner(plan: Plan) -> Run:
    """Does the same and notes, per element, what was found, what was made of it, and the problems."""
    if plan.column is not None:
        return lambda state: _traced_column(plan, state)

    def run(state: State) -> None:
        if plan.walk is None:
            _at_record(state, plan.rule)
            _traced(plan, state, state.source, state.payload)
            return
        for bound in state.bound[plan.walk.number]:
            _at_element(state, plan.rule, bound)
            _traced(plan, state, bound[0], bound[1])

    return run


def _traced(plan: Plan, state: State, element: Any, out: dict[str, Any]) -> None:
    before, found, value, applied = len(state.problems), None, None, False
    try:
        if plan.condition is None or plan.condition(state):
            found = plan.find(state, element)
            value = plan.work(state, found)
            applied = value is not None or plan.rule.if_empty in ("null", "default")
            if value is not None:
                plan.write(out, value)
            elif plan.empty is not None:
                plan.empty(state, out)
    except RefusedError as refused:
        state.refuse(refused)
        applied = False
    _note(plan, state, found, value, state.problems[before:], applied)


def _traced_column(plan: Plan, state: State) -> None:
    before = len(state.problems)
    run_column(plan, state)
    name = plan.rule.target.rpartition("[].")[2]
    for bound in state.bound[plan.walk.number if plan.walk else 0]:
        _at_element(state, plan.rule, bound)
        result = reader(parse(name))(bound[1])
        mine = [problem for problem in state.problems[before:] if problem.path in (state.path, plan.rule.target)]
        _note(plan, state, plan.find(state, bound[0]), result, mine, result is not None)


def _note(plan: Plan, state: State, found: Any, value: Any, problems: list[Any], applied: bool) -> None:
    if state.trace is not None:
        result = value if applied else None
        state.trace.append(
            RuleResult(index=plan.index, path=state.path, source=found, result=result, problems=tuple(problems), applied=applied)
        )


def list_copier(index: int, rule: Rule, paths: tuple[Path, Path], scope: Scope) -> Run:
    """A rule such as `Tags[]` from `Labels[]`: copies the elements in order, those alone for which the condition holds."""
    target, source = paths
    check_words(rule)
    if not source or source[0].name.startswith("$") or rule.steps or rule.formula or rule.constant is not None:
        raise BadRuleError("A rule on a list takes a source list and a condition. Rules for its fields do the rest.")
    read, write = reader(source), writer(without_last_walk(target))
    keep = compile_condition(rule.condition, scope) if rule.condition else None
    convert = CONVERTERS[""]

    def run(state: State) -> None:
        _at_record(state, rule)
        elements = read(state.source)
        if elements.__class__ is not list:
            return
        kept: list[Any] = []
        for place, element in enumerate(elements):
            state.levels, state.indexes = (element,), (place,)
            try:
                if keep is None or keep(state):
                    kept.append(convert(element))
            except RefusedError as refused:
                state.refuse(refused)
        write(state.payload, kept)

    return run
