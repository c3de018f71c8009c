"""What is written about a batch for people: attempts and error records, without personal data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from connectors.errors import Problem
from connectors.registry import connector
from connectors.schema import personal_paths
from connectors.wire import encode
from hub.core.masking import MASK, hidden_values, mask, scrub
from hub.core.policy import advice
from hub.engine.records import operation_of, source_shape, target_shape
from hub.engine.rows import Done, Failed, Held, Row, Taken
from hub.engine.taken import undecided
from hub.models import Delivery, ErrorRecord

LONGEST_ANSWER = 4000
TAKEN = "taken"
"""The outcome of an attempt that the target has taken without deciding."""


def target_paths(row: Row) -> tuple[str, ...]:
    """The personal paths of the payload that the row's operation takes."""
    if row.flow.target is None:
        return ()
    return personal_paths(connector(row.flow.target.connector).package, operation_of(row.flow).schema)


def personal(row: Row) -> frozenset[str]:
    """Every personal value of the row, to be taken out of sentences that a system wrote."""
    return hidden_values(row.source, source_shape(row.flow)) | hidden_values(row.payload, target_shape(row.flow))


def discreet(row: Row, sentences: Sequence[str]) -> tuple[str, ...]:
    """The sentences without the row's personal values."""
    values = personal(row) if sentences else frozenset[str]()
    return tuple(scrub(words, values) for words in sentences)


def attempt(row: Row, change: dict[str, Any], now: datetime) -> dict[str, Any] | None:
    """The columns of a row's try; None for one that was not tried, such as a held one, or only asked about in vain."""
    if not isinstance(row.result, Done | Failed | Taken) or (row.ticket and undecided(row)):
        return None
    shown, failed = target_shape(row.flow), row.result if isinstance(row.result, Failed) else None
    receipt = None if isinstance(row.result, Failed) else row.result.receipt
    answer = receipt.answer if receipt else None
    return {
        "delivery_id": row.pk, "number": max(row.attempts, 1), "started_at": row.started, "finished_at": now,
        "outcome": (failed.category or failed.error.category) if failed else change["outcome"] or TAKEN,
        "status": failed.error.status if failed else None,
        "message": (_taken(row, change) or change["reason"] or "; ".join(row.warnings))[:600],
        "request": encode(mask(row.payload, shown)).decode() if row.payload is not None else _question(row),
        "answer": _refusal(row, failed) if failed else encode(mask(answer, shown, unknown=True)).decode() if answer is not None else "",
    }  # fmt: skip


def _taken(row: Row, change: dict[str, Any]) -> str:
    return f"{change['reason']} Receipt: {change['ticket']}" if isinstance(row.result, Taken) else ""


def _question(row: Row) -> str:
    """What was asked about, where that was all that was sent."""
    return encode({"receipt": row.ticket}).decode() if row.ticket else ""


def _refusal(row: Row, failed: Failed) -> str:
    """What the system answered instead, without the personal data that it quotes; "" where there was nothing readable."""
    if failed.error.answer is None:
        return ""
    text = scrub(encode(failed.error.answer).decode(), personal(row))
    return text if len(text) <= LONGEST_ANSWER else encode({"cut": text[:LONGEST_ANSWER]}).decode()


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
