"""Writes a mapping as a portable JSON file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from mappings.documents import as_json
from mappings.models import Mapping, MappingVersion
from mappings.portable import mapping_document


class Command(BaseCommand):
    """`manage.py export_mapping SLUG [--output FILE]`."""

    help = "Writes the live version of a mapping (or its draft) as JSON, with the lookup tables it uses."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the mapping's short name")
        parser.add_argument("--draft", action="store_true", help="the draft instead of the live version")
        parser.add_argument("--without-tables", action="store_true", help="only the rules")
        parser.add_argument("--output", type=Path, help="the file to write; otherwise the text is shown")

    def handle(self, *args: Any, **options: Any) -> None:
        text = as_json(mapping_document(_version(options["slug"], draft=options["draft"]), with_tables=not options["without_tables"]))
        if options["output"] is None:
            self.stdout.write(text, ending="")
            return
        try:
            options["output"].write_text(text, "utf-8")
        except OSError as wrong:
            raise CommandError(f"The file cannot be written: {wrong.strerror}.") from None


def _version(slug: str, *, draft: bool) -> MappingVersion:
    mapping = Mapping.objects.select_related("live").filter(slug=slug).first()
    if mapping is None:
        known = ", ".join(Mapping.objects.values_list("slug", flat=True)) or "none yet"
        raise CommandError(f"There is no mapping {slug}. There are: {known}.")
    version = mapping.versions.filter(state=MappingVersion.State.DRAFT).first() if draft else mapping.live
    if version is None:
        raise CommandError(f"The mapping {slug} has no {'draft' if draft else 'live version; try --draft'}.")
    return version
