"""Journals: what a settlement becomes in the ledger, whose amounts they hold, and the payments beside them."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from hub.models import Connection, Delivery
from reconciliation.models.posting_rule import PostingRuleVersion
from reconciliation.models.settlement import LineKind, Settlement


class JournalEntry(models.Model):
    """One journal per settlement and period. `external_id` is its name in the ERP and never used twice.

    A reversal is a journal of its own that names what it reverses; both stay.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        PREPARED = "prepared", "Waits for approval"
        SENT = "sent", "On its way to the ERP"
        POSTED = "posted", "Posted"
        BLOCKED = "blocked", "The ERP did not take it"
        REVERSED = "reversed", "Reversed"
        DISCARDED = "discarded", "Discarded"

    ENDED: ClassVar = (State.REVERSED, State.DISCARDED)

    settlement = models.ForeignKey(Settlement, on_delete=models.PROTECT, related_name="journals")
    part = models.PositiveSmallIntegerField(default=1)
    revision = models.PositiveSmallIntegerField(default=1)
    reversal_of = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="reversed_by")
    external_id = models.CharField("name in the ERP", max_length=120)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    entry_date = models.DateField("date")
    first_day = models.DateField("lines from")
    last_day = models.DateField("lines until")
    currency = models.CharField(max_length=3)
    debit = models.DecimalField("debits", max_digits=20, decimal_places=4, default=0)
    credit = models.DecimalField("credits", max_digits=20, decimal_places=4, default=0)
    memo = models.CharField(max_length=200, blank=True)
    rules = models.ForeignKey(PostingRuleVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    target = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="+")
    delivery = models.ForeignKey(Delivery, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    target_key = models.CharField("number in the ERP", max_length=200, blank=True)
    prepared_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    prepared_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)
    posted_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["settlement", "revision", "part", "id"]
        verbose_name_plural = "journal entries"
        permissions: ClassVar = [
            ("prepare_journalentry", "Can prepare journals"),
            ("approve_journalentry", "Can approve and post journals"),
            ("reverse_journalentry", "Can reverse journals"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["settlement", "part"],
                condition=Q(reversal_of=None) & ~Q(state__in=["reversed", "discarded"]),
                name="one_live_journal_per_part",
            ),
            models.UniqueConstraint(fields=["target", "external_id"], condition=~Q(state="discarded"), name="one_journal_per_name"),
            models.CheckConstraint(condition=Q(state="draft") | Q(debit=F("credit")), name="journal_balances"),
        ]
        indexes: ClassVar = [models.Index(fields=["state"], name="journal_state")]

    def __str__(self) -> str:
        return self.external_id


class JournalLine(models.Model):
    """One booking of a journal, on one side."""

    journal = models.ForeignKey(JournalEntry, on_delete=models.CASCADE, related_name="lines")
    number = models.PositiveIntegerField()
    account = models.CharField(max_length=40)
    category = models.CharField(max_length=40, blank=True)
    marketplace = models.CharField(max_length=60, blank=True)
    fulfilment = models.CharField(max_length=20, blank=True)
    debit = models.DecimalField(max_digits=20, decimal_places=4, default=0)
    credit = models.DecimalField(max_digits=20, decimal_places=4, default=0)
    memo = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering: ClassVar = ["journal", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["journal", "number"], name="one_journal_line_per_number"),
            models.CheckConstraint(condition=Q(debit__gte=0, credit__gte=0) & (Q(debit=0) | Q(credit=0)), name="journal_line_has_one_side"),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.debit or -self.credit}"


class JournalShare(models.Model):
    """Where settlement lines are booked: those of one kind, marketplace and fulfilment in the days of a part; `paid` tells those of
    invoiced orders from the others. Without a journal line they are in no journal, for the `reason` given. Unique among what is live, so
    that no line is in two journals."""

    journal_line = models.ForeignKey(JournalLine, on_delete=models.CASCADE, null=True, blank=True, related_name="shares")
    settlement = models.ForeignKey(Settlement, on_delete=models.PROTECT, related_name="shares")
    part = models.PositiveSmallIntegerField()
    first_day = models.DateField()
    last_day = models.DateField()
    category = models.CharField(max_length=40, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    kind = models.ForeignKey(LineKind, on_delete=models.PROTECT, related_name="+")
    marketplace = models.CharField(max_length=60, blank=True)
    fulfilment = models.CharField(max_length=20, blank=True)
    paid = models.BooleanField("of invoiced orders", default=False)
    amount = models.DecimalField(max_digits=20, decimal_places=4)
    lines = models.PositiveIntegerField()
    live = models.BooleanField(default=True)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["settlement", "part", "kind", "marketplace", "fulfilment", "paid"],
                condition=Q(live=True),
                name="one_live_journal_per_share",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"


class PaymentEntry(models.Model):
    """What a settlement pays (or takes back) for one order, as a payment in the ERP; negative for a refund."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        SENT = "sent", "On its way to the ERP"
        POSTED = "posted", "Posted"
        BLOCKED = "blocked", "The ERP did not take it"
        REVERSED = "reversed", "Reversed"
        DISCARDED = "discarded", "Discarded"

    settlement = models.ForeignKey(Settlement, on_delete=models.PROTECT, related_name="payments")
    order_id = models.CharField("order", max_length=200)
    revision = models.PositiveSmallIntegerField(default=1)
    external_id = models.CharField("name in the ERP", max_length=120)
    kind = models.CharField(max_length=10, default="Receipt")
    amount = models.DecimalField(max_digits=20, decimal_places=4)
    currency = models.CharField(max_length=3)
    paid_on = models.DateField()
    payload = models.TextField("as it is sent", blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    reversal_of = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="reversed_by")
    delivery = models.ForeignKey(Delivery, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    target_key = models.CharField("number in the ERP", max_length=200, blank=True)

    class Meta:
        ordering: ClassVar = ["settlement", "order_id"]
        verbose_name_plural = "payment entries"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["settlement", "order_id", "kind"],
                condition=Q(reversal_of=None) & ~Q(state__in=["reversed", "discarded"]),
                name="one_live_payment_per_order",
            ),
            models.UniqueConstraint(fields=["settlement", "external_id"], condition=~Q(state="discarded"), name="one_payment_per_name"),
        ]
        indexes: ClassVar = [models.Index(fields=["order_id"], name="payment_order")]

    def __str__(self) -> str:
        return self.external_id
