"""Mappings and lookup tables as files: out by short name, in as drafts, never over what is published."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from django.db import transaction

from mappings.documents import FORMAT, Document, MappingDocument, RulePart, SourcePart, StepPart, TableDocument, TargetPart
from mappings.live import rules_of
from mappings.lookups import EntryError, Row, checked, write
from mappings.models import LookupTable, Mapping, MappingRule, MappingVersion
from mappings.used import tables_used
from mappings.versions import VersionError, new_draft, write_rules

SIDES = ("source_connector", "source_stream", "target_connector", "target_operation")


def mapping_document(version: MappingVersion, *, with_tables: bool = True) -> MappingDocument:
    """One version of a mapping, with the lookup tables its rules use."""
    mapping = version.mapping
    slugs = tables_used(rules_of(version)) if with_tables else set()
    return MappingDocument(
        format=FORMAT,
        slug=mapping.slug,
        name=mapping.name,
        source=SourcePart(connector=mapping.source_connector, stream=mapping.source_stream),
        target=TargetPart(connector=mapping.target_connector, operation=mapping.target_operation),
        rules=[_part(row) for row in version.rules.order_by("position", "id")],
        comment=version.comment,
        tables=[table_document(table, inside=True) for table in LookupTable.objects.filter(slug__in=slugs).order_by("slug")],
    )


def table_document(table: LookupTable, *, inside: bool = False) -> TableDocument:
    """A lookup table with all entries; `inside` a mapping's file it carries no format of its own."""
    rows = table.entries.order_by("key").values_list("key", "value", "note")
    return TableDocument(
        slug=table.slug,
        name=table.name,
        key_label=table.key_label,
        value_label=table.value_label,
        description=table.description,
        entries=[[key, value, note] if note else [key, value] for key, value, note in rows],
        format=None if inside else FORMAT,
    )


@transaction.atomic
def import_document(document: Document, *, by: Any, replace_draft: bool = False) -> list[str]:
    """Stores a file's content and says in sentences what was done. All or nothing: VersionError, EntryError in words.

    Rules become a draft; what is published stays live until a person publishes the draft. Rows of existing lookup tables are kept,
    only missing ones are added.
    """
    if isinstance(document, TableDocument):
        return [_import_table(document, by=by)]
    said = [_import_table(table, by=by) for table in document.tables]
    return [*said, _import_mapping(document, by=by, replace_draft=replace_draft)]


def same_rules(version: MappingVersion | None, document: MappingDocument) -> bool:
    """Does this version hold exactly the rules of the file?"""
    if version is None:
        return False
    return [_part(row) for row in version.rules.order_by("position", "id")] == document.rules


def new_table(document: TableDocument, *, by: Any) -> LookupTable:
    """Creates the table of a file with its entries. EntryError names the entry that cannot be stored."""
    table = LookupTable(slug=document.slug, name=document.name, description=document.description)
    table.key_label, table.value_label = document.key_label, document.value_label
    table._history_user = by  # type: ignore[attr-defined]
    table.save()
    write(table, _rows(document), by=by, reason="imported")
    return table


def new_mapping(document: MappingDocument, *, by: Any) -> MappingVersion:
    """Creates the mapping of a file with a first draft."""
    mapping = Mapping(slug=document.slug, name=document.name, **_sides(document))
    mapping._history_user = by  # type: ignore[attr-defined]
    mapping.save()
    draft = new_draft(mapping, by=by)
    write_rules(draft, _rule_rows(document.rules), by=by)
    return draft


def _import_mapping(document: MappingDocument, *, by: Any, replace_draft: bool) -> str:
    mapping = Mapping.objects.select_for_update().filter(slug=document.slug).first()
    if mapping is None:
        new_mapping(document, by=by)
        return f"The mapping {document.name} is new; its {len(document.rules)} rules are a draft. Publish it to use it."
    if any(getattr(mapping, side) != value for side, value in _sides(document).items()):
        raise VersionError(
            f"The mapping {mapping.slug} exists here between other systems or records. Change the slug in the file, then import it."
        )
    draft = mapping.versions.filter(state=MappingVersion.State.DRAFT).first()
    if same_rules(draft or mapping.live, document):
        return f"The mapping {mapping.name} holds exactly these rules already. Nothing was changed."
    if draft and not replace_draft:
        raise VersionError(f"The mapping {mapping.name} has a draft (version {draft.number}). Publish or discard it first, or replace it.")
    return _as_draft(mapping, draft, document, by=by)


def _as_draft(mapping: Mapping, draft: MappingVersion | None, document: MappingDocument, *, by: Any) -> str:
    chosen = draft or new_draft(mapping, by=by)
    for row in chosen.rules.all():
        row._history_user = by  # type: ignore[attr-defined]
        row.delete()
    write_rules(chosen, _rule_rows(document.rules), by=by)
    MappingVersion.objects.filter(pk=chosen.pk).update(revision=chosen.revision + 1)
    live = f" Version {mapping.live.number} stays live until then." if mapping.live else ""
    done = "was replaced" if draft else "was made"
    return f"The draft (version {chosen.number}) of {mapping.name} {done}; look at it and publish it.{live}"


def _import_table(document: TableDocument, *, by: Any) -> str:
    table = LookupTable.objects.filter(slug=document.slug).first()
    if table is None:
        new_table(document, by=by)
        return f"The lookup table {document.name} is new, with {len(document.entries)} rows."
    rows = _rows(document)
    present = dict(table.entries.values_list("key", "value"))
    kept = sum(1 for row in rows if present.get(row.key, row.value) != row.value)
    changes = write(table, rows, by=by, keep=True, reason="imported")
    words = f"The lookup table {table.name} exists: {len(changes.added)} missing rows were added"
    return f"{words}, {kept} that differ were kept as they are here." if kept else f"{words}."


def _rows(document: TableDocument) -> list[Row]:
    rows: dict[str, Row] = {}
    for position, entry in enumerate(document.entries):
        try:
            row = checked(Row(*entry))
        except EntryError as wrong:
            raise EntryError(f"Lookup table {document.slug}, entry {position + 1}: {wrong}.") from None
        if rows.setdefault(row.key, row) != row:
            raise EntryError(f"Lookup table {document.slug}: the key “{row.key[:60]}” stands there twice with different values.")
    return list(rows.values())


def _part(row: MappingRule) -> RulePart:
    steps = [StepPart(name=str(one.get("name", "")), args=dict(one.get("args") or {})) for one in row.steps]
    return RulePart(
        target=row.target, source=row.source, steps=steps, formula=row.formula, condition=row.condition, constant=row.constant,
        default=row.default, if_empty=row.if_empty, wait_hours=row.wait_hours, note=row.note,  # type: ignore[arg-type]
    )  # fmt: skip


def _rule_rows(parts: Iterable[RulePart]) -> list[dict[str, Any]]:
    return [
        {"position": position, **msgspec.structs.asdict(part), "steps": [{"name": step.name, "args": step.args} for step in part.steps]}
        for position, part in enumerate(parts)
    ]


def _sides(document: MappingDocument) -> dict[str, str]:
    source, target = document.source, document.target
    return dict(zip(SIDES, (source.connector, source.stream, target.connector, target.operation), strict=True))
