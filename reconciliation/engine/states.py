"""How settlements and journals go from state to state: one conditional change at a time, and who did it is kept."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser

from reconciliation.models import JournalEntry, Settlement, Transition


class RefusedError(Exception):
    """What was asked for cannot be done now; the words say why and what to do."""


def move(
    settlement: Settlement, to: str, *, among: Collection[str], now: datetime, by: AbstractBaseUser | None = None, reason: str = ""
) -> bool:
    """Brings a settlement into a state if it is in one of `among`; False when it is not, or is there already."""
    before = settlement.state
    if before == to or not Settlement.objects.filter(pk=settlement.pk, state=before, state__in=among).update(state=to, changed_at=now):
        return False
    settlement.state = to
    _keep(settlement.pk, None, before=before, after=to, now=now, by=by, reason=reason)
    return True


def move_journal(
    journal: JournalEntry,
    to: str,
    *,
    among: Collection[str],
    now: datetime,
    by: AbstractBaseUser | None = None,
    reason: str = "",
    **values: object,
) -> bool:
    """As `move`, of a journal; `values` are further columns that change with it."""
    before = journal.state
    if before == to or not JournalEntry.objects.filter(pk=journal.pk, state=before, state__in=among).update(state=to, **values):
        return False
    journal.state = to
    for name, value in values.items():
        setattr(journal, name, value)
    _keep(journal.settlement_id, journal.pk, before=before, after=to, now=now, by=by, reason=reason)
    return True


def _keep(
    settlement: int, journal: int | None, *, before: str, after: str, now: datetime, by: AbstractBaseUser | None, reason: str
) -> None:
    Transition.objects.create(
        settlement_id=settlement, journal_id=journal, before=before, after=after, reason=reason[:400], by_id=by.pk if by else None, at=now
    )
