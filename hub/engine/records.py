"""What the records of a flow are: their stream, their fingerprint, what people see of them, and what their target is asked to do."""

from __future__ import annotations

from functools import cache
from typing import Any

from connectors.base import Operation, Record, Stream, Summary
from connectors.registry import connector
from connectors.schema import fields, volatile_paths
from connectors.wire import encode
from hub.core.fingerprint import fingerprint, split
from hub.core.masking import Shape, mask, shape
from hub.models import Flow

FOLLOW_UP_IGNORES = (("TargetVersion",),)
"""A follow-up is the same when only the version of the target document differs."""


def stream_of(flow: Flow) -> Stream | None:
    """The declared stream of a flow; None for a flow that follows another."""
    return connector(flow.source.connector).stream(flow.stream) if flow.source and flow.stream else None


@cache
def _ignored(package: str, schema: str) -> tuple[tuple[str, ...], ...]:
    return tuple(split(path) for path in volatile_paths(package, schema))


def content_hash(flow: Flow, payload: Any) -> str:
    """The fingerprint by which two versions of this flow's records are compared."""
    stream = stream_of(flow)
    if stream is None or flow.source is None:
        return fingerprint(payload, ignore=FOLLOW_UP_IGNORES)
    counted = stream.compare(payload) if stream.compare else payload
    return fingerprint(counted, ignore=_ignored(connector(flow.source.connector).package, stream.schema))


def masked_text(flow: Flow, payload: Any) -> str:
    """What people see of a source record."""
    return encode(mask(payload, source_shape(flow))).decode()


@cache
def _shape(package: str, schema: str) -> Shape:
    return shape(fields(package, schema))


def source_shape(flow: Flow) -> Shape | bool:
    """What people may see of the flow's source records. A flow that follows another carries only the two names: all is shown."""
    stream = stream_of(flow)
    return True if stream is None or flow.source is None else _shape(connector(flow.source.connector).package, stream.schema)


def target_shape(flow: Flow) -> Shape | bool:
    """What people may see of the payloads that the flow sends."""
    return _shape(connector(flow.target.connector).package, operation_of(flow).schema) if flow.target else False


def summary_of(stream: Stream | None, record: Record) -> Summary:
    """What lists show of a record; empty for a record that cannot be read."""
    if record.summary is not None:
        return record.summary
    return stream.summary(record.payload) if stream and stream.summary and not record.problem else Summary()


def operation_of(flow: Flow) -> Operation:
    """The declared operation that a flow calls. KeyError when its system has none of that name."""
    if flow.target is None:
        raise KeyError(flow.operation)
    return connector(flow.target.connector).operation(flow.operation)


def system_name(flow: Flow) -> str:
    """How the target writes the name of the source system."""
    stream = stream_of(flow)
    if stream is None or flow.source is None:
        return "Throughline"
    return stream.system or connector(flow.source.connector).label
