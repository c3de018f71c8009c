"""A matched settlement becomes journals that wait for approval: balanced, each line of the file in exactly one place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Max

from connectors.errors import ConnectorError
from hub import vault
from reconciliation.core.journal import build, values
from reconciliation.core.lines import Header, Kind
from reconciliation.engine import invoices, payments, periods, rules
from reconciliation.engine.discrepancies import UNMAPPED, heal, note, tell
from reconciliation.engine.ledger import live
from reconciliation.engine.reverse import discard
from reconciliation.engine.states import RefusedError, move, move_journal
from reconciliation.engine.stops import refuse_stopped
from reconciliation.engine.sums import sums_of
from reconciliation.models import (
    Books,
    JournalEntry,
    JournalLine,
    JournalShare,
    LineKind,
    PostingRuleVersion,
    Settlement,
)

State = Settlement.State
FROM = (State.MATCHED, State.READY, State.REVERSED)


def header_of(settlement: Settlement) -> Header:
    """The settlement's summary row."""
    return Header(
        settlement_id=settlement.settlement_id, start=settlement.starts_at, end=settlement.ends_at, deposit=settlement.deposit_at,
        total=settlement.total, currency=settlement.currency,
    )  # fmt: skip


def preview(
    settlement: Settlement,
    books: Books,
    version: PostingRuleVersion,
    *,
    revision: int = 1,
    invoiced: frozenset[str] = frozenset(),
) -> values.Prepared:
    """What the settlement would become by these rules; nothing is stored. Raises NotPostableError."""
    published, model = rules.asked(version), values.Model(settlement.model)
    sums = sums_of(settlement, orders=model is values.Model.INVOICE)
    return build.prepare(
        header_of(settlement), sums, published.rules, published.accounts, model=model, periods=periods.periods(books, settlement),
        zone=ZoneInfo(settlement.zone), revision=revision, invoiced=invoiced,
    )  # fmt: skip


def prepare(settlement: Settlement, books: Books, *, by: AbstractBaseUser | None, now: datetime) -> list[JournalEntry]:
    """Writes the journals, to be approved. What was prepared before and not approved gives way.

    Raises RefusedError in words when the settlement cannot be posted: it waits for a decision, its lines lack rules or accounts, no
    period is open.
    """
    periods.refresh(books.target, now=now)
    version = rules.in_force(books)
    if settlement.state not in FROM:
        raise RefusedError(f"{settlement} is “{settlement.get_state_display()}”; only a matched one can be prepared.")
    revision, documents = _revision(settlement), _documents(settlement, books)
    try:
        prepared = preview(settlement, books, version, revision=revision, invoiced=invoices.invoiced(documents))
    except values.NotPostableError as error:
        note(settlement, error.discrepancies, among=_CODES, now=now)
        raise RefusedError(str(error)) from error
    note(settlement, _judged(prepared.discrepancies, books), among=_CODES, now=now)
    heal(books, rules.asked(version).rules, now=now)
    tell(settlement, books, (one for one in prepared.discrepancies if one.code == UNMAPPED), now=now)
    refuse_stopped(settlement, books)
    with transaction.atomic():
        settlement = Settlement.objects.select_for_update().get(pk=settlement.pk)
        discard(settlement, by=by, now=now, reason="Prepared anew.")
        settlement.refresh_from_db()
        if live(settlement) or settlement.state not in FROM:
            raise RefusedError(f"{settlement} is being posted already.")
        JournalShare.objects.filter(settlement=settlement, live=True).update(live=False)
        made = [_write(one, settlement, books, version, by=by, now=now) for one in prepared.journals]
        _write_left_out(settlement, prepared)
        payments.write(settlement, prepared.payments, documents, revision=revision)
        move(settlement, State.READY, among=FROM, now=now, by=by, reason=f"{len(made)} journals prepared by {version}.")
    return made


_CODES = ("unmapped_kind", "facilitator_tax", "period_closed", "total_mismatch", "too_exact", "too_many_lines", "account_missing")
"""What preparing can find; whatever of it is not found again is no longer so."""


def _documents(settlement: Settlement, books: Books) -> invoices.Documents:
    if settlement.model != Books.PostingModel.INVOICE:
        return {}
    try:
        return invoices.documents(settlement, books)
    except (ConnectorError, vault.WrongKeyError) as error:
        raise RefusedError(f"{books.target} could not be asked for the invoices of {settlement}. {error}") from error


def _revision(settlement: Settlement) -> int:
    """One more than the last that was handed to the ERP, under whichever issue of the report: names are never used twice there."""
    same = JournalEntry.objects.filter(settlement__connection=settlement.connection_id, settlement__settlement_id=settlement.settlement_id)
    sent = same.filter(approved_at__isnull=False).aggregate(last=Max("revision"))["last"]
    return (sent or 0) + 1


def _judged(found: Iterable[values.Discrepancy], books: Books) -> list[values.Discrepancy]:
    return [replace(one, blocking=not books.post_suspense) if one.code == UNMAPPED else one for one in found]


def _write(
    journal: values.Journal,
    settlement: Settlement,
    books: Books,
    version: PostingRuleVersion,
    *,
    by: AbstractBaseUser | None,
    now: datetime,
) -> JournalEntry:
    who = by.pk if by else None
    part = journal.part
    entry = JournalEntry.objects.create(
        settlement=settlement, part=part.number, revision=journal.revision, external_id=journal.external_id, entry_date=part.entry_date,
        first_day=part.first_day, last_day=part.last_day, currency=journal.currency, debit=journal.debit, credit=journal.credit,
        memo=f"{journal.description}. {part.reason}".strip()[:200], rules=version, target=books.target, prepared_by_id=who, prepared_at=now,
        created_at=now,
    )  # fmt: skip
    lines = JournalLine.objects.bulk_create(
        JournalLine(
            journal=entry, number=line.number, account=line.account, category=line.category, marketplace=line.marketplace[:60],
            fulfilment=line.fulfilment[:20], debit=line.debit, credit=line.credit, memo=line.memo[:200],
        )
        for line in journal.lines
    )  # fmt: skip
    kinds = kinds_of(share.kind for line in journal.lines for share in line.shares)
    days = part.first_day, part.last_day
    JournalShare.objects.bulk_create(
        _share(share, settlement, kinds, days, line=row) for row, line in zip(lines, journal.lines, strict=True) for share in line.shares
    )
    move_journal(entry, JournalEntry.State.PREPARED, among=[JournalEntry.State.DRAFT], now=now, by=by)
    return entry


def _write_left_out(settlement: Settlement, prepared: values.Prepared) -> None:
    kinds = kinds_of(one.share.kind for one in prepared.left_out)
    parts = {part.number: (part.first_day, part.last_day) for part in prepared.parts}
    whole = settlement.starts_at.date(), settlement.ends_at.date()
    JournalShare.objects.bulk_create(
        _share(one.share, settlement, kinds, parts.get(one.share.part, whole), reason=one.reason) for one in prepared.left_out
    )


def _share(
    share: values.Share,
    settlement: Settlement,
    kinds: dict[Kind, int],
    days: tuple[date, date],
    *,
    line: JournalLine | None = None,
    reason: str = "",
) -> JournalShare:
    return JournalShare(
        journal_line=line, settlement=settlement, part=share.part, kind_id=kinds[share.kind], marketplace=share.marketplace,
        fulfilment=share.fulfilment, paid=share.paid, amount=share.amount, lines=share.lines, category=share.category, reason=reason[:200],
        first_day=days[0], last_day=days[1],
    )  # fmt: skip


def kinds_of(kinds: Iterable[Kind]) -> dict[Kind, int]:
    """The row of each kind."""
    wanted = set(kinds)
    rows = LineKind.objects.values_list("transaction_type", "amount_type", "amount_description", "pk")
    return {kind: pk for *words, pk in rows if (kind := Kind(*words)) in wanted}
