"""Financial transactions of an account: read since the last time, kept once each, deferred ones tied to what releases them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice

import structlog
from django.db import transaction
from django.db.models import Q

from connectors.base import Payload
from hub import clients
from hub.core.lanes import Lane
from reconciliation.core.rollforward.deferred import released_at
from reconciliation.core.rollforward.transactions import Transaction, read
from reconciliation.models import Books, FinanceTransaction

log = structlog.get_logger(__name__)
STREAM = "transactions"
AT_ONCE = 500
SHOWN = ("status", "account", "what", "order_id", "reason")
_WRITTEN = (*SHOWN, "posted_at", "amount", "currency", "matures_at", "releases", "released_by", "released_at", "seen_at")


def fetch(books: Books, *, now: datetime) -> int:
    """Reads what is new, and the last days again; answers how many transactions were read. Nothing for a system that has none.

    Raises ConnectorError; what was kept until then stays, and the next time goes on there.
    """
    stream = next((one for one in clients.connector(books.source).streams if one.id == STREAM), None)
    if stream is None:
        return 0
    client, count = clients.client(books.source), 0
    with clients.meter(books.source).paced(books.source_id, Lane.NORMAL):
        records = stream.read(client, books.transactions_cursor)
        while some := list(islice(records, AT_ONCE)):
            reached = next((one.cursor for one in reversed(some) if one.cursor), "")
            keep(books, [one.payload for one in some if not one.problem], cursor=reached, now=now)
            count += len(some)
    return count


def keep(books: Books, payloads: Iterable[Payload], *, now: datetime, cursor: str = "") -> None:
    """Writes transactions, and how far they were read, in one transaction. The same again, or an older state, changes nothing."""
    found, problems = read(payloads)
    for words in problems:
        log.warning("financial transaction left out", books=books.pk, problem=words)
    with transaction.atomic():
        Books.objects.select_for_update().get(pk=books.pk)
        news = _news(books, found)
        for at in range(0, len(news), AT_ONCE):
            some = news[at : at + AT_ONCE]
            FinanceTransaction.objects.bulk_create(
                [_row(one, books, now) for one in some], update_conflicts=True, unique_fields=["connection", "transaction_id"],
                update_fields=_WRITTEN,
            )  # fmt: skip
            _tie(books.source_id, some)
        if cursor:
            Books.objects.filter(pk=books.pk).update(transactions_cursor=cursor)


def _news(books: Books, found: Sequence[Transaction]) -> list[Transaction]:
    """Without those of which a later state is known already."""
    mine = FinanceTransaction.objects.filter(connection=books.source_id, transaction_id__in=[one.id for one in found if not one.is_settled])
    later = set(mine.exclude(status="DEFERRED").values_list("transaction_id", flat=True))
    return [one for one in found if one.id not in later]


def _row(one: Transaction, books: Books, now: datetime) -> FinanceTransaction:
    texts = {"status": one.status[:20], **{name: getattr(one, name)[:60] for name in SHOWN[1:]}}
    return FinanceTransaction(
        connection_id=books.source_id, transaction_id=one.id, posted_at=one.posted_at, amount=one.amount, currency=one.currency,
        matures_at=one.matures_at, releases=one.releases[:200], released_by=one.released_by[:200], released_at=released_at(one, None),
        seen_at=now, **texts,
    )  # fmt: skip


def _tie(connection: int, found: Sequence[Transaction]) -> None:
    """Deferred transactions and those that release them may come in any order, and days apart."""
    ids = [one.id for one in found]
    rows = FinanceTransaction.objects.filter(connection=connection)
    named = Q(transaction_id__in=[*ids, *(one.releases for one in found if one.releases)]) | Q(released_by__in=ids)
    held = list(rows.filter(named, status__in=FinanceTransaction.HELD_BACK))
    by_name = Q(releases__in=[one.transaction_id for one in held])
    released = list(rows.filter(by_name | Q(transaction_id__in=[one.released_by for one in held if one.released_by])))
    rows.filter(pk__in=[one.pk for one in released]).update(repeats=True)
    dates = {name: one.posted_at for one in sorted(released, key=lambda one: one.posted_at, reverse=True)
             for name in (one.transaction_id, one.releases)}  # fmt: skip
    for one in held:
        one.released_at = released_at(_value(one), dates.get(one.transaction_id) or dates.get(one.released_by))
    FinanceTransaction.objects.bulk_update(held, ["released_at"])


def _value(row: FinanceTransaction) -> Transaction:
    return Transaction(
        id=row.transaction_id, status=row.status, posted_at=row.posted_at, amount=row.amount, currency=row.currency,
        matures_at=row.matures_at,
    )  # fmt: skip
