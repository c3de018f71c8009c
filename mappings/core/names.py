"""Names of people taken apart: honorifics, suffixes, particles, family name first, companies."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mappings.core.transforms_text import cleaned

_HONORIFICS = "mr mrs ms miss mx dr prof sir madam herr frau hr fr m mme mlle monsieur madame sr sra srta sig don dona ing dipl-ing rev"
HONORIFICS = frozenset(_HONORIFICS.split())
_SUFFIXES = "jr sr ii iii iv phd md esq cpa dds jnr snr mba ma ba msc bsc"
SUFFIXES = frozenset(_SUFFIXES.split())
_PARTICLES = "van von de da di del della der den des du la le los las dos das do el al bin ibn ben ter ten zu zum zur af av st mac o'"
PARTICLES = frozenset(_PARTICLES.split())
COMPANY = re.compile(
    r"(?:^|\s)(?:inc|llc|ltd|limited|corp|corporation|co|company|gmbh|ag|kg|ohg|ug|e\.?k|s\.?a|s\.?a\.?r\.?l|s\.?r\.?l|s\.?p\.?a"
    r"|b\.?v|n\.?v|plc|pty|oy|ab|a/s|aps)\.?$",
    re.IGNORECASE,
)
FAMILY_FIRST = ("JP", "CN", "KR", "HU")
COUNTED = ("ii", "iii", "iv", "phd", "md", "esq", "cpa", "dds", "mba", "jr", "jnr", "snr", "msc", "bsc")


@dataclass(frozen=True, slots=True)
class Name:
    """A name in its parts; all "" but what was found."""

    title: str = ""
    first: str = ""
    last: str = ""
    suffix: str = ""
    company: str = ""


def split_name(text: str, country: str = "") -> Name:
    """A full name in parts. One word is the last name; a company's name is `company` alone; `Last, First` is known by its comma."""
    text = cleaned(text)
    if COMPANY.search(text):
        return Name(company=text)
    before, comma, after = (part.strip() for part in text.partition(","))
    if comma and after and not all(_bare(word) in SUFFIXES for word in after.replace(",", " ").split()):
        return _turned(before, after)
    title, words, suffix = _ends(text.replace(",", " ").split())
    if len(words) < 2:
        return Name(title, "", " ".join(words), suffix)
    if country.upper() in FAMILY_FIRST:
        return Name(title, " ".join(words[1:]), words[0], suffix)
    place = _last_name_starts(words)
    return Name(title, " ".join(words[:place]), " ".join(words[place:]), suffix)


def _turned(last: str, first: str) -> Name:
    title, words, suffix = _ends(first.split())
    other_title, last_words, other_suffix = _ends(last.split())
    return Name(title or other_title, " ".join(words), " ".join(last_words), suffix or other_suffix)


def _ends(words: list[str]) -> tuple[str, list[str], str]:
    """Honorifics from the front and suffixes from the back, while something is left between."""
    titles: list[str] = []
    suffixes: list[str] = []
    while len(words) > 1 and _bare(words[0]) in HONORIFICS and (len(_bare(words[0])) > 1 or words[0].endswith(".")):
        titles.append(words.pop(0))
    while len(words) > 1 and (_bare(words[-1]) in COUNTED or (len(words) > 2 and _bare(words[-1]) == "sr")):
        suffixes.insert(0, words.pop())
    return " ".join(titles), words, " ".join(suffixes)


def _last_name_starts(words: list[str]) -> int:
    place = len(words) - 1
    while place > 1 and _bare(words[place - 1]) in PARTICLES:
        place -= 1
    return place


def _bare(word: str) -> str:
    return word.replace(".", "").lower()
