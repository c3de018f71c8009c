"""Invented buyers with addresses that could exist. Phone numbers come from the ranges kept for fiction, mail domains from RFC 2606."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

FIRST = (
    "Dana", "Marcus", "Aiko", "Priya", "Tom", "Siobhán", "Jürgen", "María", "Chloé", "Omar", "Grace", "Liam", "Zoë", "Anders", "Fatima",
    "Noah", "Ingrid", "Pavel", "Ruth", "Kwame", "Elif", "Hannah", "Diego", "Mei", "Søren", "Patrick", "Amélie", "Yusuf", "Kate", "Nils",
)  # fmt: skip
LAST = (
    "Ruiz", "O'Neill", "Tanaka", "Patel", "Smith-Jones", "Ní Bhriain", "Müller", "García López", "Lefèvre", "Haddad", "Kim", "Nguyen",
    "de la Cruz", "van den Berg", "Johansson", "Okafor", "Kowalski", "Brown", "Weiß", "MacDonald", "Rossi", "Yılmaz", "Schmidt", "Baker",
)  # fmt: skip
COMPANIES = ("Northpeak Outfitters LLC", "Brightwater Ltd", "Kessler GmbH", "Maple & Pine Inc", "Harbour Street Books")
STREETS = {
    "US": ("{n} Maple Street", "{n} NE 45th Ave", "{n} Old Mill Rd", "{n} W Jefferson Blvd"),
    "CA": ("{n} King Street West", "{n} Rue Sainte-Catherine", "{n} Granville St"),
    "GB": ("{n} Station Road", "Flat {n}, Albion House", "{n} St John's Lane"),
    "DE": ("Lindenstraße {n}", "Am Alten Markt {n}", "Schönhauser Allee {n}"),
    "JP": ("{n} Nihonbashi", "{n} Sakae"),
}
PLACES = {
    "US": (
        ("Seattle", "WA", "98101"), ("Portland", "OR", "97205"), ("Reno", "NV", "89501"), ("Austin", "TX", "78701"),
        ("Denver", "CO", "80202"),
        ("Chicago", "IL", "60601-1234"), ("Boston", "MA", "02108"), ("Hartford", "CT", "06103"), ("Atlanta", "GA", "30303"),
        ("Miami", "FL", "33101"), ("New York", "NY", "10001"), ("Los Angeles", "CA", "90012"), ("Honolulu", "HI", "96813"),
    ),
    "CA": (("Toronto", "ON", "M5V 2T6"), ("Montréal", "QC", "H3B 4W8"), ("Vancouver", "BC", "V6B 1A1"), ("Calgary", "AB", "T2P 1J9")),
    "GB": (("London", "", "EC1A 1BB"), ("Manchester", "", "M1 1AE"), ("Edinburgh", "", "EH1 1YZ"), ("Bath", "", "BA1 1SU")),
    "DE": (("Berlin", "", "10115"), ("München", "", "80331"), ("Köln", "", "50667"), ("Leipzig", "", "04109")),
    "JP": (("Tokyo", "Tokyo", "103-0027"), ("Nagoya", "Aichi", "460-0008")),
}  # fmt: skip
MILITARY = (("APO", "AE", "09012"), ("FPO", "AP", "96349"), ("DPO", "AA", "34002"))
PHONES = {
    "US": "+1 206 555 01{n:02d}",
    "CA": "+1 416 555 01{n:02d}",
    "GB": "+44 20 7946 0{n:03d}",
    "DE": "+49 30 23125 {n:03d}",
    "JP": "+81 3 5550 01{n:02d}",
}
MARKED_PHONE = "+1 206 555 0199"


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """One buyer: `info` is CustomerInfo, `shipping` and `billing` are addresses; `kind` is "", "pobox" or "military"."""

    info: dict[str, Any]
    shipping: dict[str, Any]
    billing: dict[str, Any] | None
    kind: str = ""


def buyer(chance: random.Random, number: int, *, country: str, mail_domain: str, user_prefix: str, mark: str = "") -> Buyer:
    """Buyer `number` of a marketplace. With a `mark` it stands in the name, the mail and the street, and the phone is MARKED_PHONE."""
    first, last = (mark, f"{mark}{number}") if mark else (chance.choice(FIRST), chance.choice(LAST))
    kind = _kind(chance, country)
    company = chance.choice(COMPANIES) if chance.random() < 0.08 else ""
    phone = MARKED_PHONE if mark else PHONES[country].format(n=number % 100)
    shipping = _address(chance, country=country, kind=kind, first=first, last=last, company=company, phone=phone, mark=mark)
    mail = f"{(mark or 'buyer').lower()}{number}x{chance.randrange(16**6):06x}@{mail_domain}"
    info = {
        "FirstName": first,
        "LastName": last,
        "Email": "" if chance.random() < 0.04 else mail,
        "Phone": phone,
        "UserID": f"{user_prefix}{number}{mark.lower()}" if chance.random() < 0.7 else "",
        "CompanyName": company,
        "EmailOptIn": chance.random() < 0.1,
    }
    return Buyer(info=info, shipping=shipping, billing=_billing(chance, shipping, country), kind=kind)


def _kind(chance: random.Random, country: str) -> str:
    roll = chance.random()
    return "" if country != "US" or roll > 0.08 else "military" if roll < 0.02 else "pobox"


def _address(
    chance: random.Random, *, country: str, kind: str, first: str, last: str, company: str, phone: str, mark: str
) -> dict[str, Any]:
    city, state, postal = chance.choice(MILITARY if kind == "military" else PLACES[country])
    number = chance.randrange(1, 400)
    street = {"pobox": f"PO Box {number}", "military": f"PSC {number} Box {chance.randrange(10, 99)}"}.get(
        kind, chance.choice(STREETS[country]).format(n=number)
    )
    return {
        "Title": "", "FirstName": first, "LastName": last, "Suffix": "", "CompanyName": company,
        "AddressLine1": f"{street} {mark}".strip(), "AddressLine2": chance.choice(("", "", "", "Apt 4", "Unit 12B")) if not kind else "",
        "AddressLine3": "", "City": city, "StateOrProvince": state, "StateOrProvinceName": "", "PostalCode": postal, "Country": country,
        "Phone": phone, "EveningPhone": "", "AddressType": "Commercial" if company else "Residential",
    }  # fmt: skip


def _billing(chance: random.Random, shipping: dict[str, Any], country: str) -> dict[str, Any] | None:
    """None where the marketplace gives none, often the same, sometimes another place."""
    roll = chance.random()
    if roll < 0.4:
        return None
    if roll < 0.85:
        return dict(shipping)
    city, state, postal = chance.choice(PLACES[country])
    line = chance.choice(STREETS[country]).format(n=chance.randrange(1, 400))
    return {**shipping, "AddressLine1": line, "AddressLine2": "", "City": city, "StateOrProvince": state, "PostalCode": postal}
