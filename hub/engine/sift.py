"""Which new records a flow takes, and the reason shown for the others."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import Any

from connectors.base import Payload, Record
from connectors.errors import RejectedError
from hub.engine import facts
from hub.engine.aliases import FILTERED
from hub.engine.rows import Failed, Row, Skipped
from hub.models import Flow
from mappings.core.formula import compile_formula, evaluate, tables_in
from mappings.core.refusal import RefusedError
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
    wanted, known = compile_formula(flow.filter), _facts(flow)
    for row in rows:
        if row.result is None and not row.target_key:
            _judge(flow, row, wanted, known)


def passed_over(flow: Flow, records: Iterable[Record], known: Container[str]) -> set[str]:
    """Keys of new records that leave no line: the filter does not take them, and the flow does not list such. `known` have a delivery."""
    if flow.list_others or not flow.filter:
        return set()
    wanted, values = compile_formula(flow.filter), _facts(flow)
    unknown = (record for record in records if record.key not in known and not record.problem)
    return {record.key for record in unknown if _refused(wanted, record.payload, values)}


def _refused(wanted: Any, payload: Payload, values: Facts) -> bool:
    """A filter that cannot be worked out refuses nothing: the delivery will say why."""
    try:
        return not evaluate(wanted, payload, values)
    except RefusedError:
        return False


def _judge(flow: Flow, row: Row, wanted: Any, known: Facts) -> None:
    try:
        if not evaluate(wanted, row.source, known):
            row.result = Skipped(code=FILTERED, reason=_words(flow, row, known)[:400])
    except RefusedError as error:
        row.result = Failed(error=RejectedError(f"The filter of the flow cannot be worked out: {error}"), category="mapping")


def _words(flow: Flow, row: Row, known: Facts) -> str:
    if not flow.filter_words.startswith(FORMULA):
        return flow.filter_words or f"The flow takes only records where {flow.filter}."
    return str(evaluate(compile_formula(flow.filter_words.removeprefix(FORMULA)), row.source, known) or "")


def _facts(flow: Flow) -> Facts:
    """The tables that the filter and its reason ask, and the settings of both connections."""
    return facts.start(flow, _tables([flow.filter, *([flow.filter_words[1:]] if flow.filter_words.startswith(FORMULA) else [])]))


def _tables(formulas: Iterable[str]) -> set[str]:
    return {table for text in formulas for table in tables_in(text)}
