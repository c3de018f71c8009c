"""Which new records a flow takes, and the reason shown for the others."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import Any

from connectors.base import Payload, Record
from connectors.errors import RejectedError
from hub.engine import facts, notes
from hub.engine.aliases import FILTERED
from hub.engine.rows import Failed, Row, Skipped
from hub.models import Flow
from mappings.core.formula import compile_formula, evaluate, tables_in
from mappings.core.refusal import RefusedError, UnansweredError
from mappings.core.values import Facts

FORMULA = "="
"""What a reason begins with that is worked out for each record."""


def sift(flow: Flow, rows: Sequence[Row]) -> None:
    """New records that the flow does not take are skipped; what was delivered before is always followed."""
    if not flow.send_changes:
        for row in rows:
            # After an attempt without outcome it may be our own: sending it again is what tells.
            if row.target_key and not (row.fresh or row.unknown):
                row.result = Skipped(code="changes_off", reason="It was delivered before, and this flow does not send later changes.")
    if not flow.filter:
        return
    new, known = [row for row in rows if row.result is None and not row.target_key], _facts(flow)
    for row, verdict in zip(new, _worked_out(flow, flow.filter, [row.source for row in new], known), strict=True):
        if isinstance(verdict, RefusedError):
            row.result = _broken(verdict)
        elif not verdict:
            _leave(flow, row, known)


def passed_over(flow: Flow, records: Iterable[Record], known: Container[str]) -> set[str]:
    """Keys of new records that leave no line: the filter does not take them, and the flow does not list such. `known` have a delivery."""
    if flow.list_others or not flow.filter:
        return set()
    unknown = [record for record in records if record.key not in known and not record.problem]
    # A filter that cannot be worked out refuses nothing: the delivery will say why.
    verdicts = _worked_out(flow, flow.filter, [record.payload for record in unknown], _facts(flow))
    return {record.key for record, verdict in zip(unknown, verdicts, strict=True) if not verdict}


def _worked_out(flow: Flow, formula: str, payloads: Sequence[Payload], known: Facts) -> list[Any]:
    """The formula's value for each record, or the RefusedError; what it asks about others is answered for all of them together."""
    compiled = compile_formula(formula)
    found = [_value(compiled, payload, known) for payload in payloads]
    while known.asked:
        facts.answer(flow, known)
        found = [
            _value(compiled, payload, known) if isinstance(value, UnansweredError) else value
            for payload, value in zip(payloads, found, strict=True)
        ]
    return found


def _value(compiled: Any, payload: Payload, known: Facts) -> Any:
    try:
        return evaluate(compiled, payload, known)
    except RefusedError as refused:
        return refused


def _leave(flow: Flow, row: Row, known: Facts) -> None:
    words: Any = flow.filter_words or f"The flow takes only records where {flow.filter}."
    if flow.filter_words.startswith(FORMULA):
        (words,) = _worked_out(flow, flow.filter_words.removeprefix(FORMULA), [row.source], known)
        if not isinstance(words, RefusedError):
            (words,) = notes.discreet(row, [str(words or "")])
    row.result = _broken(words) if isinstance(words, RefusedError) else Skipped(code=FILTERED, reason=words[:400])


def _broken(refused: RefusedError) -> Failed:
    return Failed(error=RejectedError(f"The filter of the flow cannot be worked out: {refused}"), category="mapping")


def _facts(flow: Flow) -> Facts:
    """The tables that the filter and its reason ask, and the settings of both connections."""
    return facts.start(flow, _tables([flow.filter, *([flow.filter_words[1:]] if flow.filter_words.startswith(FORMULA) else [])]))


def _tables(formulas: Iterable[str]) -> set[str]:
    return {table for text in formulas for table in tables_in(text)}
