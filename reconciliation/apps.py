"""Reconciliation as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class ReconciliationConfig(AppConfig):
    """Settlements, what they are matched with, and the journals that they become."""

    name = "reconciliation"
    verbose_name = "Reconciliation"

    def ready(self) -> None:
        from hub.engine import listeners
        from reconciliation.engine import following

        listeners.register(following.follow)
