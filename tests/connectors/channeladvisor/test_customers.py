"""The customer behind an order: the same buyer has the same key, and the key tells nothing."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.channeladvisor import CONNECTOR
from connectors.channeladvisor.customers import customer_key, derive, summary
from connectors.channeladvisor.orders import sequence
from connectors.schema import validate
from tests.connectors.channeladvisor.conftest import orders

PERSON = {"Phone": "+1 206 555 0142", "LastName": "Ruiz"}


def order(info: dict[str, Any] | None, *, site: int = 640, number: int = 1, postal: str = "98101") -> dict[str, Any]:
    return {
        "ChannelAdvisorOrderID": number,
        "Marketplace": {"SiteID": site},
        "CustomerInfo": info,
        "ShippingAddress": {"PostalCode": postal},
    }


SAME = [
    ({"UserID": "Dana77", "Email": "a@x.example"}, {"UserID": "dana77 ", "Email": "b@x.example"}),
    ({"Email": "Dana@X.example"}, {"Email": " dana@x.example"}),
    (PERSON, {"Phone": "+12065550142", "LastName": "RUIZ"}),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_buyer_has_the_same_key(one: dict[str, str], other: dict[str, str]) -> None:
    assert customer_key(order(one, number=1)) == customer_key(order(other, number=2))


DIFFERENT = [
    (order({"UserID": "dana"}), order({"UserID": "dana"}, site=641)),
    (order({"UserID": "x"}), order({"Email": "x"})),
    (order(PERSON), order(PERSON, postal="98102")),
    (order({"LastName": "Ruiz"}, number=1), order({"LastName": "Ruiz"}, number=2)),
    (order(None, number=1), order(None, number=2)),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_buyers_have_different_keys(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert customer_key(one) != customer_key(other)


def test_the_key_holds_no_personal_data() -> None:
    key = customer_key(order({"UserID": "dana77", "Email": "dana@x.example", **PERSON}))
    assert key.startswith("640-")
    assert len(key) == 24
    assert "dana" not in key


@pytest.mark.parametrize("info", ["text", [1], 5, {"UserID": 7, "Email": None, "Phone": []}])
def test_odd_customer_information_still_gives_a_key(info: Any) -> None:
    assert customer_key(order(info)).startswith("640-")


def test_a_customer_is_made_from_an_order() -> None:
    (made,) = orders(1)
    made |= {"UpdatedDateUtc": "2026-11-20T10:00:00Z"}
    record = derive(made)
    assert record
    assert record.key == customer_key(made)
    assert record.version == "2026-11-20T10:00:00.000000Z"
    assert validate("connectors.channeladvisor", "customer", record.payload) == []


def test_blank_names_come_from_the_shipping_address() -> None:
    made = {**order({"FirstName": "", "LastName": None}), "ShippingAddress": {"FirstName": "Bo", "LastName": "Cy"}}
    record = derive(made)
    assert record
    assert (record.payload["FirstName"], record.payload["LastName"]) == ("Bo", "Cy")


@pytest.mark.parametrize("gone", [{"PersonalDataRemoved": True}, {"CustomerInfo": None}])
def test_no_customer_is_made_where_personal_data_was_removed(gone: dict[str, Any]) -> None:
    (made,) = orders(1)
    assert derive({**made, **gone}) is None


def test_customers_are_derived_from_orders() -> None:
    stream = CONNECTOR.stream("customers")
    assert stream.derived_from == "orders"
    assert stream.derive


def test_the_title_of_a_buyer_tells_the_site_and_no_person() -> None:
    made = derive(order({"UserID": "dana77", "Email": "dana@x.example", **PERSON}))
    assert made is not None
    assert summary(made.payload).title == f"Buyer at site 640, {made.key[4:12]}…"


def test_orders_of_one_buyer_are_one_sequence() -> None:
    assert sequence({"CustomerInfo": {"CustomerKey": "640-0a1b2c"}}) == "640-0a1b2c"
    assert [sequence(odd) for odd in ({}, {"CustomerInfo": None}, {"CustomerInfo": {"CustomerKey": None}})] == ["", "", ""]
