"""The shipped maps of buyers and of acknowledgements."""

from __future__ import annotations

from typing import Any

from connectors.schema import validate
from mappings.core.engine import apply, compile_rules
from mappings.core.values import Facts
from tests.mappings.core.samples import ADDRESS, SETTINGS, starter_rules, tables

CUSTOMER: dict[str, Any] = {
    "CustomerKey": "640-0a1b2c", "UserID": "dana.r", "SiteID": 640, "FirstName": "Dana", "LastName": "Ruiz", "CompanyName": "",
    "Email": "X1y2z3@Marketplace.example", "Phone": "(206) 555-0142 ext. 7", "EmailOptIn": False, "Currency": "USD",
    "ShippingAddress": ADDRESS, "BillingAddress": None, "PersonalDataRemoved": False,
}  # fmt: skip


def customer(**changes: Any) -> dict[str, Any]:
    compiled = compile_rules(starter_rules("ca-customer-to-tims-customer", "connectors.tims", "customer"), tables=tables())
    found = apply(compiled, CUSTOMER | changes, Facts(tables=tables(), settings=SETTINGS))
    assert found.problems == ()
    assert validate("connectors.tims", "customer", found.payload) == []
    return found.payload


def test_a_buyer_becomes_a_customer() -> None:
    payload = customer()
    expected = {
        "CustomerType": "Person", "FirstName": "Dana", "LastName": "Ruiz", "Email": "x1y2z3@marketplace.example", "Phone": "+12065550142",
        "Notes": "ext. 7", "Currency": "USD", "PaymentTermsCode": "PREPAID", "MarketingOptIn": False,
        "ExternalIDs": [{"System": "ChannelAdvisor", "ID": "640:dana.r"}],
    }  # fmt: skip
    assert {name: payload.get(name) for name in expected} == expected
    assert [(one["Type"], one.get("IsDefault"), one["City"]) for one in payload["Addresses"]] == [("Shipping", True, "Seattle")]


def test_a_company_is_a_business_and_a_buyer_without_id_keeps_its_key() -> None:
    payload = customer(CompanyName="Acme LLC", UserID="")
    assert (payload["CustomerType"], payload["CompanyName"], payload["ExternalIDs"][0]["ID"]) == ("Business", "Acme LLC", "640-0a1b2c")


def test_a_buyer_without_a_name_takes_the_one_on_the_parcel() -> None:
    payload = customer(FirstName="", LastName="", ShippingAddress=ADDRESS | {"FirstName": "", "LastName": "Anna von der Heide"})
    assert (payload["FirstName"], payload["LastName"]) == ("Anna", "von der Heide")
    assert (customer(LastName="")["LastName"], "Email" in customer(Email="none")) == ("Dana", False)


def test_an_incomplete_address_is_left_out_of_a_customer() -> None:
    assert "Addresses" not in customer(ShippingAddress=ADDRESS | {"City": ""})


def test_the_acknowledgement_carries_both_ids() -> None:
    compiled = compile_rules(starter_rules("ca-acknowledge", "connectors.channeladvisor", "acknowledge_order"))
    found = apply(compiled, {"SourceKey": "19918546", "TargetKey": "SO-1000045", "TargetVersion": "1"}, Facts())
    assert (found.payload, found.problems) == ({"ChannelAdvisorOrderID": 19918546, "SellerOrderID": "SO-1000045"}, ())
