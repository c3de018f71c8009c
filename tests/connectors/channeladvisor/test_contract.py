"""ChannelAdvisor keeps the promises of every connector, in both dialects."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connectors.base import Payload
from connectors.channeladvisor import CONNECTOR
from connectors.channeladvisor.sandbox import WEBHOOK_SECRET, ChannelAdvisorSandbox
from connectors.hooks import Hooks
from connectors.sandbox.people import MARKED_PHONE
from tests.connectors.channeladvisor.conftest import orders, package, reference
from tests.connectors.contract import ConnectorContract, Stand

CANARY = "Kanarienvogel"


class TestChannelAdvisor(ConnectorContract):
    connector_id = "channeladvisor"

    @pytest.fixture
    def stand(self, box: ChannelAdvisorSandbox, dialect: str) -> Stand:
        numbers = box.place_many(orders(45, marks=CANARY, lines=(1, 30)))
        settings = box.settings(dialect)
        assert CONNECTOR.webhook
        assert CONNECTOR.webhook.subscribe
        CONNECTOR.webhook.subscribe(CONNECTOR.connect(settings, Hooks()), "http://127.0.0.1:9/hook", WEBHOOK_SECRET)
        return Stand(
            box=box,
            settings=settings,
            api="/v[12]/*",
            deliveries={name: (payload, reference(payload)) for name, payload in _payloads(box, numbers).items()},
            count=lambda operation: _COUNTS[operation](box, numbers),
            canaries=(CANARY, MARKED_PHONE),
        )


_COUNTS: dict[str, Callable[[ChannelAdvisorSandbox, list[int]], int]] = {
    "acknowledge_order": lambda box, numbers: sum(box.taken(number) for number in numbers),
    "ship": lambda box, numbers: sum(len(box.shipments(number)) for number in numbers),
    "cancel_items": lambda box, numbers: sum(line["QuantityCancelled"] for order in box.orders() for line in order["OrderItem"]),
    "order_status": lambda box, numbers: 0,
}


def _payloads(box: ChannelAdvisorSandbox, numbers: list[int]) -> dict[str, Payload]:
    held = {order["ChannelAdvisorOrderID"]: order for order in box.orders()}
    return {
        "acknowledge_order": {"ChannelAdvisorOrderID": numbers[7], "SellerOrderID": "SO-7"},
        "ship": package(held[numbers[3]]),
        "cancel_items": {
            "ChannelAdvisorOrderID": numbers[4],
            "Items": [{"ItemID": held[numbers[4]]["OrderItem"][0]["ItemID"], "QuantityCancelled": 1}],
        },
        "order_status": {"ChannelAdvisorOrderID": numbers[5], "OrderStatus": "OnHold"},
    }
