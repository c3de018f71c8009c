"""Orders as Amazon answers them, made to measure."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from connectors.base import Payload

NUMBER = "111-2223334-4445556"
_ORDER: Payload = {
    "orderId": NUMBER,
    "createdTime": "2026-11-18T09:15:30.123Z",
    "lastUpdatedTime": "2026-11-18T09:47:02.501Z",
    "programs": ["PRIME"],
    "salesChannel": {"channelName": "AMAZON", "marketplaceId": "ATVPDKIKX0DER", "marketplaceName": "Amazon.com"},
    "buyer": {"buyerName": "Jo Sample", "buyerEmail": "a1b2c3@marketplace.amazon.example"},
    "recipient": {"deliveryAddress": {"name": "Jo Sample", "addressLine1": "1 Test Way", "city": "Austin", "stateOrRegion": "TX",
                                      "postalCode": "78701", "countryCode": "US", "phone": "+1 512 555 0100"}},
    "proceeds": {"grandTotal": {"amount": "48.12", "currencyCode": "USD"}},
    "fulfillment": {
        "fulfillmentStatus": "UNSHIPPED", "fulfilledBy": "MERCHANT", "fulfillmentServiceLevel": "STANDARD",
        "deliverByWindow": {"earliestDateTime": "2026-11-21T08:00:00.000Z", "latestDateTime": "2026-11-26T07:59:59.000Z"},
        "promiseCalculationInputs": {"not": "in the published model"},
    },
    "orderItems": [{"orderItemId": "90123456789012", "quantityOrdered": 2, "product": {"asin": "B0TEST0001", "sellerSku": "MUG/BLUE 1"},
                    "fulfillment": {"quantityFulfilled": 0, "quantityUnfulfilled": 2}}],
    "packages": [],
}  # fmt: skip


def order(number: str = NUMBER, **changed: Any) -> Payload:
    """One order; `changed` replaces whole blocks."""
    return {**deepcopy(_ORDER), "orderId": number, **changed}


def shipping(status: str, **changed: Any) -> Payload:
    """The block `fulfillment` in a status."""
    return {**deepcopy(_ORDER["fulfillment"]), "fulfillmentStatus": status, **changed}
