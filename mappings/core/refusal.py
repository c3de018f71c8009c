"""Why a value cannot be mapped: raised by transforms and formulas, turned into a Problem with its path by the engine."""

from __future__ import annotations

from typing import Any

SHOWN = 200


class RefusedError(Exception):
    """A value does not fit. `message` never holds a source value; `value`, `cause`, `wait` as in Problem; `hold` a hold code or ""."""

    def __init__(self, message: str, *, code: str = "bad_value", value: Any = None, cause: str = "", hold: str = "", wait: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.value = value
        self.cause = cause
        self.hold = hold
        self.wait = wait


class UnansweredError(RefusedError):
    """The value depends on another record; it is in `waits` or `asked`, so it is no problem of its own."""


def shown(value: Any) -> str:
    """A value as short text for `Problem.value`; groups and lists are not shown."""
    if value is None or isinstance(value, (dict, list)):
        return ""
    return str(value)[:SHOWN] if not isinstance(value, int) or abs(value) < 10**60 else "a very long number"
