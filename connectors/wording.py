"""What a schema finds wrong, in the words of a business user."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from connectors.errors import Problem

CODES = {
    "type": "type_mismatch", "maxLength": "max_length", "minLength": "required", "required": "required", "enum": "invalid_choice",
    "const": "invalid_choice", "format": "invalid_format", "pattern": "invalid_format", "additionalProperties": "unknown_field",
    "minimum": "min_value", "exclusiveMinimum": "min_value", "maximum": "max_value", "exclusiveMaximum": "max_value",
    "multipleOf": "max_decimals", "minItems": "required", "maxItems": "too_many", "uniqueItems": "not_unique",
}  # fmt: skip
MUST_BE = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "yes or no (true or false)",
    "array": "a list",
    "object": "a group of fields",
}
FORMATS = {
    "date": "must be a date such as 2026-11-20",
    "date-time": "must be a time with its zone, such as 2026-11-20T10:15:00Z",
    "email": "must be an e-mail address such as name@example.com",
}
MOST_CHOICES = 15
MOST_VALUE = 100


def place(path: Sequence[str | int]) -> str:
    """`LineItems[2].SKU` for `["LineItems", 2, "SKU"]`; "The record" for the top."""
    text = "".join(f"[{piece}]" if isinstance(piece, int) else f".{piece}" for piece in path)
    return text.removeprefix(".")


def worded(error: Any, *, node: dict[str, Any], personal: bool, system: str) -> list[Problem]:
    """A jsonschema_rs error as one Problem, or several where it names several fields."""
    path, keyword = place(error.instance_path), str(error.kind.name)
    if keyword == "required":
        missing = f"{path}.{error.kind.value}" if path else str(error.kind.value)
        return [Problem(path=missing, code="required", message=f"{missing} is required but empty.", cause=f"required:{_plain(missing)}")]
    if keyword == "additionalProperties":
        return [_unknown(f"{path}.{name}" if path else str(name), system) for name in error.kind.value]
    value = error.instance
    shown = "" if personal or isinstance(value, dict | list) or value is None else str(value)[:MOST_VALUE]
    code = "required" if value is None and keyword == "type" else CODES.get(keyword, "invalid")
    words = f"{path or 'The record'} {_words(keyword, error.kind.value, value, node=node, shown=shown, system=system)}"
    return [Problem(path=path, code=code, message=words, value=shown, cause=f"{code}:{_plain(path)}")]


def _unknown(path: str, system: str) -> Problem:
    words = f"{path} is not a field of {system or 'this record'}; remove the rule that fills it or choose another target field."
    return Problem(path=path, code="unknown_field", message=words, cause=f"unknown_field:{_plain(path)}")


def _plain(path: str) -> str:
    """The path without positions, so that the same mistake on many lines is one cause."""
    return "".join(piece.partition("]")[2] if at else piece for at, piece in enumerate(path.split("[")))


def _words(keyword: str, limit: Any, value: Any, *, node: dict[str, Any], shown: str, system: str) -> str:
    takes = f"{system or 'the system'} takes"
    given = f" ({shown})" if shown else ""
    match keyword:
        case "type":
            return _type_words(limit, value, shown)
        case "minLength" | "minItems" if not value:
            return "is required but empty."
        case "minLength":
            return f"is {len(value)} characters long; {takes} at least {limit}."
        case "maxLength":
            return f"is {len(value)} characters long; {takes} at most {limit}."
        case "minItems" | "maxItems":
            return f"has {len(value)} entries; {takes} at {'least' if keyword == 'minItems' else 'most'} {limit}."
        case "enum" | "const":
            return f"is {f'“{shown}”, ' if shown else ''}not one of the allowed values: {_choices(limit)}."
        case "format":
            return f"{FORMATS.get(limit, 'is not written as expected')}{given}."
        case "minimum" | "exclusiveMinimum":
            return f"must be {'at least' if keyword == 'minimum' else 'more than'} {limit}{given}."
        case "maximum" | "exclusiveMaximum":
            return f"must be {'at most' if keyword == 'maximum' else 'less than'} {limit}{given}."
        case "multipleOf":
            return f"has too many decimals{given}; {takes} {_decimals(limit)}."
        case "uniqueItems":
            return "holds the same entry twice."
        case _:
            hint = str(node.get("description", ""))
            return f"is not written as expected{given}.{' ' + hint if hint else ''}"


def _type_words(wanted: Sequence[str], value: Any, shown: str) -> str:
    allowed = " or ".join(MUST_BE.get(kind, kind) for kind in wanted if kind != "null")
    if value is None:
        return f"is required but empty; it must be {allowed}."
    if isinstance(value, str):
        return f"must be {allowed}, but is {f'the text “{shown}”' if shown else 'text'}."
    return f"must be {allowed}{f', but is {shown}' if shown else ''}."


def _choices(limit: Any) -> str:
    known = [str(one) for one in (limit if isinstance(limit, list) else [limit]) if one is not None]
    more = f" … ({len(known)} in all)" if len(known) > MOST_CHOICES else ""
    return ", ".join(known[:MOST_CHOICES]) + more


def _decimals(step: Any) -> str:
    places = -int(Decimal(str(step)).normalize().as_tuple().exponent)
    return f"{places} decimals" if places > 0 else "whole numbers"
