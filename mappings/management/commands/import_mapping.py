"""Reads a portable JSON file into a draft."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from mappings.documents import DocumentError, read_document
from mappings.lookups import EntryError
from mappings.portable import import_document
from mappings.versions import VersionError


class Command(BaseCommand):
    """`manage.py import_mapping FILE`: never changes what is live."""

    help = "Reads a mapping or lookup table that was exported as JSON. Rules become a draft; what is live stays live."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--replace-draft", action="store_true", help="replace an existing draft")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            said = import_document(read_document(options["file"].read_bytes()), by=None, replace_draft=options["replace_draft"])
        except (DocumentError, EntryError, VersionError) as wrong:
            raise CommandError(str(wrong)) from None
        except OSError as wrong:
            raise CommandError(f"The file cannot be read: {wrong.strerror}.") from None
        for sentence in said:
            self.stdout.write(sentence)
