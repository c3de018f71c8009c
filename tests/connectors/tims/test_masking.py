"""Personal data for a TIMS that is not production."""

from __future__ import annotations

import json

from connectors.tims.masking import mask_for_test
from connectors.wire import encode
from tests.connectors.tims.orders import ADDRESS, CANARIES, customer, order


def test_nothing_personal_is_left_of_an_order() -> None:
    made = mask_for_test(order(BuyerNotes="For Canaryfirst", BillingAddress={**ADDRESS, "AddressLine2": "c/o Canarylast"}))
    text = encode(made).decode()
    assert not [word for word in CANARIES if word in text]
    assert "Leave at the door" not in text


def test_nothing_personal_is_left_of_a_customer() -> None:
    text = encode(mask_for_test(customer(CompanyName="Canarylast Inc", MobilePhone="+12065550199"))).decode()
    assert not [word for word in CANARIES if word in text]


def test_what_taxes_and_routes_depend_on_stays() -> None:
    masked = mask_for_test(order())["ShippingAddress"]
    kept = {name: masked[name] for name in ("City", "StateOrProvince", "PostalCode", "Country", "AddressLine1", "Phone")}
    assert kept == {
        "City": "Seattle", "StateOrProvince": "WA", "PostalCode": "981", "Country": "US", "AddressLine1": "1 Masked Street",
        "Phone": "+10000000000",
    }  # fmt: skip


def test_money_lines_and_ids_stay_as_they_are() -> None:
    masked = mask_for_test(order())
    assert masked["LineItems"] == order()["LineItems"]
    assert (masked["TotalAmount"], masked["MarketplaceOrderID"]) == (order()["TotalAmount"], order()["MarketplaceOrderID"])


def test_the_same_person_gets_the_same_mask_however_it_is_written() -> None:
    first, second = mask_for_test(customer()), mask_for_test(customer(Email="CANARY.Mail@shop.example"))
    assert first["Email"] == second["Email"]
    assert first["Email"].endswith("@example.invalid")
    assert first["Addresses"][0]["Name"] == f"Buyer {first['LastName']}"


def test_missing_values_stay_missing_and_the_original_is_not_touched() -> None:
    original = customer(Email=None, Phone="")
    before = json.dumps(original, default=str)
    masked = mask_for_test(original)
    assert (masked["Email"], masked["Phone"]) == (None, "")
    assert json.dumps(original, default=str) == before
