"""Mappings, their versions and rules, and lookup tables; every change is kept with its author."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from mappings import waiters


class PublishedError(ValidationError):
    """A published version was about to be changed or deleted."""

    def __init__(self) -> None:
        super().__init__("This version is published and never changes again. Start a new draft and change that.", code="published")


class Mapping(models.Model):
    """How the records of one stream become the payloads of one operation."""

    slug = models.SlugField(
        "short name", max_length=80, unique=True, help_text="Used in addresses and commands: letters, digits and hyphens."
    )
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
        permissions: ClassVar = [("publish_mapping", "Can publish mappings and roll them back")]

    def __str__(self) -> str:
        return self.name


class VersionRows(models.QuerySet["MappingVersion"]):
    """Versions, of which published ones are neither changed nor deleted in bulk."""

    def update(self, **kwargs: Any) -> int:
        _refuse_published(self.filter(state=MappingVersion.State.PUBLISHED))
        return super().update(**kwargs)

    def delete(self) -> tuple[int, dict[str, int]]:
        _refuse_published(self.filter(state=MappingVersion.State.PUBLISHED))
        return super().delete()


class MappingVersion(models.Model):
    """One state of a mapping's rules: a draft that people edit, or published and never changed again."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"

    mapping = models.ForeignKey(Mapping, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    comment = models.CharField(max_length=400, blank=True)
    revision = models.PositiveIntegerField(default=1, editable=False)
    """Rises with every saved change of the draft, so that two editors do not overwrite each other."""
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    history = HistoricalRecords(excluded_fields=["revision"])
    objects = VersionRows.as_manager()

    class Meta:
        ordering: ClassVar = ["mapping", "-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["mapping", "number"], name="mapping_version_number"),
            models.UniqueConstraint(fields=["mapping"], condition=Q(state="draft"), name="one_draft_per_mapping"),
            models.CheckConstraint(
                condition=Q(state="draft", published_at=None) | Q(state="published", published_at__isnull=False),
                name="published_has_its_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.mapping} v{self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk:
            _refuse_published(MappingVersion.objects.filter(pk=self.pk, state=self.State.PUBLISHED))
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        _refuse_published(MappingVersion.objects.filter(pk=self.pk, state=self.State.PUBLISHED))
        return super().delete(*args, **kwargs)


class RuleRows(models.QuerySet["MappingRule"]):
    """Rules, of which those of published versions are neither added, changed nor deleted in bulk."""

    def update(self, **kwargs: Any) -> int:
        _refuse_published(self.filter(version__state=MappingVersion.State.PUBLISHED))
        return super().update(**kwargs)

    def delete(self) -> tuple[int, dict[str, int]]:
        _refuse_published(self.filter(version__state=MappingVersion.State.PUBLISHED))
        return super().delete()

    def bulk_create(self, objs: Any, *args: Any, **kwargs: Any) -> list[MappingRule]:
        rows = list(objs)
        versions = {row.version_id for row in rows}
        _refuse_published(MappingVersion.objects.filter(pk__in=versions, state=MappingVersion.State.PUBLISHED))
        return super().bulk_create(rows, *args, **kwargs)


class MappingRule(models.Model):
    """How one target field gets its value."""

    class IfEmpty(models.TextChoices):
        OMIT = "omit", "leave the field out"
        NULL = "null", "send it as empty"
        DEFAULT = "default", "use the default"
        ERROR = "error", "stop with an error"
        WAIT = "wait", "wait for it, then stop with an error"

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
    wait_hours = models.PositiveSmallIntegerField("hours to wait", default=24)
    note = models.CharField(max_length=400, blank=True)
    history = HistoricalRecords()
    objects = RuleRows.as_manager()

    class Meta:
        ordering: ClassVar = ["version", "position", "id"]

    def __str__(self) -> str:
        return f"{self.target} ← {self.source or self.formula or self.constant or ''}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self._refuse_when_published()
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        self._refuse_when_published()
        return super().delete(*args, **kwargs)

    def _refuse_when_published(self) -> None:
        either = Q(pk=self.version_id) | Q(rules=self.pk) if self.pk else Q(pk=self.version_id)
        _refuse_published(MappingVersion.objects.filter(either, state=MappingVersion.State.PUBLISHED))


def _refuse_published(published: models.QuerySet[Any]) -> None:
    if published.exists():
        raise PublishedError


class LookupTable(models.Model):
    """Values of one system and what they are called in another. `revision` rises with every change of an entry."""

    slug = models.SlugField(
        "short name", max_length=80, unique=True, help_text="Used in addresses and commands: letters, digits and hyphens."
    )
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
        """Tells every process that entries changed, and who waits for them; call it inside the transaction that changes them."""
        cls.objects.filter(pk=table_id).update(revision=F("revision") + 1)
        waiters.tell(table_id)


class EntryRows(models.QuerySet["LookupEntry"]):
    """Entries; deleting some tells every process that their tables changed."""

    def delete(self) -> tuple[int, dict[str, int]]:
        for table_id in self.order_by().values_list("table_id", flat=True).distinct():
            LookupTable.touch(table_id)
        return super().delete()


class LookupEntry(models.Model):
    """One row of a lookup table. Keys are compared exactly as written."""

    table = models.ForeignKey(LookupTable, on_delete=models.CASCADE, related_name="entries")
    key = models.CharField(max_length=200)
    value = models.CharField(max_length=400, blank=True)
    note = models.CharField(max_length=200, blank=True)
    history = HistoricalRecords()
    objects = EntryRows.as_manager()

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


class LookupUpload(models.Model):
    """A file that was read and checked but not taken over yet; gone after a day. `rows` is deflated JSON: [[key, value, note]]."""

    table = models.ForeignKey(LookupTable, on_delete=models.CASCADE, related_name="uploads")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    file_name = models.CharField(max_length=100)
    rows = models.BinaryField()
    replace = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["created_at"], name="lookup_upload_age")]

    def __str__(self) -> str:
        return f"{self.file_name} for {self.table}"
