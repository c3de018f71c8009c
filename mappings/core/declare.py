"""How a transform is declared: its words, its arguments for a generated form, and how it becomes a closure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mappings.core.formula import compile_formula
from mappings.core.formula_tokens import FormulaError
from mappings.core.paths import PathError
from mappings.core.refusal import RefusedError
from mappings.core.state import Look, Scope, State

Work = Callable[[Any, State], Any]
ColumnWork = Callable[[list[Any], list[Any], State], list[Any]]

ARGUMENT_TYPES = ("text", "whole number", "yes/no", "choice", "path", "paths", "formula", "table", "values", "scale")


class BadArgumentError(ValueError):
    """A step's arguments do not fit its transform; the message says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """One argument of a transform, for a generated form.

    `type`: text, whole number, yes/no, choice (of `choices`), path, paths (a list of them, or text with commas), formula,
    table (slug of a lookup table), values (a table of from → to), scale (a number of places, or "currency").
    """

    name: str
    label: str
    type: str = "text"
    required: bool = False
    default: Any = ""
    choices: tuple[tuple[str, str], ...] = ()
    help: str = ""


class Given:
    """The arguments of one step, checked and compiled; what `Transform.build` receives."""

    def __init__(self, values: Mapping[str, Any], scope: Scope) -> None:
        self.values = values
        self.scope = scope

    def text(self, name: str) -> str:
        return str(self.values[name] or "")

    def yes(self, name: str) -> bool:
        return self.values[name] in (True, "true", "yes", "1", 1)

    def whole(self, name: str) -> int:
        try:
            return int(self.values[name] or 0)
        except (TypeError, ValueError):
            raise BadArgumentError(f"{name} must be a whole number") from None

    def path(self, name: str) -> Look | None:
        """The path as a closure; None when it is not given."""
        return self._look(self.text(name)) if self.text(name) else None

    def paths(self, name: str) -> list[Look]:
        given = self.values[name]
        texts = given.split(",") if isinstance(given, str) else given
        return [self._look(str(text).strip()) for text in texts if str(text).strip()]

    def formula(self, name: str) -> Look | None:
        """The formula as a closure; None when it is not given."""
        if not self.text(name):
            return None
        try:
            return compile_formula(self.text(name), self.scope)
        except FormulaError as wrong:
            raise BadArgumentError(f"{name}: {wrong}") from None

    def _look(self, text: str) -> Look:
        try:
            return self.scope.look(text)
        except PathError as wrong:
            raise BadArgumentError(str(wrong)) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transform:
    """One transform, for the engine and for the editor.

    `build(given)` answers `work(value, state)`. `takes_blank`: runs even when there is no value. `column`: inside a list it works on
    the values of all elements together, `work(values, elements, state)`. `structure`: only for a rule on the list itself, where it
    changes the elements, `work(elements, [], state)`; `adds` names the fields that elements get by it.
    `asks`: it may ask about other records.
    """

    name: str
    label: str
    help: str
    build: Callable[[Given], Any]
    args: tuple[Argument, ...] = ()
    takes_blank: bool = False
    column: bool = False
    structure: bool = False
    adds: tuple[str, ...] = ()
    asks: bool = False

    def compile(self, args: Mapping[str, Any], scope: Scope) -> Any:
        """The closure for these arguments. BadArgumentError in words when they do not fit."""
        known = {argument.name for argument in self.args}
        if unknown := sorted(set(args) - known):
            raise BadArgumentError(f"{self.label} has no argument {', '.join(unknown)}")
        values = {argument.name: _checked(self.label, argument, args.get(argument.name), scope) for argument in self.args}
        try:
            return self.build(Given(values, scope))
        except RefusedError as refused:
            raise BadArgumentError(refused.message) from None


def _checked(label: str, argument: Argument, value: Any, scope: Scope) -> Any:
    if value is None or value == "":
        if argument.required:
            raise BadArgumentError(f"{label} needs {argument.label}")
        return argument.default
    if argument.type == "choice" and str(value) not in dict(argument.choices):
        raise BadArgumentError(f"{argument.label} must be one of {', '.join(dict(argument.choices))}")
    if argument.type == "table" and scope.tables is not None and value not in scope.tables:
        raise BadArgumentError(f'there is no lookup table "{value}"')
    if argument.type == "values" and not isinstance(value, Mapping):
        raise BadArgumentError(f"{argument.label} must be a table of values")
    if argument.type == "paths" and not isinstance(value, (str, list, tuple)):
        raise BadArgumentError(f"{argument.label} must be a list of fields")
    return value
