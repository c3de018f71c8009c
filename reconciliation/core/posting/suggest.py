"""What a kind of line without a rule most resembles: a suggestion in words, for a person to decide."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from rapidfuzz import fuzz

from reconciliation.core.lines import Kind
from reconciliation.core.posting.categories import label
from reconciliation.core.posting.rules import ANY, Rule, RuleSet

PARTS_OF_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[^\W\d_A-Z]+|[A-Z]+|[^\W\d_]+|\d+")
DESCRIPTION, AMOUNT_TYPE, TRANSACTION_TYPE = 6, 3, 1
CLOSE = 68


class Suggestion(NamedTuple):
    """A known rule and how alike it is, 0 to 100."""

    rule: Rule
    score: float


def words_of(text: str) -> str:
    """`FBAPerUnitFulfillmentFee` and `Storage_Fee` as the words that people read in them."""
    return " ".join(PARTS_OF_WORDS.findall(text)).lower()


def suggestions(kind: Kind, rules: RuleSet, *, limit: int = 3) -> list[Suggestion]:
    """The nearest rules, best first, one per category; empty when nothing is close."""
    wanted = tuple(map(words_of, kind))
    best: dict[str, Suggestion] = {}
    for found in _scored(wanted, rules):
        if found.score > best.get(found.rule.category, found._replace(score=0.0)).score:
            best[found.rule.category] = found
    return sorted(best.values(), key=lambda one: (-one.score, one.rule))[:limit]


def _scored(wanted: tuple[str, ...], rules: RuleSet) -> Iterator[Suggestion]:
    transaction, amount, description = wanted
    for rule in rules.rules:
        amounts = _alike(amount, words_of(rule.amount_type))
        # In a fee family the amount type names the fee.
        main = amounts if rule.amount_description in ANY else _alike(description, words_of(rule.amount_description))
        if main < CLOSE:
            continue
        parts = [(DESCRIPTION, main), (AMOUNT_TYPE, amounts)]
        if rule.transaction_type not in ANY:
            parts.append((TRANSACTION_TYPE, _alike(transaction, words_of(rule.transaction_type))))
        yield Suggestion(rule, sum(weight * score for weight, score in parts) / sum(weight for weight, _ in parts))


def _alike(one: str, other: str) -> float:
    """Common words count, and so does what is not common: `fee` alone is not `storage fee`."""
    return (fuzz.token_set_ratio(one, other) + fuzz.token_sort_ratio(one, other)) / 2


def suggestion(kind: Kind, rules: RuleSet) -> str:
    """One sentence: what the kind resembles, or that nothing does."""
    found = suggestions(kind, rules)
    if not found:
        return "No known kind of line resembles it."
    known = "; ".join(f"{label(one.rule.category)} ({one.rule})" for one in found)
    return f"It resembles: {known}."
