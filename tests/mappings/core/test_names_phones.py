"""Names taken apart and phone numbers in one form."""

from __future__ import annotations

import pytest

from mappings.core.names import Name, split_name
from mappings.core.phones import phone


@pytest.mark.parametrize(
    ("text", "country", "expected"),
    [
        ("", "", Name()),
        ("Madonna", "", Name(last="Madonna")),
        ("Dana Ruiz", "US", Name(first="Dana", last="Ruiz")),
        ("Ruiz, Dana", "US", Name(first="Dana", last="Ruiz")),
        ("Dr. Anna von der Heide", "DE", Name(title="Dr.", first="Anna", last="von der Heide")),
        ("Herr Dr. Max Weiß", "DE", Name(title="Herr Dr.", first="Max", last="Weiß")),
        ("Juan Carlos de la Cruz", "MX", Name(first="Juan Carlos", last="de la Cruz")),
        ("John O'Neil Jr.", "US", Name(first="John", last="O'Neil", suffix="Jr.")),
        ("John Smith, PhD", "US", Name(first="John", last="Smith", suffix="PhD")),
        ("Smith, John Jr", "US", Name(first="John", last="Smith", suffix="Jr")),
        ("Yamada Taro", "JP", Name(first="Taro", last="Yamada")),
        ("Nagy Anna", "HU", Name(first="Anna", last="Nagy")),
        ("Acme Gases LLC", "US", Name(company="Acme Gases LLC")),
        ("Müller GmbH", "DE", Name(company="Müller GmbH")),
        ("Mr", "US", Name(last="Mr")),
        ("Von Miller", "US", Name(first="Von", last="Miller")),
    ],
)
def test_a_name_is_taken_apart(text: str, country: str, expected: Name) -> None:
    assert split_name(text, country) == expected


@pytest.mark.parametrize(
    ("text", "country", "expected"),
    [
        ("", "US", ("", "")),
        ("call the office", "US", ("", "call the office")),
        ("12", "US", ("", "12")),
        ("206-555-0142", "", ("", "206-555-0142")),
        ("+1 206 555 0142", "", ("+12065550142", "")),
        ("(206) 555-0142", "US", ("+12065550142", "")),
        ("206.555.0142 ext. 123", "US", ("+12065550142", "ext. 123")),
        ("+44 (0)20 7946 0958", "GB", ("+442079460958", "")),
        ("030 23125 123", "DE", ("+493023125123", "")),
        ("0049 30 23125 123", "DE", ("+493023125123", "")),
    ],
)
def test_a_phone_number_is_read_by_its_country(text: str, country: str, expected: tuple[str, str]) -> None:
    assert phone(text, country) == expected
