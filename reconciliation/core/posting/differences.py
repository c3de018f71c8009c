"""What is different between two states of the posting rules, in words that can stand side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from reconciliation.core.posting.accounts import AccountRule
from reconciliation.core.posting.categories import label
from reconciliation.core.posting.rules import Rule

ADDED, CHANGED, REMOVED = "added", "changed", "removed"


class Difference(NamedTuple):
    """`subject` is the kind of line, or the category with its place; `before` and `after` are the category, or the account."""

    what: str
    subject: str
    before: str
    after: str


def differences(
    rules: tuple[Iterable[Rule], Iterable[Rule]], accounts: tuple[Iterable[AccountRule], Iterable[AccountRule]]
) -> list[Difference]:
    """Of rules (before, after) and accounts (before, after); rules first, by what they are about."""
    old, new = ({_kind(one): label(one.category) for one in some} for some in rules)
    old_accounts, new_accounts = ({place(one): one.account for one in some} for some in accounts)
    return [*_compared(old, new), *_compared(old_accounts, new_accounts)]


def place(rule: AccountRule) -> str:
    """`Sales, Amazon.de, AFN`."""
    return ", ".join(filter(None, (label(rule.category), rule.marketplace, rule.fulfilment)))


def _kind(rule: Rule) -> str:
    return " / ".join(word or "any" for word in rule[:3])


def _compared(old: dict[str, str], new: dict[str, str]) -> Iterator[Difference]:
    for subject in sorted(old | new):
        before, after = old.get(subject, ""), new.get(subject, "")
        if before != after:
            yield Difference(ADDED if not before else CHANGED if after else REMOVED, subject, before, after)
