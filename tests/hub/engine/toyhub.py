"""A hub between the two toy systems."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Any

import pytest
from django.utils import timezone

from connectors import registry
from hub import clients
from hub.engine.accept import accept
from hub.engine.deliver import deliver
from hub.engine.records import stream_of
from hub.models import Connection, Delivery, Flow
from mappings.models import Mapping, MappingRule, MappingVersion
from tests.hub.engine import toy


def mapping(slug: str, stream: str, operation: str, rules: dict[str, Any]) -> Mapping:
    row = Mapping.objects.create(
        slug=slug, name=slug, source_connector="shop", source_stream=stream, target_connector="ledger", target_operation=operation
    )
    version = MappingVersion.objects.create(mapping=row, number=1)
    MappingRule.objects.bulk_create(
        MappingRule(version=version, position=n, target=target, **({"source": rule} if isinstance(rule, str) else rule))
        for n, (target, rule) in enumerate(rules.items())
    )
    MappingVersion.objects.filter(pk=version.pk).update(state="published", published_at=timezone.now())
    Mapping.objects.filter(pk=row.pk).update(live=version)
    row.refresh_from_db()
    return row


@dataclass
class Hub:
    """The flow under test and what a worker would do with it."""

    flow: Flow
    world: toy.World

    def read(self, flow: Flow | None = None, **options: Any) -> Any:
        wanted = flow or self.flow
        stream = stream_of(wanted)
        assert stream
        return accept(wanted, list(stream.read(clients.client(wanted.source), wanted.cursor)), now=timezone.now(), **options)

    def send(self) -> int:
        return deliver(self.flow.target_id, deadline=monotonic() + 20)

    def later(self) -> int:
        """Everything that waits for a time becomes due, then is sent."""
        Delivery.objects.filter(state="waiting").update(due_at=timezone.now() - timedelta(seconds=1))
        Connection.objects.update(open_until=None)
        return self.send()

    def states(self, flow: Flow | None = None) -> dict[str, str]:
        """The latest delivery of each record."""
        return dict(Delivery.objects.filter(flow=flow or self.flow).order_by("pk").values_list("key", "state"))

    def last(self, key: str) -> Delivery:
        return Delivery.objects.filter(flow=self.flow, key=key).latest("pk")


def make_hub(monkeypatch: pytest.MonkeyPatch) -> Hub:
    """A flow of orders from the shop to the ledger, ready to run."""
    world = toy.WORLD
    world.__init__()  # type: ignore[misc]
    monkeypatch.setattr(registry, "connectors", lambda: {"shop": toy.SHOP, "ledger": toy.LEDGER})
    clients.forget_clients()
    source = Connection.objects.create(slug="shop", name="Shop", connector="shop")
    target = Connection.objects.create(slug="ledger", name="Ledger", connector="ledger")
    rules = {"Number": "Id", "Sku": "Sku", "Name": "Name", "Total": "Total"}
    flow = Flow.objects.create(
        slug="orders",
        name="Orders",
        source=source,
        stream="orders",
        target=target,
        operation="orders",
        mapping=mapping("orders", "orders", "orders", rules),
    )
    return Hub(flow=flow, world=world)
