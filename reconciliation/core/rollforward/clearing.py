"""The clearing account: settlements posted less deposits matched, and why each open item is open (settlement reference, 4 and 8)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from reconciliation.core.bank.days import banking_days_later
from reconciliation.core.bank.deposits import DAYS
from reconciliation.core.chain import CHARGED, DEBT, RETURNED, carried
from reconciliation.core.lines import Header, Sum
from reconciliation.core.matching.words import money

ZERO = Decimal(0)


class Entry(StrEnum):
    """What moves the clearing account."""

    SETTLEMENT = "settlement"
    DEBT = "debt"
    CHARGE = "charge"
    RETURNED = "returned"
    DEPOSIT = "deposit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A settlement whose journals were posted. `debt`, `charged` and `returned` are its lines `Payable to Amazon`, `Successful charge`
    and `Transfer of funds unsuccessful…`, signed as in the file, posted on `carried_on` (with the total when that is None).

    `taken_back_on`: when the journals were reversed; then only the total counts, with what was carried in it.
    """

    account: str
    settlement_id: str
    currency: str
    ends_at: datetime
    deposit_on: date
    posted_on: date
    total: Decimal
    debt: Decimal = ZERO
    charged: Decimal = ZERO
    returned: Decimal = ZERO
    carried_on: date | None = None
    taken_back_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposit:
    """A bank or card line matched to a settlement, in the settlement's currency as it relieves clearing: positive for money that came
    in, negative for a charge. `entry` says which of the settlement's items it closes."""

    account: str
    settlement_id: str
    currency: str
    on: date
    amount: Decimal
    entry: Entry = Entry.SETTLEMENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One posting on clearing, debit positive; `item` is the open item that it opens or closes: settlement id and kind."""

    item: tuple[str, Entry]
    entry: Entry
    on: date
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItem:
    """What is left of an item, and why."""

    settlement_id: str
    entry: Entry
    amount: Decimal
    since: date
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Clearing:
    """The account over a time: opening + posted - matched = closing, which is the sum of the open items."""

    account: str
    currency: str
    opening: Decimal
    posted: Decimal
    matched: Decimal
    closing: Decimal
    open_items: tuple[OpenItem, ...]


def posted(header: Header, sums: Iterable[Sum], *, account: str, posted_on: date, carried_on: date | None = None) -> Posted:
    """What a settlement does to clearing, from its header and all its sums."""
    found = dict.fromkeys((DEBT, CHARGED, RETURNED), ZERO)
    for one in sums:
        name = carried(one.kind)
        for start in found:
            if name.startswith(start):
                found[start] += one.amount
    return Posted(
        account=account,
        settlement_id=header.settlement_id,
        currency=header.currency,
        ends_at=header.end,
        deposit_on=(header.deposit or header.end).date(),
        posted_on=posted_on,
        total=header.total,
        debt=found[DEBT],
        charged=found[CHARGED],
        returned=found[RETURNED],
        carried_on=carried_on,
    )


def roll_forward(
    settlements: Iterable[Posted], deposits: Iterable[Deposit], *, start: date, end: date, holidays: Collection[date] = ()
) -> list[Clearing]:
    """Each account and currency from `start` up to, not including, `end`; the open items as they are at `end`."""
    chains: dict[tuple[str, str], list[Posted]] = {}
    for one in sorted(settlements, key=lambda one: (one.ends_at, one.settlement_id)):
        chains.setdefault((one.account, one.currency), []).append(one)
    paid = list(deposits)
    for deposit in paid:
        chains.setdefault((deposit.account, deposit.currency), [])
    found = []
    for (account, currency), chain in sorted(chains.items()):
        moves = [*_moves(chain), *(_paid(one) for one in paid if (one.account, one.currency) == (account, currency))]
        moves = [move for move in moves if move.on < end]
        now = [move for move in moves if move.on >= start]
        opening = _sum(move for move in moves if move.on < start)
        settled, matched = (_sum(move for move in now if (move.entry is Entry.DEPOSIT) is one) for one in (False, True))
        items = tuple(_open(chain, moves, end, holidays))
        found.append(
            Clearing(
                account=account,
                currency=currency,
                opening=opening,
                posted=settled,
                matched=-matched,
                closing=opening + settled + matched,
                open_items=items,
            )
        )
    return found


def _sum(moves: Iterable[Movement]) -> Decimal:
    return sum((move.amount for move in moves), ZERO)


def _paid(one: Deposit) -> Movement:
    return Movement(item=(one.settlement_id, one.entry), entry=Entry.DEPOSIT, on=one.on, amount=-one.amount)


def _moves(chain: list[Posted]) -> Iterator[Movement]:
    """What settlements post. A debt closes the settlement that left it, money that came back the settlement that had been paid with
    it; where neither is known they stay open as items of their own."""
    unpaid: dict[Decimal, list[str]] = {}
    before: Posted | None = None
    for one in chain:
        whole = one.settlement_id, Entry.SETTLEMENT
        yield Movement(item=whole, entry=Entry.SETTLEMENT, on=one.posted_on, amount=one.total)
        if one.taken_back_on:
            yield Movement(item=whole, entry=Entry.SETTLEMENT, on=one.taken_back_on, amount=-one.total)
            continue
        on = one.carried_on or one.posted_on
        if one.debt:
            left = before is not None and before.total == one.debt
            item = (before.settlement_id, Entry.SETTLEMENT) if before and left else (one.settlement_id, Entry.DEBT)
            yield Movement(item=item, entry=Entry.DEBT, on=on, amount=-one.debt)
        if one.charged:
            yield Movement(item=(one.settlement_id, Entry.CHARGE), entry=Entry.CHARGE, on=on, amount=-one.charged)
        if one.returned:
            failed = unpaid.get(one.returned) or []
            item = (failed.pop(), Entry.SETTLEMENT) if failed else (one.settlement_id, Entry.RETURNED)
            yield Movement(item=item, entry=Entry.RETURNED, on=on, amount=-one.returned)
        unpaid.setdefault(one.total, []).append(one.settlement_id)
        before = one


def _open(chain: list[Posted], moves: list[Movement], end: date, holidays: Collection[date]) -> Iterator[OpenItem]:
    known = {one.settlement_id: one for one in chain}
    items: dict[tuple[str, Entry], list[Movement]] = {}
    for move in sorted(moves, key=lambda move: move.on):
        items.setdefault(move.item, []).append(move)
    for (settlement_id, entry), found in items.items():
        left = _sum(found)
        if left:
            one = known.get(settlement_id)
            words = _words(one, entry, left, banking_days_later(one.deposit_on, DAYS, holidays), end) if one else UNKNOWN
            yield OpenItem(settlement_id=settlement_id, entry=entry, amount=left, since=found[0].on, words=words)


UNKNOWN = "A bank line is matched to a settlement that is not posted in this account and currency. Check the match."


def _words(one: Posted, entry: Entry, left: Decimal, due: date, end: date) -> str:
    amount, name = f"{money(abs(left), one.currency)} {one.currency}", f"Settlement {one.settlement_id}"
    if entry is Entry.CHARGE:
        return f"{name}: Amazon charged {amount} to the card. Match the line of the card's statement."
    if entry is Entry.DEBT:
        return f"{name} takes over a debt of {amount} that no settlement here left. One before it is missing."
    if entry is Entry.RETURNED:
        return f"{name}: a transfer of {amount} came back, and no settlement of that amount is known. Find out which it was."
    if left != one.total:
        return f"{name}: {amount} are left after bank lines or later settlements of other amounts. Check what was matched."
    if left < 0:
        return f"{name}: {amount} are owed to Amazon. The next settlement takes them over as Payable to Amazon."
    if due < end:
        return f"{name}: {amount} should have reached the bank by {due}. Import the bank statement, or ask Amazon."
    return f"{name}: {amount} should reach the bank by {due}."
