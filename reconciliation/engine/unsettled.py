"""Sold, not yet settled: how deferred money rolls through a month, what is open, and whether what was released is in the settlements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection as database
from django.db.models import Count, Max, Min, Q, QuerySet
from django.db.models import Sum as Added

from reconciliation.core.months import Month
from reconciliation.core.rollforward.deferred import Unsettled
from reconciliation.engine.sums import exact
from reconciliation.models import Books, FinanceTransaction, Settlement

MOST = 50
"""Orders that are named."""
_ORDERS = """
    WITH released AS (
        SELECT order_id, SUM(CASE WHEN released_at <= %s THEN amount ELSE 0 END) AS due,
               SUM(CASE WHEN released_at > %s THEN amount ELSE 0 END) AS later
        FROM reconciliation_financetransaction t
        WHERE connection_id = %s AND currency = %s AND NOT repeats AND released_at IS NOT NULL AND order_id <> '' AND order_id IN (
            SELECT order_id FROM reconciliation_financetransaction
            WHERE connection_id = %s AND currency = %s AND NOT repeats AND order_id <> '' AND released_at >= %s AND released_at < %s)
        GROUP BY order_id
    ), settled AS (
        SELECT l.order_id, SUM(l.amount) AS amount
        FROM reconciliation_settlementline l JOIN reconciliation_settlement s ON s.id = l.settlement_id
        WHERE s.connection_id = %s AND s.currency = %s AND s.state NOT IN ({past})
          AND l.order_id <> '' AND l.order_id IN (SELECT order_id FROM released)
        GROUP BY l.order_id
    ), compared AS (
        SELECT r.order_id, ROUND(r.due, 4) AS due, ROUND(r.later, 4) AS later, ROUND(COALESCE(s.amount, 0), 4) AS settled
        FROM released r LEFT JOIN settled s ON s.order_id = r.order_id
    )
"""
_COMPARED = """
    SELECT order_id, due, settled, COUNT(*) OVER (), SUM(due) OVER (), SUM(later) OVER (), SUM(settled) OVER (),
           SUM(CASE WHEN due = settled THEN 0 ELSE 1 END) OVER ()
    FROM compared ORDER BY CASE WHEN due = settled THEN 1 ELSE 0 END, order_id LIMIT %s
"""
"""Those that differ come first; each row carries the totals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Open money of one kind of reason; `due` when the first of it should be released."""

    currency: str
    reason: str
    count: int
    amount: Decimal
    overdue: Decimal
    due: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """The orders of which something was released in a month, beside all settlements up to `until`: `due` is what they should hold,
    `settled` what they hold, `later` what is for the next one. `differing`: (order, due, settled), at most MOST of `different`."""

    currency: str
    until: datetime | None
    orders: int
    due: Decimal
    settled: Decimal
    later: Decimal
    different: int
    differing: Sequence[tuple[str, Decimal, Decimal]]


def roll_forward(books: Books, month: Month) -> list[Unsettled]:
    """Each kind of account and currency that had deferred money in the month, in the ledger's time zone. One query."""
    start, end = month.during(books.zone)
    before, inside = Q(posted_at__lt=start), Q(posted_at__gte=start)
    rows = _deferred(books).filter(posted_at__lt=end).filter(_open_at(start)).order_by("account", "currency")
    found = rows.values("account", "currency").annotate(
        opening=Added("amount", filter=before),
        earned=Added("amount", filter=inside),
        released=Added("amount", filter=Q(released_at__lt=end)),
        closing=Added("amount", filter=_open_at(end)),
        open_count=Count("pk", filter=_open_at(end)),
    )
    return [
        Unsettled(
            account=row["account"], currency=row["currency"], opening=exact(row["opening"]), earned=exact(row["earned"]),
            released=exact(row["released"]), closing=exact(row["closing"]), open_count=row["open_count"],
        )
        for row in found
    ]  # fmt: skip


def still_open(books: Books, month: Month) -> QuerySet[FinanceTransaction]:
    """What is held back at the end of the month, the oldest first."""
    end = month.during(books.zone)[1]
    return _deferred(books).filter(_open_at(end), posted_at__lt=end).order_by("posted_at", "id")


def reasons(books: Books, month: Month) -> list[Held]:
    """Why it is held back at the end of the month, per currency. One query."""
    end = month.during(books.zone)[1]
    found = still_open(books, month).order_by("currency", "reason").values("currency", "reason")
    rows = found.annotate(
        count=Count("pk"), sum=Added("amount"), overdue=Added("amount", filter=Q(matures_at__lt=end)), due=Min("matures_at")
    )
    return [
        Held(
            currency=row["currency"], reason=row["reason"], count=row["count"], amount=exact(row["sum"]), overdue=exact(row["overdue"]),
            due=row["due"],
        )
        for row in rows
    ]  # fmt: skip


def agreements(books: Books, month: Month) -> list[Agreement]:
    """What was released beside what the settlements hold, order by order. Two queries per currency, whatever the number of orders."""
    start, end = month.during(books.zone)
    mine = FinanceTransaction.objects.filter(connection=books.source_id, released_at__gte=start, released_at__lt=end)
    return [_agreement(books, one, (start, end)) for one in mine.order_by("currency").values_list("currency", flat=True).distinct()]


def _agreement(books: Books, currency: str, during: tuple[datetime, datetime]) -> Agreement:
    counted = Settlement.objects.filter(connection=books.source_id, currency=currency).exclude(state__in=Settlement.PAST)
    until = counted.aggregate(last=Max("ends_at"))["last"]
    past = [str(state) for state in Settlement.PAST]
    query = _ORDERS.format(past=", ".join(["%s"] * len(past)))
    times = [database.ops.adapt_datetimefield_value(one) for one in (until or during[0], *during)]
    account = [books.source_id, currency]
    given: list[Any] = [times[0], times[0], *account, *account, times[1], times[2], *account, *past]
    with database.cursor() as cursor:
        cursor.execute(query + _COMPARED, [*given, MOST])
        rows = cursor.fetchall()
    orders, due, later, settled, different = rows[0][3:] if rows else (0, 0, 0, 0, 0)
    named = [(order, exact(one), exact(other)) for order, one, other, *_ in rows[:different]]
    return Agreement(
        currency=currency, until=until, orders=orders, due=exact(due), later=exact(later), settled=exact(settled), different=different,
        differing=named,
    )  # fmt: skip


def _deferred(books: Books) -> QuerySet[FinanceTransaction]:
    return FinanceTransaction.objects.filter(connection=books.source_id, status__in=FinanceTransaction.HELD_BACK)


def _open_at(when: datetime) -> Q:
    return Q(released_at=None) | Q(released_at__gte=when)
