"""The part of OData that the published API's order lists need: `$filter` with comparisons, and, or, brackets."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from connectors.channeladvisor.times import normalised

Test = Callable[[Mapping[str, Any]], bool]

_TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<bracket>[()])|(?P<word>[^\s()']+))")
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq, "ne": operator.ne, "gt": operator.gt, "ge": operator.ge, "lt": operator.lt, "le": operator.le,
}  # fmt: skip


class BadFilterError(ValueError):
    """The filter is not one that the system understands; the message says where."""


class Filter:
    """A parsed filter. `ids` are the numbers of `ID eq n`, `since` the lower bound of UpdatedDateUtc: where a search may begin."""

    def __init__(self, text: str) -> None:
        self.ids: list[int] = []
        self.since = ""
        self._tokens = _tokens(text)
        self._next = next(self._tokens, "")
        self.test: Test = self._either() if self._next else lambda row: True
        if self._next:
            raise BadFilterError(f"Unexpected {self._next!r} in $filter.")

    def _take(self) -> str:
        token, self._next = self._next, next(self._tokens, "")
        return token

    def _either(self) -> Test:
        tests = [self._both()]
        while self._next == "or":
            self._take()
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda row: any(test(row) for test in tests)

    def _both(self) -> Test:
        tests = [self._single()]
        while self._next == "and":
            self._take()
            tests.append(self._single())
        return tests[0] if len(tests) == 1 else lambda row: all(test(row) for test in tests)

    def _single(self) -> Test:
        if self._next == "(":
            self._take()
            inner = self._either()
            if self._take() != ")":
                raise BadFilterError("A bracket in $filter is not closed.")
            return inner
        field, name, literal = self._take(), self._take(), self._take()
        if not literal or name not in _COMPARE:
            raise BadFilterError(f"The comparison {field!r} {name!r} in $filter is not understood.")
        return self._comparison(field, name, literal)

    def _comparison(self, field: str, name: str, literal: str) -> Test:
        compare, value = _COMPARE[name], _value(literal)
        if field == "ID" and name == "eq" and isinstance(value, int):
            self.ids.append(value)
        if field == "UpdatedDateUtc" and name in ("ge", "gt") and isinstance(value, str):
            self.since = max(self.since, value)

        def test(row: Mapping[str, Any]) -> bool:
            if field not in row:
                raise BadFilterError(f"Could not find a property named '{field}' on type 'Order'.")
            held = row[field]
            held = normalised(held) if field.endswith("Utc") else held
            return type(held) is type(value) and compare(held, value) if held is not None else name == "ne"

        return test


def _tokens(text: str) -> Iterator[str]:
    at = 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if not match:
            raise BadFilterError("A text in $filter is not closed.")
        at = match.end()
        yield match.group().strip()


def _value(literal: str) -> Any:
    if literal.startswith("'"):
        return literal[1:-1].replace("''", "'")
    if literal.lstrip("-").isdigit():
        return int(literal)
    if literal in ("true", "false"):
        return literal == "true"
    time = normalised(literal)
    if not time:
        raise BadFilterError(f"The value {literal!r} in $filter is not understood.")
    return time
