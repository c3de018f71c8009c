"""A flow: a stream of one connection, a mapping, an operation of another, and when it runs."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from hub.models.connection import Connection


class Flow(models.Model):
    """Four kinds. With stream and operation: records travel. With a stream only: the hub keeps the list of what exists there.

    With `after`: each success of that flow starts one delivery here (no stream of its own). With neither stream nor `after`: the hub
    hands in records of its own, such as journals; they need no mapping.
    """

    slug = models.SlugField(
        "short name", max_length=60, unique=True, help_text="Used in addresses and commands: letters, digits and hyphens."
    )
    name = models.CharField(max_length=120)
    source = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="flows_out", null=True, blank=True)
    stream = models.CharField("records", max_length=60, blank=True)
    after = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="followers")
    mapping = models.ForeignKey("mappings.Mapping", on_delete=models.PROTECT, null=True, blank=True, related_name="flows")
    target = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="flows_in", null=True, blank=True)
    operation = models.CharField(max_length=60, blank=True)
    enabled = models.BooleanField(default=True)
    filter = models.TextField(
        "take new records when", max_length=2000, blank=True, help_text="A formula on the source record; empty takes every record."
    )
    filter_words = models.CharField(
        "reason shown for others", max_length=1000, blank=True, help_text="A sentence; or a formula that makes one, after an equals sign."
    )
    list_others = models.BooleanField(
        "list records that are not taken", default=True,
        help_text="Off: a new record that the filter does not take leaves no line here; when it changes it is looked at again.",
    )  # fmt: skip
    send_changes = models.BooleanField(default=True, help_text="Later changes of a record that was already delivered are sent too.")
    poll_minutes = models.PositiveIntegerField(
        "read every (minutes)", default=15, validators=[MaxValueValidator(7 * 24 * 60)], help_text="0: only by webhook, button or command."
    )
    webhooks = models.BooleanField("read when a webhook arrives", default=True)
    batch = models.PositiveSmallIntegerField("records per batch", default=100, validators=[MinValueValidator(1), MaxValueValidator(500)])
    priority = models.SmallIntegerField(default=0, help_text="Higher goes first.")
    cursor = models.TextField(max_length=4000, blank=True, editable=False)
    cursor_moved_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_read_at = models.DateTimeField(null=True, blank=True, editable=False)
    resume_at = models.DateTimeField("sends again at", null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    history = HistoricalRecords(excluded_fields=["cursor", "cursor_moved_at", "last_read_at", "resume_at"])

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(after__isnull=False, stream="")
                | (Q(after__isnull=True, source__isnull=False) & ~Q(stream=""))
                | Q(source=None, stream=""),
                name="flow_has_one_origin",
            ),
            models.CheckConstraint(condition=Q(operation="") | Q(target__isnull=False), name="flow_operation_has_target"),
        ]

    def __str__(self) -> str:
        return self.name
