"""What a rule reads: its source, and the fields that its steps, formula and condition name."""

from __future__ import annotations

from collections.abc import Iterator

from mappings.core.formula import paths_in
from mappings.core.formula_tokens import FormulaError
from mappings.core.transforms import TRANSFORMS
from mappings.core.values import Rule, Step


def paths_read(rule: Rule) -> list[str]:
    """Every path that the rule reads, as written, in order, once each; formulas that are not well formed read nothing."""
    found = [rule.source, *_in_formula(rule.formula), *_in_formula(rule.condition)]
    for step in rule.steps:
        found.extend(_in_step(step))
    return list(dict.fromkeys(path for path in found if path))


def _in_step(step: Step) -> Iterator[str]:
    for argument in TRANSFORMS[step.name].args if step.name in TRANSFORMS else ():
        value = step.args.get(argument.name)
        if argument.type == "formula" and isinstance(value, str):
            yield from _in_formula(value)
        elif argument.type == "path" and isinstance(value, str):
            yield value.strip()
        elif argument.type == "paths" and isinstance(value, (str, list, tuple)):
            yield from (str(one).strip() for one in (value.split(",") if isinstance(value, str) else value))


def _in_formula(text: str) -> list[str]:
    try:
        return paths_in(text) if text else []
    except FormulaError:
        return []
