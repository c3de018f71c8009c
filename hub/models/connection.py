"""A connection: one account at one system, with its secrets, its state and its rate limits."""

from __future__ import annotations

import secrets
from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from simple_history.models import HistoricalRecords


def path_token() -> str:
    """An unguessable part of the webhook address."""
    return secrets.token_urlsafe(24)


class Connection(models.Model):
    """`settings` hold what everyone may read, `secrets` one encrypted JSON object."""

    class Status(models.TextChoices):
        UNTESTED = "untested", "Not tested yet"
        WORKING = "working", "Working"
        FAILING = "failing", "Failing"
        REFUSED = "refused", "Credentials refused"

    slug = models.SlugField(
        "short name", max_length=60, unique=True, help_text="Used in addresses and commands: letters, digits and hyphens."
    )
    name = models.CharField(max_length=120)
    connector = models.CharField("system", max_length=40)
    settings = models.JSONField(default=dict, blank=True)
    secrets = models.TextField(blank=True, editable=False)
    enabled = models.BooleanField(default=True, help_text="Off: nothing is read or sent; webhooks are still taken and kept.")
    environment = models.CharField(max_length=20, blank=True, editable=False)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.UNTESTED, editable=False)
    status_words = models.CharField(max_length=400, blank=True, editable=False)
    findings = models.JSONField(default=list, blank=True, editable=False)
    checked_at = models.DateTimeField(null=True, blank=True, editable=False)
    parallel = models.PositiveSmallIntegerField(
        "calls at once",
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(64)],
        help_text="Empty: what the system allows.",
    )
    webhook_token = models.CharField(max_length=64, unique=True, default=path_token, editable=False)
    bad_signatures = models.PositiveIntegerField(default=0, editable=False)
    failures = models.PositiveIntegerField("failures in a row", default=0, editable=False)
    open_until = models.DateTimeField("paused until", null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    history = HistoricalRecords(
        excluded_fields=[
            "secrets",
            "status",
            "status_words",
            "findings",
            "checked_at",
            "environment",
            "bad_signatures",
            "failures",
            "open_until",
        ]
    )

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class AccessToken(models.Model):
    """A short-lived access token, encrypted, shared by all workers; `locked_until` is held by whoever renews it."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=40)
    sealed = models.TextField(blank=True)
    expires_at = models.FloatField(default=0)
    locked_until = models.FloatField(default=0)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["connection", "name"], name="one_token_per_name")]

    def __str__(self) -> str:
        return f"{self.connection}: {self.name}"


class RateLimit(models.Model):
    """A token bucket that all processes share. Times are seconds since 1970.

    `per_second` is what the system said last, else what is `declared` (0 for one that was set by hand, which nothing changes);
    `reserved` calls of the burst are left to urgent work. `refused_at` is when the system last took no more calls.
    """

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="limits")
    name = models.CharField(max_length=60)
    burst = models.FloatField()
    reserved = models.FloatField(default=0)
    per_second = models.FloatField()
    declared = models.FloatField(default=0)
    tokens = models.FloatField()
    refilled_at = models.FloatField(default=0)
    blocked_until = models.FloatField(default=0)
    refused_at = models.FloatField(default=0)

    class Meta:
        ordering: ClassVar = ["connection", "name"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["connection", "name"], name="one_limit_per_name")]

    def __str__(self) -> str:
        return f"{self.connection}: {self.name}"
