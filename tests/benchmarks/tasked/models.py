"""What the baseline remembers of an order."""

from __future__ import annotations

from django.db import models


class Order(models.Model):
    """An announced order on its way."""

    event_id = models.CharField(max_length=128, unique=True)
    key = models.CharField(max_length=40, db_index=True)
    state = models.CharField(max_length=10, default="announced", db_index=True)
    source = models.TextField(blank=True)
    payload = models.TextField(blank=True)
    target_key = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.key
