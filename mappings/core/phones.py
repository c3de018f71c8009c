"""Phone numbers in E.164, by the country of the address."""

from __future__ import annotations

import re

SIMPLE = re.compile(r"\+[1-9][\d\s.()-]{6,24}\Z", re.ASCII)
EXTENSION = re.compile(r"\s*(?:,|;)?\s*(?:ext(?:ension)?\.?|x|#)\s*:?\s*(\d{1,8})\s*\Z", re.IGNORECASE | re.ASCII)


def phone(text: str, country: str) -> tuple[str, str]:
    """The number in E.164 and what did not fit into it: ("+12065550142", "ext. 12"); ("", text) when it is no number."""
    text = " ".join(text.split())[:60]
    found = EXTENSION.search(text)
    main = text[: found.start()] if found else text
    number = _simple(main) or _parsed(main, country)
    if not number:
        return "", text
    return number, f"ext. {found[1]}" if found else ""


def _simple(text: str) -> str:
    """A number written internationally without anything to interpret."""
    if "(0)" in text or not SIMPLE.match(text):
        return ""
    digits = re.sub(r"\D", "", text)
    return f"+{digits}" if 8 <= len(digits) <= 15 else ""


def _parsed(text: str, country: str) -> str:
    import phonenumbers

    try:
        read = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(read):
        return ""
    return str(phonenumbers.format_number(read, phonenumbers.PhoneNumberFormat.E164))
