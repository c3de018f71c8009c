"""Schemas: the fields they declare and the words for what they find."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connectors import schema
from tests.connectors.tims.orders import order

PACKAGE = "connectors.tims"


def problems(**changes: Any) -> dict[str, str]:
    found = schema.validate(PACKAGE, "sales_order", {**order(), **changes})
    return {one.path: one.message for one in found}


def lines(**changes: Any) -> list[dict[str, Any]]:
    first, *rest = order()["LineItems"]
    return [*rest, {**first, **changes}]


@pytest.mark.parametrize(
    ("changes", "path", "words"),
    [
        ({"CustomerID": ""}, "CustomerID", "CustomerID is required but empty."),
        ({"CustomerID": None}, "CustomerID", "CustomerID is required but empty; it must be text."),
        ({"LineItems": lines(SKU="")}, "LineItems[1].SKU", "LineItems[1].SKU is required but empty."),
        ({"LineItems": []}, "LineItems", "LineItems is required but empty."),
        ({"TotalAmount": "19.50"}, "TotalAmount", "TotalAmount must be a number, but is the text “19.50”."),
        ({"TotalAmount": True}, "TotalAmount", "TotalAmount must be a number, but is True."),
        ({"LineItems": lines(LineNumber=Decimal("1.5"))}, "LineItems[1].LineNumber",
         "LineItems[1].LineNumber must be a whole number, but is 1.5."),
        ({"LineItems": lines(Price=Decimal("1.23456"))}, "LineItems[1].Price",
         "LineItems[1].Price has too many decimals (1.23456); TIMS takes 4 decimals."),
        ({"LineItems": lines(Quantity=0)}, "LineItems[1].Quantity", "LineItems[1].Quantity must be more than 0 (0)."),
        ({"CustomerPONumber": "x" * 36}, "CustomerPONumber", "CustomerPONumber is 36 characters long; TIMS takes at most 35."),
        ({"Tags": ["a"] * 21}, "Tags", "Tags has 21 entries; TIMS takes at most 20."),
        ({"OrderStatus": "Opened"}, "OrderStatus",
         "OrderStatus is “Opened”, not one of the allowed values: "
         "Draft, Open, OnHold, PartiallyFulfilled, Fulfilled, Completed, Cancelled."),
        ({"OrderDate": "2026-11-19T10:00:00Z"}, "OrderDate", "OrderDate must be a date such as 2026-11-20 (2026-11-19T10:00:00Z)."),
        ({"OrderedAt": "yesterday"}, "OrderedAt", "OrderedAt must be a time with its zone, such as 2026-11-20T10:15:00Z (yesterday)."),
        ({"Discount": 1}, "Discount", "Discount is not a field of TIMS; remove the rule that fills it or choose another target field."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_plain_words(changes: dict[str, Any], path: str, words: str) -> None:
    assert problems(**changes) == {path: words}


def test_everything_that_is_wrong_is_found_at_once() -> None:
    assert set(problems(CustomerID="", TotalAmount="1", Currency="usd")) == {"CustomerID", "TotalAmount", "Currency"}


def test_a_missing_field_is_named_with_its_whole_path() -> None:
    address = {name: value for name, value in order()["ShippingAddress"].items() if name != "City"}
    assert problems(ShippingAddress=address) == {"ShippingAddress.City": "ShippingAddress.City is required but empty."}


@pytest.mark.parametrize(
    ("changes", "secret"),
    [
        ({"ShippingAddress": {**order()["ShippingAddress"], "Name": "Secretname " * 20}}, "Secretname"),
        ({"BuyerNotes": 12345678}, "12345678"),
        ({"LineItems": lines(GiftMessage=["For Secretname"])}, "Secretname"),
        ({"SecretField": "Secretname"}, "Secretname"),
    ],
)
def test_personal_values_and_those_of_unknown_fields_are_never_shown(changes: dict[str, Any], secret: str) -> None:
    found = schema.validate(PACKAGE, "sales_order", {**order(), **changes})
    assert found
    assert secret not in repr(found)


def test_the_same_mistake_on_many_lines_is_one_cause() -> None:
    wrong = [{**line, "Price": "1"} for line in order()["LineItems"]]
    assert {one.cause for one in schema.validate(PACKAGE, "sales_order", {**order(), "LineItems": wrong})} == {
        "type_mismatch:LineItems.Price"
    }


def test_decimal_numbers_are_numbers() -> None:
    assert schema.validate(PACKAGE, "sales_order", order()) == []


@pytest.mark.parametrize("payload", [None, [], "text", 5])
def test_a_payload_that_is_no_object_is_a_problem(payload: Any) -> None:
    assert [one.code for one in schema.validate(PACKAGE, "sales_order", payload)] in (["type_mismatch"], ["required"])


def test_fields_tell_types_lengths_and_choices_with_groups_before_what_they_hold() -> None:
    found = schema.fields(PACKAGE, "sales_order")
    by_path = {one.path: one for one in found}
    paths = [one.path for one in found]
    assert paths.index("LineItems") < paths.index("LineItems[].SKU")
    assert by_path["LineItems"].type == "list"
    assert by_path["ShippingAddress"].type == "group"
    assert by_path["OrderDate"].type == "date"
    assert by_path["OrderedAt"].type == "time"
    assert by_path["LineItems[].LineNumber"].type == "whole number"
    assert by_path["IsGift"].type == "yes/no"
    assert (by_path["LineItems[].SKU"].max_length, by_path["LineItems[].SKU"].required) == (50, True)
    assert by_path["TaxCollectedBy"].choices == ("Seller", "Marketplace")


def test_what_a_reference_declares_is_found_in_every_place() -> None:
    personal = schema.personal_paths(PACKAGE, "sales_order")
    assert {"ShippingAddress.Name", "BillingAddress.Name", "LineItems[].GiftMessage"} <= set(personal)
    assert not {"ShippingAddress.Country", "LineItems[].SKU"} & set(personal)
    assert "Addresses[].AddressLine1" in schema.personal_paths(PACKAGE, "customer")


def test_volatile_fields_are_listed() -> None:
    assert set(schema.volatile_paths(PACKAGE, "item")) == {"Version", "CreatedAt", "UpdatedAt"}


def test_an_unknown_schema_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        schema.fields(PACKAGE, "no_such_schema")
