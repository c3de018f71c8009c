"""Amazon's published models as judges of requests and answers, where they are at hand."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator, Draft7Validator, FormatChecker

from connectors.wire import encode

FOLDER = Path(os.environ.get("SP_API_MODELS") or Path(__file__).parents[3] / ".." / "shared" / "reference" / "sp-api-models")


@cache
def model(model_file: str) -> dict[str, Any]:
    """One model, such as `orders_2026-01-01.json`. Skips the test where the models are not at hand."""
    path = FOLDER / model_file
    if not path.is_file():
        pytest.skip(f"Amazon's published model {model_file} is not at hand (SP_API_MODELS names its folder)")
    loaded: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return loaded


@cache
def _validator(model_file: str, definition: str) -> Draft4Validator:
    definitions = model(model_file)["definitions"]
    return Draft4Validator({"$ref": f"#/definitions/{definition}", "definitions": definitions}, format_checker=FormatChecker())


def valid(model_file: str, definition: str, body: Any) -> list[str]:
    """What is wrong with a body by a definition of a model, one sentence each; [] when nothing. Decimals count as numbers."""
    plain = json.loads(encode(body))
    found = _validator(model_file, definition).iter_errors(plain)
    return [f"{'.'.join(map(str, error.absolute_path)) or 'the body'}: {error.message}" for error in found]


def valid_document(schema_file: str, body: Any) -> list[str]:
    """What is wrong with a body by one of the schemas that stand alone, such as `feeds/listings-feed-schema-v2.json`."""
    found = Draft7Validator(model(schema_file), format_checker=FormatChecker()).iter_errors(json.loads(encode(body)))
    return [f"{'.'.join(map(str, error.absolute_path)) or 'the body'}: {error.message}" for error in found]


def parameters(model_file: str, operation_id: str) -> dict[str, dict[str, Any]]:
    """The query parameters that a model declares for an operation, by name."""
    for path in model(model_file)["paths"].values():
        for operation in path.values():
            if isinstance(operation, dict) and operation.get("operationId") == operation_id:
                return {one["name"]: one for one in operation.get("parameters", ()) if one.get("in") == "query"}
    raise KeyError(operation_id)
