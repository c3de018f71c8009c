"""Posting rules: which category a kind of line belongs to. The most exact rule decides; without one it is suspense, never a guess."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from reconciliation.core.lines import Kind, normalised
from reconciliation.core.posting.categories import SUSPENSE

ANY = ("", "*")


class Rule(NamedTuple):
    """A kind of line → its category. An empty type or description, or `*`, fits every one; a description may end in `*`."""

    transaction_type: str
    amount_type: str
    amount_description: str
    category: str

    def __str__(self) -> str:
        words = (self.transaction_type or "any", self.amount_type or "any", self.amount_description or "any")
        return f"{' / '.join('any' if word == '*' else word for word in words)} → {self.category}"


class Pattern(NamedTuple):
    """A rule's words as they are compared: None fits everything, `prefix` says that a description may go on."""

    transaction_type: str | None
    amount_type: str | None
    amount_description: str | None
    prefix: bool = False


class Decision(NamedTuple):
    """The category of a kind, and the rule that says so: None when no rule fits and the category is suspense."""

    category: str
    rule: Rule | None


def pattern(rule: Rule) -> Pattern:
    """What the rule compares with."""
    transaction, amount, description = (word.strip() for word in rule[:3])
    prefix = description not in ANY and description.endswith("*")
    return Pattern(_word(transaction), _word(amount), _word(description), prefix)


def _word(text: str) -> str | None:
    return None if text in ANY else normalised(text)


class RuleSet:
    """Rules made ready to be asked. Of two rules for the same kind the first counts; `problems` finds such pairs."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self._exact: dict[Pattern, Rule] = {}
        self._prefixes: dict[tuple[str | None, str | None], list[tuple[str, Rule]]] = {}
        self._decided: dict[Kind, Decision] = {}
        for rule in self.rules:
            found = pattern(rule)
            if found.prefix and found.amount_description:
                self._prefixes.setdefault(found[:2], []).append((found.amount_description, rule))
            else:
                self._exact.setdefault(found, rule)
        for prefixes in self._prefixes.values():
            prefixes.sort(key=lambda one: -len(one[0]))

    def decide(self, kind: Kind) -> Decision:
        """Triple, then type and amount type, then amount type and description, then amount type alone (settlement reference, 3)."""
        decision = self._decided.get(kind)
        if decision is None:
            rule = self._rule(*map(normalised, kind))
            decision = self._decided[kind] = Decision(rule.category if rule else SUSPENSE, rule)
        return decision

    def _rule(self, transaction: str, amount: str, description: str) -> Rule | None:
        for name in (transaction, None):
            rule = self._described(name, amount, description) or self._exact.get(Pattern(name, amount, None))
            if rule:
                return rule
        return None

    def _described(self, transaction: str | None, amount: str, description: str) -> Rule | None:
        if rule := self._exact.get(Pattern(transaction, amount, description)):
            return rule
        prefixes = self._prefixes.get((transaction, amount), ())
        return next((rule for prefix, rule in prefixes if description.startswith(prefix)), None)
