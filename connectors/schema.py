"""Reads the JSON Schemas that declare every field of a stream or operation: for pickers, validation and masking."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema_rs

from connectors.errors import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a schema. `path` is written as in mappings: `OrderItem[].SKU`.

    `type`: "text", "whole number", "number", "yes/no", "date", "time", "list" or "group".
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


def fields(package: str, name: str) -> tuple[Field, ...]:
    """All fields of a schema in the file's order, groups and lists before what they hold. KeyError when there is no such schema."""
    raise NotImplementedError


def validate(package: str, name: str, payload: Any) -> list[Problem]:
    """Everything that is wrong with a payload, worded for a business user, with the path."""
    raise NotImplementedError


@cache
def load(package: str, name: str) -> dict[str, Any]:
    """The schema's JSON. KeyError when there is no such schema."""
    source = files(package) / "schemas" / f"{name}.json"
    if not source.is_file():
        raise KeyError(f"{package} has no schema {name!r}")
    loaded: dict[str, Any] = json.loads(source.read_text("utf-8"))
    return loaded


@cache
def validator(package: str, name: str) -> Any:
    """The compiled validator of a schema."""
    return jsonschema_rs.validator_for(load(package, name))
