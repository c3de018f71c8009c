"""Third stop, first half: clear text, fresh reading, asking the target, mapping. Whatever fails here fails for its row alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from connectors.errors import ConnectorError, MissingError, Problem, RejectedError, ThrottledError
from connectors.registry import connector
from connectors.schema import validate
from connectors.wire import decode
from hub import clients, vault
from hub.core.fingerprint import fingerprint
from hub.engine import facts, notes
from hub.engine.missing import missing
from hub.engine.records import operation_of, stream_of
from hub.engine.refresh import refresh
from hub.engine.rows import Failed, Held, Pool, Row, Skipped
from hub.engine.sift import sift
from hub.models import CrossReference, Flow
from mappings.core.values import Outcome
from mappings.live import Live, live

UNREAD = 10.0
"""Seconds until a delivery looks again whether the list of what its target knows is complete."""


def open_rows(rows: Iterable[Row]) -> list[Row]:
    """The rows whose way is not over yet."""
    return [row for row in rows if row.result is None]


def prepare(flow: Flow, rows: Sequence[Row], *, pool: Pool, now: datetime) -> None:
    """Brings every row of one flow to a valid payload, or to its result."""
    _unseal(rows)
    refresh(flow, [row for row in open_rows(rows) if row.fresh or row.attempts > 1], now=now)
    _known_targets(flow, open_rows(rows))
    _ask_target(flow, [row for row in open_rows(rows) if row.unknown and not row.target_key], pool)
    sift(flow, open_rows(rows))
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


def _map(flow: Flow, rows: Sequence[Row], *, now: datetime) -> None:
    """What the hub itself hands in without a source is made for its target; a mapping may change it, but need not be there."""
    if not rows:
        return
    if flow.mapping_id is None and flow.source_id is None and flow.after_id is None:
        for row in rows:
            _check_payload(flow, row, row.source)
        return
    current = live(flow.mapping_id) if flow.mapping_id else None
    if current is None:
        words = f"The flow {flow.name} has no published mapping. Publish one, then retry."
        for row in rows:
            row.result = Failed(error=RejectedError(words, code="no_mapping"), category="mapping")
        return
    if current.compiled.asking and facts.list_unread(flow):
        words = f"What exists in {flow.target} has not been read completely yet; it goes on afterwards."
        for row in rows:
            row.result = Failed(error=ThrottledError(words, retry_after=UNREAD), at_source=True)
        return
    for row, outcome in zip(rows, outcomes(flow, current, [row.source for row in rows]), strict=True):
        row.mapping_version = current.version_id
        row.warnings = notes.discreet(row, [problem.message for problem in outcome.warnings])
        _judge(flow, row, outcome, now=now)


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


def _judge(flow: Flow, row: Row, outcome: Outcome, *, now: datetime) -> None:
    """What the mapping's outcome means for the row: a payload to send, or a result."""
    if outcome.problems:
        row.result = missing(row, outcome.problems, now=now) or _refused(outcome.problems)
    elif outcome.waits:
        row.result = facts.held(flow, outcome.waits[0])
    elif outcome.hold:
        row.result = Held(code=outcome.hold, reason="; ".join(row.warnings)[:400], problems=outcome.warnings)
    else:
        _check_payload(flow, row, outcome.payload)


def _refused(problems: tuple[Problem, ...]) -> Failed:
    words = problems[0].message if len(problems) == 1 else f"{len(problems)} fields cannot be filled."
    return Failed(error=RejectedError(words, problems=problems), category="mapping")


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
