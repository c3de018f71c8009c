"""Harmonises an address of any source into the one that the ERP takes, with everything that had to be changed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mappings.core import countries
from mappings.core.address_lines import fitted
from mappings.core.operands import is_blank
from mappings.core.postbox import is_po_box
from mappings.core.refusal import RefusedError
from mappings.core.transforms_text import EMOJI, cleaned, cut_at_word

MILITARY_CITIES = ("APO", "FPO", "DPO")
MILITARY_STATES = ("AA", "AE", "AP")
KINDS = ("Residential", "Commercial", "POBox", "Military", "PickupPoint", "Unknown")
MOST = {"Name": 100, "CompanyName": 100, "City": 50, "StateOrProvince": 30, "PostalCode": 20, "Phone": 30, "Email": 100}
FIELDS: dict[str, tuple[str, ...]] = {
    "Name": ("Name", "name"),
    "Title": ("Title",),
    "FirstName": ("FirstName",),
    "LastName": ("LastName",),
    "Suffix": ("Suffix",),
    "CompanyName": ("CompanyName", "companyName"),
    "City": ("City", "city"),
    "StateOrProvince": ("StateOrProvince", "StateOrRegion", "stateOrRegion", "StateOrProvinceName"),
    "PostalCode": ("PostalCode", "postalCode"),
    "Country": ("Country", "CountryCode", "countryCode", "CountryName"),
    "AddressType": ("AddressType", "addressType"),
}
LINES = (("AddressLine1", "addressLine1"), ("AddressLine2", "addressLine2"), ("AddressLine3", "addressLine3"))
DISTRICTS = ("DistrictOrCounty", "districtOrCounty", "Municipality", "municipality")


@dataclass(slots=True)
class Harmonised:
    """`address` is {} when the source had none. `problems` make it unusable; `warnings` tell what was changed or left out."""

    address: dict[str, Any] = field(default_factory=dict)
    problems: list[RefusedError] = field(default_factory=list)
    warnings: list[RefusedError] = field(default_factory=list)


def harmonise(source: Mapping[str, Any]) -> Harmonised:
    """The address in the ERP's form: codes for country and state, the country's postal code form, lines of 60 characters.

    A missing name, line, city, country, state or postal code, and lines that do not fit, are problems; the latter hold `ADDRESS`.
    """
    made = Harmonised()
    raw = {name: _first(source, names) for name, names in FIELDS.items()}
    lines = [text for names in LINES if (text := _first(source, names))] or _brazilian(source)
    if not any((raw["Name"], raw["LastName"], raw["City"], raw["PostalCode"], *lines)):
        return made
    if any(EMOJI.search(str(value)) for value in source.values() if value.__class__ is str and not value.isascii()):
        made.warnings.append(RefusedError("Emoji were taken out of the address.", code="address"))
    country = _country(raw["Country"], made)
    state = _state(country, raw, made)
    code = countries.postal_code(country, raw["PostalCode"], state)
    if not state and country in countries.STATE_DERIVED:
        state = countries.state_of_postal_code(country, code)
    city = raw["City"] or (countries.country_name(country) if country in countries.NO_CITY else "")
    street = lines
    lines = _shaped(lines, source, country, (city, state, code))
    address = _named(raw, {"City": _cased(city, country), "StateOrProvince": state, "PostalCode": code, "Country": country})
    address["AddressType"] = _kind(raw["AddressType"], street, city, state, country)
    made.address = _with_lines(address, [_cased(line, country) for line in lines], made)
    _check(made)
    return made


def _first(source: Mapping[str, Any], names: tuple[str, ...]) -> str:
    for name in names:
        value = source.get(name)
        if value.__class__ in (str, int) and not is_blank(value):
            text = str(value)
            return cleaned(text if text.isascii() else EMOJI.sub("", _half_width(text)))
    return ""


def _half_width(text: str) -> str:
    """Full-width letters and digits as ordinary ones; nothing else is changed."""
    if text.isascii():
        return text
    return "".join(unicodedata.normalize("NFKC", char) if "\uff01" <= char <= "\uff5e" or char == "\u3000" else char for char in text)


def _brazilian(source: Mapping[str, Any]) -> list[str]:
    extended = source.get("ExtendedFields") or source.get("extendedFields")
    if extended.__class__ is not dict:
        return []
    parts = {name: _first(extended, (name,)) for name in ("streetName", "streetNumber", "complement", "neighborhood")}
    street = ", ".join(part for part in (parts["streetName"], parts["streetNumber"]) if part)
    return [line for line in (street, parts["complement"], parts["neighborhood"]) if line]


def _country(text: str, made: Harmonised) -> str:
    code = countries.country_code(text)
    if code in countries.TERRITORIES:
        return "US"
    if not code:
        words = "The country is missing." if not text else "The country is not known; use its two-letter code."
        made.problems.append(RefusedError(f"{words} Correct the address in the source.", code="address", value=text))
    return code


def _state(country: str, raw: Mapping[str, str], made: Harmonised) -> str:
    territory = countries.country_code(raw["Country"])
    text = territory if territory in countries.TERRITORIES else raw["StateOrProvince"]
    if country == "GB" and text:
        made.warnings.append(RefusedError("The county was left out; British addresses do not need it.", code="address", value=text))
        return ""
    if country not in countries.STATE_CODED or not text:
        return text
    code = countries.state_code(country, text)
    if not code and country in countries.STATE_DERIVED:
        words = f"{countries.country_name(country)} has no such state or province. Correct the address in the source, then resync."
        made.problems.append(RefusedError(words, code="bad_state", value=text, hold="ADDRESS", cause=f"bad_state:{country}"))
    return code or text


def _shaped(lines: list[str], source: Mapping[str, Any], country: str, known: tuple[str, str, str]) -> list[str]:
    """House numbers joined, lines that repeat city, state or postal code dropped, districts appended."""
    if country in ("DE", "NL", "AT") and len(lines) > 1 and re.fullmatch(r"\d{1,5}\s?[a-zA-Z]?(?:[-/]\d{1,4})?", lines[1]):
        lines = [f"{lines[0]} {lines[1]}", *lines[2:]]
    districts = [text for name in DISTRICTS if (text := _first(source, (name,)))]
    if len(lines) == 1 and not districts:
        return lines
    repeated = {countries.folded(" ".join(part for part in parts if part)) for parts in _repeats(known)}
    kept = [line for place, line in enumerate(lines) if place == 0 or countries.folded(line) not in repeated]
    have = {countries.folded(line) for line in kept} | {countries.folded(known[0])}
    return [*kept, *[text for text in dict.fromkeys(districts) if countries.folded(text) not in have]]


def _repeats(known: tuple[str, str, str]) -> tuple[tuple[str, ...], ...]:
    city, state, code = known
    return ((city,), (code,), (city, state), (city, code), (code, city), (city, state, code), (state, code))


def _named(raw: Mapping[str, str], rest: Mapping[str, str]) -> dict[str, Any]:
    person = raw["Name"] or " ".join(raw[part] for part in ("Title", "FirstName", "LastName", "Suffix") if raw[part])
    company = raw["CompanyName"] if person and raw["CompanyName"] != person else ""
    address = {"Name": person or raw["CompanyName"], "CompanyName": company, **rest}
    return {name: cut_at_word(value, MOST.get(name, 100)) for name, value in address.items() if value}


def _cased(text: str, country: str) -> str:
    """Title case for text that is all upper or all lower case; short words and codes stay."""
    letters = [char for char in text if char.isalpha()]
    if len(letters) < 5 or country == "JP" or not (text.isupper() or text.islower()) or is_po_box(text):
        return text
    return " ".join(word.capitalize() if len(word) > 2 and word.isalpha() else word for word in text.split(" "))


def _kind(given: str, lines: list[str], city: str, state: str, country: str) -> str:
    if given.upper().replace("_", "") in ("PICKUPPOINT",):
        return "PickupPoint"
    if country == "US" and (city.upper() in MILITARY_CITIES or state in MILITARY_STATES):
        return "Military"
    if any(is_po_box(line) for line in lines):
        return "POBox"
    return given if given in KINDS else "Unknown"


def _with_lines(address: dict[str, Any], lines: list[str], made: Harmonised) -> dict[str, Any]:
    placed = fitted(lines)
    if placed is None:
        words = "The street does not fit into three lines of 60 characters and is never cut. Shorten the address in the source."
        made.problems.append(RefusedError(words, code="address_too_long", hold="ADDRESS", cause="address_too_long"))
        placed = []
    numbered = {f"AddressLine{place}": line for place, line in enumerate(placed, 1)}
    order = ("Name", "CompanyName")
    return {name: address[name] for name in order if name in address} | numbered | {n: v for n, v in address.items() if n not in order}


def _check(made: Harmonised) -> None:
    address, country = made.address, made.address.get("Country", "")
    wanted = {"Name": "name", "AddressLine1": "street", "City": "city"}
    if country in countries.STATE_REQUIRED:
        wanted["StateOrProvince"] = "state or province"
    if country and country not in countries.POSTAL_CODE_OPTIONAL:
        wanted["PostalCode"] = "postal code"
    if any(problem.code == "address_too_long" for problem in made.problems):
        del wanted["AddressLine1"]
    missing = [words for name, words in wanted.items() if name not in address]
    if missing:
        words = f"The address has no {', no '.join(missing)}. Complete it in the source, then resync."
        made.problems.append(
            RefusedError(words, code="address_incomplete", hold="ADDRESS", cause=f"address_incomplete:{','.join(missing)}")
        )
