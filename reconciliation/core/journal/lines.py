"""Shares become bookings: one per category, marketplace and fulfilment, then carried forward and the payout."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple

from reconciliation.core.journal.sorter import Sorter
from reconciliation.core.journal.values import ZERO, Discrepancy, JournalLine, LeftOut, Model, NotPostableError, Share
from reconciliation.core.lines import Header
from reconciliation.core.periods import Part
from reconciliation.core.posting.categories import (
    CARRIED_FORWARD,
    CATEGORIES,
    CLEARING,
    ORDER_CLEARING,
    ORDERS_WITHOUT_INVOICE,
    ROLES,
    TAXES,
    label,
)

CANCELS_OUT = "The amounts of this category cancel out; there is nothing to book."
NOT_BOOKED = "Facilitator tax that cancels out is not booked (a setting of the accounts)."
APART = frozenset(("reserve", "carried_balance", "loan", "bank_adjustment"))
"""Each kind has its own line: a debt and its charge on the card close different things (settlement reference, 4)."""
PLACES = {name: number for number, name in enumerate((*ROLES, *CATEGORIES))}


class Place(NamedTuple):
    """Where shares are booked together."""

    category: str
    marketplace: str
    fulfilment: str
    account: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class Bookings:
    """Journal lines by part, and what is in none."""

    lines: dict[int, list[JournalLine]]
    left_out: list[LeftOut]


def bookings_of(header: Header, shares: Sequence[Share], parts: Sequence[Part], sorter: Sorter, *, model: Model) -> Bookings:
    """Raises NotPostableError when a category or a role that is needed has no account."""
    ledger = _Ledger(sorter, model)
    made = Bookings({part.number: [] for part in parts}, [])
    carried = ZERO
    for part in parts:
        own = [share for share in shares if share.part == part.number]
        total = sum((share.amount for share in own), ZERO)
        lines = list(ledger.booked(own, made.left_out))
        if part is parts[-1]:
            lines += [*ledger.line(CARRIED_FORWARD, carried), *ledger.line(CLEARING, -header.total)]
        else:
            lines += ledger.line(CARRIED_FORWARD, -total)
        made.lines[part.number] = [replace(line, number=number) for number, line in enumerate(lines, start=1)]
        carried += total
    if ledger.missing:
        raise NotPostableError(*(_missing(place) for place in sorted(ledger.missing)))
    return made


class _Ledger:
    """Finds accounts and writes lines, remembering every account that it did not find."""

    def __init__(self, sorter: Sorter, model: Model) -> None:
        self.sorter, self.accounts, self.model = sorter, sorter.accounts, model
        self.missing: set[tuple[str, str, str]] = set()

    def line(self, role: str, amount: Decimal) -> Iterator[JournalLine]:
        """What no line of the file names; nothing for zero."""
        if amount:
            yield _line(Place(role, "", "", self._account(role)), amount, ())

    def booked(self, shares: Iterable[Share], left_out: list[LeftOut]) -> Iterator[JournalLine]:
        """One line per place, on the side that its shares net to; places that net to nothing are left out."""
        silent = self._silent(shares)
        places: dict[Place, list[Share]] = {}
        for share in shares:
            places.setdefault(self._place(share), []).append(share)
        for place, held in sorted(places.items(), key=lambda one: (PLACES.get(one[0].category, len(PLACES)), one[0])):
            amount = sum((share.amount for share in held), ZERO)
            if amount and not (place.category in TAXES and place.marketplace in silent):
                yield _line(place, amount, tuple(held))
            else:
                left_out += [LeftOut(share=share, reason=NOT_BOOKED if amount else CANCELS_OUT) for share in held]

    def _silent(self, shares: Iterable[Share]) -> set[str]:
        """Marketplaces whose facilitator tax is not booked: it cancels out, and the switch is off."""
        if self.accounts.book_facilitator_tax:
            return set()
        left: dict[str, Decimal] = {}
        for share in shares:
            if share.category in TAXES and self.accounts.is_facilitated(share.marketplace):
                left[share.marketplace] = left.get(share.marketplace, ZERO) + share.amount
        return {marketplace for marketplace, amount in left.items() if not amount}

    def _place(self, share: Share) -> Place:
        if share.paid:
            return Place(ORDER_CLEARING, share.marketplace, share.fulfilment, self._account(ORDER_CLEARING))
        waits = self.model is Model.INVOICE and self.sorter.is_invoiceable(share.kind, share.marketplace)
        account = self.accounts.account(ORDERS_WITHOUT_INVOICE) if waits else None
        account = account or self._account(share.category, share.marketplace, share.fulfilment, needed=bool(share.amount))
        words = share.kind.amount_description if share.category in APART else ""
        return Place(share.category, share.marketplace, share.fulfilment, account, words)

    def _account(self, category: str, marketplace: str = "", fulfilment: str = "", *, needed: bool = True) -> str:
        account = self.accounts.account(category, marketplace, fulfilment)
        if not account and needed:
            self.missing.add((category, marketplace, fulfilment))
        return account or ""


def _line(place: Place, amount: Decimal, shares: tuple[Share, ...]) -> JournalLine:
    return JournalLine(
        number=0, account=place.account, category=place.category, debit=max(-amount, ZERO), credit=max(amount, ZERO),
        memo=", ".join(filter(None, (_memo(place, amount), place.marketplace, place.fulfilment))),
        marketplace=place.marketplace, fulfilment=place.fulfilment, shares=shares,
    )  # fmt: skip


def _memo(place: Place, amount: Decimal) -> str:
    if place.category == CLEARING:
        return "Payout" if amount < 0 else "Owed to the marketplace"
    name = {CARRIED_FORWARD: "Carried forward", ORDER_CLEARING: "Marketplace clearing"}.get(place.category) or label(place.category)
    return f"{name}: {place.words[:80]}" if place.words else name


def _missing(place: tuple[str, str, str]) -> Discrepancy:
    where = ", ".join(filter(None, place[1:]))
    return Discrepancy(
        level="journal", code="account_missing", subject=place[0], blocking=True,
        words=f"{label(place[0])} ({place[0]}) has no account{f' for {where}' if where else ''}.",
        advice="Add one to the posting rules.",
    )  # fmt: skip
