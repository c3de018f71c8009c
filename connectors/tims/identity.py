"""Are two customers the same? Normal forms and similarities, for comparison only. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from rapidfuzz import fuzz

ALIAS_DOMAINS = (
    "marketplace.amazon.*", "*.marketplace.amazon.*", "members.ebay.*", "relay.walmart.*", "*.relay.walmart.*", "marketplace.example",
)  # fmt: skip
"""Domains whose addresses are made per buyer and marketplace; they say nothing about a person."""
SUFFIXES = frozenset(
    {"inc", "incorporated", "llc", "ltd", "limited", "gmbh", "ag", "corp", "corporation", "co", "company", "plc", "sa", "bv"}
)
STREETS = {
    "street": "st", "avenue": "ave", "road": "rd", "drive": "dr", "boulevard": "blvd", "lane": "ln", "court": "ct", "place": "pl",
    "square": "sq",
    "apartment": "apt", "suite": "ste", "north": "n", "south": "s", "east": "e", "west": "w", "strasse": "str", "straße": "str",
}  # fmt: skip
SAME_NAME = 0.6
SAME_HOUSE = 0.9


def folded(text: Any) -> str:
    """Lower case, accents and punctuation gone, one space between words."""
    plain = unicodedata.normalize("NFKD", str(text or "")).casefold()
    kept = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return " ".join(re.sub(r"[^\w\s]", " ", kept).split())


def email(text: Any) -> str:
    """Without `+tag`, and for gmail without dots."""
    local, at, domain = str(text or "").strip().casefold().partition("@")
    local = local.partition("+")[0]
    if domain in ("gmail.com", "googlemail.com"):
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}" if at else ""


def is_alias(text: Any) -> bool:
    """Whether a marketplace made this address."""
    domain = str(text or "").casefold().rpartition("@")[2]
    return any(fnmatchcase(domain, pattern) for pattern in ALIAS_DOMAINS)


def name(customer: Mapping[str, Any]) -> str:
    """The person's or the company's name, normalised."""
    person = folded(f"{customer.get('FirstName') or ''} {customer.get('LastName') or ''}")
    words = (person or folded(customer.get("CompanyName"))).split()
    return " ".join(word for word in words if word not in SUFFIXES) or " ".join(words)


def street(text: Any) -> str:
    """An address line with its usual words shortened."""
    return " ".join(STREETS.get(word, word) for word in folded(text).split())


def postal_code(text: Any) -> str:
    """Letters and digits; of a US ZIP+4 the first five."""
    plain = re.sub(r"\W", "", str(text or "")).casefold()
    return plain[:5] if len(plain) == 9 and plain.isdigit() else plain


def house(address: Mapping[str, Any]) -> tuple[str, str, str]:
    """Street, postal code and country of an address."""
    return street(address.get("AddressLine1")), postal_code(address.get("PostalCode")), folded(address.get("Country"))


def address_key(address: Mapping[str, Any]) -> tuple[str, ...]:
    """What makes two addresses of a customer the same entry."""
    parts = (folded(address.get("Name")), street(address.get("AddressLine2")), folded(address.get("City")))
    return (*house(address), *parts)


def similar(one: str, other: str) -> float:
    """0 to 1; the order of words does not count."""
    return fuzz.token_sort_ratio(one, other) / 100 if one and other else 0.0


def same_mail(wanted: Mapping[str, Any], held: Mapping[str, Any]) -> bool:
    """Same real e-mail address, which no marketplace made, and a name that is not quite another one."""
    mail = email(wanted.get("Email"))
    return bool(mail) and not is_alias(mail) and mail == email(held.get("Email")) and similar(name(wanted), name(held)) >= SAME_NAME


def same_phone(wanted: Mapping[str, Any], held: Mapping[str, Any]) -> bool:
    """Same phone, last name and a postal code in common."""
    codes = {postal_code(one.get("PostalCode")) for one in wanted.get("Addresses") or ()} - {""}
    theirs = {postal_code(one.get("PostalCode")) for one in held.get("Addresses") or ()}
    last, phone = folded(wanted.get("LastName")), wanted.get("Phone")
    return bool(last and phone and codes & theirs) and last == folded(held.get("LastName")) and phone == held.get("Phone")


def same_house(wanted: Mapping[str, Any], held: Mapping[str, Any]) -> bool:
    """Same postal code and country, and name and street as good as the same."""
    for ours in map(house, wanted.get("Addresses") or ()):
        for theirs in map(house, held.get("Addresses") or ()):
            near = bool(ours[1]) and ours[1:] == theirs[1:]
            if near and min(similar(ours[0], theirs[0]), similar(name(wanted), name(held))) >= SAME_HOUSE:
                return True
    return False
