"""Which lookup tables the rules of a mapping name."""

from __future__ import annotations

from collections.abc import Iterable

from mappings.core.formula import FormulaError, tables_in
from mappings.core.transforms import TRANSFORMS
from mappings.core.values import Rule


def tables_used(rules: Iterable[Rule]) -> set[str]:
    """The slugs of lookup tables that steps, formulas and conditions name, whether the tables exist or not."""
    found: set[str] = set()
    for rule in rules:
        found.update(_in_formulas(rule), _in_steps(rule))
    return found


def _in_steps(rule: Rule) -> set[str]:
    found: set[str] = set()
    for step in rule.steps:
        declared = TRANSFORMS[step.name].args if step.name in TRANSFORMS else ()
        found.update(str(step.args.get(one.name) or one.default) for one in declared if one.type == "table")
        texts = [step.args.get(one.name) for one in declared if one.type == "formula"]
        found.update(*(_tables_in(text) for text in texts if isinstance(text, str)))
    return found - {""}


def _in_formulas(rule: Rule) -> set[str]:
    return {*_tables_in(rule.formula), *_tables_in(rule.condition)}


def _tables_in(text: str) -> list[str]:
    try:
        return tables_in(text) if text.strip() else []
    except FormulaError:
        return []
