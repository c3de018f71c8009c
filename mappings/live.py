"""What runs now: the published version of a mapping, compiled once per process, and the lookup tables as they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from connectors.base import Payload
from mappings.core.engine import Compiled, apply, ask, compile_rules
from mappings.core.rules import with_types
from mappings.core.values import Facts, Outcome, Rule, Step
from mappings.models import LookupEntry, LookupTable, MappingRule, MappingVersion
from mappings.models import Mapping as MappingRow
from mappings.schemas import target_fields
from mappings.used import tables_used


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """A version ready to run. `tables` are the slugs of the lookup tables that its rules name."""

    mapping_id: int
    version_id: int
    number: int
    compiled: Compiled
    tables: tuple[str, ...]

    def ask(self, source: Payload, facts: Facts) -> None:
        """Puts what the record will ask into `facts.asked`."""
        ask(self.compiled, source, facts)

    def apply(self, source: Payload, facts: Facts, *, trace: bool = False) -> Outcome:
        """The payload, or all problems of it. Never raises."""
        return apply(self.compiled, source, facts, trace=trace)


_versions: dict[int, Live] = {}
_tables: dict[str, tuple[int, dict[str, str]]] = {}


def live(mapping_id: int) -> Live | None:
    """The version that is live at this moment; None when nothing is published. One small query."""
    version_id = MappingRow.objects.filter(pk=mapping_id).values_list("live_id", flat=True).first()
    if version_id is None:
        return None
    known = _versions.get(mapping_id)
    if known is None or known.version_id != version_id:
        known = compiled_version(MappingVersion.objects.select_related("mapping").get(pk=version_id))
        _versions[mapping_id] = known
    return known


def compiled_version(version: MappingVersion) -> Live:
    """Any version, a draft too, ready to run; its bad rules are in `compiled.problems`."""
    rules = rules_of(version)
    used = tables_used(rules)
    known = LookupTable.objects.values_list("slug", flat=True)
    return Live(
        mapping_id=version.mapping_id,
        version_id=version.pk,
        number=version.number,
        compiled=compile_rules(rules, tables=tuple(known)),
        tables=tuple(sorted(used)),
    )


def rules_of(version: MappingVersion) -> list[Rule]:
    """The rules of a version in their order, each with the type of its target field."""
    return as_rules(version.mapping, version.rules.order_by("position", "id"))


def as_rules(mapping: MappingRow, rows: Iterable[MappingRule]) -> list[Rule]:
    """Rule rows as values, with types from the target's schema."""
    return with_types([rule_value(row) for row in rows], target_fields(mapping))


def tables(slugs: Iterable[str]) -> dict[str, dict[str, str]]:
    """Lookup tables by slug as they are now; one query asks what changed, one more reads only that. Unknown slugs are left out.

    The answer is shared by all callers of this process and must not be changed.
    """
    wanted = set(slugs)
    if not wanted:
        return {}
    found = {
        slug: (pk, revision) for slug, pk, revision in LookupTable.objects.filter(slug__in=wanted).values_list("slug", "pk", "revision")
    }
    stale = {pk: slug for slug, (pk, revision) in found.items() if _tables.get(slug, (0, {}))[0] != _stamp(pk, revision)}
    if stale:
        _reload(stale, found)
    return {slug: _tables[slug][1] for slug in found}


def _reload(stale: Mapping[int, str], found: Mapping[str, tuple[int, int]]) -> None:
    entries: dict[int, dict[str, str]] = {pk: {} for pk in stale}
    for pk, key, value in LookupEntry.objects.filter(table__in=list(stale)).order_by().values_list("table_id", "key", "value"):
        entries[pk][key] = value
    for pk, slug in stale.items():
        _tables[slug] = (_stamp(pk, found[slug][1]), entries[pk])


def _stamp(pk: int, revision: int) -> int:
    """One number for a table and its revision: a table that was deleted and made anew starts at revision 1 again."""
    return pk << 64 | revision


def rule_value(row: MappingRule) -> Rule:
    """One rule row as a value, without its type."""
    return Rule(
        target=row.target,
        source=row.source,
        steps=tuple(Step(name=str(one.get("name", "")), args=one.get("args") or {}) for one in row.steps if isinstance(one, dict)),
        formula=row.formula,
        condition=row.condition,
        constant=row.constant,
        default=row.default,
        if_empty=row.if_empty,
        wait_hours=row.wait_hours,
        note=row.note,
    )
