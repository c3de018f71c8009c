"""What a person should know of or decide about, kept per settlement: found anew it stays as decided, no longer found it is gone."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from hub.models import ErrorRecord
from reconciliation.core.journal import values
from reconciliation.core.lines import Kind
from reconciliation.core.posting.rules import RuleSet
from reconciliation.engine import flows
from reconciliation.engine.states import RefusedError
from reconciliation.models import Books, Discrepancy, Settlement

State = Discrepancy.State
UNMAPPED = "unmapped_kind"
POSTED = (Settlement.State.POSTING, Settlement.State.POSTED, Settlement.State.DEPOSITED, Settlement.State.CLOSED)
SHOWN = ("level", "amount", "words", "advice", "blocking")


def note(settlement: Settlement, found: Iterable[values.Discrepancy], *, among: Collection[str], now: datetime) -> None:
    """Writes what was found; of the codes in `among`, what was not found is gone. What a person accepted stays so while its amount does."""
    rows = {(one.code, one.order_id, one.subject[:300]): one for one in found}
    with transaction.atomic():
        known = {(row.code, row.order_id, row.subject): row for row in settlement.discrepancies.filter(code__in=among)}
        gone = [row.pk for key, row in known.items() if key not in rows and row.state == State.OPEN]
        Discrepancy.objects.filter(pk__in=gone).update(state=State.GONE, closed_at=now)
        Discrepancy.objects.bulk_create(
            [_row(settlement, one, now) for one in rows.values()],
            update_conflicts=True,
            unique_fields=["settlement", "code", "order_id", "subject"],
            update_fields=SHOWN,
        )
        back = [row.pk for key, row in known.items() if key in rows and _anew(row, rows[key])]
        Discrepancy.objects.filter(pk__in=back).update(state=State.OPEN, closed_at=None)


def _anew(row: Discrepancy, found: values.Discrepancy) -> bool:
    return row.state == State.GONE or (row.state == State.ACCEPTED and row.amount != found.amount)


def _row(settlement: Settlement, one: values.Discrepancy, now: datetime) -> Discrepancy:
    return Discrepancy(
        settlement=settlement, level=one.level, code=one.code, order_id=one.order_id, subject=one.subject[:300], amount=one.amount,
        words=one.words[:600], advice=one.advice[:600], blocking=one.blocking, created_at=now,
    )  # fmt: skip


def accept(discrepancy: Discrepancy, *, reason: str, by: AbstractBaseUser | None, now: datetime) -> None:
    """A person lets it be, and says why. Raises RefusedError without a reason, and when somebody else decided meanwhile."""
    _decide(discrepancy, State.OPEN, State.ACCEPTED, reason=reason, by=by, now=now)


def reopen(discrepancy: Discrepancy, *, reason: str, by: AbstractBaseUser | None, now: datetime) -> None:
    """Takes an acceptance back. Raises RefusedError once the settlement is posted: its journals must be reversed first."""
    if discrepancy.settlement.state in POSTED:
        raise RefusedError(f"{discrepancy.settlement} is posted already; reverse its journals first.")
    _decide(discrepancy, State.ACCEPTED, State.OPEN, reason=reason, by=by, now=now)


def _decide(discrepancy: Discrepancy, before: str, to: str, *, reason: str, by: AbstractBaseUser | None, now: datetime) -> None:
    if not reason.strip():
        raise RefusedError("Say why this difference is accepted; the reason is kept with the settlement.")
    mine = Discrepancy.objects.filter(pk=discrepancy.pk, state=before)
    closed = now if to == State.ACCEPTED else None
    if not mine.update(state=to, note=reason[:400], by=by.pk if by else None, closed_at=closed):
        raise RefusedError("Somebody decided about this meanwhile; look at the page again.")


def tell(settlement: Settlement, books: Books, found: Iterable[values.Discrepancy], *, now: datetime) -> None:
    """Those that a person must see although nothing is delivered become error records of the ledger's flow, once per cause."""
    flow = flows.flow_of(books.target, flows.ENTRIES)
    for one in found:
        cause = f"{one.code}:{one.subject}"[:200]
        if not ErrorRecord.objects.filter(flow=flow, cause=cause, state=ErrorRecord.State.OPEN).exists():
            ErrorRecord.objects.create(
                flow=flow, category="mapping", cause=cause, code=one.code, value=one.subject[:200], created_at=now,
                message=f"{settlement}: {one.words}"[:600], advice=one.advice[:600],
            )  # fmt: skip


def heal(books: Books, rules: RuleSet, *, now: datetime) -> int:
    """Closes the error records of kinds for which there is a rule by now. Answers how many."""
    flow = flows.flow_of(books.target, flows.ENTRIES)
    told = ErrorRecord.objects.filter(flow=flow, code=UNMAPPED, state=ErrorRecord.State.OPEN)
    decided = [pk for pk, value in told.values_list("pk", "value") if _has_rule(value, rules)]
    return ErrorRecord.objects.filter(pk__in=decided).update(state=ErrorRecord.State.HEALED, closed_at=now)


def _has_rule(subject: str, rules: RuleSet) -> bool:
    words = subject.split(" / ")
    return len(words) == len(Kind._fields) and rules.decide(Kind(*words)).rule is not None
