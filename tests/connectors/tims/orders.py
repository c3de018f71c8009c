"""Sales orders and customers for the tests of TIMS, and sending them."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal
from typing import Any

from connectors.base import Payload, Receipt, Reference
from connectors.tims import sales_orders
from connectors.tims.client import TimsClient
from connectors.tims.sandbox import TimsSandbox

CANARIES = ("Canaryfirst", "Canarylast", "canary.mail@shop.example", "12 Canary Street", "+12065550199")
ADDRESS: Payload = {
    "Name": "Canaryfirst Canarylast", "AddressLine1": "12 Canary Street", "City": "Seattle", "StateOrProvince": "WA", "PostalCode": "98101",
    "Country": "US", "Phone": "+12065550199",
}  # fmt: skip
ORDER: Payload = {
    "MarketplaceName": "Amazon US", "MarketplaceOrderID": "112-4455667-7788990", "CustomerID": "C-CA-GUEST", "OrderDate": "2026-11-19",
    "OrderStatus": "Open", "PaymentStatus": "Paid", "Currency": "USD", "ShippingMethod": "USPS-PRI", "CarrierID": "USPS",
    "ShippingAddress": ADDRESS, "Notes": "Leave at the door",
    "LineItems": [
        {"ExternalLineID": "900001", "SKU": "TK-1001", "Quantity": 2, "Price": Decimal("59.99"), "DiscountAmount": Decimal("-5.00"),
         "DiscountCode": "NOV5", "TaxAmount": Decimal("12.12")},
        {"ExternalLineID": "900002", "SKU": "TK-1002", "Quantity": 1, "Price": Decimal("19.50"), "TaxAmount": Decimal("1.97")},
    ],
    "Charges": [
        {"Type": "Shipping", "Amount": Decimal("4.00"), "TaxAmount": Decimal("0.40")},
        {"Type": "GiftWrap", "Amount": Decimal("3.00"), "TaxAmount": Decimal("0.30")},
    ],
    "TotalAmount": Decimal("156.27"),
}  # fmt: skip
CUSTOMER: Payload = {
    "CustomerType": "Person", "FirstName": "Canaryfirst", "LastName": "Canarylast", "Email": "canary.mail@shop.example",
    "Phone": "+12065550199", "Currency": "USD", "Addresses": [{**ADDRESS, "Type": "Shipping"}],
}  # fmt: skip


def order(number: int = 1, **changes: Any) -> Payload:
    """A sales order with a marketplace number of its own."""
    return deepcopy({**ORDER, "MarketplaceOrderID": f"112-{number:07d}", **changes})


def customer(**changes: Any) -> Payload:
    """A person in Seattle."""
    return deepcopy({**CUSTOMER, **changes})


def outside(order_id: str, **changes: Any) -> Payload:
    """A shipment of the whole order that another warehouse made; its lines are named by the channel's ids."""
    lines = [{"ExternalLineID": "900001", "SKU": "TK-1001", "Quantity": 2}, {"ExternalLineID": "900002", "SKU": "TK-1002", "Quantity": 1}]
    made = {
        "SalesOrderID": order_id, "Status": "Shipped", "ShippedAt": "2026-11-20T18:02:00Z", "LocationCode": "FBA-US", "CarrierID": "AMZL",
        "ShippingMethod": "WILLCALL", "Packages": [{"PackageNumber": 1, "TrackingNumber": "TBA0001", "Lines": lines}],
    }  # fmt: skip
    return deepcopy({**made, **changes})


def reference(number: int = 1, version: str = "v1", target: str = "") -> Reference:
    """The name of a delivery from ChannelAdvisor."""
    return Reference(system="ChannelAdvisor", key=str(19918545 + number), version=version, target=target, scope="orders")


def stored(box: TimsSandbox, number: int = 1) -> Payload:
    """The order as TIMS holds it."""
    found = box.order("ChannelAdvisor", reference(number).key)
    assert found
    return found


def created(client: TimsClient, **changes: Any) -> Receipt:
    """The order, sent for the first time."""
    return sales_orders.send(client, order(**changes), reference())


def again(client: TimsClient, receipt: Receipt, **changes: Any) -> Receipt:
    """The order, changed, as its second version."""
    return sales_orders.send(client, order(**changes), reference(version="v2", target=receipt.key))
