"""A sync run: one reading of a flow, with what it found."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from hub.core.lanes import Lane, lane_of_run
from hub.models.flow import Flow


class SyncRun(models.Model):
    """Counts are records. `wanted` is known when named records are read, else empty.

    A long run is read in turns: `place` is how many of `keys` are done, or from which time on `since` goes on.
    """

    class Trigger(models.TextChoices):
        SCHEDULE = "schedule", "Schedule"
        WEBHOOK = "webhook", "Webhook"
        PERSON = "person", "Person"
        COMMAND = "command", "Command"
        API = "api", "API"
        CHECK = "check", "Completeness check"

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting to start"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        STOPPED = "stopped", "Stopped"

    flow = models.ForeignKey(Flow, on_delete=models.CASCADE, related_name="runs")
    trigger = models.CharField(max_length=10, choices=Trigger.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING, db_index=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    keys = models.JSONField(default=list, blank=True)
    since = models.CharField(max_length=40, blank=True)
    place = models.TextField(max_length=4000, blank=True, editable=False)
    due_at = models.DateTimeField("goes on at", null=True, blank=True, editable=False)
    restarts = models.PositiveSmallIntegerField(default=0, editable=False)
    wanted = models.PositiveIntegerField(null=True, blank=True)
    read = models.PositiveIntegerField(default=0)
    accepted = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    unreadable = models.PositiveIntegerField(default=0)
    stop_asked = models.BooleanField(default=False)
    message = models.CharField(max_length=600, blank=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    started_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.flow} · run {self.pk}"

    @property
    def lane(self) -> Lane:
        """Who goes first where calls are scarce."""
        return lane_of_run(self.trigger, keys=len(self.keys), since=self.since, flow_priority=self.flow.priority)
