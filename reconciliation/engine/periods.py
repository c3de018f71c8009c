"""The fiscal periods to post in: as the ERP says, less what a person has locked here."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from connectors.base import Payload
from connectors.errors import ConnectorError
from hub import clients, vault
from hub.models import Connection
from reconciliation.core.periods import Period, local_day
from reconciliation.models import Books, LedgerPeriod, PeriodLock, Settlement

STREAM = "fiscal_periods"


def refresh(target: Connection, *, now: datetime) -> bool:
    """Asks the ERP for its periods; False when it does not answer or has none, and what was known stays. Not inside a transaction."""
    stream = next((one for one in clients.connector(target).streams if one.id == STREAM), None)
    if stream is None:
        return False
    try:
        rows = [_row(target, record.payload, now) for record in stream.read(clients.client(target), "")]
    except (ConnectorError, vault.WrongKeyError, ValueError):
        return False
    LedgerPeriod.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["target", "name"], update_fields=["start", "end", "is_open", "seen_at"]
    )
    return True


def _row(target: Connection, payload: Payload, now: datetime) -> LedgerPeriod:
    start, end = date.fromisoformat(payload["StartDate"]), date.fromisoformat(payload["EndDate"])
    return LedgerPeriod(target=target, name=payload["Period"], start=start, end=end, is_open=payload.get("Status") == "Open", seen_at=now)


def last_day(settlement: Settlement) -> date:
    """The ledger's day on which the settlement ends: its rate counts for all that is posted of it, so that what is carried forward or
    paid for an order comes back to zero in the company's currency, too (settlement reference, 4)."""
    return local_day(settlement.ends_at - timedelta(microseconds=1), ZoneInfo(settlement.zone))


def periods(books: Books, settlement: Settlement) -> list[Period]:
    """All known periods, oldest first; calendar months around the settlement where the ERP has told none."""
    lock = PeriodLock.objects.filter(books=books, lifted_at=None).order_by("-until").values_list("until", flat=True).first()
    known = list(LedgerPeriod.objects.filter(target=books.target).order_by("start"))
    found = (Period(name=one.name, start=one.start, end=one.end, is_open=one.is_open) for one in known)
    return [_locked(one, lock) for one in (found if known else _months(settlement))]


def _locked(period: Period, lock: date | None) -> Period:
    return replace(period, locked_until=lock) if lock else period


def _months(settlement: Settlement) -> Iterator[Period]:
    first, last = settlement.starts_at, max(settlement.ends_at, settlement.deposit_at or settlement.ends_at)
    for number in range(first.year * 12 + first.month - 2, last.year * 12 + last.month + 2):
        year, month = divmod(number, 12)
        start = date(year, month + 1, 1)
        yield Period(name=f"{start:%Y-%m}", start=start, end=start.replace(day=monthrange(year, month + 1)[1]))
