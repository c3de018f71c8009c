"""Lines of a bank statement: the deposits that settlements are paid by."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from reconciliation.models.books import Books
from reconciliation.models.settlement import Settlement


class BankLine(models.Model):
    """Money that arrived. Several settlements may be paid in one transfer: each of them names its bank line through `BankMatch`."""

    books = models.ForeignKey(Books, on_delete=models.CASCADE, related_name="bank_lines")
    reference = models.CharField(max_length=120)
    booked_on = models.DateField()
    amount = models.DecimalField(max_digits=20, decimal_places=4)
    currency = models.CharField(max_length=3)
    words = models.CharField("text", max_length=300, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-booked_on", "-id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["books", "reference"], name="one_bank_line_per_reference")]

    def __str__(self) -> str:
        return f"{self.booked_on} {self.amount} {self.currency}"


class BankMatch(models.Model):
    """A settlement and the bank line that paid it."""

    settlement = models.OneToOneField(Settlement, on_delete=models.CASCADE, related_name="bank_match")
    bank_line = models.ForeignKey(BankLine, on_delete=models.PROTECT, related_name="matches")
    amount = models.DecimalField(max_digits=20, decimal_places=4)
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["id"]
        verbose_name_plural = "bank matches"

    def __str__(self) -> str:
        return f"{self.settlement} ↔ {self.bank_line}"
