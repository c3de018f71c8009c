"""One rule, compiled: how its value is found, checked, and written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mappings.core.convert import CONVERTERS, Convert, of_formula
from mappings.core.declare import BadArgumentError, Transform
from mappings.core.formula import compile_condition, compile_formula
from mappings.core.formula_tokens import FormulaError
from mappings.core.operands import is_blank
from mappings.core.paths import EACH, PathError, Read, Write, joined, reader, writer
from mappings.core.refusal import RefusedError
from mappings.core.state import Look, Scope, State
from mappings.core.transforms import TRANSFORMS
from mappings.core.values import IF_EMPTY, LONGEST_WAIT, Rule, Step
from mappings.core.walks import Path, Walk

Find = Callable[[State, Any], Any]


class BadRuleError(ValueError):
    """A rule cannot be compiled; the message says why."""


def _nothing(state: State, value: Any) -> Any:
    return None


def _same(state: State, value: Any) -> Any:
    return value


@dataclass(slots=True)
class Plan:
    """A compiled rule.

    `walk` is the innermost list it walks, None at the record's level. `find(state, element)` answers the source value, `work(state, value)`
    runs steps and conversion. A `column` step runs on all elements' values between `work` and `after`. `copy` and `convert` are
    set when the rule only copies from the element (or the record, `of_record`): what the engine can do without looking further.
    """

    index: int
    rule: Rule
    walk: Walk | None
    write: Write
    empty: Callable[[State, dict[str, Any]], None] | None = None
    condition: Callable[[State], bool] | None = None
    find: Find = _nothing
    work: Find = _same
    column: Callable[[list[Any], list[Any], State], list[Any]] | None = None
    after: Find = _same
    copy: Read | None = None
    convert: Convert = CONVERTERS[""]
    of_record: bool = True


def compiled_plan(index: int, rule: Rule, paths: tuple[Path, Path], scope: Scope, walk: Walk | None) -> Plan:
    """The plan of a rule that writes a value. BadRuleError in words."""
    target, source = paths
    check_words(rule)
    relative = target[len(walk.target) :] if walk else target
    if any(segment.pick == EACH for segment in relative):
        raise BadRuleError("Nothing says which source list this list walks. Give a rule of this list a source such as Lines[].SKU.")
    plan = Plan(index=index, rule=rule, walk=walk, write=writer(relative), convert=CONVERTERS[rule.type])
    try:
        if rule.condition:
            plan.condition = compile_condition(rule.condition, scope)
        _fill(plan, source, scope)
        plan.empty = _when_empty(rule, plan.write)
    except (FormulaError, PathError, BadArgumentError) as wrong:
        raise BadRuleError(str(wrong)) from None
    except RefusedError as refused:
        raise BadRuleError(refused.message) from None
    return plan


def check_words(rule: Rule) -> None:
    """BadRuleError when the rule's own words do not fit together."""
    if rule.if_empty not in IF_EMPTY:
        raise BadRuleError(f"When empty must be one of {', '.join(IF_EMPTY)}.")
    if rule.if_empty == "wait" and not 1 <= rule.wait_hours <= LONGEST_WAIT:
        raise BadRuleError(f"A rule waits between 1 and {LONGEST_WAIT} hours.")
    if rule.type not in CONVERTERS:
        raise BadRuleError(f'"{rule.type}" is not a type.')
    filled = [name for name, one in (("a source", rule.source), ("a formula", rule.formula), ("a constant", rule.constant)) if one]
    if len(filled) > 1:
        raise BadRuleError(f"A rule has {' or '.join(filled)}, not both.")
    if rule.formula and rule.steps:
        raise BadRuleError("A formula takes no steps; write them into the formula.")


def _fill(plan: Plan, source: Path, scope: Scope) -> None:
    rule = plan.rule
    if rule.formula:
        plan.work = _formula(compile_formula(rule.formula, scope), plan.convert if rule.type else of_formula)
    elif rule.constant is not None:
        made = plan.convert(rule.constant)
        plan.work = lambda state, value: made
    else:
        _fill_source(plan, source, scope)
        _fill_steps(plan, scope)


def _fill_source(plan: Plan, source: Path, scope: Scope) -> None:
    rule, walk = plan.rule, plan.walk
    if not source and not rule.steps:
        raise BadRuleError("The rule has no source, formula or constant.")
    if not source:
        return
    inside = walk is not None and source[: len(walk.source)] == walk.source
    foreign = not inside and not source[0].name.startswith("$") and any(one.pick == EACH for one in source)
    if walk and foreign and not any(source[: len(outer.source)] == outer.source for outer in walk.outer()):
        raise BadRuleError(f"{joined(walk.target)} already walks {joined(walk.source)}, so {rule.source} cannot be its source.")
    if inside and walk:
        read = reader(source[len(walk.source) :])
        plan.find, plan.of_record = lambda state, element: read(element), False
    else:
        look = scope.absolute(rule.source)
        read, plan.find = reader(source), lambda state, element: look(state)
    simple = not rule.steps and not rule.condition and not source[0].name.startswith("$")
    plan.copy = read if simple and (walk is None or inside) else None


def _fill_steps(plan: Plan, scope: Scope) -> None:
    rule = plan.rule
    steps = [_compiled(step, scope) for step in rule.steps]
    if any(transform.structure for transform, _ in steps):
        raise BadRuleError("This step works on a list as a whole; use it in the rule of the list itself.")
    place = next((place for place, (transform, _) in enumerate(steps) if transform.column), len(steps))
    if place == len(steps):
        plan.work = _pipeline(steps, plan.convert)
        return
    if plan.walk is None:
        raise BadRuleError(f"The step {steps[place][0].label} works on the lines of a list, such as Lines[].Amount.")
    if any(transform.column for transform, _ in steps[place + 1 :]):
        raise BadRuleError("Only one step of a rule can work on all lines together.")
    plan.work, plan.column, plan.after = (
        _pipeline(steps[:place], CONVERTERS[""]),
        steps[place][1],
        _pipeline(steps[place + 1 :], plan.convert),
    )


def structure_steps(rule: Rule, scope: Scope) -> list[Callable[[list[Any], list[Any], State], list[Any]]]:
    """The steps of a rule on a list itself. BadRuleError for a step that works on single values."""
    try:
        steps = [_compiled(step, scope) for step in rule.steps]
    except BadArgumentError as wrong:
        raise BadRuleError(str(wrong)) from None
    if wrong_ones := [transform.label for transform, _ in steps if not transform.structure]:
        raise BadRuleError(f"{', '.join(wrong_ones)} works on a single value; use it in a rule of a field of the list.")
    return [work for _, work in steps]


def _compiled(step: Step, scope: Scope) -> tuple[Transform, Any]:
    transform = TRANSFORMS.get(step.name)
    if transform is None:
        raise BadRuleError(f'There is no step "{step.name}".')
    return transform, transform.compile(step.args, scope)


def asks(rule: Rule) -> bool:
    """True when a step of the rule asks about other records."""
    return any(TRANSFORMS[step.name].asks for step in rule.steps if step.name in TRANSFORMS)


def _formula(look: Look, convert: Convert) -> Find:
    return lambda state, value: convert(look(state))


def _pipeline(steps: list[tuple[Transform, Any]], convert: Convert) -> Find:
    works = [(work, transform.takes_blank) for transform, work in steps]
    if not works:
        return lambda state, value: convert(value)
    if len(works) == 1:
        only, takes_blank = works[0]
        return lambda state, value: convert(only(value, state)) if takes_blank or not is_blank(value) else None

    def work(state: State, value: Any) -> Any:
        for step, takes_blank in works:
            if takes_blank or not is_blank(value):
                value = step(value, state)
        return convert(value)

    return work


def _when_empty(rule: Rule, write: Write) -> Callable[[State, dict[str, Any]], None] | None:
    if rule.if_empty == "null":
        return lambda state, out: write(out, None)
    if rule.if_empty in ("error", "wait"):
        return _refuse_empty
    if rule.if_empty == "default":
        made = CONVERTERS[rule.type](rule.default)
        return lambda state, out: write(out, made)
    return None


def _refuse_empty(state: State, out: dict[str, Any]) -> None:
    where = state.rule.source or "the rule"
    words = f"This is required, but {where} gives nothing. Fill it in the source, then retry."
    raise RefusedError(words, code="required", cause=f"required:{state.rule.target}", wait=waited(state.rule))


def waited(rule: Rule) -> int:
    """Hours for which the rule waits for a value that is missing; 0 when it does not."""
    return rule.wait_hours if rule.if_empty == "wait" else 0
