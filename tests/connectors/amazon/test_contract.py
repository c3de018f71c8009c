"""Amazon keeps the promises of every connector."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.amazon import fulfilment
from connectors.amazon.sandbox import AmazonSandbox
from connectors.amazon.standin.outbound_life import KIND
from connectors.amazon.times import written
from connectors.base import Payload, Reference
from tests.connectors.amazon import shop
from tests.connectors.amazon.conftest import client_of
from tests.connectors.amazon.standin import orders
from tests.connectors.amazon.test_outbound_versions import order as elsewhere
from tests.connectors.contract import ConnectorContract, Stand

CANARY = "Kanarienvogel"


class TestAmazon(ConnectorContract):
    connector_id = "amazon"

    @pytest.fixture
    def stand(self, box: AmazonSandbox, monkeypatch: pytest.MonkeyPatch) -> Stand:
        made = orders(45, now=box.now() - timedelta(days=2))
        for order in made:
            order["recipient"]["deliveryAddress"]["name"] = f"{CANARY} Sample"
        numbers = box.place_many(made, backdated=True)
        fulfilment.create(client_of(box), elsewhere(), Reference(system="ChannelAdvisor", key="1"))
        while next(box.book.rows(KIND))["Status"] != "Complete":
            box.clock.advance(60)
            box.advance()
        shop.fill(box, monkeypatch)
        return Stand(
            box=box,
            settings=box.settings(),
            api="/[!a]*",
            deliveries={
                "confirm_shipment": (package(box.order(numbers[7]), written(box.now())), Reference(system="TIMS", key="SH-1-1")),
                "create_fulfilment_order": (elsewhere(), Reference(system="ChannelAdvisor", key="2")),
            },
            count=lambda operation: _held(box, operation),
            canaries=(CANARY,),
            tells_waits=False,
        )


def _held(box: AmazonSandbox, operation: str) -> int:
    if operation == "create_fulfilment_order":
        return box.book.count(KIND)
    return sum(len(order.get("packages") or ()) for order in box.orders())


def package(order: Payload, shipped: str) -> Payload:
    """A confirmation of the whole order."""
    lines = [{"orderItemId": line["orderItemId"], "quantity": line["quantityOrdered"]} for line in order["orderItems"]]
    detail = {
        "packageReferenceId": "101",
        "carrierCode": "UPS",
        "trackingNumber": "1Z999AA10123456784",
        "shipDate": shipped,
        "orderItems": lines,
    }
    return {"orderId": order["orderId"], "marketplaceId": order["salesChannel"]["marketplaceId"], "packageDetail": detail}
