"""Posting rules as rows: the starter is loaded once, versions are published whole, and what was published is asked by pure functions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Max

from reconciliation.core.posting import starter
from reconciliation.core.posting.accounts import AccountRule as Account
from reconciliation.core.posting.accounts import Accounts
from reconciliation.core.posting.problems import problems
from reconciliation.core.posting.rules import Rule, RuleSet
from reconciliation.engine.states import RefusedError
from reconciliation.models import AccountRule, Books, PostingRule, PostingRuleSet, PostingRuleVersion

State = PostingRuleVersion.State


class Published(NamedTuple):
    """A version's rules and accounts, ready to be asked."""

    rules: RuleSet
    accounts: Accounts


def load_starter(*, now: datetime) -> PostingRuleSet:
    """The rules and accounts that ship with the product, published; what is there already stays as people left it."""
    about = starter.read(starter.RULES)
    with transaction.atomic():
        rule_set, made = PostingRuleSet.objects.get_or_create(slug=about["slug"], defaults={"name": about["name"]})
        if made:
            publish(new_version(rule_set, starter.rules(), starter.accounts(), note="Ships with the product"), now=now)
    return rule_set


def new_version(rule_set: PostingRuleSet, rules: Iterable[Rule], accounts: Iterable[Account], *, note: str = "") -> PostingRuleVersion:
    """A draft with these rules. Raises IntegrityError when the set has a draft already."""
    last = rule_set.versions.aggregate(last=Max("number"))["last"] or 0
    version = PostingRuleVersion.objects.create(rule_set=rule_set, number=last + 1, note=note)
    write_rules(version, rules)
    write_accounts(version, accounts)
    return version


def write_rules(draft: PostingRuleVersion, rules: Iterable[Rule]) -> None:
    """Adds rules to a draft."""
    PostingRule.objects.bulk_create(
        PostingRule(version=draft, transaction_type=one[0], amount_type=one[1], amount_description=one[2], category=one.category)
        for one in rules
    )


def write_accounts(draft: PostingRuleVersion, accounts: Iterable[Account]) -> None:
    """Adds accounts to a draft."""
    AccountRule.objects.bulk_create(AccountRule(version=draft, **one._asdict()) for one in accounts)


def publish(version: PostingRuleVersion, *, now: datetime, by: AbstractBaseUser | None = None) -> None:
    """Makes a draft the version that is used from the next posting on. Raises RefusedError with everything that is wrong with it."""
    found = problems(*read_version(version.pk))
    if found:
        raise RefusedError(" ".join(found))
    with transaction.atomic():
        version.rule_set.versions.filter(state=State.PUBLISHED).update(state=State.RETIRED)
        version.state, version.published_at, version.published_by_id = State.PUBLISHED, now, by.pk if by else None
        version.save(update_fields=["state", "published_at", "published_by"])


def in_force(books: Books) -> PostingRuleVersion:
    """The published version of the books' rules. Raises RefusedError when there is none."""
    rule_set = books.rules
    version = rule_set.versions.filter(state=State.PUBLISHED).first() if rule_set else None
    if version is None:
        raise RefusedError(f"{books} have no published posting rules. Choose a set of rules for them, and publish a version of it.")
    return version


def asked(version: PostingRuleVersion) -> Published:
    """The rules of a version; a published one is read once per process."""
    return read_version(version.pk) if version.state == State.DRAFT else _kept(version.pk)


@lru_cache(maxsize=8)
def _kept(version_id: int) -> Published:
    return read_version(version_id)


def read_version(version_id: int) -> Published:
    """The rules of any version as they stand now. Three queries."""
    version = PostingRuleVersion.objects.get(pk=version_id)
    rules = version.rules.values_list("transaction_type", "amount_type", "amount_description", "category")
    accounts = version.accounts.values_list("category", "account", "marketplace", "fulfilment")
    return Published(
        RuleSet(Rule(*one) for one in rules), Accounts(map(Account._make, accounts), book_facilitator_tax=version.book_facilitator_tax)
    )
