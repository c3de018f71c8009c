"""An error record: one thing that is wrong with one delivery, until a person or a later success closes it."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from hub.models.connection import Connection
from hub.models.delivery import Delivery
from hub.models.flow import Flow


class ErrorRecord(models.Model):
    """`cause` is the same for equal problems of many records; the admin groups by it."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        HEALED = "healed", "Healed"
        RESOLVED = "resolved", "Resolved by a person"
        IGNORED = "ignored", "Ignored"
        SUPERSEDED = "superseded", "Replaced by a newer version"

    class Severity(models.TextChoices):
        ERROR = "error", "Error"
        WARNING = "warning", "Warning"

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, null=True, blank=True, related_name="errors")
    flow = models.ForeignKey(Flow, on_delete=models.CASCADE, null=True, blank=True, related_name="errors")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, null=True, blank=True, related_name="errors")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    severity = models.CharField(max_length=10, choices=Severity.choices, default=Severity.ERROR)
    category = models.CharField(max_length=30)
    cause = models.CharField(max_length=200)
    code = models.CharField(max_length=60, blank=True)
    path = models.CharField("field", max_length=200, blank=True)
    value = models.CharField(max_length=200, blank=True)
    message = models.CharField(max_length=600)
    advice = models.CharField("what to do", max_length=600, blank=True)
    note = models.CharField(max_length=400, blank=True)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(fields=["cause", "state"], name="error_cause"),
            models.Index(fields=["state", "-id"], name="error_state"),
            models.Index(fields=["delivery"], condition=Q(state="open"), name="error_open_delivery"),
        ]
        permissions: ClassVar = [("triage_errorrecord", "Can retry, resolve and ignore error records")]

    def __str__(self) -> str:
        return self.message
