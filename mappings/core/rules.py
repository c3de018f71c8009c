"""Rules as rows and back, for forms, exports and starters; and the target's types laid on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, fields, replace
from typing import Any

from connectors.schema import Field
from mappings.core.paths import PathError, Segment, joined, parse
from mappings.core.values import TYPES, Rule, Step

TEXTS = tuple(one.name for one in fields(Rule) if one.name not in ("steps", "constant"))


def rule_from(values: Mapping[str, Any]) -> Rule:
    """A rule from its portable form, {"target", "source", "steps": [{"name", "args"}], …}. ValueError in words for anything else."""
    if unknown := sorted(set(values) - {one.name for one in fields(Rule)}):
        raise ValueError(f"A rule has no {', '.join(map(str, unknown))}")
    if not isinstance(values.get("target"), str):
        raise ValueError("A rule needs its target as text")
    texts = {name: values[name] for name in TEXTS if name in values}
    if wrong := [name for name, value in texts.items() if not isinstance(value, str)]:
        raise ValueError(f"{values['target']}: {', '.join(wrong)} must be text")
    constant = values.get("constant")
    if constant is not None and not isinstance(constant, str):
        raise ValueError(f"{values['target']}: constant must be text")
    return Rule(**texts, constant=constant, steps=tuple(_step(step, values["target"]) for step in values.get("steps", ())))


def _step(step: Any, target: str) -> Step:
    if not isinstance(step, Mapping) or not isinstance(step.get("name"), str) or not isinstance(step.get("args", {}), Mapping):
        raise ValueError(f"{target}: each step needs a name, and its args as a group")
    return Step(name=step["name"], args=dict(step.get("args", {})))


def rule_as(rule: Rule) -> dict[str, Any]:
    """The portable form of a rule, without what is default and without `type`, which the target's schema tells."""
    row: dict[str, Any] = {}
    for one in fields(Rule):
        value, default = getattr(rule, one.name), one.default
        if one.name == "type" or (default is not MISSING and value == default):
            continue
        row[one.name] = [{"name": step.name, "args": dict(step.args)} for step in value] if one.name == "steps" else value
    return row


def with_types(rules: Iterable[Rule], target_fields: Sequence[Field]) -> list[Rule]:
    """The rules with `type` from the target's schema where it is a single value; others stay as they are."""
    types = {field.path: field.type for field in target_fields if field.type in TYPES}
    return [replace(rule, type=types[path]) if (path := schema_path(rule.target)) in types else rule for rule in rules]


def schema_path(target: str) -> str:
    """A target as the schema writes it: `Charges[Type=Shipping].Amount` is `Charges[].Amount`. "" when it is not a path."""
    try:
        segments = parse(target)
    except PathError:
        return ""
    return joined([Segment(segment.name, "each") if segment.pick else segment for segment in segments])
