"""Transforms of names, phone numbers and addresses."""

from __future__ import annotations

from typing import Any

from mappings.core.address import harmonise
from mappings.core.countries import country_code
from mappings.core.declare import Argument, Given, Transform, Work
from mappings.core.names import split_name
from mappings.core.operands import txt
from mappings.core.phones import phone
from mappings.core.refusal import RefusedError
from mappings.core.state import Look, State


def _country(look: Look | None, state: State) -> str:
    found = look(state) if look else None
    return country_code(found) if found.__class__ is str else ""


def _split_name(given: Given) -> Work:
    part, country = given.text("part"), given.path("country")

    def work(value: Any, state: State) -> Any:
        return getattr(split_name(txt(value), _country(country, state)), part) or None

    return work


def _phone(given: Given) -> Work:
    country, rest = given.path("country"), given.text("part") == "rest"

    def work(value: Any, state: State) -> Any:
        number, left = phone(txt(value), _country(country, state))
        if rest:
            return left or None
        if not number:
            words = "This is not a phone number that can be called in the address's country; it was left out."
            state.warn(RefusedError(words, code="bad_phone", value=value))
        return number or None

    return work


def _addr(given: Given) -> Work:
    optional, with_phone = given.yes("optional"), given.yes("phone")

    def work(value: Any, state: State) -> Any:
        if value.__class__ is not dict:
            raise RefusedError("An address with its fields is expected here.", code="type_mismatch")
        made = harmonise(value)
        for warning in made.warnings:
            state.warn(warning)
        if made.problems and optional:
            words = "The address cannot be used and was left out: " + " ".join(problem.message for problem in made.problems)
            state.warn(RefusedError(words, code="address"))
            return None
        for problem in made.problems[:-1]:
            state.refuse(problem)
        if made.problems:
            raise made.problems[-1]
        if with_phone and made.address:
            _add_phone(made.address, value, state)
        return made.address or None

    return work


def _add_phone(address: dict[str, Any], source: dict[str, Any], state: State) -> None:
    for name in ("Phone", "phone", "EveningPhone"):
        if isinstance(source.get(name), str) and source[name].strip():
            number, _ = phone(source[name], address.get("Country", ""))
            if number:
                address["Phone"] = number
                return
            words = "The address's phone number cannot be called in its country; it was left out."
            state.warn(RefusedError(words, code="bad_phone", value=source[name]))


PARTS = (("first", "First name"), ("last", "Last name"), ("title", "Title"), ("suffix", "Suffix"), ("company", "Company"))
COUNTRY = Argument(name="country", label="Country", type="path", help="The field with the address's country.")
PEOPLE = (
    Transform(
        name="split_name", label="Part of a name", help="Titles, suffixes, particles, family name first, companies.", build=_split_name,
        args=(Argument(name="part", label="Part", type="choice", required=True, choices=PARTS), COUNTRY),
    ),
    Transform(
        name="phone", label="Phone number", help="In the form +12065550142; an unreadable one is left out, with a warning.", build=_phone,
        args=(
            COUNTRY,
            Argument(
                name="part", label="Part", type="choice", default="number",
                choices=(("number", "The number"), ("rest", "Extension, or what cannot be read")),
            ),
        ),
    ),
    Transform(
        name="addr", label="Address", help="A whole address in the target's form: codes, postal code, lines of 60 characters.", build=_addr,
        args=(
            Argument(name="optional", label="Leave out when incomplete", type="yes/no", default=False),
            Argument(name="phone", label="With its phone number", type="yes/no", default=True),
        ),
    ),
)  # fmt: skip
