"""Bank lines as rows: taken in once, matched with the settlements that they paid, and let go again by a person."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from reconciliation.core.bank import statement
from reconciliation.core.bank.deposits import Candidate, Deposits, Payout, match_deposits
from reconciliation.engine.states import RefusedError, move
from reconciliation.models import BankLine, BankMatch, Books, Settlement

State = Settlement.State
LONGEST = 300
LARGEST = Decimal(10) ** 15


def storable(line: statement.BankLine) -> bool:
    """Whether it can be kept: money that came in, in a currency, of a size that exists."""
    return 0 < line.amount < LARGEST and len(line.currency) == 3 and line.currency.isascii() and line.currency.isalpha()


def take_in(books: Books, lines: Sequence[statement.BankLine], *, now: datetime) -> int:
    """Keeps the lines that are not there yet; answers how many. The same statement twice, or one that overlaps, adds nothing twice."""
    with transaction.atomic():
        Books.objects.select_for_update().get(pk=books.pk)
        known = set(BankLine.objects.filter(books=books, reference__in=[line.key for line in lines]).values_list("reference", flat=True))
        new = [line for line in lines if line.key not in known and storable(line)]
        BankLine.objects.bulk_create(
            BankLine(
                books=books, reference=line.key, booked_on=line.on, amount=line.amount, currency=line.currency, created_at=now,
                words=line.text.replace("\x00", "")[:LONGEST],
            )
            for line in new
        )  # fmt: skip
    return len(new)


def open_lines(books: Books) -> list[BankLine]:
    """Those that no settlement was matched with, the oldest first."""
    return list(BankLine.objects.filter(books=books, matches=None).order_by("booked_on", "pk"))


def unpaid(books: Books) -> list[Settlement]:
    """Posted settlements that no bank line was matched with, the oldest first."""
    rows = Settlement.objects.filter(connection=books.source, state=State.POSTED, bank_match=None)
    return list(rows.order_by("deposit_at", "pk"))


def deposits(books: Books) -> Deposits:
    """What fits clearly, what may fit, and what remains; lines and settlements are named by their ids. Two queries."""
    payouts = [
        Payout(settlement_id=str(one.pk), amount=one.total, currency=one.currency, deposit_on=(one.deposit_at or one.ends_at).date())
        for one in unpaid(books)
    ]
    lines = [
        statement.BankLine(row=0, on=one.booked_on, amount=one.amount, currency=one.currency, text=one.words, key=str(one.pk))
        for one in open_lines(books)
    ]
    return match_deposits(payouts, lines)


def match(line: BankLine, settlements: Collection[int], *, by: AbstractBaseUser | None, now: datetime, reason: str) -> list[Settlement]:
    """These settlements were paid by this line, to the last unit; they are "paid to the bank" from now on. Raises RefusedError."""
    with transaction.atomic():
        line = BankLine.objects.select_for_update().get(pk=line.pk)
        found = list(Settlement.objects.select_for_update().filter(pk__in=settlements).order_by("pk"))
        _refuse(line, found, wanted=len(set(settlements)))
        BankMatch.objects.bulk_create(BankMatch(settlement=one, bank_line=line, amount=one.total, at=now) for one in found)
        for one in found:
            move(one, State.DEPOSITED, among=[State.POSTED], now=now, by=by, reason=reason)
    return found


def _refuse(line: BankLine, settlements: Sequence[Settlement], *, wanted: int) -> None:
    if line.matches.exists():
        raise RefusedError("This bank line is matched already. Take that match back first.")
    if not settlements or len(settlements) != wanted:
        raise RefusedError("Choose the settlements that this bank line paid.")
    for one in settlements:
        if one.connection_id != line.books.source_id:
            raise RefusedError(f"{one} is of another account.")
        if one.state != State.POSTED:
            raise RefusedError(f"{one} is “{one.get_state_display()}”; only a posted one that waits for the bank can be matched.")
        if one.currency != line.currency:
            raise RefusedError(f"{one} is in {one.currency}, the bank line in {line.currency}. They cannot be matched.")
    total = sum((one.total for one in settlements), Decimal(0))
    if total != line.amount:
        raise RefusedError(
            f"The settlements come to {total.normalize():,f} {line.currency}, the bank line to {line.amount.normalize():,f}. "
            "A match must be exact: choose others, or find out where the difference went."
        )


def match_clear(books: Books, *, by: AbstractBaseUser | None, now: datetime) -> int:
    """Matches what fits in one way only; answers how many lines."""
    return sum(_matched(one, by=by, now=now) for one in deposits(books).matched)


def _matched(one: Candidate, *, by: AbstractBaseUser | None, now: datetime) -> bool:
    line = BankLine.objects.get(pk=one.line)
    try:
        match(line, [int(name) for name in one.settlements], by=by, now=now, reason=f"Paid by the bank line of {line.booked_on}.")
    except RefusedError:
        return False
    return True


def unmatch(line: BankLine, *, by: AbstractBaseUser | None, now: datetime, reason: str) -> list[Settlement]:
    """Takes a match back: its settlements wait for the bank again. Raises RefusedError once one of them is closed."""
    with transaction.atomic():
        line = BankLine.objects.select_for_update().get(pk=line.pk)
        found = [one.settlement for one in line.matches.select_related("settlement")]
        if not found:
            raise RefusedError("This bank line is matched with nothing.")
        for one in found:
            if not move(one, State.POSTED, among=[State.DEPOSITED], now=now, by=by, reason=reason):
                raise RefusedError(f"{one} is “{one.get_state_display()}”; its match stays.")
        line.matches.all().delete()
    return found


def chosen(candidates: Iterable[Candidate], line: BankLine) -> list[tuple[int, ...]]:
    """The ids of the settlements of each candidate for this line."""
    return [tuple(int(name) for name in one.settlements) for one in candidates if one.line == str(line.pk)]
