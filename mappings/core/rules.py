"""The target's types laid on rules, and targets as its schema writes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from connectors.schema import Field
from mappings.core.paths import PathError, Segment, joined, parse
from mappings.core.values import TYPES, Rule


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
