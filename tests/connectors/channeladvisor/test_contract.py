"""ChannelAdvisor keeps the promises of every connector, in both dialects."""

from __future__ import annotations

import pytest

from connectors.base import Reference
from connectors.channeladvisor import CONNECTOR
from connectors.channeladvisor.sandbox import WEBHOOK_SECRET, ChannelAdvisorSandbox
from connectors.hooks import Hooks
from connectors.sandbox.people import MARKED_PHONE
from tests.connectors.channeladvisor.conftest import orders
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
        payload = {"ChannelAdvisorOrderID": numbers[7], "SellerOrderID": "SO-7"}
        return Stand(
            box=box,
            settings=settings,
            api="/v[12]/*",
            deliveries={"acknowledge_order": (payload, Reference(system="ChannelAdvisor", key=str(numbers[7]), version="1"))},
            count=lambda operation: sum(box.taken(number) for number in numbers),
            canaries=(CANARY, MARKED_PHONE),
        )
