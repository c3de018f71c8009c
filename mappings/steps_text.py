"""A chain of steps as text that people type, `lookup(ca_ship, miss=error) | trim(30)`, and back again."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from mappings.core.declare import Argument
from mappings.core.transforms import TRANSFORMS

LONGEST, MOST_STEPS = 4_000, 20
SPACE = re.compile(r"\s*")
NAME = re.compile(r"[A-Za-z_]\w*")
NAMED = re.compile(r"([A-Za-z_]\w*)\s*=\s*")
BARE = re.compile(r"""[^\s,()\[\]{}|="':]+(?:\[[^\[\]\s"']*\][^\s,()\[\]{}|="':]*)*""")
DOUBLE = re.compile(r'"(?:[^"\\]|\\.)*"')
SINGLE = re.compile(r"'[^']*'")
WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,17})\Z")
WORDS = {"true": True, "false": False}
PLAIN_TYPES = ("text", "choice", "path", "paths", "formula", "table")


class StepsError(ValueError):
    """The text is not a chain of steps; the message says where and what was expected."""

    def __init__(self, message: str, place: int) -> None:
        super().__init__(f"Steps, at character {place + 1}: {message}")


def written(steps: Sequence[Mapping[str, Any]]) -> str:
    """Steps as text; the first argument of a transform stands without its name."""
    return " | ".join(_step_text(str(step.get("name", "")), step.get("args") or {}) for step in steps)


def read(text: str) -> list[dict[str, Any]]:
    """Text as steps: [{"name", "args"}]. StepsError when it is not understood; whether transforms exist is checked later."""
    if len(text) > LONGEST:
        raise StepsError(f"at most {LONGEST:,} characters are allowed", LONGEST)
    reader = _Reader(text)
    if reader.ended():
        return []
    steps = [reader.step()]
    while reader.taken("|"):
        steps.append(reader.step())
    if not reader.ended():
        raise reader.wrong("| or the end")
    if len(steps) > MOST_STEPS:
        raise StepsError(f"at most {MOST_STEPS} steps are allowed", len(text))
    return steps


def _step_text(name: str, args: Mapping[str, Any]) -> str:
    declared = TRANSFORMS[name].args if name in TRANSFORMS else ()
    first = declared[0].name if declared else ""
    parts = [_value_text(args[first])] if args.get(first) is not None else []
    parts += [f"{key}={_value_text(value)}" for key, value in args.items() if key != first and value is not None]
    return f"{name}({', '.join(parts)})" if parts else name


def _value_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_text(str(key))}: {_value_text(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value_text(one) for one in value) + "]"
    return str(value) if isinstance(value, int) else _text(str(value))


def _text(value: str) -> str:
    if BARE.fullmatch(value) and value not in WORDS and not WHOLE.match(value):
        return value
    quotable = '"' in value and "'" not in value
    return f"'{value}'" if quotable else json.dumps(value, ensure_ascii=False)


class _Reader:
    """Walks through the text once, from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0

    def skip(self) -> None:
        self.at = SPACE.match(self.text, self.at).end()  # type: ignore[union-attr]

    def ended(self) -> bool:
        self.skip()
        return self.at >= len(self.text)

    def wrong(self, expected: str) -> StepsError:
        found = f"found {self.text[self.at : self.at + 20]}" if not self.ended() else "the text ends here"
        return StepsError(f"{expected} is expected, {found}", self.at)

    def taken(self, sign: str) -> bool:
        self.skip()
        if not self.text.startswith(sign, self.at):
            return False
        self.at += len(sign)
        return True

    def match(self, pattern: re.Pattern[str]) -> str:
        self.skip()
        found = pattern.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return found.group(0) if found else ""

    def step(self) -> dict[str, Any]:
        name = self.match(NAME)
        if not name:
            raise self.wrong("the name of a step, such as trim,")
        declared = TRANSFORMS[name].args if name in TRANSFORMS else ()
        args: dict[str, Any] = {}
        if self.taken("("):
            while not self.taken(")"):
                if args and not self.taken(","):
                    raise self.wrong(", or )")
                self.argument(args, declared)
        return {"name": name, "args": args}

    def argument(self, args: dict[str, Any], declared: Sequence[Argument]) -> None:
        self.skip()
        start, named = self.at, NAMED.match(self.text, self.at)
        if named:
            key, self.at = named.group(1), named.end()
        elif len(args) < len(declared):
            key = declared[len(args)].name
        else:
            raise self.wrong("the name of an argument with =")
        if key in args:
            raise StepsError(f"{key} is given twice", start)
        kind = next((one.type for one in declared if one.name == key), "")
        args[key] = self.value(kind)

    def value(self, kind: str) -> Any:
        if self.taken("["):
            return self.nested(lambda: self.listed(kind))
        if self.taken("{"):
            return self.nested(lambda: self.paired(kind))
        quoted = self.quoted()
        if quoted is not None:
            return quoted
        bare = self.match(BARE)
        if not bare:
            raise self.wrong("a value")
        if kind in PLAIN_TYPES:
            return bare
        if kind == "yes/no" and bare in ("yes", "no"):
            return bare == "yes"
        return int(bare) if WHOLE.match(bare) else WORDS.get(bare, bare)

    def nested(self, inner: Any) -> Any:
        self.depth += 1
        if self.depth > 5:
            raise StepsError("values are nested too deep", self.at)
        found = inner()
        self.depth -= 1
        return found

    def quoted(self) -> str | None:
        if single := self.match(SINGLE):
            return single[1:-1]
        start, double = self.at, self.match(DOUBLE)
        if not double:
            return None
        try:
            return str(json.loads(double))
        except ValueError:
            raise StepsError("this text in quotes is not understood; write \\\\ for a backslash", start) from None

    def listed(self, kind: str) -> list[Any]:
        found: list[Any] = []
        while not self.taken("]"):
            if found and not self.taken(","):
                raise self.wrong(", or ]")
            found.append(self.value(kind))
        return found

    def paired(self, kind: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not self.taken("}"):
            if found and not self.taken(","):
                raise self.wrong(", or }")
            key = self.quoted()
            key = self.match(BARE) if key is None else key
            if not self.taken(":"):
                raise self.wrong(": and a value")
            found[key] = self.value(kind)
        return found
