"""Payloads for people: every field with its label from the schema, in the payload's own order."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from connectors.registry import connectors
from connectors.schema import fields
from connectors.wire import decode
from hub.admin.links import origin
from hub.models import Flow

MOST_LINES = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One field. `value` is None for a group or list; `depth` says how far it is indented."""

    label: str
    path: str
    value: str | None
    depth: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A payload as labelled lines and as indented JSON; `unreadable` holds a text that is not JSON."""

    lines: tuple[Line, ...] = ()
    json: str = ""
    unreadable: str = ""


def shown(text: str, labels: Mapping[str, str]) -> Shown | None:
    """None for an empty text."""
    if not text:
        return None
    try:
        payload = decode(text)
    except ValueError:
        return Shown(unreadable=text)
    lines = tuple(line for line, _ in zip(_lines(payload, labels), range(MOST_LINES), strict=False))
    return Shown(lines=lines, json=json.dumps(payload, indent=2, ensure_ascii=False, default=_exact))


def source_labels(flow: Flow) -> dict[str, str]:
    """Labels of the records that this flow reads, by path."""
    connection, stream = origin(flow) if flow.after is None else (None, "")
    return _labels(connection.connector, "streams", stream) if connection else {}


def target_labels(flow: Flow) -> dict[str, str]:
    """Labels of what this flow sends, by path."""
    return _labels(flow.target.connector, "operations", flow.operation) if flow.target else {}


def _labels(system: str, kind: str, name: str) -> dict[str, str]:
    declared = connectors().get(system)
    schema = next((one.schema for one in getattr(declared, kind) if one.id == name), "") if declared else ""
    if declared is None or not schema:
        return {}
    return {field.path: field.label for field in fields(declared.package, schema)}


def _lines(payload: Any, labels: Mapping[str, str], *, path: str = "", plain: str = "", depth: int = 0) -> Iterator[Line]:
    if isinstance(payload, list):
        for index, value in enumerate(payload):
            yield from _line(value, labels, label=str(index + 1), path=f"{path}[{index}]", plain=f"{plain}[]", depth=depth)
    elif isinstance(payload, dict):
        for name, value in payload.items():
            below = f"{plain}.{name}" if plain else name
            label = labels.get(below, name)
            yield from _line(value, labels, label=label, path=f"{path}.{name}" if path else name, plain=below, depth=depth)
    else:
        yield Line(label="", path=path, value=_text(payload), depth=depth)


def _line(value: Any, labels: Mapping[str, str], *, label: str, path: str, plain: str, depth: int) -> Iterator[Line]:
    if isinstance(value, dict | list) and value:
        yield Line(label=label, path=path, value=None, depth=depth)
        yield from _lines(value, labels, path=path, plain=plain, depth=depth + 1)
    else:
        yield Line(label=label, path=path, value=_text(value), depth=depth)


def _text(value: Any) -> str:
    if value is None or value in ({}, []):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _exact(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else repr(value)
