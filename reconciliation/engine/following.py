"""What became of deliveries is brought to the journals and payments that they carry, in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone

from reconciliation.engine import ledger


def follow(deliveries: Sequence[int]) -> None:
    """The hub tells which deliveries changed."""
    ledger.follow(deliveries, now=timezone.now())
