"""People who are logged in, and no wake-ups. Django is imported late: this file is read before the settings are prepared."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture(autouse=True)
def woken(db: None, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """What was woken; no task is queued."""
    from django.core.cache import cache

    calls: list[tuple[str, int]] = []
    for place in ("hub.engine.triage", "hub.engine.read", "hub.admin.connections", "hub.admin.flows"):
        monkeypatch.setattr(f"{place}.wake", lambda kind, pk: calls.append((kind, pk)))
    cache.clear()
    return calls


@pytest.fixture
def enter() -> Any:
    """A client of somebody in that role; "" has no role, "superuser" every right."""
    from django.test import Client

    from tests import factories

    def client(role: str = "superuser") -> Client:
        made = Client()
        made.force_login(factories.user(role), backend="django.contrib.auth.backends.ModelBackend")
        return made

    return client
