"""Who is the same customer?"""

from __future__ import annotations

from typing import Any

import pytest

from connectors.tims import customers, identity
from tests.connectors.tims.orders import ADDRESS, customer


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({}, {}, True),
        ({"Email": "Canary.Mail+shop@shop.example"}, {}, True),
        ({"Email": "c.a.n@gmail.com"}, {"Email": "can@googlemail.com"}, True),
        ({"FirstName": "Zoltan", "LastName": "Quirk"}, {}, False),
        ({"Email": "other@shop.example"}, {}, False),
    ],
)
def test_a_mail_says_who_it_is_only_with_a_similar_name(one: dict[str, Any], other: dict[str, Any], same: bool) -> None:
    assert identity.same_mail(customer(**one), customer(**other)) is same


@pytest.mark.parametrize(
    "address", ["x1@marketplace.amazon.com", "x@marketplace.amazon.co.uk", "y@members.ebay.com", "z@marketplace.example"]
)
def test_addresses_made_by_marketplaces_say_nothing(address: str) -> None:
    assert identity.is_alias(address)


def test_a_phone_needs_the_last_name_and_the_postal_code() -> None:
    assert identity.same_phone(customer(), customer(FirstName="C."))
    assert not identity.same_phone(customer(), customer(LastName="Else"))
    assert not identity.same_phone(customer(), customer(Addresses=[{**ADDRESS, "PostalCode": "10001"}]))


@pytest.mark.parametrize(
    ("line", "name", "same"),
    [
        ("12 Canary St.", "Canarylast", True),
        ("12 CANARY STREET", "Cánarylast", True),
        ("14 Wholly Other Avenue", "Canarylast", False),
        ("12 Canary Street", "Quirk", False),
    ],
)
def test_a_house_needs_name_street_postal_code_and_country(line: str, name: str, same: bool) -> None:
    other = customer(LastName=name, Addresses=[{**ADDRESS, "AddressLine1": line, "PostalCode": "98101-1234"}])
    assert identity.same_house(customer(), other) is same


def test_company_suffixes_do_not_count() -> None:
    assert identity.name({"CompanyName": "Acme Tools, Inc."}) == identity.name({"CompanyName": "ACME Tools GmbH"})


def test_only_what_tims_lacks_is_completed() -> None:
    held = customer(CustomerID="C-1", Phone=None, FirstName="Other", Status="OnHold", ExternalIDs=[{"System": "A", "ID": "1"}])
    wanted = customer(Email="new@shop.example", Status="Active", CreditLimit=5, ExternalIDs=[{"System": "B", "ID": "2"}])
    missing = customers.completion(held, wanted)
    assert missing == {"Phone": "+12065550199", "ExternalIDs": [{"System": "A", "ID": "1"}, {"System": "B", "ID": "2"}]}


def test_blanks_of_erased_data_never_overwrite() -> None:
    held = customer(CustomerID="C-1", ExternalIDs=[])
    assert customers.completion(held, {"Email": None, "Phone": "", "Addresses": [{"AddressLine1": None}], "ExternalIDs": []}) == {}


def test_a_new_address_is_appended_and_one_written_otherwise_is_not() -> None:
    held = customer(ExternalIDs=[])
    same = {**ADDRESS, "AddressLine1": "12 canary st", "PostalCode": "98101-1234"}
    new = {**ADDRESS, "AddressLine1": "99 New Road", "AddressCode": "MINE", "IsDefault": True}
    missing = customers.completion(held, customer(Addresses=[same, new, new]))
    assert [one["AddressLine1"] for one in missing["Addresses"]] == ["12 Canary Street", "99 New Road"]
    assert "AddressCode" not in missing["Addresses"][1]
