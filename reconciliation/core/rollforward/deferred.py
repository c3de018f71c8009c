"""Sold, not yet settled: opening + earned - released = closing, per account and currency."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from reconciliation.core.rollforward.transactions import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsettled:
    """Money that was held back in a time; `open_count` transactions make up its closing."""

    account: str
    currency: str
    opening: Decimal
    earned: Decimal
    released: Decimal
    closing: Decimal
    open_count: int


def released_at(one: Transaction, release: datetime | None) -> datetime | None:
    """Since when the money is the seller's: as the transaction that releases it says, else when it was due; None while it is held back.

    Never before it was earned. What is released nobody says when counts as released as soon as it was earned.
    """
    if not one.is_deferral:
        return one.posted_at
    if release is None and not one.is_settled:
        return None
    return max(one.posted_at, release or one.matures_at or one.posted_at)
