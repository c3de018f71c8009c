"""Which lookup tables the rules of a mapping name."""

from __future__ import annotations

from collections.abc import Iterable

from mappings.core.formula import FormulaError, tables_in
from mappings.core.values import Rule


def tables_used(rules: Iterable[Rule]) -> set[str]:
    """The slugs of lookup tables that steps, formulas and conditions name, whether the tables exist or not."""
    found: set[str] = set()
    for rule in rules:
        found.update(_in_formulas(rule), _in_steps(rule))
    return found


def _in_steps(rule: Rule) -> set[str]:
    return {
        value for step in rule.steps for name, value in step.args.items() if name.endswith("table") and isinstance(value, str) and value
    }


def _in_formulas(rule: Rule) -> set[str]:
    found: set[str] = set()
    for text in (rule.formula, rule.condition):
        try:
            found.update(tables_in(text) if text.strip() else ())
        except FormulaError:
            continue
    return found
