"""What is written about a batch for people: attempts and error records, without personal data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from connectors.errors import Problem
from connectors.registry import connector
from connectors.schema import personal_paths
from connectors.wire import encode
from hub.core.masking import MASK, mask, personal_values, scrub
from hub.core.policy import advice
from hub.engine.records import stream_of
from hub.engine.rows import Done, Failed, Held, Row
from hub.models import Attempt, Delivery, ErrorRecord


def source_paths(row: Row) -> tuple[str, ...]:
    """The personal paths of the row's source record."""
    stream = stream_of(row.flow)
    return personal_paths(connector(row.flow.source.connector).package, stream.schema) if stream and row.flow.source else ()


def target_paths(row: Row) -> tuple[str, ...]:
    """The personal paths of the payload that the row's operation takes."""
    if row.flow.target is None:
        return ()
    declared = connector(row.flow.target.connector)
    return personal_paths(declared.package, declared.operation(row.flow.operation).schema)


def personal(row: Row) -> frozenset[str]:
    """Every personal value of the row, to be taken out of sentences that a system wrote."""
    return personal_values(row.source, source_paths(row)) | personal_values(row.payload, target_paths(row))


def attempt(row: Row, change: dict[str, Any], now: datetime) -> Attempt | None:
    """The try of a row; None for one that was not tried, such as a held one."""
    if not isinstance(row.result, Done | Failed):
        return None
    paths = target_paths(row)
    tried = Attempt(
        delivery_id=row.pk, number=max(row.attempts, 1), started_at=row.started, finished_at=now, outcome=change["outcome"],
        message=(change["reason"] or "; ".join(row.warnings))[:600],
        request=encode(mask(row.payload, paths)).decode() if row.payload is not None else "",
    )  # fmt: skip
    if isinstance(row.result, Failed):
        tried.outcome = row.result.category or row.result.error.category
        tried.status = row.result.error.status
    elif row.result.receipt.answer is not None:
        tried.answer = encode(mask(row.result.receipt.answer, paths)).decode()
    return tried


def error_records(rows: Sequence[Row], changes: dict[int, dict[str, Any]], now: datetime) -> list[ErrorRecord]:
    """What a person must see: every problem of a failed row, holds that no flow ends by itself, and warnings of the target."""
    found: list[ErrorRecord] = []
    for row in rows:
        state = changes[row.pk]["state"]
        if isinstance(row.result, Failed) and state == Delivery.State.FAILED:
            found += _failures(row, row.result, changes[row.pk], now)
        elif isinstance(row.result, Held) and state == Delivery.State.HELD:
            found += [_record(row, problem, category="held", now=now) for problem in row.result.problems]
        elif isinstance(row.result, Done):
            found += [
                _record(
                    row, Problem(path="", code="warning", message=words, cause=f"warning:{row.flow.operation}"), category="warning", now=now
                )
                for words in row.result.receipt.warnings
            ]
    return found


def _failures(row: Row, failed: Failed, change: dict[str, Any], now: datetime) -> list[ErrorRecord]:
    category = change["reason_code"]
    problems = failed.error.problems or (
        Problem(
            path="",
            code=failed.error.code or category,
            message=failed.error.message,
            cause=f"{category}:{failed.error.code or failed.error.status or ''}",
        ),
    )
    return [_record(row, problem, category=category, now=now) for problem in problems]


def _record(row: Row, problem: Problem, *, category: str, now: datetime) -> ErrorRecord:
    values = personal(row)
    hidden = _is_personal(problem.path, target_paths(row))
    return ErrorRecord(
        delivery_id=row.pk, flow=row.flow, connection=row.flow.target, category=category,
        severity=ErrorRecord.Severity.WARNING if category == "warning" else ErrorRecord.Severity.ERROR,
        cause=scrub(problem.cause or f"{problem.code}:{_plain(problem.path)}", values)[:200],
        code=problem.code[:60], path=problem.path[:200],
        value=MASK if hidden and problem.value else scrub(problem.value, values)[:200], message=scrub(problem.message, values)[:600],
        advice=advice(category), created_at=now,
    )  # fmt: skip


def _plain(path: str) -> str:
    """`LineItems[2].SKU` to `LineItems[].SKU`, as schemas write it."""
    parts = path.split("[")
    return parts[0] + "".join("[]" + part.partition("]")[2] for part in parts[1:])


def _is_personal(path: str, paths: Sequence[str]) -> bool:
    plain = _plain(path)
    return any(plain == one or plain.startswith((one + ".", one + "[")) for one in paths)
