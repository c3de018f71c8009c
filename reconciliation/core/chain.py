"""Do the settlements of an account follow on each other: time, reserve, debt (settlement reference, 4, 7 and 8)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from reconciliation.core.lines import Header, Kind, Sum, normalised
from reconciliation.core.matching.words import money

ZERO = Decimal(0)
EXACT = timedelta(seconds=1)
"""A settlement starts where the one before it ends, to the second or one second apart."""
DEBT = "payabletoamazon"
CHARGED = "successfulcharge"
RETURNED = "transferoffundsunsuccessful"
"""How the descriptions begin of what is carried from one settlement into another."""


class Break(StrEnum):
    """How two settlements may fail to follow on each other. Each is a warning, none forbids posting."""

    TWO_VERSIONS = "two_versions"
    GAP = "gap"
    OVERLAP = "overlap"
    RESERVE = "reserve"
    DEBT = "debt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What a settlement hands on and takes over. `current_reserve` is negative (kept back), `previous_reserve` positive (given back),
    `debt` is its `Payable to Amazon`, negative. `group` tells chains of one account and currency apart, such as invoiced orders."""

    settlement_id: str
    currency: str
    start: datetime
    end: datetime
    total: Decimal
    current_reserve: Decimal = ZERO
    previous_reserve: Decimal = ZERO
    debt: Decimal = ZERO
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One break, in words. `before` and `after` are settlement ids, `amount` what is unexplained (None for time)."""

    code: Break
    before: str
    after: str
    words: str
    amount: Decimal | None = None


def link(header: Header, sums: Iterable[Sum], *, group: str = "") -> Link:
    """The link of a settlement, from its header and all its sums."""
    found = {"currentreserveamount": ZERO, "previousreserveamountbalance": ZERO, DEBT: ZERO}
    for one in sums:
        name = carried(one.kind)
        if name in found:
            found[name] += one.amount
    return Link(
        settlement_id=header.settlement_id,
        currency=header.currency,
        start=header.start,
        end=header.end,
        total=header.total,
        current_reserve=found["currentreserveamount"],
        previous_reserve=found["previousreserveamountbalance"],
        debt=found[DEBT],
        group=group,
    )


def carried(kind: Kind) -> str:
    """The normalised description of a line about the account as a whole; "" for lines of other transaction types."""
    return normalised(kind.amount_description) if normalised(kind.transaction_type) in ("othertransaction", "other") else ""


def check(links: Iterable[Link]) -> list[Finding]:
    """Every break between consecutive settlements of one account, in the order of time; links may come in any order and repeat."""
    chains: dict[tuple[str, str], list[Link]] = {}
    for one in sorted(set(links), key=lambda one: (one.start, one.end, one.settlement_id, one.total)):
        chains.setdefault((one.currency, one.group), []).append(one)
    return [finding for chain in chains.values() for finding in _checked(chain)]


def _checked(chain: Sequence[Link]) -> Iterator[Finding]:
    seen: dict[str, Link] = {}
    for one in chain:
        if one.settlement_id in seen:
            words = f"Settlement {one.settlement_id} is there twice with different content. Decide which of the two counts."
            yield Finding(code=Break.TWO_VERSIONS, before=one.settlement_id, after=one.settlement_id, words=words)
        seen.setdefault(one.settlement_id, one)
    for before, after in pairwise(seen.values()):
        yield from _of_time(before, after)
        yield from _of_reserve(before, after)
        yield from _of_debt(before, after)


def _of_time(before: Link, after: Link) -> Iterator[Finding]:
    apart = after.start - before.end
    if abs(apart) <= EXACT:
        return
    code = Break.GAP if apart > EXACT else Break.OVERLAP
    ends = f"Settlement {before.settlement_id} ends at {_time(before.end)} UTC, settlement {after.settlement_id} starts at"
    what = {
        Break.GAP: "one between them is missing. Fetch it, or ask for it in Seller Central and upload it.",
        Break.OVERLAP: "they overlap. Check whether one of them belongs to another account.",
    }[code]
    words = f"{ends} {_time(after.start)} UTC: {what}"
    yield Finding(code=code, before=before.settlement_id, after=after.settlement_id, words=words)


def _of_reserve(before: Link, after: Link) -> Iterator[Finding]:
    left = before.current_reserve + after.previous_reserve
    if left:
        kept, back = money(-before.current_reserve, before.currency), money(after.previous_reserve, before.currency)
        words = (
            f"Settlement {before.settlement_id} kept a reserve of {kept} back, settlement {after.settlement_id} gives {back} back: "
            f"{money(abs(left), before.currency)} {before.currency} are open. A settlement between them may be missing."
        )
        yield Finding(code=Break.RESERVE, before=before.settlement_id, after=after.settlement_id, words=words, amount=left)


def _of_debt(before: Link, after: Link) -> Iterator[Finding]:
    owed = min(before.total, ZERO)
    if after.debt != owed:
        words = (
            f"Settlement {before.settlement_id} leaves a debt of {money(-owed, before.currency)}, settlement {after.settlement_id} takes "
            f"{money(-after.debt, before.currency)} {before.currency} over as Payable to Amazon. A settlement between them may be missing."
        )
        yield Finding(code=Break.DEBT, before=before.settlement_id, after=after.settlement_id, words=words, amount=owed - after.debt)


def _time(when: datetime) -> str:
    return when.strftime("%Y-%m-%d %H:%M:%S")
