"""An ERP to post to, in this process."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from connectors.tims.sandbox import TimsSandbox


@dataclass
class Erp:
    """The stand-in of TIMS, the connection to it, and what a worker would do."""

    box: TimsSandbox
    connection: Any

    def send(self) -> None:
        from hub.engine.deliver import deliver

        deliver(self.connection.pk, deadline=time.monotonic() + 20)

    def later(self) -> None:
        """What waits for a time is due, then sent."""
        from django.utils import timezone

        from hub.models import Connection, Delivery

        Delivery.objects.filter(state="waiting").update(due_at=timezone.now())
        Connection.objects.update(open_until=None)
        self.send()

    @property
    def entries(self) -> list[dict[str, Any]]:
        return list(self.box.book.rows("gl_entries"))


@pytest.fixture
def erp(transactional_db: None) -> Iterator[Erp]:
    from hub import clients, vault
    from tests import factories
    from tests.connectors.tims.conftest import settings_for

    with TimsSandbox(rate=None, environment="production") as box:
        settings = settings_for(box)
        secrets = {name: settings.pop(name) for name in ("client_secret", "api_key", "webhook_secret")}
        clients.forget_clients()
        yield Erp(box, factories.connection("tims", settings=settings, secrets=vault.seal_secrets(secrets)))
