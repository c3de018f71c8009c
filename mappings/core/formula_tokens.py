"""The pieces of a formula's text; errors name the place and what was expected."""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST = 2_000
SPACE = re.compile(r"\s+")
NUMBER = re.compile(r"\d+(?:\.\d+)?|\.\d+", re.ASCII)
SIGN = re.compile(r"<>|<=|>=|!=|==|[-+*/&=<>(),]")
NAME = re.compile(r"[^\W\d]\w*|\$\w+")
WORD = re.compile(r"\w+")


class FormulaError(ValueError):
    """A formula is not well formed. `place` is the character, counted from 1."""

    def __init__(self, message: str, place: int) -> None:
        super().__init__(f"At character {place}: {message}")
        self.place = place


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of a formula; `kind` is number, text, name, path, sign or end."""

    kind: str
    text: str
    place: int


def tokens(text: str) -> list[Token]:
    """The pieces of a formula. FormulaError for a character that has no place in one, or a text over 2,000 characters."""
    if len(text) > LONGEST:
        raise FormulaError(f"the formula is longer than {LONGEST:,} characters", LONGEST)
    found, place = [], 0
    while place < len(text):
        if space := SPACE.match(text, place):
            place = space.end()
            continue
        kind, end = _kind(text, place)
        found.append(Token(kind, text[place:end], place + 1))
        place = end
    return [*found, Token("end", "", len(text) + 1)]


def _kind(text: str, place: int) -> tuple[str, int]:
    char = text[place]
    if char in "\"'":
        return "text", _quoted(text, place, char)
    if char == "[":
        return "path", _bracketed(text, place)
    if number := NUMBER.match(text, place):
        return "number", number.end()
    if sign := SIGN.match(text, place):
        return "sign", sign.end()
    if name := NAME.match(text, place):
        end = _tail(text, name.end())
        return ("name" if end == name.end() else "path"), end
    raise FormulaError(f"{char} is not understood; a field, a number, a text in quotes or a function is expected", place + 1)


def _quoted(text: str, place: int, quote: str) -> int:
    end = place + 1
    while (end := text.find(quote, end)) >= 0:
        if text[end + 1 : end + 2] != quote:
            return end + 1
        end += 2
    raise FormulaError(f"a closing {quote} is expected", place + 1)


def _bracketed(text: str, place: int) -> int:
    depth = 0
    for end in range(place, len(text)):
        depth += (text[end] == "[") - (text[end] == "]")
        if depth == 0:
            return end + 1
    raise FormulaError("a closing ] is expected", place + 1)


def _tail(text: str, end: int) -> int:
    """Where a plain path ends: names, dots, and brackets that follow a name directly."""
    while end < len(text):
        if text[end] == "." and (word := WORD.match(text, end + 1)):
            end = word.end()
        elif text[end] == "[":
            end = _bracketed(text, end)
        else:
            break
    return end
