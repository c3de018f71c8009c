"""Reconciliation as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class ReconciliationConfig(AppConfig):
    """Settlements, what they are matched with, and the journals that they become."""

    name = "reconciliation"
    verbose_name = "Reconciliation"

    def ready(self) -> None:
        from hub import schedules
        from hub.demo import closing
        from hub.engine import listeners
        from reconciliation.engine import following

        listeners.register(following.follow)
        closing.register("reconciliation.demo.fortnights", pastime="reconciliation.demo.pay_out")
        schedules.register("settlements", "reconciliation.tasks.fetch", minutes=240)
        schedules.register("financial transactions", "reconciliation.tasks.fetch_transactions", minutes=60)
        schedules.register("settled orders", "reconciliation.tasks.match", minutes=5)
