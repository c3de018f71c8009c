"""Journals on their way to the ledger: approved, handed to the hub in the same transaction, followed, taken back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Q

from connectors.base import Payload, Record, Summary
from hub.models import Delivery
from reconciliation.engine import flows, payments
from reconciliation.engine.periods import last_day
from reconciliation.engine.states import RefusedError, move, move_journal
from reconciliation.engine.stops import refuse_stopped
from reconciliation.models import Books, JournalEntry, JournalLine, JournalShare, PeriodLock, Settlement

State = JournalEntry.State
SYSTEM = "Amazon"
"""Under which the ERP knows these documents."""
_ENDED = (State.REVERSED, State.DISCARDED)
_FOLLOWED = (State.SENT, State.POSTED, State.BLOCKED)


def live(settlement: Settlement) -> list[JournalEntry]:
    """The settlement's journals that count, in the order of their parts."""
    return list(settlement.journals.filter(reversal_of=None).exclude(state__in=_ENDED).order_by("part"))


def shown(journals: Sequence[JournalEntry]) -> str:
    """A mark of the journals that wait for approval: another one as soon as they were prepared anew."""
    return ",".join(str(one.pk) for one in journals if one.state == State.PREPARED)


def approve(settlement: Settlement, books: Books, *, by: AbstractBaseUser | None, now: datetime, seen: str = "") -> list[JournalEntry]:
    """Hands every prepared journal of the settlement to the hub. Safe to repeat and to do twice at once: each is handed in once.

    `seen`: the mark (`shown`) of the journals that the person looked at. Raises RefusedError when there is none or they are others, when
    the same person prepared it and another must approve, for a locked period, and for what keeps the settlement from being posted.
    """
    with transaction.atomic():
        settlement = Settlement.objects.select_for_update().get(pk=settlement.pk)
        ready = [journal for journal in live(settlement) if journal.state == State.PREPARED]
        if not ready:
            raise RefusedError(f"{settlement} has no journal that waits for approval. Prepare its journals first.")
        if seen and seen != shown(ready):
            raise RefusedError(f"The journals of {settlement} were prepared anew since you looked. Look at them again, then approve.")
        refuse_stopped(settlement, books)
        for journal in ready:
            _may_post(journal, books, by)
        for journal in ready:
            move_journal(journal, State.SENT, among=[State.PREPARED], now=now, by=by, approved_by_id=by.pk if by else None, approved_at=now)
        records = [_record(journal, settlement) for journal in ready]
        _link(ready, flows.hand_in(books.target, flows.ENTRIES, records, now=now))
        payments.hand_in(settlement, books, now=now)
        move(settlement, Settlement.State.POSTING, among=[Settlement.State.READY], now=now, by=by)
    return ready


def _may_post(journal: JournalEntry, books: Books, by: AbstractBaseUser | None) -> None:
    if books.second_person and by is None:
        raise RefusedError(f"Journal {journal} must be approved by a person (a switch of the books). Approve it in the workbench.")
    if books.second_person and by is not None and journal.prepared_by_id == by.pk:
        raise RefusedError(f"Journal {journal} was prepared by the same person. Another one must approve it.")
    if journal.target_id != books.target_id:
        raise RefusedError(f"Journal {journal} was prepared for {journal.target}, but these books post to {books.target}. Prepare it anew.")
    refuse_locked(books, journal.entry_date)


def refuse_locked(books: Books, day: date) -> None:
    """Raises RefusedError for a day in a period that a person locked."""
    lock = PeriodLock.objects.filter(books=books, until__gte=day, lifted_at=None).order_by("-until").first()
    if lock:
        raise RefusedError(f"These books are locked up to {lock.until}; {day} cannot be posted to. Lift the lock, or post to a later day.")


def _link(journals: Sequence[JournalEntry], deliveries: dict[str, int]) -> None:
    for journal in journals:
        journal.delivery_id = deliveries[journal.external_id]
    JournalEntry.objects.bulk_update(journals, ["delivery"])


def _record(journal: JournalEntry, settlement: Settlement) -> Record:
    """The journal as the ERP takes it (TIMS contract 9)."""
    rate = flows.exchange_rate(journal.target, journal.currency, last_day(settlement))
    payload: Payload = {
        "SourceSystem": SYSTEM, "ExternalEntryID": journal.external_id, "EntryDate": str(journal.entry_date),
        "PostingDate": str(journal.entry_date), "Currency": journal.currency, "Description": journal.memo or str(settlement),
        "SourceDocument": {"Type": "Settlement", "ID": settlement.settlement_id}, "TotalDebit": journal.debit,
        "TotalCredit": journal.credit, "Lines": [_line(line) for line in journal.lines.order_by("number")],
    }  # fmt: skip
    if rate is not None:
        payload["ExchangeRate"] = rate
    return Record(key=journal.external_id, payload=payload, summary=_summary(journal))


def _line(line: JournalLine) -> Payload:
    side = {"Debit": line.debit} if line.debit else {"Credit": line.credit}
    about = {"Channel": line.marketplace} if line.marketplace else {}
    return {"LineNumber": line.number, "AccountCode": line.account, **side, "Memo": line.memo or line.category, **about}


def _summary(journal: JournalEntry) -> Summary:
    day = journal.entry_date.isoformat()
    return Summary(title=f"Journal {journal}", amount=str(journal.debit), currency=journal.currency, placed_at=f"{day}T00:00:00Z")


def follow(deliveries: Sequence[int], *, now: datetime) -> None:
    """Brings journals to what became of their deliveries; inside the transaction in which that was decided."""
    mine = JournalEntry.objects.filter(delivery__in=deliveries, state__in=_FOLLOWED)
    paid = payments.followed(deliveries)
    # Locked before the journals are read: of two parts that are posted at the same moment the second must see the first.
    wanted = Q(pk__in=mine.order_by().values("settlement")) | Q(pk__in=paid.order_by().values("settlement"))
    settlements = {one.pk: one for one in Settlement.objects.select_for_update().filter(wanted).order_by("pk")}
    if not settlements:
        return
    found = mine.select_related("delivery", "target", "reversal_of")
    touched = {journal.settlement_id for journal in found if _follow(journal, now=now)} | payments.follow(paid)
    for settlement in sorted(touched):
        restate(settlements[settlement], now=now)


def _follow(journal: JournalEntry, *, now: datetime) -> bool:
    delivery = journal.delivery
    if delivery is None:
        return False
    if delivery.state == Delivery.State.DELIVERED:
        reason, at = f"{journal.target} has it.", delivery.delivered_at or now
        moved = move_journal(journal, State.POSTED, among=_FOLLOWED, now=now, reason=reason, target_key=delivery.target_key, posted_at=at)
        if moved and journal.reversal_of:
            move_journal(journal.reversal_of, State.REVERSED, among=[State.POSTED], now=now, reason=f"Reversed by {journal}.")
            JournalShare.objects.filter(journal_line__journal=journal.reversal_of).update(live=False)
        return moved
    stopped = delivery.state in (Delivery.State.FAILED, Delivery.State.HELD, Delivery.State.SKIPPED)
    to = State.BLOCKED if stopped else State.SENT
    return move_journal(journal, to, among=(State.SENT, State.BLOCKED), now=now, reason=delivery.reason)


def restate(settlement: Settlement, *, now: datetime) -> None:
    """The settlement's state as its journals have it."""
    states = set(settlement.journals.exclude(state=State.DISCARDED).values_list("state", flat=True)) | payments.states(settlement)
    going = states - {State.POSTED, State.REVERSED}
    if State.BLOCKED in states:
        to = Settlement.State.BLOCKED
    elif going:
        to = Settlement.State.POSTING
    else:
        to = Settlement.State.POSTED if live(settlement) else Settlement.State.REVERSED
    among = (Settlement.State.READY, Settlement.State.POSTING, Settlement.State.POSTED, Settlement.State.BLOCKED)
    move(settlement, to, among=among, now=now)
