"""TIMS keeps the promises of every connector."""

from __future__ import annotations

import pytest

from connectors.hooks import Hooks
from connectors.tims import CONNECTOR, gl_entries, invoices, payments, sales_orders
from connectors.tims.sandbox import TimsSandbox
from tests.connectors.contract import ConnectorContract, Stand
from tests.connectors.tims.books import credit_memo, entry, invoice, invoiced, payment, settlement, sold
from tests.connectors.tims.conftest import settings_for
from tests.connectors.tims.orders import CANARIES, customer, order, outside, reference

KINDS = {
    "reverse_gl_entry": "gl_entries", "void_invoice": "invoices", "apply_payment": "payments", "unapply_payment": "payments",
    "void_payment": "payments",
}  # fmt: skip


class TestTims(ConnectorContract):
    connector_id = "tims"

    @pytest.fixture
    def stand(self, box: TimsSandbox) -> Stand:
        box.book.put("sales_orders", "SO-1", _stored(box))
        sent = sales_orders.send(CONNECTOR.connect(settings_for(box), Hooks()), order(50), reference(50)).key
        box.ship(sent, parcels=[[{"LineNumber": 1, "Quantity": 1}], [{"LineNumber": 1, "Quantity": 1}, {"LineNumber": 2, "Quantity": 1}]])
        client = CONNECTOR.connect(settings_for(box), Hooks())
        posted = gl_entries.send(client, entry(), settlement(1)).key
        unbilled = sold(client, 7)
        order_id, paid = invoiced(client, box)
        memo = invoices.send(client, credit_memo(order_id, paid), settlement(1)).key
        money, other = (payments.send(client, payment(), settlement(number)).key for number in (1, 2))
        waiting = sales_orders.send(CONNECTOR.connect(settings_for(box), Hooks()), order(51), reference(51)).key
        return Stand(
            box=box,
            settings=settings_for(box),
            api="/api/v1/*",
            deliveries={
                "customers": (customer(), reference(1)),
                "sales_orders": (order(2), reference(2)),
                "shipments": (outside(waiting), reference(3)),
                "invoices": (invoice(unbilled), settlement(4)),
                "void_invoice": ({"InvoiceID": memo}, settlement(5)),
                "payments": (payment((paid, 5)), settlement(6)),
                "apply_payment": ({"PaymentID": money, "Applications": [{"InvoiceID": paid, "Amount": 5}]}, settlement(7)),
                "unapply_payment": ({"PaymentID": money}, settlement(8)),
                "void_payment": ({"PaymentID": other}, settlement(9)),
                "gl_entries": (entry(), settlement(2)),
                "reverse_gl_entry": ({"EntryID": posted}, settlement(3)),
            },
            count=lambda operation: box.book.count(KINDS.get(operation, operation)),
            canaries=CANARIES,
        )


def _stored(box: TimsSandbox) -> dict[str, object]:
    made = {**order(99), "SalesOrderID": "SO-1", "SourceSystem": "Manual", "ExternalOrderID": "1", "Status": "Open", "Version": 1}
    return {**made, "CreatedAt": box.stamp(), "UpdatedAt": box.stamp()}
