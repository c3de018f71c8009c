"""The portable form of mappings and lookup tables: JSON that refers by short names, checked before anything is stored."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from mappings.core.values import LONGEST_WAIT

FORMAT = 1
MOST_BYTES = 20 * 1024 * 1024
BOM = b"\xef\xbb\xbf"

Slug = Annotated[str, msgspec.Meta(pattern=r"^[-a-zA-Z0-9_]+\Z", max_length=80)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
Short = Annotated[str, msgspec.Meta(max_length=80)]
Path = Annotated[str, msgspec.Meta(max_length=200)]
Words = Annotated[str, msgspec.Meta(max_length=400)]
Formula = Annotated[str, msgspec.Meta(max_length=2000)]


class DocumentError(ValueError):
    """A file is not a mapping or lookup table that can be imported; the message says where and why."""


class StepPart(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """One transform."""

    name: Short
    args: dict[str, Any] = {}


class RulePart(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """One rule."""

    target: Path
    source: Path = ""
    steps: Annotated[list[StepPart], msgspec.Meta(max_length=20)] = []
    formula: Formula = ""
    condition: Formula = ""
    constant: Words | None = None
    default: Words = ""
    if_empty: Literal["omit", "null", "default", "error", "wait"] = "omit"
    wait_hours: Annotated[int, msgspec.Meta(ge=1, le=LONGEST_WAIT)] = 24
    note: Words = ""


class SourcePart(msgspec.Struct, forbid_unknown_fields=True):
    """Where the records come from; both empty for a mapping that follows another delivery."""

    connector: Short = ""
    stream: Short = ""


class TargetPart(msgspec.Struct, forbid_unknown_fields=True):
    """Where the payloads go."""

    connector: Short
    operation: Short


class TableDocument(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A lookup table; an entry is [key, value] or [key, value, note]."""

    slug: Slug
    name: Name
    entries: Annotated[list[Annotated[list[str], msgspec.Meta(min_length=2, max_length=3)]], msgspec.Meta(max_length=200_000)]
    key_label: Short = "Key"
    value_label: Short = "Value"
    description: Words = ""
    format: int | None = None


class MappingDocument(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A mapping with the rules of one version, and the lookup tables they use where the exporter took them along."""

    format: int
    slug: Slug
    name: Name
    source: SourcePart
    target: TargetPart
    rules: Annotated[list[RulePart], msgspec.Meta(max_length=1_000)]
    comment: Words = ""
    tables: list[TableDocument] = []


Document = MappingDocument | TableDocument
_shape = msgspec.json.Decoder(dict[str, Any], float_hook=str)


def read_document(raw: bytes) -> Document:
    """A file's content. DocumentError when it is too large, not JSON, of another format, or wrong somewhere: it names the place."""
    if len(raw) > MOST_BYTES:
        raise DocumentError(f"The file is larger than {MOST_BYTES // 1024 // 1024} MB; a mapping never is. Choose another file.")
    shape = _parsed(raw.removeprefix(BOM))
    kind: type[MappingDocument] | type[TableDocument] | None = (
        MappingDocument if "rules" in shape else TableDocument if "entries" in shape else None
    )
    if kind is None:
        raise DocumentError("The file holds neither rules nor entries, so it is no mapping and no lookup table of this product.")
    wanted = shape.get("format", FORMAT if kind is TableDocument else None)
    if wanted != FORMAT or isinstance(wanted, bool):
        shown = wanted if isinstance(wanted, int) else "none"
        raise DocumentError(f"The file's format is {shown}; this version reads format {FORMAT}. Export it again, or update this product.")
    try:
        found: Document = msgspec.convert(shape, kind)
    except msgspec.ValidationError as wrong:
        raise DocumentError(f"The file is not understood: {_in_words(str(wrong))}.") from None
    return found


def as_json(document: Document) -> str:
    """The file's text, the same for the same content, readable in a diff."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def _parsed(raw: bytes) -> dict[str, Any]:
    try:
        return _shape.decode(raw)
    except RecursionError:
        raise DocumentError("The file is nested too deep to be a mapping. Choose another file.") from None
    except msgspec.ValidationError:
        raise DocumentError("The file's JSON is not an object, so it is no mapping and no lookup table.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        raise DocumentError(f"The file is not JSON in UTF-8: {wrong}. Choose a file that was exported here.") from None


def _in_words(message: str) -> str:
    found, _, place = message.partition(" - at ")
    place = place.strip("`").removeprefix("$").removeprefix(".")
    return f"at {place}: {found}" if place else found
