"""What is wrong with a set of posting rules, in words, before anybody posts by it."""

from __future__ import annotations

from collections.abc import Iterator

from reconciliation.core.posting.accounts import AccountRule, Accounts
from reconciliation.core.posting.categories import (
    CATEGORIES,
    FACILITATOR_TAX,
    REQUIRED_ROLES,
    ROLES,
    SUSPENSE,
    TAX_COLLECTED,
    TAX_WITHHELD,
    label,
)
from reconciliation.core.posting.rules import ANY, Pattern, Rule, RuleSet, pattern


def problems(rules: RuleSet, accounts: Accounts) -> list[str]:
    """All of them, rules first; empty when the set can be published."""
    return [*_rule_problems(rules), *_account_problems(accounts), *_missing(rules, accounts), *_tax_problems(accounts)]


def _rule_problems(rules: RuleSet) -> Iterator[str]:
    first: dict[Pattern, Rule] = {}
    for rule in rules.rules:
        found = pattern(rule)
        if rule.category not in CATEGORIES:
            yield f"Rule “{rule}”: there is no category {rule.category}. Choose one of the list."
        if problem := _unreachable(found):
            yield f"Rule “{rule}” never decides anything: {problem}"
        elif found in first:
            yield _twice(rule, first[found])
        first.setdefault(found, rule)


def _unreachable(found: Pattern) -> str:
    if found.amount_type is None:
        return "a rule must name the amount type, since the same description stands under several. Fill it in."
    if "" in found[:3]:
        return "one of its values holds neither a letter nor a digit. Correct it, or leave it empty for any."
    return ""


def _twice(rule: Rule, before: Rule) -> str:
    if rule.category == before.category:
        return f"Rule “{rule}” is there twice (spelling aside). Remove one."
    return f"Rules “{before}” and “{rule}” are for the same lines and disagree. Remove one."


def _account_problems(accounts: Accounts) -> Iterator[str]:
    seen: set[tuple[str, str, str]] = set()
    for rule in accounts.rules:
        if rule.category not in CATEGORIES and rule.category not in ROLES:
            yield f"Account {rule.account}: there is no category {rule.category}. Choose one of the list."
        if not rule.account.strip():
            yield f"{label(rule.category)} names no account. Fill in the account, or remove the row."
        marketplace, fulfilment = ("" if word in ANY else word.strip().casefold() for word in (rule.marketplace, rule.fulfilment))
        key = rule.category, marketplace, fulfilment
        if key in seen:
            yield f"{label(rule.category)}{_where(rule)} has two accounts. Remove one."
        seen.add(key)


def _where(rule: AccountRule) -> str:
    places = [word for word in (rule.marketplace, rule.fulfilment) if word not in ANY]
    return f" ({', '.join(places)})" if places else ""


def _missing(rules: RuleSet, accounts: Accounts) -> Iterator[str]:
    used = {rule.category for rule in rules.rules} | {SUSPENSE}
    for category in (*CATEGORIES, *REQUIRED_ROLES):
        if (category in used or category in ROLES) and not accounts.account(category):
            yield f"{label(category)} ({category}) has no account for all marketplaces. Add one."


def _tax_problems(accounts: Accounts) -> Iterator[str]:
    if not accounts.account(FACILITATOR_TAX):
        return
    for marketplace in sorted({rule.marketplace for rule in accounts.rules if rule.category in (TAX_COLLECTED, TAX_WITHHELD)}):
        if accounts.is_facilitated(marketplace) and accounts.account(TAX_WITHHELD, marketplace) != accounts.account(
            TAX_COLLECTED, marketplace
        ):
            where = marketplace or "all marketplaces"
            yield f"Collected and withheld tax go to different accounts ({where}) and cannot cancel out. Give both the same account."
