"""Third stop, second half: payloads go out, many at once, network only."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import structlog
from django.conf import settings
from django.utils import timezone

from connectors.base import Operation
from connectors.errors import ConnectorError, OutcomeUnknownError
from connectors.http import JsonClient
from hub.engine.rows import Failed, Row, Taken
from hub.engine.taken import heard
from hub.models import Connection

log = structlog.get_logger(__name__)
_pools: dict[tuple[int, int], ThreadPoolExecutor] = {}


def senders(connection: Connection, allowed: int) -> int:
    """How many calls this process may have under way: its share of what the system allows at once."""
    workers: int = settings.Q_CLUSTER["workers"]
    most: int = settings.HUB_SENDERS
    return max(1, min((connection.parallel or allowed) // max(workers, 1), most))


def pool(size: int) -> ThreadPoolExecutor:
    """This process's threads; made after the fork, on first use."""
    wanted = (os.getpid(), size)
    if wanted not in _pools:
        _pools[wanted] = ThreadPoolExecutor(max_workers=size, thread_name_prefix="send")
    return _pools[wanted]


def in_threads(size: int) -> Callable[[Callable[[Row], None], Sequence[Row]], None]:
    """A function that runs another for each row, so many at once."""

    def run(work: Callable[[Row], None], rows: Sequence[Row]) -> None:
        if len(rows) == 1 or size == 1:
            for row in rows:
                work(row)
        else:
            list(pool(size).map(work, rows))

    return run


def send(client: JsonClient, operation: Operation, rows: Sequence[Row], *, size: int, late: datetime) -> None:
    """Sends every row that has no result yet and sets it. In bulk where the target can. From `late` on nothing more is sent.

    Rows of one sequence go one after the other; behind one that did not get through they get no result and stay due.
    """
    chains = _by_sequence(rows)
    while chains:
        ready = [chain[0] for chain in chains if chain[0].result is None]
        if ready:
            _send_together(client, operation, ready, size=size, late=late)
        chains = [chain[1:] for chain in chains if len(chain) > 1 and not _stuck(chain[0])]


def _by_sequence(rows: Sequence[Row]) -> list[list[Row]]:
    chains: dict[object, list[Row]] = {}
    for row in rows:
        chains.setdefault(row.sequence or row.pk, []).append(row)
    return list(chains.values())


def _stuck(row: Row) -> bool:
    """True when the row was not sent, will be tried again, or is still being decided about."""
    if isinstance(row.result, Failed):
        return row.result.error.retryable or row.result.error.category == "credentials"
    return row.result is None or isinstance(row.result, Taken)


def _send_together(client: JsonClient, operation: Operation, rows: Sequence[Row], *, size: int, late: datetime) -> None:
    if operation.send_many is None or len(rows) == 1:
        in_threads(size)(lambda row: _send_one(client, operation, row, late), rows)
        return
    parts = [rows[at : at + operation.batch] for at in range(0, len(rows), operation.batch)]
    if len(parts) == 1:
        _send_many(client, operation, parts[0], late)
    else:
        list(pool(size).map(lambda part: _send_many(client, operation, part, late), parts))


def _send_one(client: JsonClient, operation: Operation, row: Row, late: datetime) -> None:
    if timezone.now() >= late:
        return
    try:
        row.result = heard(row, operation.send(client, row.payload or {}, row.reference))
    except ConnectorError as error:
        row.result = Failed(error=error)
    except Exception as error:  # noqa: BLE001 - a fault in a connector must not take the other deliveries with it
        row.result = _fault(error, row)


def _send_many(client: JsonClient, operation: Operation, rows: Sequence[Row], late: datetime) -> None:
    if operation.send_many is None:
        raise TypeError(operation.id)
    if timezone.now() >= late:
        return
    try:
        answers = operation.send_many(client, [(row.payload or {}, row.reference) for row in rows])
        for row, answer in zip(rows, answers, strict=True):
            row.result = heard(row, answer)
    except ConnectorError as error:
        for row in rows:
            row.result = Failed(error=error)
    except Exception as error:  # noqa: BLE001 - as above
        for row in rows:
            row.result = _fault(error, row)


def _fault(error: Exception, row: Row) -> Failed:
    """A fault of ours after something may have been sent: its outcome is unknown, so the target is asked first next time."""
    log.exception("connector fault", delivery=row.pk, exc_info=error)
    return Failed(error=OutcomeUnknownError(f"The hub met a fault of its own while sending ({type(error).__name__})."))
