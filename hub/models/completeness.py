"""A completeness check: what a source says it has of a closed time, against what the hub took in."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from hub.models.flow import Flow
from hub.models.sync_run import SyncRun


class CompletenessCheck(models.Model):
    """`listed` keys were counted in a source other than the one that is read; `missing` of them had no delivery and are fetched by
    `run`; `absent` names those that even that did not bring."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        COUNTING = "counting", "Counting"
        FETCHING = "fetching", "Fetching what is missing"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    OPEN: ClassVar = (State.WAITING, State.COUNTING, State.FETCHING)

    flow = models.ForeignKey(Flow, on_delete=models.CASCADE, related_name="completeness_checks")
    since = models.DateTimeField("from")
    until = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING, db_index=True)
    due_at = models.DateTimeField()
    listed = models.PositiveIntegerField(default=0)
    missing = models.PositiveIntegerField("missing at first", default=0)
    absent = models.JSONField("still missing", default=list, blank=True)
    run = models.ForeignKey(SyncRun, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    message = models.CharField(max_length=600, blank=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["flow"], condition=models.Q(state__in=["waiting", "counting", "fetching"]), name="one_open_completeness_check"
            )
        ]

    def __str__(self) -> str:
        return f"{self.flow}: {self.statement}"

    @property
    def statement(self) -> str:
        """Such as “1,284 of 1,284”; before the end how far it is."""
        if self.state != self.State.DONE:
            return self.State(self.state).label
        return f"{self.listed - len(self.absent):,} of {self.listed:,}"

    @property
    def complete(self) -> bool:
        """Whether every listed record is in the hub."""
        return self.state == self.State.DONE and not self.absent
