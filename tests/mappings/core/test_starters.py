"""The shipped maps: they fit the schemas, they map the sample, and they meet the awkward orders."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connectors.schema import fields
from mappings.core.checks import check_rules
from mappings.core.engine import ask
from mappings.core.values import Facts, Need
from tests.mappings.core.samples import Everything, arrives, mapped, order, order_map, shipped, starter_rules, tables

D = Decimal
SIDES = {
    "ca-order-to-tims-sales-order": ("channeladvisor", "order", "tims", "sales_order"),
    "ca-customer-to-tims-customer": ("channeladvisor", "customer", "tims", "customer"),
    "ca-acknowledge": ("", "", "channeladvisor", "acknowledge_order"),
}


@pytest.mark.parametrize("slug", SIDES)
def test_a_shipped_map_fits_both_schemas(slug: str) -> None:
    source_package, source_schema, package, schema = SIDES[slug]
    source = fields(f"connectors.{source_package}", source_schema) if source_package else ()
    rules = starter_rules(slug, f"connectors.{package}", schema)
    assert check_rules(rules, source_fields=source, target_fields=fields(f"connectors.{package}", schema), tables=tables()) == []


def test_the_shipped_tables_hold_no_key_twice() -> None:
    for one in shipped().values():
        keys = [row[0] for row in one.get("entries", ())]
        assert len(keys) == len(set(keys)), one["slug"]


def test_the_sample_order_becomes_the_sales_order_of_the_contract() -> None:
    payload = arrives(mapped(order()))
    address = {
        "Name": "Dana Ruiz",
        "AddressLine1": "PO Box 112",
        "City": "Seattle",
        "StateOrProvince": "WA",
        "PostalCode": "98101",
        "Country": "US",
        "Phone": "+12065550142",
        "AddressType": "POBox",
    }
    expected = {
        "SourceSystem": "ChannelAdvisor",
        "ExternalOrderID": "19918546",
        "MarketplaceName": "Amazon US",
        "MarketplaceOrderID": "112-4455667-7788990",
        "CustomerID": "C-000017",
        "OrderDate": "2026-11-19",
        "OrderedAt": "2026-11-19T23:41:07Z",
        "RequestedShipDate": "2026-11-21",
        "OrderStatus": "Open",
        "PaymentStatus": "Paid",
        "FulfilledBy": "Seller",
        "Currency": "USD",
        "PricesIncludeTax": False,
        "TaxCollectedBy": "Marketplace",
        "CarrierID": "USPS",
        "ShippingAddress": address,
        "Charges": [
            {"Type": "Shipping", "Amount": D("4.00"), "TaxAmount": D("0.40")},
            {"Type": "GiftWrap", "Amount": D("3.00"), "TaxAmount": D("0.30")},
        ],
        "TotalAmount": D("156.27"),
    }
    assert {name: payload.get(name) for name in expected} == expected
    first = {
        "ExternalLineID": "900001",
        "SKU": "TK-4411-BLU-M",
        "Quantity": 2,
        "Price": D("59.99"),
        "DiscountAmount": D("-5.00"),
        "DiscountCode": "NOV5",
        "TaxAmount": D("12.12"),
        "GiftMessage": "Happy birthday",
    }
    assert {name: payload["LineItems"][0].get(name) for name in first} == first
    assert payload["LineItems"][1]["TaxAmount"] == D("1.97")


def test_a_mapping_asks_for_everything_it_needs_at_once() -> None:
    found = mapped(order(), answers={})
    items = {(kind, "items", sku) for kind in ("record", "hazard") for sku in ("TK-4411-BLU-M", "TK-9000")}
    asked = {("reference", "customers", "640-0a1b2c"), *items}
    assert {(need.kind, need.stream, need.key) for need in found.asked} == asked
    assert (found.problems, found.waits) == ((), ())


def test_asking_alone_asks_what_applying_would_ask() -> None:
    facts = Facts(tables=tables())
    ask(order_map(), order(), facts)
    assert facts.asked == mapped(order(), answers={}).asked
    for odd in (None, [], {}, {"OrderItem": 5}):
        ask(order_map(), odd, facts)  # type: ignore[arg-type]


def test_an_order_waits_for_its_customer() -> None:
    class NoCustomer(Everything):
        def get(self, need: Need, default: Any = None) -> str | None:
            return None if need.kind == "reference" else super().get(need, default)

    assert [(need.kind, need.key, need.path) for need in mapped(order(), answers=NoCustomer()).waits] == [
        ("reference", "640-0a1b2c", "CustomerID")
    ]


def test_a_house_account_needs_no_customer() -> None:
    found = mapped(
        order(), tables={"house_account": {"640": "C-AMZ-US"}}, answers={Need(kind="record", stream="items", key="TK-9000"): "TK-9000"}
    )
    assert found.payload["CustomerID"] == "C-AMZ-US"
    assert {need.kind for need in found.asked} == {"record", "hazard"}


def test_the_shipped_map_compiles_without_a_problem() -> None:
    assert order_map().problems == []
