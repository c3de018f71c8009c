"""Which bank line paid which settlements (settlement reference, 6.3). What can be read in two ways is suggested, never chosen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from mappings.core.money import minor_units, rounded
from reconciliation.core.bank.days import banking_days_later
from reconciliation.core.bank.statement import BankLine
from reconciliation.core.bank.subsets import TooManyError, subsets

DAYS = 5
NEAR = Decimal("0.05")
"""By which share a converter's amount may differ from the one at the ledger's rate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """A settlement that should be paid. `paid_in`: the currency that Amazon's converter pays, blank when it is the settlement's own;
    `rate`: units of that currency for one of the settlement's, at the ledger's rate of its end date."""

    settlement_id: str
    amount: Decimal
    currency: str
    deposit_on: date
    paid_in: str = ""
    rate: Decimal | None = None

    @property
    def converted(self) -> Decimal | None:
        """What the ledger expects at the bank; None without a rate."""
        return None if self.rate is None else rounded(self.amount * self.rate, minor_units(self.paid_in))


class Way(StrEnum):
    """How a line and its settlements agree."""

    ONE = "one"
    SEVERAL = "several"
    CONVERTED = "converted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Settlements that one bank line may have paid. `exchange_difference` (gain positive) is realised when it was converted."""

    line: str
    settlements: tuple[str, ...]
    way: Way
    exchange_difference: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A bank line that a person decides about: what may fit, in words."""

    line: str
    candidates: tuple[Candidate, ...]
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposits:
    """What was matched, what is suggested, and which settlements and lines remain without either."""

    matched: tuple[Candidate, ...]
    suggested: tuple[Suggestion, ...]
    open_settlements: tuple[str, ...]
    open_lines: tuple[str, ...]


def exchange_difference(payout: Payout, amount: Decimal) -> Decimal:
    """Bank amount less the settlement at the ledger's rate, in the bank's currency; zero without a converter."""
    return amount - payout.converted if payout.converted is not None else Decimal(0)


def match_deposits(payouts: Iterable[Payout], lines: Iterable[BankLine], *, holidays: Collection[date] = (), days: int = DAYS) -> Deposits:
    """Open settlements against open bank lines of one bank account. A settlement of zero or less is not paid and left aside."""
    waiting = sorted((one for one in payouts if one.amount > 0), key=lambda one: (one.deposit_on, one.settlement_id))
    incoming = sorted((line for line in lines if line.amount > 0), key=lambda line: (line.on, line.key))
    windows = {one.settlement_id: banking_days_later(one.deposit_on, days, holidays) for one in waiting}
    due = {line.key: [one for one in waiting if one.deposit_on <= line.on <= windows[one.settlement_id]] for line in incoming}
    found = {line.key: _singles(line, due[line.key]) for line in incoming}
    own = {name for candidates in found.values() for one in candidates if one.way is Way.ONE for name in one.settlements}
    given_up = set()
    for line in incoming:
        try:
            found[line.key] += _combined(line, [one for one in due[line.key] if one.settlement_id not in own])
        except TooManyError:
            given_up.add(line.key)
    return _sorted_out(incoming, waiting, found, given_up)


def _singles(line: BankLine, due: Sequence[Payout]) -> list[Candidate]:
    found = [
        _candidate(line, (one,), Way.ONE) for one in due if not one.paid_in and (one.currency, one.amount) == (line.currency, line.amount)
    ]
    return found + [_candidate(line, (one,), Way.CONVERTED) for one in due if one.paid_in == line.currency and _is_near(one, line.amount)]


def _is_near(payout: Payout, amount: Decimal) -> bool:
    expected = payout.converted
    return expected is None or abs(amount - expected) <= expected * NEAR


def _combined(line: BankLine, due: Sequence[Payout]) -> list[Candidate]:
    """Several settlements that one transfer paid, to the last unit."""
    fitting = [one for one in due if not one.paid_in and one.currency == line.currency and one.amount < line.amount]
    found = subsets([_units(one.amount) for one in fitting], _units(line.amount)) if len(fitting) > 1 else []
    return [_candidate(line, [fitting[place] for place in one], Way.SEVERAL) for one in found]


def _units(amount: Decimal) -> int:
    """An amount as a whole number of the finest unit that is stored."""
    return int(amount.scaleb(4))


def _candidate(line: BankLine, payouts: Sequence[Payout], way: Way) -> Candidate:
    difference = exchange_difference(payouts[0], line.amount) if way is Way.CONVERTED else Decimal(0)
    return Candidate(line=line.key, settlements=tuple(one.settlement_id for one in payouts), way=way, exchange_difference=difference)


def _sorted_out(
    lines: Sequence[BankLine], waiting: Sequence[Payout], found: dict[str, list[Candidate]], given_up: Collection[str]
) -> Deposits:
    claims = Counter(name for candidates in found.values() for name in {name for one in candidates for name in one.settlements})
    without_rate = {one.settlement_id for one in waiting if one.paid_in and one.rate is None}
    matched: list[Candidate] = []
    suggested: list[Suggestion] = []
    for line in lines:
        candidates = found[line.key]
        clear = len(candidates) == 1 and line.key not in given_up and all(claims[name] == 1 for name in candidates[0].settlements)
        if clear and not without_rate & set(candidates[0].settlements):
            matched += candidates
        elif candidates or line.key in given_up:
            words = _words(line, candidates, given_up=line.key in given_up, clear=clear)
            suggested.append(Suggestion(line=line.key, candidates=tuple(candidates), words=words))
    paid = {name for one in matched for name in one.settlements}
    return Deposits(
        matched=tuple(matched),
        suggested=tuple(suggested),
        open_settlements=tuple(one.settlement_id for one in waiting if one.settlement_id not in paid),
        open_lines=tuple(line.key for line in lines if not found[line.key] and line.key not in given_up),
    )


def _words(line: BankLine, candidates: Sequence[Candidate], *, given_up: bool, clear: bool) -> str:
    what = f"The bank line of {line.on} over {line.amount} {line.currency}"
    fits = " or ".join(" with ".join(one.settlements) for one in candidates)
    if given_up:
        known = f" Settlement {fits} would fit." if fits else ""
        return f"{what} may have paid several settlements, and there are too many to try all of them.{known} Choose its settlements."
    if clear:
        return f"{what} may have paid settlement {fits}, converted. Enter the rate of its end date, or confirm it."
    return f"{what} fits settlement {fits}, and not only that. Choose which of them it paid."
