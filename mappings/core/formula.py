"""Formulas: `IF(Quantity > 0, Price * Quantity, 0)`, compiled once to closures over a closed list of functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from connectors.base import Payload
from mappings.core import operands
from mappings.core.formula_functions import FUNCTIONS, Function
from mappings.core.formula_tokens import FormulaError
from mappings.core.formula_tree import Node, tree
from mappings.core.money import DIGITS
from mappings.core.paths import PathError
from mappings.core.state import Look, Scope, State
from mappings.core.values import Facts

__all__ = ["FUNCTIONS", "FormulaError", "Function", "compile_condition", "compile_formula", "evaluate", "paths_in", "tables_in"]

BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": operands.add,
    "-": operands.subtract,
    "*": operands.multiply,
    "/": operands.divide,
    "&": operands.join,
}
COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "=": operands.equal,
    "<>": lambda left, right: not operands.equal(left, right),
    "<": operands.before,
    ">": lambda left, right: operands.before(right, left),
    "<=": lambda left, right: not operands.before(right, left),
    ">=": lambda left, right: not operands.before(left, right),
}


def compile_formula(text: str, scope: Scope | None = None) -> Look:
    """A closure from the State of a record to the formula's value. FormulaError names the character and what was expected.

    The closure raises RefusedError in words: for a division by zero, text where a number is needed, results that are too long.
    """
    return _closure(tree(text), scope or Scope())


def compile_condition(text: str, scope: Scope | None = None) -> Callable[[State], bool]:
    """Like `compile_formula`, but the closure answers True or False; blank is False."""
    look, truth = compile_formula(text, scope), operands.truth
    return lambda state: truth(look(state))


def evaluate(compiled: Look, source: Payload, facts: Facts | None = None) -> Any:
    """The value of a compiled formula for one record on its own, such as a flow's filter. RefusedError as the closure raises it."""
    return compiled(State(source if isinstance(source, dict) else {}, facts or Facts()))


def paths_in(text: str) -> list[str]:
    """Every field path that a formula reads, in order, once each. FormulaError when it is not one."""
    return list(dict.fromkeys(node.text for node in _nodes(tree(text)) if node.kind == "path"))


def tables_in(text: str) -> list[str]:
    """The lookup tables that a formula asks."""
    calls = (node for node in _nodes(tree(text)) if node.kind == "call" and node.text == "LOOKUP" and node.parts)
    return list(dict.fromkeys(str(call.parts[0].value) for call in calls if call.parts[0].kind == "constant"))


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for part in node.parts:
        yield from _nodes(part)


def _closure(node: Node, scope: Scope) -> Look:
    if node.kind == "constant":
        return _constant(node)
    if node.kind == "path":
        return _field(node, scope)
    parts = tuple(_closure(part, scope) for part in node.parts)
    if node.kind == "call":
        return _call(node, parts, scope)
    if node.kind == "chain":
        return _chain(node.operators, parts)
    if node.kind == "compare":
        return _pair(COMPARED[node.text], *parts)
    return _single(node.kind, parts[0])


def _constant(node: Node) -> Look:
    value = node.value
    if isinstance(value, Decimal) and len(value.as_tuple().digits) > DIGITS:
        raise FormulaError(f"a number of at most {DIGITS} digits is expected", node.place)
    return lambda state: value


def _field(node: Node, scope: Scope) -> Look:
    try:
        return scope.look(node.text)
    except PathError as wrong:
        raise FormulaError(f"{wrong}", node.place) from None


def _single(kind: str, part: Look) -> Look:
    if kind == "not":
        return lambda state: not operands.truth(part(state))
    if kind == "minus":
        return lambda state: operands.subtract(0, part(state))
    return lambda state: operands.num(part(state))


def _pair(work: Callable[[Any, Any], Any], left: Look, right: Look) -> Look:
    return lambda state: work(left(state), right(state))


def _chain(operators: tuple[str, ...], parts: tuple[Look, ...]) -> Look:
    if operators[0] == "AND":
        return lambda state: all(operands.truth(part(state)) for part in parts)
    if operators[0] == "OR":
        return lambda state: any(operands.truth(part(state)) for part in parts)
    if len(parts) == 2:
        return _pair(BINARY[operators[0]], *parts)
    first, rest = parts[0], [(BINARY[sign], part) for sign, part in zip(operators, parts[1:], strict=True)]

    def run(state: State) -> Any:
        value = first(state)
        for work, part in rest:
            value = work(value, part(state))
        return value

    return run


def _call(node: Node, parts: tuple[Look, ...], scope: Scope) -> Look:
    function = FUNCTIONS.get(node.text)
    if function is None:
        raise FormulaError(f"{node.text[:40]} is not a function; one of {', '.join(sorted(FUNCTIONS))} is expected", node.place)
    if not function.least <= len(parts) <= function.most:
        raise FormulaError(f"{function.signature} is expected, not {len(parts)} values", node.place)
    if function.name == "LOOKUP":
        _check_table(node.parts[0], scope)
    return _running(function, parts)


def _check_table(node: Node, scope: Scope) -> None:
    if node.kind != "constant" or not isinstance(node.value, str):
        raise FormulaError("the name of a lookup table in quotes is expected", node.place)
    if scope.tables is not None and node.value not in scope.tables:
        raise FormulaError(f'there is no lookup table "{node.value[:60]}"', node.place)


def _running(function: Function, parts: tuple[Look, ...]) -> Look:
    run = function.run
    if function.lazy:
        return lambda state: run(state, parts)
    if len(parts) == 1:
        only = parts[0]
        return lambda state: run(only(state))
    if len(parts) == 2:
        return _pair(run, *parts)
    return lambda state: run(*[part(state) for part in parts])
