"""Signs of life and wake-ups: the only rows that workers write about themselves."""

from __future__ import annotations

from django.db import models


class Heartbeat(models.Model):
    """Written by a task, not by the cluster: a cluster that runs no tasks is dead however healthy it looks."""

    name = models.CharField(max_length=60, primary_key=True)
    at = models.DateTimeField()
    words = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return self.name


class Wake(models.Model):
    """A wake-up that is under way, so that a thousand webhooks queue one task and not a thousand."""

    name = models.CharField(max_length=80, primary_key=True)
    asked_at = models.FloatField(default=0)

    def __str__(self) -> str:
        return self.name
