"""Taking back what was prepared or posted: a draft is discarded, a posted journal reversed by a journal of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.contrib.auth.models import AbstractBaseUser, User
from django.db import transaction

from connectors.base import Record, Summary
from hub.engine import triage
from hub.models import Delivery
from reconciliation.engine import flows, payments
from reconciliation.engine.ledger import SYSTEM, live, refuse_locked
from reconciliation.engine.states import RefusedError, move, move_journal
from reconciliation.models import Books, JournalEntry, JournalLine, JournalShare, PaymentEntry, Settlement

State = JournalEntry.State


def discard(settlement: Settlement, *, by: AbstractBaseUser | None, now: datetime, reason: str) -> int:
    """Throws away journals that no ERP has: drafts, prepared ones, and blocked ones that were surely not taken. Answers how many.

    Raises RefusedError for one of which nobody knows whether the ERP has it.
    """
    with transaction.atomic():
        settlement = Settlement.objects.select_for_update().get(pk=settlement.pk)
        chosen = [one for one in live(settlement) if one.state in (State.DRAFT, State.PREPARED, State.BLOCKED)]
        for journal in chosen:
            _give_up_delivery(journal, by=by, reason=reason)
            journal.refresh_from_db()
            JournalShare.objects.filter(journal_line__journal=journal).update(live=False)
            move_journal(journal, State.DISCARDED, among=(State.DRAFT, State.PREPARED, State.BLOCKED), now=now, by=by, reason=reason)
        _discard_payments(settlement, by=by, reason=reason)
        if chosen and not live(settlement) and not payments.live(settlement):
            back = (Settlement.State.READY, Settlement.State.BLOCKED, Settlement.State.POSTING)
            move(settlement, Settlement.State.MATCHED, among=back, now=now, by=by, reason=reason)
    return len(chosen)


def _discard_payments(settlement: Settlement, *, by: AbstractBaseUser | None, reason: str) -> None:
    mine = [one for one in payments.live(settlement) if one.state in (payments.State.DRAFT, payments.State.BLOCKED)]
    sent = Delivery.objects.filter(pk__in=[one.delivery_id for one in mine if one.delivery_id])
    if sent.filter(unknown=True).exists():
        raise RefusedError(f"Nobody knows whether some payments of {settlement} have arrived. Retry their deliveries first: that asks.")
    if sent:
        triage.skip(sent, reason=reason, by=User.objects.get(pk=by.pk) if by else None)
    if sent.exclude(state=Delivery.State.SKIPPED).exists():
        raise RefusedError(f"Some payments of {settlement} are on their way at this moment. Wait until that has ended.")
    PaymentEntry.objects.filter(pk__in=[one.pk for one in mine]).update(state=payments.State.DISCARDED)


def _give_up_delivery(journal: JournalEntry, *, by: AbstractBaseUser | None, reason: str) -> None:
    delivery = journal.delivery
    if delivery is None:
        return
    if delivery.unknown:
        raise RefusedError(f"Nobody knows whether {journal.target} has the journal {journal}. Retry its delivery first: it asks there.")
    triage.skip(Delivery.objects.filter(pk=delivery.pk), reason=reason, by=User.objects.get(pk=by.pk) if by else None)
    delivery.refresh_from_db()
    if delivery.state != Delivery.State.SKIPPED:
        raise RefusedError(f"Journal {journal} is on its way to {journal.target} at this moment. Wait until that has ended.")


def reverse(
    settlement: Settlement, books: Books, *, by: AbstractBaseUser | None, now: datetime, day: date, reason: str
) -> list[JournalEntry]:
    """Reverses every posted journal of the settlement on that day, or on its own where that is later, and takes its payments back; its
    lines may be posted anew when the ERP has done it.

    Raises RefusedError when nothing is posted, while something is on its way, for a locked period, and once the bank has paid it.
    """
    with transaction.atomic():
        settlement = Settlement.objects.select_for_update().get(pk=settlement.pk)
        posted, paid = live(settlement), payments.live(settlement)
        _refuse_unposted(settlement, [*posted, *paid])
        refuse_locked(books, day)
        target = settlement.journals.order_by("-pk")[0].target
        made = [_mirrored(journal, by=by, now=now, day=day, reason=reason) for journal in posted if not hasattr(journal, "reversed_by")]
        deliveries = flows.hand_in(target, flows.REVERSALS, [_record(one) for one in made], now=now)
        for journal in made:
            journal.delivery_id = deliveries[journal.external_id]
        JournalEntry.objects.bulk_update(made, ["delivery"])
        payments.reverse(settlement, target, now=now, day=day)
        move(settlement, Settlement.State.POSTING, among=[Settlement.State.POSTED, Settlement.State.BLOCKED], now=now, by=by, reason=reason)
    return made


def _refuse_unposted(settlement: Settlement, found: Sequence[JournalEntry | PaymentEntry]) -> None:
    if settlement.state in (Settlement.State.DEPOSITED, Settlement.State.CLOSED):
        raise RefusedError(f"{settlement} is matched with the bank line that paid it. Take that match back first.")
    if not found or any(one.state != State.POSTED for one in found):
        raise RefusedError(f"Only what is posted can be reversed; not all journals of {settlement} are. Discard what was not taken.")


def _mirrored(journal: JournalEntry, *, by: AbstractBaseUser | None, now: datetime, day: date, reason: str) -> JournalEntry:
    who = by.pk if by else None
    made = JournalEntry.objects.create(
        settlement_id=journal.settlement_id, part=journal.part, revision=journal.revision, reversal_of=journal,
        external_id=f"{journal.external_id}-reversed", entry_date=max(day, journal.entry_date),
        first_day=journal.first_day, last_day=journal.last_day,
        currency=journal.currency, debit=journal.credit, credit=journal.debit, memo=f"Reversal of {journal.external_id}",
        rules=journal.rules, target=journal.target, prepared_by_id=who, prepared_at=now, created_at=now,
    )  # fmt: skip
    JournalLine.objects.bulk_create(
        JournalLine(
            journal=made, number=line.number, account=line.account, category=line.category, marketplace=line.marketplace,
            fulfilment=line.fulfilment, debit=line.credit, credit=line.debit, memo=line.memo,
        )
        for line in journal.lines.all()
    )  # fmt: skip
    move_journal(made, State.SENT, among=[State.DRAFT], now=now, by=by, reason=reason, approved_by_id=who, approved_at=now)
    return made


def _record(journal: JournalEntry) -> Record:
    day = str(journal.entry_date)
    payload = {
        "EntryID": journal.reversal_of.target_key if journal.reversal_of else "", "SourceSystem": SYSTEM,
        "ExternalEntryID": journal.external_id, "EntryDate": day, "PostingDate": day, "Description": journal.memo,
    }  # fmt: skip
    summary = Summary(title=journal.memo, amount=str(journal.debit), currency=journal.currency, placed_at=f"{day}T00:00:00Z")
    return Record(key=journal.external_id, payload=payload, summary=summary)
