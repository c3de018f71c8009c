"""What settled orders are compared with, and what came of it."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from hub.models import Connection, Delivery
from reconciliation.models.settlement import Settlement


class SoldItem(models.Model):
    """The money of one item of an order as it was delivered to the ERP: what settlements are expected to bring for it. Amounts are for
    the whole quantity, `promotions` what the buyer was spared. What belongs to the order as a whole has neither item code nor SKU.

    `order_id` is the marketplace's own number; `delivery` the latest that reached the ERP. `gross`: the prices hold the tax.
    """

    source = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    order_id = models.CharField("order", max_length=200)
    item_code = models.CharField(max_length=60, blank=True)
    sku = models.CharField("SKU", max_length=200, blank=True)
    quantity = models.DecimalField(max_digits=12, decimal_places=4, default=1)
    currency = models.CharField(max_length=3)
    price = models.DecimalField(max_digits=20, decimal_places=4, default=0)
    shipping = models.DecimalField(max_digits=20, decimal_places=4, default=0)
    giftwrap = models.DecimalField(max_digits=20, decimal_places=4, default=0)
    promotions = models.DecimalField(max_digits=20, decimal_places=4, default=0)
    tax = models.DecimalField(max_digits=20, decimal_places=4, default=0)
    gross = models.BooleanField(default=False)
    shipped_on = models.DateField(null=True, blank=True)
    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False)

    class Meta:
        ordering: ClassVar = ["source", "order_id", "item_code"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "order_id", "item_code", "sku"], name="one_row_per_sold_item"),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} {self.sku}"


class OrderMatch(models.Model):
    """One order of a settlement beside what the hub delivered, over all settlements so far. `total` is what this settlement holds for it.

    `result` is "" before it was matched and for an order of which the settlement holds neither sale nor refund. A difference that a
    person accepted keeps who, when and why.
    """

    settlement = models.ForeignKey(Settlement, on_delete=models.CASCADE, related_name="matches")
    order_id = models.CharField("order", max_length=200)
    result = models.CharField(max_length=30, blank=True)
    total = models.DecimalField("in this settlement", max_digits=20, decimal_places=4)
    settled = models.DecimalField(max_digits=20, decimal_places=4, default=0)
    expected = models.DecimalField(max_digits=20, decimal_places=4, null=True, blank=True)
    difference = models.DecimalField(max_digits=20, decimal_places=4, null=True, blank=True)
    refunded = models.DecimalField(max_digits=20, decimal_places=4, default=0)
    fees = models.DecimalField(max_digits=20, decimal_places=4, default=0)
    delivery = models.ForeignKey(
        Delivery, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_constraint=False, db_index=False
    )
    flags = models.CharField(max_length=200, blank=True)
    words = models.TextField(blank=True)
    asked_at = models.DateTimeField("asked for", null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    note = models.CharField(max_length=400, blank=True)

    class Meta:
        ordering: ClassVar = ["settlement", "order_id"]
        verbose_name_plural = "order matches"
        constraints: ClassVar = [models.UniqueConstraint(fields=["settlement", "order_id"], name="one_match_per_order")]
        indexes: ClassVar = [
            models.Index(fields=["settlement", "result", "order_id"], name="match_result"),
            models.Index(fields=["order_id"], name="match_order"),
        ]

    def __str__(self) -> str:
        return self.order_id


class Discrepancy(models.Model):
    """Something that a person should know of or decide about, in words. A blocking one keeps the settlement from being posted."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        ACCEPTED = "accepted", "Accepted by a person"
        GONE = "gone", "No longer so"

    settlement = models.ForeignKey(Settlement, on_delete=models.CASCADE, related_name="discrepancies")
    level = models.CharField(max_length=10)
    code = models.CharField(max_length=60)
    order_id = models.CharField("order", max_length=200, blank=True)
    subject = models.CharField(max_length=300, blank=True)
    amount = models.DecimalField(max_digits=20, decimal_places=4, null=True, blank=True)
    words = models.CharField(max_length=600)
    advice = models.CharField("what to do", max_length=600, blank=True)
    blocking = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    note = models.CharField(max_length=400, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-blocking", "id"]
        verbose_name_plural = "discrepancies"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["settlement", "code", "order_id", "subject"], name="one_discrepancy_per_subject")
        ]

    def __str__(self) -> str:
        return self.words
