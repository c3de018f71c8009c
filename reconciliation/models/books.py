"""The books of a channel's account: where its settlements are posted, how, and up to when."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from simple_history.models import HistoricalRecords

from hub.models import Connection, Flow


class Books(models.Model):
    """One selling account and the ERP that keeps its books. Changing the posting model touches no settlement that is there already."""

    class PostingModel(models.TextChoices):
        SUMMARY = "summary", "Summary: revenue comes from the settlement"
        INVOICE = "invoice", "Invoice: the ERP has an invoice for every order"

    source = models.OneToOneField(Connection, on_delete=models.PROTECT, related_name="books", verbose_name="selling account")
    target = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="+", verbose_name="posted to")
    orders = models.ForeignKey(
        Flow, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="orders are fetched by",
        help_text="The flow that brings this account's orders; an order that the hub does not know is fetched through it.",
    )  # fmt: skip
    model = models.CharField(
        "posting model", max_length=10, choices=PostingModel.choices, default=PostingModel.SUMMARY,
        help_text="Counts for settlements that come in from now on; those that are there keep theirs.",
    )  # fmt: skip
    zone = models.CharField(
        "time zone of the ledger", max_length=60, default="UTC", help_text="Decides to which day and month a line belongs."
    )
    rules = models.ForeignKey(
        "reconciliation.PostingRuleSet",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="books_using",
        verbose_name="posting rules",
    )
    second_person = models.BooleanField("another person must approve", default=True)
    post_suspense = models.BooleanField("post lines without a rule to suspense", default=False)
    orders_block = models.BooleanField(
        "orders with differences stop the posting", default=False, help_text="Until each is explained or accepted by a person."
    )
    cursor = models.TextField(max_length=4000, blank=True, editable=False)
    transactions_cursor = models.TextField(max_length=4000, blank=True, editable=False)
    window_days = models.PositiveSmallIntegerField("settling window (days)", default=45, validators=[MinValueValidator(1)])
    created_at = models.DateTimeField(auto_now_add=True)
    history = HistoricalRecords(excluded_fields=["cursor", "transactions_cursor"])

    class Meta:
        ordering: ClassVar = ["source__name"]
        verbose_name_plural = "books"

    def __str__(self) -> str:
        return f"Books of {self.source}"


class ToleranceRule(models.Model):
    """How much an order may differ without a person. An empty currency or marketplace fits all; the most exact rule counts."""

    books = models.ForeignKey(Books, on_delete=models.CASCADE, related_name="tolerances")
    currency = models.CharField(max_length=3, blank=True)
    marketplace = models.CharField(max_length=60, blank=True)
    per_order = models.DecimalField(max_digits=10, decimal_places=4, default="0.02", validators=[MinValueValidator(0)])
    per_settlement = models.DecimalField(
        "in all", max_digits=10, decimal_places=4, default="5.00", validators=[MinValueValidator(0)],
        help_text="The tolerated differences of one settlement, added up, may not exceed this.",
    )  # fmt: skip
    history = HistoricalRecords()

    class Meta:
        ordering: ClassVar = ["books", "currency", "marketplace"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["books", "currency", "marketplace"], name="one_tolerance_per_currency_and_marketplace"),
            models.CheckConstraint(condition=models.Q(per_order__gte=0, per_settlement__gte=0), name="tolerance_is_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.per_order} per order ({self.marketplace or 'all marketplaces'}, {self.currency or 'all currencies'})"


class LedgerPeriod(models.Model):
    """A fiscal period as the ERP had it when it was last asked."""

    target = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=20)
    start = models.DateField()
    end = models.DateField()
    is_open = models.BooleanField(default=True)
    seen_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["target", "start"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["target", "name"], name="one_ledger_period_per_name")]

    def __str__(self) -> str:
        return self.name


class PeriodLock(models.Model):
    """Up to and with this day nothing more is posted for these books."""

    books = models.ForeignKey(Books, on_delete=models.CASCADE, related_name="locks")
    until = models.DateField("locked up to and with")
    reason = models.CharField(max_length=200, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_because = models.CharField(max_length=200, blank=True)
    lifted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["-until"]

    def __str__(self) -> str:
        return f"{self.books}: locked up to {self.until}"
