"""The fields on both sides of a mapping, as their connectors' schemas declare them."""

from __future__ import annotations

from connectors import schema
from connectors.errors import Problem
from connectors.registry import connectors
from connectors.schema import Field
from mappings.models import Mapping

FOLLOW_UP = (
    Field(path="SourceKey", label="Id in the source system", type="text", required=True),
    Field(path="TargetKey", label="Id in the target system", type="text", required=True),
    Field(path="TargetVersion", label="Version in the target system", type="text"),
)
"""What a flow that runs after another one reads: the two ids of the delivery that succeeded."""


def source_fields(mapping: Mapping) -> tuple[Field, ...]:
    """The fields a rule can read. Empty when the system or its records are not known (any more)."""
    return _source(mapping.source_connector, mapping.source_stream)


def target_fields(mapping: Mapping) -> tuple[Field, ...]:
    """The fields a rule can fill. Empty when the system or its operation is not known (any more)."""
    return _target(mapping.target_connector, mapping.target_operation)


def problems_of_payload(mapping: Mapping, payload: object) -> list[Problem]:
    """What the target's schema finds wrong with a payload; nothing when the target is not known."""
    found = _operation_schema(mapping.target_connector, mapping.target_operation)
    return schema.validate(*found, payload) if found else []


def _source(connector_id: str, stream: str) -> tuple[Field, ...]:
    if not stream:
        return FOLLOW_UP
    one = connectors().get(connector_id)
    declared = next((found for found in one.streams if found.id == stream), None) if one else None
    return schema.fields(one.package, declared.schema) if one and declared else ()


def _target(connector_id: str, operation: str) -> tuple[Field, ...]:
    found = _operation_schema(connector_id, operation)
    return schema.fields(*found) if found else ()


def _operation_schema(connector_id: str, operation: str) -> tuple[str, str] | None:
    one = connectors().get(connector_id)
    declared = next((found for found in one.operations if found.id == operation), None) if one else None
    return (one.package, declared.schema) if one and declared else None
