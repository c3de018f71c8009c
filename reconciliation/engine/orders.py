"""Orders that a settlement names and the hub does not know: fetched once, and matched again when they have arrived."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from django.db.models import Exists, OuterRef

from hub.engine.read import start_run
from hub.models import SyncRun
from reconciliation.core.matching.result import Result
from reconciliation.engine.match import match
from reconciliation.engine.sold import learn
from reconciliation.engine.states import RefusedError
from reconciliation.engine.wanted import wanted_of
from reconciliation.models import Books, OrderMatch, Settlement

MOST = 5000
"""Orders that are asked for together; the marketplace answers about two a second."""


def ask(settlement: Settlement, books: Books, *, now: datetime, wake_up: bool = True, again: bool = False) -> SyncRun | None:
    """Starts a run that reads the settlement's unknown orders, each asked for once unless `again`; None when there is none to ask for.

    Raises RefusedError when the books name no flow that brings orders.
    """
    unknown = OrderMatch.objects.filter(settlement=settlement, result=Result.UNMATCHED_ORDER)
    wanted = unknown if again else unknown.filter(asked_at=None)
    keys = list(wanted.order_by("order_id").values_list("order_id", flat=True)[:MOST])
    if not keys:
        return None
    if books.orders is None or not books.orders.stream:
        raise RefusedError(f"{books} name no flow that brings orders, so unknown ones cannot be fetched. Choose it in the books.")
    run = start_run(books.orders, trigger=SyncRun.Trigger.COMMAND, keys=keys, wake_up=wake_up)
    unknown.filter(order_id__in=keys).update(asked_at=now)
    return run


def match_arrived(*, now: datetime) -> int:
    """Matches settlements again whose unknown orders have arrived since. Answers how many."""
    waiting = OrderMatch.objects.filter(settlement=OuterRef("pk"), result=Result.UNMATCHED_ORDER, asked_at__isnull=False)
    found = Settlement.objects.filter(Exists(waiting), state__in=[Settlement.State.MATCHED, Settlement.State.READY])
    matched = 0
    for settlement in found:
        books = Books.objects.filter(source=settlement.connection_id).select_related("source", "target").first()
        if books and _arrived(settlement, books):
            # One that somebody approves at this moment keeps no other waiting.
            with suppress(RefusedError):
                match(settlement, books, now=now)
                matched += 1
    return matched


def _arrived(settlement: Settlement, books: Books) -> bool:
    with wanted_of(settlement, result=Result.UNMATCHED_ORDER):
        return bool(learn(books))
