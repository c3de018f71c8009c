"""Reads the JSON Schemas that declare every field of a stream or operation: for pickers, validation and masking.

Conventions (draft 2020-12): `title` or `x-label` = label, `description` = help, `x-personal`, `x-volatile`, `readOnly`, `required`
(or that of `else`: required in the usual case), `maxLength`, `enum`, `format` date or date-time, `$ref` to `#/$defs/…`; `x-system` at the
top is the name that messages use ("TIMS takes at most 60").
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema_rs

from connectors.errors import Problem
from connectors.wording import worded

Node = dict[str, Any]
TYPES = {"integer": "whole number", "number": "number", "boolean": "yes/no", "array": "list", "object": "group", "string": "text"}
FORMATS = {"date": "date", "date-time": "time"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a schema. `path` is written as in mappings: `OrderItem[].SKU`.

    `type`: "text", "whole number", "number", "yes/no", "date", "time", "list" or "group". `personal` and `volatile` are
    inherited from the group or list that holds the field.
    """

    path: str
    label: str
    type: str
    required: bool = False
    personal: bool = False
    volatile: bool = False
    read_only: bool = False
    max_length: int | None = None
    choices: tuple[str, ...] = ()
    help: str = ""


@cache
def fields(package: str, name: str) -> tuple[Field, ...]:
    """All fields of a schema in the file's order, groups and lists before what they hold. KeyError when there is no such schema."""
    root = load(package, name)
    return tuple(_under(root, root, path="", personal=False, volatile=False, refs=()))


@cache
def personal_paths(package: str, name: str) -> tuple[str, ...]:
    """Paths that hold personal data; the path of a group or list stands for everything beneath it. KeyError as `fields`."""
    return tuple(one.path for one in fields(package, name) if one.personal)


@cache
def volatile_paths(package: str, name: str) -> tuple[str, ...]:
    """Paths that do not count when two versions of a record are compared. KeyError as `fields`."""
    return tuple(one.path for one in fields(package, name) if one.volatile)


def validate(package: str, name: str, payload: Any) -> list[Problem]:
    """Everything that is wrong with a payload, worded for a business user, with the path. Personal values are never shown."""
    root = load(package, name)
    problems: list[Problem] = []
    for error in validator(package, name).iter_errors(payload):
        node, personal = _at(root, error.instance_path)
        problems += worded(error, node=node, personal=personal, system=str(root.get("x-system", "")))
    return problems


@cache
def load(package: str, name: str) -> Node:
    """The schema's JSON. KeyError when there is no such schema."""
    source = files(package) / "schemas" / f"{name}.json"
    if not source.is_file():
        raise KeyError(f"{package} has no schema {name!r}")
    loaded: Node = json.loads(source.read_text("utf-8"))
    return loaded


@cache
def validator(package: str, name: str) -> Any:
    """The compiled validator of a schema."""
    return jsonschema_rs.validator_for(load(package, name), validate_formats=True)


def resolved(root: Node, node: Node) -> Node:
    """A node with its `$ref` followed; what stands beside the reference wins."""
    reference = str(node.get("$ref", ""))
    if not reference.startswith("#/$defs/"):
        return node
    return {**root["$defs"][reference.removeprefix("#/$defs/")], **{key: value for key, value in node.items() if key != "$ref"}}


def _under(root: Node, node: Node, *, path: str, personal: bool, volatile: bool, refs: tuple[str, ...]) -> Iterator[Field]:
    required = (*node.get("required", ()), *node.get("else", {}).get("required", ()))
    for name, raw in node.get("properties", {}).items():
        at = f"{path}.{name}" if path else name
        yield from _field(root, raw, path=at, required=name in required, personal=personal, volatile=volatile, refs=refs)


def _field(root: Node, raw: Node, *, path: str, required: bool, personal: bool, volatile: bool, refs: tuple[str, ...]) -> Iterator[Field]:
    reference = str(raw.get("$ref", ""))
    if reference and reference in refs:
        return
    node, refs = resolved(root, raw), (*refs, reference) if reference else refs
    kind = _type(node)
    personal = bool(node.get("x-personal", personal))
    volatile = bool(node.get("x-volatile", volatile))
    yield Field(
        path=path,
        label=str(node.get("x-label") or node.get("title") or path.rpartition(".")[2]),
        type=kind,
        required=required,
        personal=personal,
        volatile=volatile,
        read_only=bool(node.get("readOnly")),
        max_length=node.get("maxLength"),
        choices=tuple(str(choice) for choice in node.get("enum", ()) if choice is not None),
        help=str(node.get("description", "")),
    )
    if kind == "group":
        yield from _under(root, node, path=path, personal=personal, volatile=volatile, refs=refs)
    elif kind == "list":
        held = resolved(root, node.get("items", {}))
        if _type(held) == "group":
            yield from _under(root, held, path=f"{path}[]", personal=personal, volatile=volatile, refs=refs)
        else:
            yield from _field(root, held, path=f"{path}[]", required=False, personal=personal, volatile=volatile, refs=refs)


def _type(node: Node) -> str:
    kinds = node.get("type", "object" if "properties" in node else "string")
    first = kinds if isinstance(kinds, str) else next((one for one in kinds if one != "null"), "string")
    return FORMATS.get(node.get("format", ""), "text") if first == "string" else TYPES.get(first, "text")


def _at(root: Node, path: list[str | int]) -> tuple[Node, bool]:
    node, personal = root, False
    for piece in path:
        below = node.get("items", {}) if isinstance(piece, int) else node.get("properties", {}).get(piece, {})
        node = resolved(root, below)
        personal = bool(node.get("x-personal", personal))
    return node, personal
