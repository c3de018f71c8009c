"""Transforms of text, and of values into other values."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from mappings.core.convert import as_yes_no
from mappings.core.declare import Argument, BadArgumentError, Given, Transform, Work
from mappings.core.lookups import found_in_table, missed
from mappings.core.operands import is_blank, short, truth, txt
from mappings.core.refusal import RefusedError
from mappings.core.state import State
from mappings.core.values import LONGEST_WAIT

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
EMOJI = re.compile("[\U0001f000-\U0001faff\U00002600-\U000027bf\U0000fe0f\U0000200d\U000020e3\U00002b50\U00002b55]")
EMAIL = re.compile(r"[^\s@<>\"(),:;\\\[\]]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]{0,61}[^\W_]\Z")
MISSES = (("error", "Refuse the record"), ("default", "Use a default"), ("passthrough", "Keep the value"), ("blank", "Leave it empty"))
WAIT = ("wait", "Wait for the row, then refuse the record")


def cleaned(text: str) -> str:
    """Composed (NFC), without control characters, single spaces."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return " ".join(CONTROL.sub("", text).split())


def cut_at_word(text: str, most: int) -> str:
    """At most that many characters, ending with a whole word where one ends in the last third."""
    if len(text) <= most:
        return text
    end = text.rfind(" ", 0, most + 1)
    return text[: end if end > most * 2 // 3 else most].rstrip()


def _trim(given: Given) -> Work:
    most, cut, emoji = given.whole("length"), given.yes("cut"), given.yes("emoji")

    def work(value: Any, state: State) -> Any:
        text = cleaned(txt(value))
        if not emoji and not text.isascii() and EMOJI.search(text):
            text = cleaned(EMOJI.sub("", text))
            state.warn(RefusedError("Emoji were taken out; the target does not print them.", code="cut"))
        if not most or len(text) <= most:
            return text
        if not cut:
            words = f"The text has {len(text)} characters; at most {most} fit. Shorten it, or allow the step Trim to cut."
            raise RefusedError(words, code="max_length", value=value)
        state.warn(RefusedError(f"The text had {len(text)} characters and was cut to {most}.", code="cut"))
        return cut_at_word(text, most)

    return work


def _coalesce(given: Given) -> Work:
    looks = given.paths("paths")

    def work(value: Any, state: State) -> Any:
        if not is_blank(value):
            return value
        return next((found for look in looks if not is_blank(found := look(state))), None)

    return work


def _concat(given: Given) -> Work:
    looks, separator = given.paths("paths"), given.values["sep"]
    between = " " if separator is None else str(separator)

    def work(value: Any, state: State) -> Any:
        first = value if value.__class__ is list else [value]
        parts = [text for one in [*first, *[look(state) for look in looks]] if (text := cleaned(txt(one)))]
        return short(between.join(parts))

    return work


def _map(given: Given) -> Work:
    pairs = {str(one): other for one, other in given.values["values"].items()}
    miss, default = given.text("miss"), given.values["default"]

    def work(value: Any, state: State) -> Any:
        key = txt(value)
        if key in pairs:
            return pairs[key]
        if miss == "error":
            words = f'The rule knows no value for "{key[:80]}". Add it to the rule, then retry.'
            raise RefusedError(words, code="map", value=value, cause=f"map:{state.rule.target}:{key[:80]}")
        return {"default": default, "passthrough": value}.get(miss)

    return work


def _lookup(given: Given) -> Work:
    table, miss, default, setting = given.text("table"), given.text("miss"), given.text("default"), given.text("default_setting")
    wait = hours_to_wait(given)

    def work(value: Any, state: State) -> Any:
        key = txt(value).strip()
        hit = found_in_table(state.facts.tables, table, key)
        if hit is not None:
            return hit
        if miss == "passthrough":
            return value
        if miss == "blank":
            return None
        instead = (state.facts.settings.get(setting, "") if setting else "") or default
        if miss in ("error", "wait") or not instead:
            raise missed(table, key, wait=wait)
        words = f'The lookup table "{table}" has no row for "{key[:80]}"; {instead} was used. Add the row.'
        state.warn(RefusedError(words, code="lookup_default", value=key, cause=f"lookup:{table}:{key[:80]}"))
        return instead

    return work


def hours_to_wait(given: Given) -> int:
    """Hours for which a missing row is waited for; 0 unless `miss` says so. BadArgumentError outside 1 to LONGEST_WAIT."""
    hours = given.whole("hours") if given.text("miss") == "wait" else 0
    if given.text("miss") == "wait" and not 1 <= hours <= LONGEST_WAIT:
        raise BadArgumentError(f"hours must be between 1 and {LONGEST_WAIT}")
    return hours


def _email(given: Given) -> Work:
    def work(value: Any, state: State) -> Any:
        address = cleaned(txt(value)).lower()
        if len(address) <= 100 and EMAIL.match(address):
            return address
        state.warn(RefusedError("The e-mail address is not well formed and was left out.", code="bad_email", value=value))
        return None

    return work


def _stop(given: Given) -> Work:
    when, words, code = given.formula("when"), given.text("message"), given.text("code")

    def work(value: Any, state: State) -> Any:
        if when is not None and truth(when(state)):
            raise RefusedError(words, code=code, cause=code)
        return value

    return work


def _mask(given: Given) -> Work:
    shown = given.whole("shown")
    return lambda value, state: (
        "*" * max(len(txt(value)) - shown, 3) + (txt(value)[-shown:] if shown and len(txt(value)) > 2 * shown else "")
    )


def _changed(change: str) -> Work:
    return lambda value, state: short(getattr(txt(value), change)())


MISS = Argument(name="miss", label="When there is no row", type="choice", default="error", choices=MISSES)
MISS_OR_WAIT = Argument(name="miss", label="When there is no row", type="choice", default="error", choices=(*MISSES, WAIT))
HOURS = Argument(
    name="hours", label="Hours to wait", type="whole number", default=24,
    help="With miss=wait: the record is tried again every hour for so long, and at once when the row is added.",
)  # fmt: skip
DEFAULT = Argument(name="default", label="Default")
TEXT = (
    Transform(
        name="trim", label="Trim", help="Cleans spaces and control characters and keeps to a length.", build=_trim,
        args=(
            Argument(name="length", label="Longest", type="whole number", default=0, help="0 = any length"),
            Argument(name="cut", label="Cut what is too long", type="yes/no", default=False, help="At a word, with a warning."),
            Argument(name="emoji", label="Keep emoji", type="yes/no", default=True),
        ),
    ),
    Transform(
        name="coalesce", label="First that is not empty", help="Takes another field when this one is empty.", build=_coalesce,
        takes_blank=True, args=(Argument(name="paths", label="Other fields, in order", type="paths", required=True),),
    ),
    Transform(
        name="concat", label="Join", help="Joins fields to one text; empty ones are left out.", build=_concat, takes_blank=True,
        args=(Argument(name="sep", label="Between", default=" "), Argument(name="paths", label="More fields", type="paths", default=())),
    ),
    Transform(
        name="map", label="Replace values", help="Replaces each value by another.", build=_map,
        args=(Argument(name="values", label="Values", type="values", required=True), MISS, DEFAULT),
    ),
    Transform(
        name="lookup", label="Look up", help="Takes the value from a lookup table; the row * is for all others.", build=_lookup,
        args=(
            Argument(name="table", label="Lookup table", type="table", required=True), MISS_OR_WAIT, HOURS, DEFAULT,
            Argument(name="default_setting", label="Default from the setting", help="A setting's name; used before Default."),
        ),
    ),
    Transform(name="upper", label="Capitals", help="In capital letters.", build=lambda given: _changed("upper")),
    Transform(name="lower", label="Small letters", help="In small letters.", build=lambda given: _changed("lower")),
    Transform(name="bool", label="Yes or no", help="true/false, yes/no, 1/0.", build=lambda given: lambda value, state: as_yes_no(value)),
    Transform(name="email", label="E-mail", help="In small letters; a badly formed one is left out, with a warning.", build=_email),
    Transform(
        name="mask", label="Mask", help="Replaces all but the last characters by stars.", build=_mask,
        args=(Argument(name="shown", label="Characters left", type="whole number", default=0),),
    ),
    Transform(
        name="stop", label="Refuse when", help="Refuses the record with your words when a formula is true.", build=_stop, takes_blank=True,
        args=(
            Argument(name="when", label="When", type="formula", required=True), Argument(name="message", label="Words", required=True),
            Argument(name="code", label="Group", default="refused"),
        ),
    ),
)  # fmt: skip
