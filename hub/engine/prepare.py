"""Third stop, first half: clear text, fresh reading, asking the target, mapping. Whatever fails here fails for its row alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from connectors.base import Record
from connectors.errors import ConnectorError, MissingError, RejectedError, ThrottledError
from connectors.registry import connector
from connectors.schema import validate
from connectors.wire import decode
from hub import clients, vault
from hub.core.fingerprint import fingerprint
from hub.engine import facts
from hub.engine.health import may_send
from hub.engine.records import content_hash, masked_text, operation_of, stream_of
from hub.engine.rows import Failed, Held, Row, Skipped
from hub.models import CrossReference, Flow
from mappings.core.formula import compile_formula, evaluate
from mappings.core.refusal import RefusedError
from mappings.core.values import Outcome
from mappings.live import Live, live

Pool = Callable[[Callable[[Row], None], Sequence[Row]], None]
"""Runs a function for many rows at once in threads that use the network only."""
PAUSED = 120.0
"""Seconds until a delivery looks again whether its source may be read."""


def open_rows(rows: Iterable[Row]) -> list[Row]:
    """The rows whose way is not over yet."""
    return [row for row in rows if row.result is None]


def prepare(flow: Flow, rows: Sequence[Row], *, pool: Pool, now: datetime) -> None:
    """Brings every row of one flow to a valid payload, or to its result."""
    _unseal(rows)
    _refresh(flow, [row for row in open_rows(rows) if row.fresh or row.attempts > 1], pool, now=now)
    _known_targets(flow, open_rows(rows))
    _ask_target(flow, [row for row in open_rows(rows) if row.unknown and not row.target_key], pool)
    _sift(flow, open_rows(rows))
    _map(flow, open_rows(rows), now=now)


def _unseal(rows: Sequence[Row]) -> None:
    for row in rows:
        try:
            row.source = decode(row.masked if stream_of(row.flow) is None else vault.unseal(row.seal, row.sealed))
        except vault.DestroyedError as error:
            row.fresh = True
            row.result = None if _can_read_again(row.flow) else Failed(error=MissingError(str(error)))
        except vault.WrongKeyError as error:
            row.result = Failed(error=ConnectorError(str(error)))


def _can_read_again(flow: Flow) -> bool:
    stream = stream_of(flow)
    return stream is not None and stream.read_one is not None


def _refresh(flow: Flow, rows: Sequence[Row], pool: Pool, *, now: datetime) -> None:
    """Reads the source again, so that a retry sends what is true now. Records derived from others keep what they have."""
    stream = stream_of(flow)
    if not rows or stream is None or flow.source is None or not (stream.read_many or stream.read_one):
        return
    if not may_send(flow.source, now):
        words = f"{flow.source} is switched off, refused or paused; what must be read there goes on afterwards."
        _all_failed(rows, ThrottledError(words, retry_after=PAUSED))
        return
    try:
        client = clients.client(flow.source)
        client.auth.headers(client)
    except (ConnectorError, vault.WrongKeyError) as error:
        _all_failed(rows, error)
        return
    read_many, read_one = stream.read_many, stream.read_one
    if read_many:
        try:
            found = {record.key: record for record in read_many(client, [row.key for row in rows])}
        except ConnectorError as error:
            _all_failed(rows, error)
            return
        for row in rows:
            _renew(row, found.get(row.key))
    elif read_one:
        pool(lambda row: _read_alone(row, lambda key: read_one(client, key)), rows)


def _all_failed(rows: Iterable[Row], error: Exception) -> None:
    failure = error if isinstance(error, ConnectorError) else ConnectorError(str(error))
    for row in rows:
        row.result = Failed(error=failure, at_source=True)


def _read_alone(row: Row, read_one: Callable[[str], Record | None]) -> None:
    try:
        _renew(row, read_one(row.key))
    except ConnectorError as error:
        row.result = Failed(error=error, at_source=True)


def _renew(row: Row, record: Record | None) -> None:
    if record is None:
        row.result = Failed(error=MissingError(f"{row.flow.source} no longer has this record."), at_source=True)
    elif record.problem:
        row.result = Failed(error=RejectedError(record.problem), at_source=True, category="unreadable")
    else:
        row.source, row.version, row.refreshed = record.payload, record.version or row.version, True
        row.fingerprint = content_hash(row.flow, record.payload)
        row.masked = masked_text(row.flow, record.payload)


def _known_targets(flow: Flow, rows: Sequence[Row]) -> None:
    """The target's own id of every record that was delivered before, in one query."""
    if flow.source_id is None or not rows:
        return
    found = {
        key: (target_key, payload_hash)
        for key, target_key, payload_hash in CrossReference.objects.filter(
            source=flow.source_id, stream=flow.stream, target=flow.target_id, operation=flow.operation, source_key__in=[r.key for r in rows]
        ).values_list("source_key", "target_key", "payload_hash")
    }
    for row in rows:
        row.target_key, row.target_hash = found.get(row.key, ("", ""))


def _ask_target(flow: Flow, rows: Sequence[Row], pool: Pool) -> None:
    """An earlier attempt may have acted: the target is asked before anything is sent again."""
    operation = operation_of(flow)
    if not rows or operation.repeatable:
        return
    find = operation.find
    if find is None or flow.target is None:
        for row in rows:
            row.result = Failed(
                error=ConnectorError(f"{flow.target} did not answer and cannot be asked what it did."), category="unknown_outcome"
            )
        return
    client = clients.client(flow.target)

    def ask(row: Row) -> None:
        try:
            receipt = find(client, row.reference)
            row.target_key = receipt.key if receipt else ""
        except ConnectorError as error:
            row.result = Failed(error=error)

    pool(ask, rows)


def _sift(flow: Flow, rows: Sequence[Row]) -> None:
    """New records that the flow does not take are skipped; what was delivered before is always followed."""
    if not flow.send_changes:
        for row in rows:
            if row.target_key and not row.fresh:
                row.result = Skipped(code="changes_off", reason="It was delivered before, and this flow does not send later changes.")
    if not flow.filter:
        return
    wanted = compile_formula(flow.filter)
    words = flow.filter_words or f"The flow takes only records where {flow.filter}."
    for row in open_rows(rows):
        if row.target_key:
            continue
        try:
            if not evaluate(wanted, row.source):
                row.result = Skipped(code="filtered", reason=words[:400])
        except RefusedError as error:
            row.result = Failed(error=RejectedError(f"The filter of the flow cannot be worked out: {error}"), category="mapping")


def _map(flow: Flow, rows: Sequence[Row], *, now: datetime) -> None:
    if not rows:
        return
    current = live(flow.mapping_id) if flow.mapping_id else None
    if current is None:
        words = f"The flow {flow.name} has no published mapping. Publish one, then retry."
        for row in rows:
            row.result = Failed(error=RejectedError(words, code="no_mapping"), category="mapping")
        return
    for row, outcome in zip(rows, outcomes(flow, current, [row.source for row in rows]), strict=True):
        row.mapping_version = current.version_id
        row.warnings = tuple(problem.message for problem in outcome.warnings)
        _judge(flow, row, outcome)


def outcomes(flow: Flow, current: Live, sources: Sequence[Any]) -> list[Outcome]:
    """Applies the mapping to many records; what it must know of other records is answered for all of them together."""
    known = facts.start(flow, current.tables)
    for source in sources:
        current.ask(source, known)
    facts.answer(flow, known)
    found = [current.apply(source, known) for source in sources]
    for _ in range(3):
        if not known.asked:
            break
        facts.answer(flow, known)
        found = [current.apply(source, known) if outcome.asked else outcome for source, outcome in zip(sources, found, strict=True)]
    return found


def _judge(flow: Flow, row: Row, outcome: Outcome) -> None:
    """What the mapping's outcome means for the row: a payload to send, or a result."""
    if outcome.problems:
        words = outcome.problems[0].message if len(outcome.problems) == 1 else f"{len(outcome.problems)} fields cannot be filled."
        row.result = Failed(error=RejectedError(words, problems=outcome.problems), category="mapping")
    elif outcome.waits:
        row.result = facts.held(flow, outcome.waits[0])
    elif outcome.hold:
        row.result = Held(code=outcome.hold, reason="; ".join(row.warnings)[:400], problems=outcome.warnings)
    else:
        _check_payload(flow, row, outcome.payload)


def _check_payload(flow: Flow, row: Row, payload: Any) -> None:
    row.payload, row.payload_hash = payload, fingerprint(payload)
    if row.target_key and row.payload_hash == row.target_hash and not (row.fresh or row.unknown):
        row.result = Skipped(code="unchanged", reason=f"Nothing that {flow.target} needs has changed.")
        return
    operation = operation_of(flow)
    problems = validate(connector(flow.target.connector).package, operation.schema, payload) if flow.target else []
    if problems:
        words = problems[0].message if len(problems) == 1 else f"{len(problems)} fields are not as {flow.target} wants them."
        row.result = Failed(error=RejectedError(words, problems=tuple(problems)), category="mapping")
