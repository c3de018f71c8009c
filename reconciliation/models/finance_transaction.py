"""What the marketplace booked before a settlement closes: sold money, held back or let go."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from hub.models import Connection


class FinanceTransaction(models.Model):
    """One transaction of an account, as it was last read (Amazon SP-API reference, 13.1). Amounts are signed as in settlements.

    `released_at`: since when the money is the seller's; None while it is held back. `releases` and `released_by` name the other half of
    a deferred transaction; one that `repeats` pays out a deferred one that is known, so that only the deferred one counts.
    """

    HELD_BACK: ClassVar = ("DEFERRED", "DEFERRED_RELEASED")

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="+", verbose_name="selling account")
    transaction_id = models.CharField("transaction", max_length=200)
    status = models.CharField(max_length=20)
    posted_at = models.DateTimeField("posted")
    amount = models.DecimalField(max_digits=20, decimal_places=4)
    currency = models.CharField(max_length=3)
    account = models.CharField("kind of account", max_length=60, blank=True)
    what = models.CharField("kind", max_length=60, blank=True)
    order_id = models.CharField("order", max_length=60, blank=True)
    reason = models.CharField("held back because", max_length=60, blank=True)
    matures_at = models.DateTimeField("due", null=True, blank=True)
    releases = models.CharField(max_length=200, blank=True)
    released_by = models.CharField(max_length=200, blank=True)
    released_at = models.DateTimeField("released", null=True, blank=True)
    repeats = models.BooleanField(default=False)
    seen_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-posted_at", "-id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["connection", "transaction_id"], name="one_row_per_transaction")]
        indexes: ClassVar = [
            models.Index(fields=["connection", "released_at", "posted_at"], name="transaction_released"),
            models.Index(fields=["order_id"], condition=~Q(order_id=""), name="transaction_order"),
            models.Index(fields=["connection", "releases"], condition=~Q(releases=""), name="transaction_releases"),
            models.Index(fields=["connection", "released_by"], condition=~Q(released_by=""), name="transaction_released_by"),
        ]

    def __str__(self) -> str:
        return f"{self.what or 'Transaction'} {self.order_id or self.transaction_id}"
