"""Mappings, their versions and rules, and lookup tables; every change is kept with its author."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords


class Mapping(models.Model):
    """How the records of one stream become the payloads of one operation."""

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=120)
    source_connector = models.CharField("source system", max_length=40, blank=True)
    source_stream = models.CharField("source records", max_length=60, blank=True)
    target_connector = models.CharField("target system", max_length=40)
    target_operation = models.CharField("target operation", max_length=60)
    live = models.ForeignKey("MappingVersion", on_delete=models.PROTECT, null=True, blank=True, related_name="+", editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    history = HistoricalRecords()

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class MappingVersion(models.Model):
    """One state of a mapping's rules: a draft that people edit, or published and never changed again."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"

    mapping = models.ForeignKey(Mapping, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    comment = models.CharField(max_length=400, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    history = HistoricalRecords()

    class Meta:
        ordering: ClassVar = ["mapping", "-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["mapping", "number"], name="mapping_version_number"),
            models.UniqueConstraint(fields=["mapping"], condition=Q(state="draft"), name="one_draft_per_mapping"),
        ]

    def __str__(self) -> str:
        return f"{self.mapping} v{self.number}"


class MappingRule(models.Model):
    """How one target field gets its value."""

    class IfEmpty(models.TextChoices):
        OMIT = "omit", "leave the field out"
        NULL = "null", "send it as empty"
        DEFAULT = "default", "use the default"
        ERROR = "error", "stop with an error"

    version = models.ForeignKey(MappingVersion, on_delete=models.CASCADE, related_name="rules")
    position = models.PositiveIntegerField(default=0)
    target = models.CharField("target field", max_length=200)
    source = models.CharField("source field", max_length=200, blank=True)
    steps = models.JSONField("transforms", default=list, blank=True)
    formula = models.TextField(max_length=2000, blank=True)
    condition = models.TextField("only when", max_length=2000, blank=True)
    constant = models.CharField(max_length=400, null=True, blank=True)
    default = models.CharField(max_length=400, blank=True)
    if_empty = models.CharField(max_length=10, choices=IfEmpty.choices, default=IfEmpty.OMIT)
    note = models.CharField(max_length=400, blank=True)
    history = HistoricalRecords()

    class Meta:
        ordering: ClassVar = ["version", "position", "id"]

    def __str__(self) -> str:
        return f"{self.target} ← {self.source or self.formula or self.constant or ''}"


class LookupTable(models.Model):
    """Values of one system and what they are called in another. `revision` rises with every change of an entry."""

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=120)
    key_label = models.CharField(max_length=80, default="Key")
    value_label = models.CharField(max_length=80, default="Value")
    description = models.CharField(max_length=400, blank=True)
    revision = models.PositiveBigIntegerField(default=1, editable=False)
    history = HistoricalRecords(excluded_fields=["revision"])

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def touch(cls, table_id: int) -> None:
        """Tells every process that entries changed; call it inside the transaction that changes them."""
        cls.objects.filter(pk=table_id).update(revision=F("revision") + 1)


class LookupEntry(models.Model):
    """One row of a lookup table. Keys are compared exactly as written."""

    table = models.ForeignKey(LookupTable, on_delete=models.CASCADE, related_name="entries")
    key = models.CharField(max_length=200)
    value = models.CharField(max_length=400, blank=True)
    note = models.CharField(max_length=200, blank=True)
    history = HistoricalRecords()

    class Meta:
        ordering: ClassVar = ["table", "key"]
        verbose_name_plural = "lookup entries"
        constraints: ClassVar = [models.UniqueConstraint(fields=["table", "key"], name="lookup_key_once")]

    def __str__(self) -> str:
        return f"{self.key} → {self.value}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        LookupTable.touch(self.table_id)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        LookupTable.touch(self.table_id)
        return super().delete(*args, **kwargs)
