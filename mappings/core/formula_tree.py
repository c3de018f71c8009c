"""From a formula's pieces to a tree, by precedence; errors name the place and what was expected."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from mappings.core.formula_tokens import FormulaError, Token, tokens

DEEPEST = 50
CONSTANTS = {"TRUE": True, "FALSE": False, "BLANK": None}
COMPARISONS = {"=": "=", "==": "=", "<>": "<>", "!=": "<>", "<": "<", ">": ">", "<=": "<=", ">=": ">="}


@dataclass(frozen=True, slots=True)
class Node:
    """One node of the tree.

    `kind`: constant (`value`), path (`text`), call (`text` is the function), chain (`operators[i]` stands between parts i and i+1),
    compare (`text` is the sign), minus, not.
    """

    kind: str
    place: int
    text: str = ""
    value: Decimal | str | bool | None = None
    parts: tuple[Node, ...] = ()
    operators: tuple[str, ...] = field(default=())


def tree(text: str) -> Node:
    """The tree of a formula. FormulaError names the place and what was expected."""
    return _Parser(tokens(text)).whole()


class _Parser:
    """Recursive descent; each level of precedence is one chain, so that long sums do not nest."""

    def __init__(self, found: list[Token]) -> None:
        self.tokens = found
        self.at = 0
        self.depth = 0

    def whole(self) -> Node:
        node = self.either()
        if self.token.kind != "end":
            raise self.wrong("an operator or the end of the formula")
        return node

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def wrong(self, expected: str) -> FormulaError:
        got = f"found {self.token.text[:30]}" if self.token.kind != "end" else "the formula ends here"
        return FormulaError(f"{expected} is expected, {got}", self.token.place)

    def word(self, *words: str) -> bool:
        """True when the next token is one of these words or signs, standing between two values."""
        token = self.token
        return token.kind in ("sign", "name") and token.text.upper() in words

    def take(self) -> Token:
        token = self.token
        self.at += 1
        return token

    def chain(self, words: tuple[str, ...], inner: str) -> Node:
        start, below = self.token.place, getattr(self, inner)
        parts, operators = [below()], []
        while self.word(*words):
            operators.append(self.take().text.upper())
            parts.append(below())
        if not operators:
            only: Node = parts[0]
            return only
        return Node("chain", start, parts=tuple(parts), operators=tuple(operators))

    def either(self) -> Node:
        self.depth += 1
        if self.depth > DEEPEST:
            raise FormulaError(f"the formula is nested deeper than {DEEPEST} levels", self.token.place)
        node = self.chain(("OR",), "both")
        self.depth -= 1
        return node

    def both(self) -> Node:
        return self.chain(("AND",), "comparison")

    def comparison(self) -> Node:
        start, left = self.token.place, self.joined()
        if not self.word(*COMPARISONS):
            return left
        sign = COMPARISONS[self.take().text]
        node = Node("compare", start, text=sign, parts=(left, self.joined()))
        if self.word(*COMPARISONS):
            raise self.wrong("AND or OR between two comparisons")
        return node

    def joined(self) -> Node:
        return self.chain(("&",), "sums")

    def sums(self) -> Node:
        return self.chain(("+", "-"), "products")

    def products(self) -> Node:
        return self.chain(("*", "/"), "signed")

    def signed(self) -> Node:
        token = self.token
        kind = {"-": "minus", "+": "plus", "NOT": "not"}.get(token.text.upper(), "") if token.kind in ("sign", "name") else ""
        if not kind:
            return self.value()
        self.take()
        self.depth += 1
        if self.depth > DEEPEST:
            raise FormulaError(f"the formula is nested deeper than {DEEPEST} levels", token.place)
        inner = self.comparison() if kind == "not" else self.signed()
        self.depth -= 1
        return Node(kind, token.place, parts=(inner,))

    def value(self) -> Node:
        token = self.token
        if token.kind == "number":
            return Node("constant", self.take().place, value=Decimal(token.text))
        if token.kind == "text":
            quote = token.text[0]
            return Node("constant", self.take().place, value=token.text[1:-1].replace(quote * 2, quote))
        if token.kind == "path":
            return Node("path", self.take().place, text=_unwrapped(token.text))
        if self._called() or (token.kind == "name" and token.text.upper() not in ("AND", "OR")):
            return self.named()
        if token.text == "(":
            self.take()
            node = self.either()
            self.close()
            return node
        raise self.wrong("a field, a number, a text in quotes, a function or (")

    def _called(self) -> bool:
        return self.token.kind == "name" and self.tokens[self.at + 1].text == "("

    def named(self) -> Node:
        called, token = self._called(), self.take()
        if not called:
            if token.text.upper() in CONSTANTS:
                return Node("constant", token.place, value=CONSTANTS[token.text.upper()])
            return Node("path", token.place, text=token.text)
        self.take()
        arguments: list[Node] = []
        while not self.word(")"):
            if arguments:
                if not self.word(","):
                    raise self.wrong(", or )")
                self.take()
            arguments.append(self.either())
        self.close()
        return Node("call", token.place, text=token.text.upper(), parts=tuple(arguments))

    def close(self) -> None:
        if not self.word(")"):
            raise self.wrong(")")
        self.take()


def _unwrapped(text: str) -> str:
    return text[1:-1] if text.startswith("[") else text
