"""A file that came in: its bytes are kept for ever, whatever became of it."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.core.files.storage import Storage, storages
from django.db import models

from hub.models import Connection


def statements() -> Storage:
    """Where the files' bytes lie."""
    return storages["statements"]


class StatementFile(models.Model):
    """Identified by what it holds: the same bytes are stored once. `stored` are the bytes, gzipped."""

    class State(models.TextChoices):
        RECEIVED = "received", "Received"
        IMPORTED = "imported", "Imported"
        QUARANTINED = "quarantined", "Quarantined"

    sha256 = models.CharField("fingerprint", max_length=64, unique=True)
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="+", verbose_name="selling account")
    name = models.CharField(max_length=200)
    report = models.CharField("report", max_length=60, blank=True)
    size = models.PositiveBigIntegerField("bytes")
    stored = models.FileField(storage=statements, max_length=120)
    state = models.CharField(max_length=12, choices=State.choices, default=State.RECEIVED)
    code = models.CharField(max_length=60, blank=True)
    problem = models.CharField(max_length=600, blank=True)
    line = models.PositiveIntegerField(null=True, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    received_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-id"]
        permissions: ClassVar = [("download_statementfile", "Can download statement files")]

    def __str__(self) -> str:
        return self.name
