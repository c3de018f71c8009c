"""TIMS keeps the promises of every connector."""

from __future__ import annotations

import pytest

from connectors.hooks import Hooks
from connectors.tims import CONNECTOR, gl_entries, sales_orders
from connectors.tims.sandbox import TimsSandbox
from tests.connectors.contract import ConnectorContract, Stand
from tests.connectors.tims.books import entry, settlement
from tests.connectors.tims.conftest import settings_for
from tests.connectors.tims.orders import CANARIES, customer, order, outside, reference

KINDS = {"reverse_gl_entry": "gl_entries"}


class TestTims(ConnectorContract):
    connector_id = "tims"

    @pytest.fixture
    def stand(self, box: TimsSandbox) -> Stand:
        box.book.put("sales_orders", "SO-1", _stored(box))
        sent = sales_orders.send(CONNECTOR.connect(settings_for(box), Hooks()), order(50), reference(50)).key
        box.ship(sent, parcels=[[{"LineNumber": 1, "Quantity": 1}], [{"LineNumber": 1, "Quantity": 1}, {"LineNumber": 2, "Quantity": 1}]])
        posted = gl_entries.send(CONNECTOR.connect(settings_for(box), Hooks()), entry(), settlement(1)).key
        waiting = sales_orders.send(CONNECTOR.connect(settings_for(box), Hooks()), order(51), reference(51)).key
        return Stand(
            box=box,
            settings=settings_for(box),
            api="/api/v1/*",
            deliveries={
                "customers": (customer(), reference(1)),
                "sales_orders": (order(2), reference(2)),
                "shipments": (outside(waiting), reference(3)),
                "gl_entries": (entry(), settlement(2)),
                "reverse_gl_entry": ({"EntryID": posted}, settlement(3)),
            },
            count=lambda operation: box.book.count(KINDS.get(operation, operation)),
            canaries=CANARIES,
        )


def _stored(box: TimsSandbox) -> dict[str, object]:
    made = {**order(99), "SalesOrderID": "SO-1", "SourceSystem": "Manual", "ExternalOrderID": "1", "Status": "Open", "Version": 1}
    return {**made, "CreatedAt": box.stamp(), "UpdatedAt": box.stamp()}
