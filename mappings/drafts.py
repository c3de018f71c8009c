"""Saving the rules of a draft, and what is wrong with them rule by rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from connectors.errors import Problem
from connectors.schema import Field
from mappings.core.engine import compile_rules
from mappings.live import rules_of
from mappings.models import LookupTable, Mapping, MappingRule, MappingVersion
from mappings.schemas import target_fields
from mappings.versions import VersionError, problems_of

EDITED = ("position", "target", "source", "steps", "formula", "condition", "constant", "default", "if_empty", "wait_hours", "note")


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What keeps a draft from being published.

    `by_rule`: problems by the place of the rule; `missing`: required target fields without a rule; `general`: everything else.
    """

    by_rule: dict[int, list[Problem]] = field(default_factory=dict)
    missing: tuple[Field, ...] = ()
    general: tuple[Problem, ...] = ()

    @property
    def count(self) -> int:
        """How many things are to be done; 0 means that the draft can be published."""
        return sum(len(found) for found in self.by_rule.values()) + len(self.missing) + len(self.general)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """One rule as an editor wants it: `pk` None for a new one, `values` by the names in EDITED."""

    pk: int | None
    values: dict[str, Any]


def findings(version: MappingVersion) -> Findings:
    """Everything that is wrong with a version, sorted to the rules it belongs to."""
    rules = rules_of(version)
    by_rule: dict[int, list[Problem]] = {}
    for index, problem in compile_rules(rules, tables=list(LookupTable.objects.values_list("slug", flat=True))).problems:
        by_rule.setdefault(index, []).append(problem)
    said = {problem.message for found in by_rule.values() for problem in found}
    targets = {one.path: one for one in target_fields(version.mapping)}
    places = {rule.target: index for index, rule in reversed(list(enumerate(rules)))}
    missing: list[Field] = []
    general: list[Problem] = []
    for problem in problems_of(version):
        if problem.message in said:
            continue
        if problem.path in places:
            by_rule.setdefault(places[problem.path], []).append(problem)
        elif problem.code == "required_target" and problem.path in targets:
            missing.append(targets[problem.path])
        else:
            general.append(problem)
    return Findings(by_rule=by_rule, missing=tuple(missing), general=tuple(general))


@transaction.atomic
def save_rules(draft: MappingVersion, edited: Sequence[Edited], *, by: Any, revision: int) -> int:
    """Makes a draft's rules exactly these and says how many changed; each change is remembered with its author.

    VersionError when someone else saved the draft since `revision`, or published it.
    """
    Mapping.objects.select_for_update().get(pk=draft.mapping_id)
    held = MappingVersion.objects.filter(pk=draft.pk).first()
    if held is None or held.state != MappingVersion.State.DRAFT:
        raise VersionError("This draft was published or discarded meanwhile. Nothing was saved; open the mapping again.")
    if held.revision != revision:
        raise VersionError(_who_was_faster(draft))
    present = {row.pk: row for row in draft.rules.all()}
    changed = sum(_saved(draft, present.pop(one.pk or 0, None), one.values, by=by) for one in edited)
    for row in present.values():
        row._history_user = by  # type: ignore[attr-defined]
        row.delete()
    if total := changed + len(present):
        MappingVersion.objects.filter(pk=draft.pk).update(revision=revision + 1)
        return total
    return 0


def _saved(draft: MappingVersion, row: MappingRule | None, values: dict[str, Any], *, by: Any) -> bool:
    row = row or MappingRule(version=draft)
    if row.pk and all(getattr(row, name) == values[name] for name in EDITED):
        return False
    for name in EDITED:
        setattr(row, name, values[name])
    row._history_user = by  # type: ignore[attr-defined]
    row.save()
    return True


def _who_was_faster(draft: MappingVersion) -> str:
    last = MappingRule.history.filter(version_id=draft.pk).select_related("history_user").order_by("-history_date", "-history_id").first()
    who = last.history_user if last and last.history_user else "Someone else"
    return f"{who} changed this draft while you were editing. Nothing was saved; open the draft again and repeat your change."
