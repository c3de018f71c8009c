"""Sold, not yet settled: opening + earned - released = closing, per account and currency."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from reconciliation.core.rollforward.transactions import Transaction

ZERO = Decimal(0)
OLDEST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsettled:
    """Money that was held back in a time. `oldest`: of what is still held back at its end; `undated`: ids of what was released nobody
    says when, which count as released as soon as they were earned."""

    account: str
    currency: str
    opening: Decimal
    earned: Decimal
    released: Decimal
    closing: Decimal
    open_count: int
    oldest: tuple[Transaction, ...]
    undated: tuple[str, ...]


def roll_forward(transactions: Iterable[Transaction], *, start: datetime, end: datetime, oldest: int = OLDEST) -> list[Unsettled]:
    """From `start` up to, not including, `end`. Only deferred money counts: what is released at once is in the next settlement, and a
    release repeats the amount of what it releases."""
    known = {one.id: one for one in transactions}
    releases = {one.releases: one for one in known.values() if one.releases}
    groups: dict[tuple[str, str], list[Transaction]] = {}
    for one in sorted(known.values(), key=lambda one: (one.posted_at, one.id)):
        if one.is_deferral and one.posted_at < end:
            groups.setdefault((one.account, one.currency), []).append(one)
    return [_rolled(*key, groups[key], releases, known, (start, end), oldest) for key in sorted(groups)]


def _rolled(
    account: str,
    currency: str,
    found: list[Transaction],
    releases: Mapping[str, Transaction],
    known: Mapping[str, Transaction],
    during: tuple[datetime, datetime],
    oldest: int,
) -> Unsettled:
    start, end = during
    ends = {one.id: _released_at(one, releases, known) for one in found}

    def open_at(when: datetime) -> list[Transaction]:
        return [one for one in found if one.posted_at < when and ((left := ends[one.id]) is None or left >= when)]

    before, after = open_at(start), open_at(end)
    opening, closing = _sum(before), _sum(after)
    earned = _sum(one for one in found if start <= one.posted_at < end)
    undated = (one.id for one in found if one.status != "DEFERRED" and not _is_dated(one, releases, known))
    return Unsettled(
        account=account,
        currency=currency,
        opening=opening,
        earned=earned,
        released=_sum(one for one in found if (left := ends[one.id]) is not None and start <= left < end),
        closing=closing,
        open_count=len(after),
        oldest=tuple(after[:oldest]),
        undated=tuple(undated),
    )


def _released_at(one: Transaction, releases: Mapping[str, Transaction], known: Mapping[str, Transaction]) -> datetime | None:
    """When the money was released: as the releasing transaction says, else when it was due. None while it is held back; never before
    it was earned."""
    release = releases.get(one.id) or known.get(one.released_by)
    if release is None and one.status == "DEFERRED":
        return None
    return max(one.posted_at, release.posted_at if release else one.matures_at or one.posted_at)


def _is_dated(one: Transaction, releases: Mapping[str, Transaction], known: Mapping[str, Transaction]) -> bool:
    return one.id in releases or one.released_by in known or one.matures_at is not None


def _sum(transactions: Iterable[Transaction]) -> Decimal:
    return sum((one.amount for one in transactions), ZERO)
