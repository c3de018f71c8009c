"""The starters that ship with the product: loaded once, then they belong to the people who change them."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from django.db import transaction

from mappings.documents import Document, MappingDocument, TableDocument, read_document
from mappings.models import LookupTable, Mapping, MappingVersion
from mappings.portable import new_mapping, new_table, same_rules
from mappings.versions import InvalidRulesError, publish

COMMENT = "Starter that ships with the product"


def load_starters(*, by: Any = None) -> list[str]:
    """Loads every starter that is not there yet and says in sentences what was done; running it again changes nothing.

    A mapping is published when it is valid and nothing is live. What a person changed, or deleted rows of, stays as it is.
    """
    documents = starters()
    tables = [_load_table(one, by=by) for one in documents if isinstance(one, TableDocument)]
    return [*tables, *(_load_mapping(one, by=by) for one in documents if isinstance(one, MappingDocument))]


def starters() -> list[Document]:
    """The shipped files, in the order of their names."""
    folder = files("mappings") / "starters"
    found = sorted((one for one in folder.iterdir() if one.name.endswith(".json")), key=lambda one: one.name)
    return [read_document(one.read_bytes()) for one in found]


@transaction.atomic
def _load_table(document: TableDocument, *, by: Any) -> str:
    if LookupTable.objects.filter(slug=document.slug).exists():
        return f"Lookup table {document.slug}: there already, left as it is."
    new_table(document, by=by)
    return f"Lookup table {document.slug}: created with {len(document.entries)} rows."


@transaction.atomic
def _load_mapping(document: MappingDocument, *, by: Any) -> str:
    for table in document.tables:
        _load_table(table, by=by)
    mapping = Mapping.objects.filter(slug=document.slug).first()
    if mapping is None:
        return _published(new_mapping(document, by=by), document, by=by)
    draft = mapping.versions.filter(state=MappingVersion.State.DRAFT).first()
    if mapping.live is None and draft and same_rules(draft, document):
        return _published(draft, document, by=by)
    return f"Mapping {document.slug}: there already, left as it is."


def _published(draft: MappingVersion, document: MappingDocument, *, by: Any) -> str:
    try:
        publish(draft, by=by, comment=document.comment or COMMENT)
    except InvalidRulesError as wrong:
        return f"Mapping {document.slug}: loaded as a draft, not published. {wrong}"
    return f"Mapping {document.slug}: created and published with {len(document.rules)} rules."
