"""Posting rules: which category a kind of line belongs to, and which account that is; never changed once published."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q


class PostingRuleSet(models.Model):
    """The rules of one kind of settlements; its published version is used."""

    slug = models.SlugField("short name", max_length=60, unique=True)
    name = models.CharField(max_length=120)

    class Meta:
        ordering: ClassVar = ["name"]
        verbose_name = "set of posting rules"
        verbose_name_plural = "posting rules"
        permissions: ClassVar = [("publish_postingruleset", "Can publish posting rules")]

    def __str__(self) -> str:
        return self.name


class PostingRuleVersion(models.Model):
    """A state of the rules. Once published neither it nor its rules change; the database refuses it."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"
        RETIRED = "retired", "Retired"

    rule_set = models.ForeignKey(PostingRuleSet, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    note = models.CharField(max_length=200, blank=True)
    book_facilitator_tax = models.BooleanField(
        "book tax that the marketplace pays", default=True, help_text="Off: where collected and withheld tax cancel out, neither is booked."
    )
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["rule_set", "-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["rule_set", "number"], name="one_posting_rule_version_per_number"),
            models.UniqueConstraint(fields=["rule_set"], condition=Q(state="published"), name="one_published_posting_rule_version"),
            models.UniqueConstraint(fields=["rule_set"], condition=Q(state="draft"), name="one_draft_of_posting_rules"),
        ]

    def __str__(self) -> str:
        return f"{self.rule_set}, version {self.number}"


class PostingRule(models.Model):
    """A kind of line → its category. An empty type or description fits every one."""

    version = models.ForeignKey(PostingRuleVersion, on_delete=models.CASCADE, related_name="rules")
    transaction_type = models.CharField(max_length=120, blank=True)
    amount_type = models.CharField(max_length=120)
    amount_description = models.CharField(max_length=200, blank=True)
    category = models.CharField(max_length=40)

    class Meta:
        ordering: ClassVar = ["category", "transaction_type", "amount_type", "amount_description"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["version", "transaction_type", "amount_type", "amount_description"], name="one_rule_per_kind_of_line"
            )
        ]

    def __str__(self) -> str:
        words = (self.transaction_type or "any", self.amount_type, self.amount_description or "any")
        return f"{' / '.join(words)} → {self.category}"


class AccountRule(models.Model):
    """A category → the account that it is booked to. An empty marketplace or fulfilment fits every one; the most exact rule counts."""

    version = models.ForeignKey(PostingRuleVersion, on_delete=models.CASCADE, related_name="accounts")
    category = models.CharField(max_length=40)
    marketplace = models.CharField(max_length=60, blank=True)
    fulfilment = models.CharField(max_length=20, blank=True)
    account = models.CharField(max_length=40)

    class Meta:
        ordering: ClassVar = ["category", "marketplace", "fulfilment"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["version", "category", "marketplace", "fulfilment"], name="one_account_per_category")
        ]

    def __str__(self) -> str:
        return f"{self.category} → {self.account}"
