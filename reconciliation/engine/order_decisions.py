"""What a person decides about an order that differs: accepted with a reason, or opened again."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser

from reconciliation.core.matching.result import TO_EXPLAIN
from reconciliation.engine.discrepancies import POSTED
from reconciliation.engine.states import RefusedError
from reconciliation.models import OrderMatch


def accept(order: OrderMatch, *, reason: str, by: AbstractBaseUser, now: datetime) -> None:
    """The difference is explained by the reason. Raises RefusedError without one, or when nothing is left to decide."""
    if not reason.strip():
        raise RefusedError("Say why this order's difference is accepted; the reason is kept with it.")
    mine = OrderMatch.objects.filter(pk=order.pk, accepted_at=None, result__in=TO_EXPLAIN)
    if not mine.update(accepted_at=now, accepted_by=by.pk, note=reason[:400]):
        raise RefusedError("Somebody decided about this order meanwhile; look at the page again.")


def reopen(order: OrderMatch, *, reason: str, by: AbstractBaseUser, now: datetime) -> None:
    """Takes an acceptance back. Raises RefusedError once the settlement is posted: its journals must be reversed first."""
    if order.settlement.state in POSTED:
        raise RefusedError(f"{order.settlement} is posted already; reverse its journals first.")
    mine = OrderMatch.objects.filter(pk=order.pk, accepted_at__isnull=False)
    if not mine.update(accepted_at=None, accepted_by=by.pk, note=reason[:400]):
        raise RefusedError("Somebody decided about this order meanwhile; look at the page again.")
