"""What became of what a target has taken without deciding: it is asked by the receipts, once for all that are due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from connectors.base import Operation, Outcome, Receipt
from connectors.errors import ConnectorError, MissingError, OutcomeUnknownError
from connectors.http import JsonClient
from hub.core import policy
from hub.engine.records import operation_of
from hub.engine.rows import Done, Failed, Result, Row, Taken
from hub.models import Delivery
from hub.wake import wake

log = structlog.get_logger(__name__)


def follow(client: JsonClient, operation: Operation, rows: Sequence[Row], *, late: datetime) -> None:
    """Asks what became of these rows and sets their results; from `late` on nothing is asked. Whoever could not be asked about keeps
    its receipt: neither trouble on the way nor a fault of ours decides anything."""
    if timezone.now() >= late:
        return
    try:
        for row, answer in zip(rows, _answers(client, operation, rows), strict=True):
            row.result = heard(row, answer)
    except ConnectorError as error:
        for row in rows:
            row.result = Failed(error=error, undecided=True) if _asked_again(error) else heard(row, error)
    except Exception as error:
        log.exception("fault while asking", operation=operation.id, deliveries=len(rows))
        fault = ConnectorError(f"The hub met a fault of its own while asking ({type(error).__name__}).")
        for row in rows:
            row.result = Failed(error=fault, undecided=True)


def _answers(client: JsonClient, operation: Operation, rows: Sequence[Row]) -> Sequence[Outcome]:
    if operation.follow is None:
        return [MissingError(f"{operation.label} cannot be asked about.") for _ in rows]
    return operation.follow(client, [(row.ticket, row.reference) for row in rows])


def heard(row: Row, answer: Outcome) -> Result:
    """What a target's answer, to a sending or to a question, means for the row."""
    if isinstance(answer, Receipt):
        return _later(row, answer) if answer.ticket and operation_of(row.flow).follow else Done(receipt=answer)
    if not row.ticket:
        return Failed(error=answer)
    if isinstance(answer, MissingError):
        words = f"The receipt {row.ticket} got lost, so nobody can tell what became of it. {answer.message}"
        return _unsure(words, category="receipt_lost")
    return Failed(error=answer, undecided=_asked_again(answer) and not isinstance(answer, OutcomeUnknownError))


def _asked_again(error: ConnectorError) -> bool:
    return error.retryable or error.category == "credentials"


def _later(row: Row, receipt: Receipt) -> Taken | Failed:
    """It is asked again later, unless the target has had a day."""
    now, after = timezone.now(), operation_of(row.flow).follow_after
    next_step = policy.while_undecided(since=row.taken_at or now, now=now, after=after, pace=settings.HUB_PACE)
    if isinstance(next_step, policy.GiveUp):
        words = f"{row.flow.target} took it at {row.taken_at:%Y-%m-%d %H:%M} UTC (receipt {row.ticket}) and has not decided since."
        return _unsure(words, category=next_step.category)
    return Taken(receipt=receipt, again=next_step.at)


def _unsure(words: str, *, category: str) -> Failed:
    return Failed(error=ConnectorError(words, acted=None), category=category)


def columns(row: Row, state: str, now: datetime) -> dict[str, Any]:
    """Those of the receipt: kept while the delivery waits for a decision, empty afterwards; none for a row that never had one."""
    if state == Delivery.State.WAITING and undecided(row):
        ticket = row.result.receipt.ticket if isinstance(row.result, Taken) else row.ticket
        return {"ticket": ticket, "taken_at": row.taken_at or now, "payload_hash": row.payload_hash}
    return {"ticket": "", "taken_at": None, "payload_hash": ""} if row.ticket else {}


def undecided(row: Row) -> bool:
    """Whether the target has taken the row's delivery and has still to decide."""
    if row.result is None:
        return bool(row.ticket)
    return isinstance(row.result, Taken) or (isinstance(row.result, Failed) and row.result.undecided)


def still_deciding(row: Row) -> str:
    """What people read meanwhile."""
    return f"{row.flow.target} has taken it and is still deciding."


def decided(connection_id: int, ticket: str, *, now: datetime) -> int:
    """A target says that it has decided about receipts that begin like this: they are asked about at once. Answers how many."""
    mine = Delivery.taken().filter(flow__target=connection_id, ticket__startswith=ticket)
    count = mine.update(due_at=now, changed_at=now)
    if count:
        transaction.on_commit(partial(wake, "deliver", connection_id))
    return count
