"""The baseline as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class TaskedConfig(AppConfig):
    """One table."""

    name = "tests.benchmarks.tasked"
    label = "tasked"
    default_auto_field = "django.db.models.BigAutoField"
