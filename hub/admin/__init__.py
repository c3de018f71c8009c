"""The admin for people: every noun has its file, `hub.engine` does the work."""

from __future__ import annotations

from django.contrib import admin

from hub.admin import activity, completeness, connections, deliveries, errors, events, flows, people, purges, rate_limits, references, runs

admin.site.index_title = "Dashboard"

__all__ = [
    "activity", "completeness", "connections", "deliveries", "errors", "events", "flows", "people", "purges", "rate_limits", "references",
    "runs",
]  # fmt: skip
