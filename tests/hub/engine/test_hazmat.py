"""Hazard classes come with the list of what the target knows, and stop an order before anything is sent."""

from __future__ import annotations

from django.utils import timezone

from connectors.base import Record
from hub.engine.known import remember
from hub.models import ErrorRecord, Flow
from mappings.models import LookupTable
from tests.hub.engine.toyhub import Hub, mapping

STEPS = [{"name": "hazmat", "args": {"stream": "skus", "method": "Status"}}, {"name": "known", "args": {"stream": "skus"}}]


def test_an_order_with_hazardous_goods_by_air_is_refused_before_it_is_sent(hub: Hub) -> None:
    LookupTable.objects.create(slug="allows_hazmat", name="Methods")
    row = mapping("gas", "orders", "orders", {"Number": "Id", "Sku": {"source": "Sku", "steps": STEPS}})
    Flow.objects.filter(pk=hub.flow.pk).update(mapping=row)
    items = Flow.objects.create(slug="skus", name="SKUs", source=hub.flow.target, stream="skus", last_read_at=timezone.now())
    remember(items, [Record(key="GAS-1", payload={"HazardClass": "2.1"}), Record(key="TK-1", payload={})], now=timezone.now())
    hub.world.place("1", Sku="gas-1", Status="UPS-NDA")
    hub.world.place("2", Status="UPS-NDA")
    hub.read()
    hub.send()
    assert hub.states() == {"1": "failed", "2": "delivered"}
    assert [call for call in hub.world.calls if call[0] == "send"] == [("send", "2")]
    assert "gas-1 is hazardous goods (class 2.1), which UPS-NDA does not carry" in ErrorRecord.objects.get().message
    remember(items, [Record(key="GAS-1", payload={"HazardClass": None})], now=timezone.now())
    hub.world.place("1", Total=11)
    hub.read()
    hub.send()
    assert hub.states() == {"1": "delivered", "2": "delivered"}
