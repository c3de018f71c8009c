"""The hub as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class HubConfig(AppConfig):
    """Connections, flows, deliveries, errors."""

    name = "hub"
    verbose_name = "Hub"

    def ready(self) -> None:
        from hub import checks, samples  # noqa: F401
        from hub.engine import missing
        from mappings import waiters

        samples.provide()
        waiters.register(missing.release_table)
