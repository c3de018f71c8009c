"""Addresses of the world in the one form that the ERP takes."""

from __future__ import annotations

from typing import Any

import pytest

from mappings.core.address import harmonise
from mappings.core.countries import country_code, postal_code, state_of_postal_code
from tests.mappings.core.samples import ADDRESS


def made(**changes: Any) -> dict[str, Any]:
    found = harmonise(ADDRESS | {"AddressLine1": "12 Main Street"} | changes)
    assert [problem.message for problem in found.problems] == []
    return found.address


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"Country": ""}, "address"),
        ({"Country": "Atlantis"}, "address"),
        ({"StateOrProvince": "QQ"}, "bad_state"),
        ({"City": ""}, "address_incomplete"),
        ({"AddressLine1": ""}, "address_incomplete"),
        ({"FirstName": "", "LastName": ""}, "address_incomplete"),
        ({"PostalCode": "N/A"}, "address_incomplete"),
        ({"Country": "JP", "StateOrProvince": ""}, "address_incomplete"),
        ({"AddressLine1": "x" * 61}, "address_too_long"),
        ({"AddressLine1": "word " * 16, "AddressLine2": "word " * 16, "AddressLine3": "word " * 16}, "address_too_long"),
    ],
)
def test_an_address_that_cannot_be_used_is_a_problem_without_its_words(changes: dict[str, Any], code: str) -> None:
    problems = harmonise(ADDRESS | changes).problems
    assert code in [problem.code for problem in problems]
    assert not any("Ruiz" in problem.message or "112" in problem.message for problem in problems)


def test_lines_are_never_cut_silently_but_hold_the_address() -> None:
    assert {problem.hold for problem in harmonise(ADDRESS | {"AddressLine1": "x" * 61}).problems} == {"ADDRESS"}


def test_three_lines_of_eighty_characters_fit_when_they_can_be_broken() -> None:
    lines = {f"AddressLine{n}": f"{n} Long Street Name Number {n}, Building North, Entrance {n}" for n in (1, 2)}
    address = made(**lines, AddressLine3="")
    kept = [address.get(f"AddressLine{n}", "") for n in (1, 2, 3)]
    assert all(len(line) <= 60 for line in kept)


def test_nothing_gives_nothing() -> None:
    for empty in ({}, {"Country": "US"}, {"AddressLine1": "  ", "City": None}):
        assert harmonise(empty).address == {}
        assert harmonise(empty).problems == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"StateOrProvince": "massachusetts", "PostalCode": "2139"}, {"StateOrProvince": "MA", "PostalCode": "02139"}),
        ({"StateOrProvince": "", "PostalCode": "98101-1234"}, {"StateOrProvince": "WA", "PostalCode": "98101-1234"}),
        ({"Country": "USA", "PostalCode": "981011234"}, {"Country": "US", "PostalCode": "98101-1234"}),
        ({"Country": "UK", "StateOrProvince": "Kent", "PostalCode": "sw1a1aa"}, {"Country": "GB", "PostalCode": "SW1A 1AA"}),
        ({"Country": "EL", "StateOrProvince": "", "PostalCode": "10558"}, {"Country": "GR"}),
        ({"Country": "Canada", "StateOrProvince": "Québec", "PostalCode": "h3b4w8"}, {"StateOrProvince": "QC", "PostalCode": "H3B 4W8"}),
        ({"Country": "CA", "StateOrProvince": "", "PostalCode": "V6B 1A1"}, {"StateOrProvince": "BC"}),
        ({"Country": "AU", "StateOrProvince": "", "PostalCode": "2060"}, {"StateOrProvince": "NSW"}),
        ({"Country": "BR", "StateOrProvince": "São Paulo", "PostalCode": "01310100"}, {"StateOrProvince": "SP", "PostalCode": "01310-100"}),
        ({"Country": "JP", "StateOrProvince": "東京都", "City": "千代田区", "PostalCode": "1000001"}, {"PostalCode": "100-0001"}),
        ({"Country": "JP", "StateOrProvince": "東京都", "AddressLine1": "１丁目２"}, {"AddressLine1": "1丁目2", "City": "Seattle"}),
        ({"Country": "NL", "StateOrProvince": "", "PostalCode": "1012ab"}, {"PostalCode": "1012 AB"}),
        ({"Country": "PL", "StateOrProvince": "", "PostalCode": "00950"}, {"PostalCode": "00-950"}),
        ({"Country": "HK", "City": "", "StateOrProvince": "Kowloon", "PostalCode": "0000"}, {"City": "Hong Kong"}),
        ({"Country": "AE", "City": "Dubai", "StateOrProvince": "Dubai", "PostalCode": "N/A"}, {"City": "Dubai"}),
        ({"Country": "PR", "StateOrProvince": "", "PostalCode": "901"}, {"Country": "US", "StateOrProvince": "PR"}),
        ({"City": "APO", "StateOrProvince": "AE", "PostalCode": "09012"}, {"AddressType": "Military", "Country": "US"}),
        ({"AddressLine1": "P.O. Box 112"}, {"AddressType": "POBox"}),
        ({"AddressLine1": "Packstation 145", "Country": "DE", "StateOrProvince": "", "PostalCode": "10115"}, {"AddressType": "POBox"}),
        ({"AddressType": "PICKUP_POINT"}, {"AddressType": "PickupPoint"}),
        ({"AddressLine1": "12 MAIN STREET", "City": "SEATTLE"}, {"AddressLine1": "12 Main Street", "City": "Seattle"}),
        ({"AddressLine2": "Seattle WA 98101"}, {"AddressLine1": "12 Main Street"}),
        ({"Country": "DE", "StateOrProvince": "", "PostalCode": "10115", "AddressLine1": "Hauptstr.", "AddressLine2": "5a"},
         {"AddressLine1": "Hauptstr. 5a"}),
        ({"Title": "Dr.", "Suffix": "Jr."}, {"Name": "Dr. Dana Ruiz Jr."}),
        ({"CompanyName": "Acme"}, {"Name": "Dana Ruiz", "CompanyName": "Acme"}),
        ({"FirstName": "", "LastName": "", "CompanyName": "Acme"}, {"Name": "Acme"}),
        ({"AddressLine1": "12 Main 🎂 Street"}, {"AddressLine1": "12 Main Street"}),
    ],
)  # fmt: skip
def test_an_address_takes_the_form_of_its_country(changes: dict[str, Any], expected: dict[str, Any]) -> None:
    address = made(**changes)
    assert {name: address.get(name) for name in expected} == expected
    assert "" not in address.values()


def test_an_address_without_postal_codes_in_its_country_has_none() -> None:
    assert "PostalCode" not in made(Country="HK", City="Hong Kong", PostalCode="0000", StateOrProvince="")


def test_a_brazilian_street_comes_from_its_extended_fields() -> None:
    extended = {"streetName": "Avenida Paulista", "streetNumber": "1578", "complement": "Sala 4", "neighborhood": "Bela Vista"}
    address = made(Country="BR", StateOrProvince="SP", PostalCode="01310-200", AddressLine1="", ExtendedFields=extended)
    assert [address[f"AddressLine{n}"] for n in (1, 2, 3)] == ["Avenida Paulista, 1578", "Sala 4", "Bela Vista"]


def test_a_british_county_is_left_out_with_a_warning_that_does_not_name_it() -> None:
    found = harmonise(ADDRESS | {"Country": "GB", "StateOrProvince": "Kent", "PostalCode": "ME1 1AA"})
    assert [("Kent" in warning.message) for warning in found.warnings] == [False]


def test_countries_states_and_postal_codes_by_table() -> None:
    assert [country_code(text) for text in ("DEU", "germany", "Côte d'Ivoire", "south korea", "??", "")] == ["DE", "DE", "CI", "KR", "", ""]
    assert [state_of_postal_code("US", code) for code in ("10001", "00901", "00000", "")] == ["NY", "PR", "", ""]
    assert [postal_code("US", text, "WA") for text in ("98101", "9810", " 98101-1234 ")] == ["98101", "9810", "98101-1234"]
