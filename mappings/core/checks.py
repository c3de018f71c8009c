"""Whether a mapping fits the two schemas: what keeps it from being published, all at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from connectors.errors import Problem
from connectors.schema import Field
from mappings.core.engine import compile_rules
from mappings.core.paths import EACH, KEYED, PathError, parse
from mappings.core.reads import paths_read
from mappings.core.rules import schema_path, with_types
from mappings.core.state import SETTINGS, SOURCE, TARGET
from mappings.core.transforms import TRANSFORMS
from mappings.core.values import Rule


def check_rules(
    rules: Sequence[Rule], *, source_fields: Sequence[Field], target_fields: Sequence[Field], tables: Iterable[str]
) -> list[Problem]:
    """Everything that is wrong: bad paths, formulas, steps and tables, vanished fields, missing required fields, doubled targets.

    Where a schema is not known (no fields), nothing is checked against it.
    """
    typed = with_types(rules, target_fields)
    found = [problem for _, problem in compile_rules(typed, tables=tables).problems]
    if target_fields:
        found += _vanished_targets(typed, target_fields)
        found += _constants(typed, target_fields)
        found += _missing(typed, target_fields)
    if source_fields:
        found += _vanished_sources(typed, source_fields, target_fields)
    return [*found, *_doubled(typed)]


def _problem(target: str, code: str, words: str) -> Problem:
    return Problem(path=target, code=code, message=f"{target}: {words}", cause=f"{code}:{target}")


def _vanished_targets(rules: Sequence[Rule], fields: Sequence[Field]) -> Iterator[Problem]:
    known = {field.path: field for field in fields}
    for rule in rules:
        path = schema_path(rule.target).removesuffix("[]")
        if path and path not in known and f"{path}[]" not in known:
            yield _problem(
                rule.target, "unknown_target", "The target has no such field (any more). Choose another one, or remove the rule."
            )
        elif path in known and known[path].read_only:
            yield _problem(rule.target, "read_only_target", "The target fills this field itself. Remove the rule.")


def _constants(rules: Sequence[Rule], fields: Sequence[Field]) -> Iterator[Problem]:
    known = {field.path: field for field in fields}
    for rule in rules:
        field = known.get(schema_path(rule.target))
        for value in (rule.constant, rule.default if rule.if_empty == "default" else None):
            if field and value and field.choices and value not in field.choices:
                yield _problem(rule.target, "bad_constant", f'"{value}" is not one of {", ".join(field.choices)}.')
            if field and value and field.max_length and len(value) > field.max_length:
                yield _problem(rule.target, "bad_constant", f"The text is longer than the {field.max_length} characters that fit.")


def _missing(rules: Sequence[Rule], fields: Sequence[Field]) -> Iterator[Problem]:
    """Required fields that no rule fills; those inside a group or list count only where a rule fills something in it."""
    filled = {path for rule in rules for path in _fills(rule)}
    for field in fields:
        if not field.required or field.path in filled or any(one.startswith((field.path + ".", field.path + "[")) for one in filled):
            continue
        holder = field.path.rpartition(".")[0]
        whole = {holder, holder.removesuffix("[]")} & filled if holder else set()
        used = not holder or any(one.startswith(holder + ".") for one in filled)
        if used and not whole and not field.read_only:
            yield _problem(field.path, "required_target", f"{field.label} is required, but no rule fills it. Map it.")


def _fills(rule: Rule) -> Iterator[str]:
    """The schema paths that a rule fills: its target, the keys it names, and the whole of what it copies."""
    try:
        segments = parse(rule.target)
    except PathError:
        return
    place = ""
    for segment in segments:
        place += ("." if place else "") + segment.name + ("[]" if segment.pick else "")
        if segment.pick == KEYED:
            yield f"{place}.{segment.key}"
    structure = segments[-1].pick == EACH and (rule.condition or not rule.source or rule.steps)
    yield place.removesuffix("[]") + "[].*" if structure else place


def _vanished_sources(rules: Sequence[Rule], source: Sequence[Field], target: Sequence[Field]) -> Iterator[Problem]:
    sources, targets = {field.path for field in source}, {field.path for field in target}
    added = {name for rule in rules for step in rule.steps if step.name in TRANSFORMS for name in TRANSFORMS[step.name].adds}
    lists = {path.rpartition("[].")[0] + "[]." for path in sources if "[]." in path}
    for rule in rules:
        for path in paths_read(rule):
            if not _exists(path, rule, sources, targets, (added, lists)):
                words = f"The source has no field {path} (any more). Choose another one."
                yield _problem(rule.target, "unknown_source", words)


def _exists(path: str, rule: Rule, sources: set[str], targets: set[str], more: tuple[set[str], set[str]]) -> bool:
    added, lists = more
    head, _, rest = path.partition(".")
    if head == SETTINGS:
        return True
    if head == TARGET:
        return not targets or _in(schema_path(rest), targets)
    if head == SOURCE:
        return _in(schema_path(rest), sources)
    plain = schema_path(path)
    if not plain:
        return True
    if _in(plain, sources):
        return True
    if "[]" not in rule.target:
        return False
    here = schema_path(rule.target).rpartition("[]")[0] + "[]."
    return plain.rpartition(".")[2] in added or any(one + plain in sources for one in lists) or here + plain in targets


def _in(path: str, fields: set[str]) -> bool:
    return path in fields or path.removesuffix("[]") in fields


def _doubled(rules: Sequence[Rule]) -> Iterator[Problem]:
    """A target may have several rules when at most one of them has no condition."""
    always = Counter(rule.target.strip() for rule in rules if not rule.condition)
    for target, times in always.items():
        if times > 1:
            yield _problem(
                target, "doubled_target", f"{times} rules fill this field without a condition. Keep one, or give the others one."
            )
