"""Looks for marked personal data everywhere: every table and column, files, log lines and answers."""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.contrib import admin
from django.db import connection
from django.test import Client
from django.urls import reverse

MARK = "Quaxzimplon"
STEMS = tuple(stem.encode() for stem in ("quaxzimp", "2065550199", "206 555 0199", "206-555-0199", "555 0199", "555-0199"))
"""What the mark and the marked phone number look like after mappings have turned them; compared in small letters."""
_ENCODED = re.compile(rb"[A-Za-z0-9_\-+/=]{16,}")


def marks_in(value: Any) -> set[str]:
    """The stems that stand in a value, also inside of what is base64 or compressed."""
    return {stem.decode() for form in _forms(_bytes(value)) for stem in STEMS if stem in form.lower()}


def _bytes(value: Any) -> bytes:
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()


def _forms(raw: bytes) -> Iterator[bytes]:
    yield raw
    for word in _ENCODED.findall(raw[:100_000]):
        try:
            plain = base64.urlsafe_b64decode(word.replace(b"+", b"-").replace(b"/", b"_") + b"=" * (-len(word) % 4))
        except (binascii.Error, ValueError):
            continue
        yield plain
        try:
            yield zlib.decompress(plain)
        except zlib.error:
            continue


def leaks_in_database() -> list[str]:
    """`table.column: stems` for each column of any table that holds a mark."""
    found: dict[str, set[str]] = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608 - names of our own tables
            names = [column[0] for column in cursor.description]
            for row in cursor:
                for name, value in zip(names, row, strict=True):
                    if value is not None and (stems := marks_in(value)):
                        found.setdefault(f"{table}.{name}", set()).update(stems)
    return [f"{place}: {', '.join(sorted(stems))}" for place, stems in sorted(found.items())]


def leaks_in_files(files: Iterable[Path]) -> list[str]:
    """Names of the files that hold a mark."""
    found = ((path, [stem for stem in STEMS if stem in path.read_bytes().lower()]) for path in files if path.is_file())
    return [f"{path.name}: {stems}" for path, stems in found if stems]


def database_files() -> list[Path]:
    """What the database keeps on disk, journals too; none where it lives on another machine."""
    given = connection.settings_dict
    if connection.vendor == "sqlite":
        return sorted(Path(given["NAME"]).parent.glob(Path(given["NAME"]).name + "*"))
    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")
    return sorted(Path(given["HOST"]).rglob("*")) if given["HOST"].startswith("/") else []


EXPORTS = (
    "/admin/hub/delivery/export/",
    "/api/v1/deliveries",
    "/api/v1/errors",
    "/api/v1/runs",
    "/api/v1/flows",
    "/metrics",
    "/admin/",
    "/admin/hub/errorrecord/causes/",
    "/admin/hub/errorrecord/held/",
)


def pages() -> Iterator[str]:
    """Every export, every list of the admin, and some rows of each."""
    yield from EXPORTS
    for model in list(admin.site._registry):
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist")
        keys = model._default_manager.order_by("-pk").values_list("pk", flat=True)[:25]
        yield from (reverse(f"{name}_change", args=[pk]) for pk in keys)


def leaks_in_pages(client: Client, addresses: Iterable[str] | None = None) -> list[str]:
    """Addresses (all pages, when none are given) whose answer holds a mark, and those that cannot be shown at all."""
    found = []
    for address in pages() if addresses is None else addresses:
        answer = client.get(address)
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        if answer.status_code >= 400:
            found.append(f"{address}: status {answer.status_code}")
        elif stems := marks_in(content):
            found.append(f"{address}: {', '.join(sorted(stems))}")
    return found
