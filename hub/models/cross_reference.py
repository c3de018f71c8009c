"""Both names of a thing: cross references, aliases, and the list of what exists at a system."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from hub.models.connection import Connection
from hub.models.flow import Flow


class CrossReference(models.Model):
    """The source record's key and the target document that it became."""

    source = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="+")
    stream = models.CharField(max_length=60)
    source_key = models.CharField(max_length=200)
    source_version = models.CharField(max_length=60, blank=True)
    target = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="+")
    operation = models.CharField(max_length=60)
    target_key = models.CharField(max_length=200)
    target_version = models.CharField(max_length=60, blank=True)
    payload_hash = models.CharField(max_length=64, blank=True)
    mapping_version = models.ForeignKey("mappings.MappingVersion", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "stream", "source_key", "target", "operation"], name="one_cross_reference_per_record")
        ]
        indexes: ClassVar = [models.Index(fields=["target", "operation", "target_key"], name="cross_reference_back")]

    def __str__(self) -> str:
        return f"{self.source_key} ↔ {self.target_key}"


class RecordAlias(models.Model):
    """Another name of a fact, owned by the record that brought it first; a second road to the same target is skipped."""

    target = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    operation = models.CharField(max_length=60)
    alias = models.CharField(max_length=200)
    flow = models.ForeignKey(Flow, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)

    class Meta:
        verbose_name_plural = "record aliases"
        constraints: ClassVar = [models.UniqueConstraint(fields=["target", "operation", "alias"], name="one_owner_per_alias")]

    def __str__(self) -> str:
        return self.alias


class KnownRecord(models.Model):
    """Something that exists at a system, such as an item that TIMS can sell. Keys are compared without regard to case."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="known")
    stream = models.CharField(max_length=60)
    key = models.CharField(max_length=200)
    folded = models.CharField(max_length=200, editable=False)
    label = models.CharField(max_length=200, blank=True)
    usable = models.BooleanField(default=True)
    hazard = models.CharField("hazard class", max_length=20, blank=True)
    version = models.CharField(max_length=60, blank=True)
    seen_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["key"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["connection", "stream", "folded"], name="known_once")]

    def __str__(self) -> str:
        return self.key
