"""The life of a mapping's versions: drafts, publishing, going back, copies."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone
from simple_history.utils import bulk_create_with_history

from connectors.errors import Problem
from mappings.core.checks import check_rules
from mappings.live import rules_of
from mappings.models import LookupTable, Mapping, MappingRule, MappingVersion
from mappings.schemas import source_fields, target_fields

Person = Any
"""A user, or None for the system itself."""
COPIED = ("position", "target", "source", "steps", "formula", "condition", "constant", "default", "if_empty", "wait_hours", "note")


class VersionError(Exception):
    """Something cannot be done with a version now; the message says what to do."""


class InvalidRulesError(VersionError):
    """A draft with problems was to be published."""

    def __init__(self, problems: list[Problem]) -> None:
        count = f"{len(problems)} problems" if len(problems) != 1 else "1 problem"
        first = "; ".join(f"{one.path}: {one.message}" for one in problems[:3])
        super().__init__(f"This draft has {count} and cannot be published yet. {first}")
        self.problems = problems


def problems_of(version: MappingVersion) -> list[Problem]:
    """Everything that keeps a version from being published; empty when it is ready."""
    mapping = version.mapping
    return check_rules(
        rules_of(version),
        source_fields=source_fields(mapping),
        target_fields=target_fields(mapping),
        tables=LookupTable.objects.values_list("slug", flat=True),
    )


@transaction.atomic
def publish(version: MappingVersion, *, by: Person, comment: str) -> MappingVersion:
    """Makes a draft the live version, unchangeable from now on. InvalidRulesError, VersionError in words."""
    mapping, draft = _locked(version)
    if draft.state != MappingVersion.State.DRAFT:
        raise VersionError(f"Version {draft.number} is already published. Start a new draft to change the mapping.")
    if not comment.strip():
        raise VersionError("Say in a few words what changes, then publish again.")
    if found := problems_of(draft):
        raise InvalidRulesError(found)
    if not draft.rules.exists():
        raise VersionError("This draft has no rules yet. Add at least one, then publish.")
    draft.state, draft.comment = MappingVersion.State.PUBLISHED, comment.strip()[:400]
    draft.published_at, draft.published_by = timezone.now(), by
    _save(draft, by=by, reason="published")
    _set_live(mapping, draft, by=by, reason=f"version {draft.number} published: {draft.comment}")
    return draft


@transaction.atomic
def make_live(version: MappingVersion, *, by: Person) -> MappingVersion:
    """Makes a version that was published before the live one again. VersionError for a draft, and for the live one."""
    mapping, chosen = _locked(version)
    if chosen.state != MappingVersion.State.PUBLISHED:
        raise VersionError(f"Version {chosen.number} is a draft. Publish it instead.")
    if mapping.live_id == chosen.pk:
        raise VersionError(f"Version {chosen.number} is live already.")
    _set_live(mapping, chosen, by=by, reason=f"went back to version {chosen.number}")
    return chosen


def roll_back(mapping: Mapping, *, by: Person) -> MappingVersion:
    """Makes the version published before the live one live; `make_live` undoes it. VersionError when there is none."""
    before = previous(mapping)
    if before is None:
        raise VersionError("There is no earlier published version to go back to.")
    return make_live(before, by=by)


def previous(mapping: Mapping) -> MappingVersion | None:
    """The published version before the live one."""
    if mapping.live is None:
        return None
    earlier = mapping.versions.filter(state=MappingVersion.State.PUBLISHED, number__lt=mapping.live.number)
    return earlier.order_by("-number").first()


@transaction.atomic
def draft_of(mapping: Mapping, *, by: Person) -> MappingVersion:
    """The mapping's draft; a copy of the live version when there is none yet."""
    locked = Mapping.objects.select_for_update().get(pk=mapping.pk)
    existing = locked.versions.filter(state=MappingVersion.State.DRAFT).first()
    return existing or new_draft(locked, copied_from=locked.live, by=by)


def new_draft(mapping: Mapping, *, by: Person, copied_from: MappingVersion | None = None) -> MappingVersion:
    """A draft with the next number and the rules of another version. Call it in a transaction, with no draft there."""
    last = mapping.versions.order_by("-number").values_list("number", flat=True).first() or 0
    draft = MappingVersion(mapping=mapping, number=last + 1, created_by=by)
    _save(draft, by=by, reason=f"copied from version {copied_from.number}" if copied_from else "new draft")
    if copied_from:
        rows = [{name: getattr(row, name) for name in COPIED} for row in copied_from.rules.all()]
        write_rules(draft, rows, by=by)
    return draft


def write_rules(draft: MappingVersion, rows: list[dict[str, Any]], *, by: Person) -> None:
    """Adds rules to a draft in bulk, with their history. PublishedError when it is none."""
    new = [MappingRule(version=draft, **row) for row in rows]
    bulk_create_with_history(new, MappingRule, batch_size=500, default_user=by)


@transaction.atomic
def discard(draft: MappingVersion, *, by: Person) -> None:
    """Throws a draft away; its history remains."""
    draft._history_user = by  # type: ignore[attr-defined]
    draft.delete()


@transaction.atomic
def copy_mapping(mapping: Mapping, *, slug: str, name: str, by: Person) -> Mapping:
    """A new mapping between the same systems whose draft holds the live rules (or those of the draft when nothing is live)."""
    if Mapping.objects.filter(slug=slug).exists():
        raise VersionError(f"A mapping with the short name {slug} exists already. Choose another.")
    copied = Mapping(slug=slug, name=name)
    for field in ("source_connector", "source_stream", "target_connector", "target_operation"):
        setattr(copied, field, getattr(mapping, field))
    _save(copied, by=by, reason=f"copied from {mapping.slug}")
    new_draft(copied, copied_from=mapping.live or mapping.versions.first(), by=by)
    return copied


def _locked(version: MappingVersion) -> tuple[Mapping, MappingVersion]:
    """The mapping, locked, and the version as it is now; one person at a time decides what is live."""
    mapping = Mapping.objects.select_for_update().get(pk=version.mapping_id)
    return mapping, MappingVersion.objects.select_related("mapping").get(pk=version.pk)


def _set_live(mapping: Mapping, version: MappingVersion, *, by: Person, reason: str) -> None:
    mapping.live = version
    _save(mapping, by=by, reason=reason)


def _save(row: Mapping | MappingVersion, *, by: Person, reason: str) -> None:
    row._history_user = by  # type: ignore[union-attr]
    row._change_reason = reason[:100]  # type: ignore[union-attr]
    row.save()
