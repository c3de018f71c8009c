"""The admin for people: every noun has its file, `hub.engine` does the work."""

from __future__ import annotations

from hub.admin import activity, connections, deliveries, errors, events, flows, people, purges, references, runs

__all__ = ["activity", "connections", "deliveries", "errors", "events", "flows", "people", "purges", "references", "runs"]
