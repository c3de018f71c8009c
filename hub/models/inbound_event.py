"""An inbound event: a verified webhook or a notification from a queue, stored before anything is done about it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from hub.models.connection import Connection
from hub.models.seal import Seal
from hub.models.sync_run import SyncRun


class InboundEvent(models.Model):
    """`masked` names only what the hub needs (type, record key); the whole body is kept sealed."""

    class State(models.TextChoices):
        RECEIVED = "received", "Received"
        DONE = "done", "Done"
        IGNORED = "ignored", "Nothing to do"
        FAILED = "failed", "Failed"

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="events")
    event_id = models.CharField(max_length=128)
    type = models.CharField(max_length=80)
    stream = models.CharField(max_length=60, blank=True)
    key = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RECEIVED)
    reason = models.CharField(max_length=300, blank=True)
    occurred_at = models.CharField(max_length=40, blank=True)
    size = models.PositiveIntegerField(default=0)
    sealed = models.BinaryField(null=True, blank=True)
    seal = models.ForeignKey(Seal, on_delete=models.SET_NULL, null=True, blank=True, related_name="events")
    run = models.ForeignKey(SyncRun, on_delete=models.SET_NULL, null=True, blank=True, related_name="events")
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    received_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["connection", "event_id"], name="one_event_per_id")]
        indexes: ClassVar = [
            models.Index(fields=["connection", "due_at", "id"], condition=Q(state="received"), name="event_waiting"),
            models.Index(fields=["connection", "stream", "key"], name="event_record"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.key}"
