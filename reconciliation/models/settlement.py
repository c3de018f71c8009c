"""A settlement, its lines and what kinds of lines there are."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from hub.models import Connection
from reconciliation.models.books import Books
from reconciliation.models.statement_file import StatementFile


class Settlement(models.Model):
    """What a marketplace says it owes for a time. `lines_total` is the sum of the lines; the database lets none go on that differs.

    A re-issued report with other content is "proposed" beside the one that counts until a person decides.
    """

    class State(models.TextChoices):
        PARSED = "parsed", "Read"
        MATCHED = "matched", "Matched"
        READY = "ready", "Journals prepared"
        POSTING = "posting", "Being posted"
        POSTED = "posted", "Posted"
        DEPOSITED = "deposited", "Paid to the bank"
        CLOSED = "closed", "Closed"
        BLOCKED = "blocked", "Needs a decision"
        REVERSED = "reversed", "Reversed"
        PROPOSED = "proposed", "Re-issued, waits for a decision"
        SUPERSEDED = "superseded", "Replaced by a re-issued report"
        DISCARDED = "discarded", "Re-issued report that was turned down"

    PAST: ClassVar = (State.PROPOSED, State.SUPERSEDED, State.DISCARDED)

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="settlements", verbose_name="selling account")
    settlement_id = models.CharField("settlement", max_length=40)
    revision = models.PositiveSmallIntegerField(default=1)
    file = models.ForeignKey(StatementFile, on_delete=models.PROTECT, related_name="settlements")
    state = models.CharField(max_length=10, choices=State.choices, default=State.PARSED)
    currency = models.CharField(max_length=3)
    starts_at = models.DateTimeField("from")
    ends_at = models.DateTimeField("until")
    deposit_at = models.DateTimeField("deposit", null=True, blank=True)
    total = models.DecimalField(max_digits=20, decimal_places=4)
    lines_total = models.DecimalField("sum of lines", max_digits=20, decimal_places=4)
    line_count = models.PositiveIntegerField("lines")
    zone = models.CharField("time zone of the ledger", max_length=60, default="UTC")
    model = models.CharField("posting model", max_length=10, choices=Books.PostingModel.choices)
    replaces = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaced_by")
    notes = models.JSONField("remarks of the parser", default=list, blank=True)
    imported_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-ends_at", "-id"]
        permissions: ClassVar = [
            ("import_settlement", "Can fetch and upload settlement reports"),
            ("decide_settlement", "Can accept differences and decide about re-issued reports"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["connection", "settlement_id"],
                condition=~Q(state__in=["proposed", "superseded", "discarded"]),
                name="one_live_settlement",
            ),
            models.UniqueConstraint(fields=["connection", "settlement_id", "revision"], name="one_settlement_per_revision"),
        ]
        indexes: ClassVar = [models.Index(fields=["state", "-ends_at"], name="settlement_state")]

    def __str__(self) -> str:
        return f"Settlement {self.settlement_id}"


class LineKind(models.Model):
    """A triple as files write it: what a line is."""

    transaction_type = models.CharField(max_length=120, blank=True)
    amount_type = models.CharField(max_length=120, blank=True)
    amount_description = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering: ClassVar = ["transaction_type", "amount_type", "amount_description"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["transaction_type", "amount_type", "amount_description"], name="one_row_per_kind")
        ]

    def __str__(self) -> str:
        return f"{self.transaction_type} / {self.amount_type} / {self.amount_description}"


class SettlementLine(models.Model):
    """One amount of a settlement; `number` is its line in the file. Written by the million, hence without foreign keys being checked
    one by one: settlement and kinds are written in the same transaction."""

    pk = models.CompositePrimaryKey("settlement_id", "number")
    settlement = models.ForeignKey(Settlement, on_delete=models.CASCADE, related_name="lines", db_constraint=False, db_index=False)
    number = models.PositiveIntegerField()
    kind = models.ForeignKey(LineKind, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    amount = models.DecimalField(max_digits=20, decimal_places=4)
    posted_at = models.DateTimeField()
    order_id = models.TextField("order", blank=True)
    merchant_order_id = models.TextField(blank=True)
    adjustment_id = models.TextField(blank=True)
    shipment_id = models.TextField(blank=True)
    marketplace = models.TextField(blank=True)
    fulfilment = models.TextField(blank=True)
    item_code = models.TextField(blank=True)
    sku = models.TextField("SKU", blank=True)
    quantity = models.IntegerField(null=True, blank=True)
    promotion_id = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["settlement", "number"]
        indexes: ClassVar = [models.Index(fields=["order_id"], condition=~Q(order_id=""), name="settlement_line_order")]

    def __str__(self) -> str:
        return f"line {self.number}"


class Transition(models.Model):
    """Who brought a settlement or a journal from one state to another, and why. `by` empty: the hub itself."""

    settlement = models.ForeignKey(Settlement, on_delete=models.CASCADE, related_name="transitions")
    journal = models.ForeignKey("reconciliation.JournalEntry", on_delete=models.CASCADE, null=True, blank=True, related_name="transitions")
    before = models.CharField(max_length=10, blank=True)
    after = models.CharField(max_length=10)
    reason = models.CharField(max_length=400, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.before} → {self.after}"
