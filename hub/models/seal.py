"""Seals: one key per source record, under which its clear text is kept until it must be gone."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from hub.models.connection import Connection


class Seal(models.Model):
    """The wrapped key of one record's clear text. Without it every copy, backups included, is unreadable.

    Keep this table out of backups, or keep those backups no longer than personal data may live.
    """

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    stream = models.CharField(max_length=60)
    key = models.CharField(max_length=200)
    wrapped = models.TextField(blank=True)
    keep_until = models.DateTimeField(db_index=True)
    destroyed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["connection", "stream", "key"], name="one_seal_per_record")]

    def __str__(self) -> str:
        return f"{self.stream} {self.key}"


class PurgeReceipt(models.Model):
    """Proof of one purge: what was destroyed, up to when, by whose hand."""

    at = models.DateTimeField(auto_now_add=True)
    up_to = models.DateTimeField()
    seals = models.PositiveIntegerField("records made unreadable")
    bodies = models.PositiveIntegerField("sealed texts removed")
    digest = models.CharField(max_length=64, help_text="SHA-256 over the record ids, in order.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"Purge of {self.at:%Y-%m-%d %H:%M}"


class Reveal(models.Model):
    """Who read a record's clear text, when and why."""

    at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    delivery = models.ForeignKey("hub.Delivery", on_delete=models.CASCADE, related_name="reveals")
    reason = models.CharField(max_length=200)

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.by} read {self.delivery_id}"
