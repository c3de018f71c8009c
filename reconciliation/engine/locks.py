"""Days up to which nothing more is posted for an account, set and lifted by people."""

from __future__ import annotations

from datetime import date, datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from reconciliation.engine.states import RefusedError
from reconciliation.models import Books, PeriodLock


def active(books: Books) -> PeriodLock | None:
    """The lock that reaches furthest."""
    return PeriodLock.objects.filter(books=books, lifted_at=None).order_by("-until").first()


def lock(books: Books, *, until: date, reason: str, by: AbstractBaseUser | None, today: date) -> PeriodLock:
    """Nothing is posted into periods that end up to and with this day. Raises RefusedError where that makes no sense."""
    if until > today:
        raise RefusedError("A day that is still to come cannot be locked: what is posted today would be refused.")
    with transaction.atomic():
        Books.objects.select_for_update().get(pk=books.pk)
        found = active(books)
        if found and found.until >= until:
            raise RefusedError(f"It is locked up to {found.until} already.")
        return PeriodLock.objects.create(books=books, until=until, reason=reason[:200], by_id=by.pk if by else None)


def lift(row: PeriodLock, *, reason: str, by: AbstractBaseUser | None, now: datetime) -> None:
    """Opens what was locked. Raises RefusedError without a reason, and when somebody was faster."""
    if not reason.strip():
        raise RefusedError("Say why the lock is lifted; the reason is kept with it.")
    values = {"lifted_at": now, "lifted_by": by.pk if by else None, "lifted_because": reason[:200]}
    if not PeriodLock.objects.filter(pk=row.pk, lifted_at=None).update(**values):
        raise RefusedError("This lock was lifted already.")
