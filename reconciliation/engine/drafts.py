"""Posting rules between two versions: a draft copied from what is in force, changed row by row, then published or thrown away."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction

from reconciliation.core.posting.accounts import AccountRule as Account
from reconciliation.core.posting.differences import Difference, differences
from reconciliation.core.posting.rules import Rule
from reconciliation.engine import rules
from reconciliation.engine.states import RefusedError
from reconciliation.models import AccountRule, PostingRule, PostingRuleSet, PostingRuleVersion

State = PostingRuleVersion.State


def published(rule_set: PostingRuleSet) -> PostingRuleVersion | None:
    """The version that is used."""
    return rule_set.versions.filter(state=State.PUBLISHED).first()


def draft_of(rule_set: PostingRuleSet) -> PostingRuleVersion | None:
    """The one draft, if there is one."""
    return rule_set.versions.filter(state=State.DRAFT).first()


def begin(rule_set: PostingRuleSet) -> PostingRuleVersion:
    """The draft; where there is none, a copy of what is published."""
    with transaction.atomic():
        PostingRuleSet.objects.select_for_update().get(pk=rule_set.pk)
        found = draft_of(rule_set)
        if found:
            return found
        before = published(rule_set)
        return _copy(before) if before else rules.new_version(rule_set, (), ())


def _copy(version: PostingRuleVersion, *, note: str = "") -> PostingRuleVersion:
    made = rules.new_version(version.rule_set, *contents(version), note=note)
    made.book_facilitator_tax = version.book_facilitator_tax
    made.save(update_fields=["book_facilitator_tax"])
    return made


def contents(version: PostingRuleVersion | None) -> tuple[tuple[Rule, ...], tuple[Account, ...]]:
    """All rules and accounts of a version; none of None. Two queries."""
    if version is None:
        return (), ()
    read = rules.read_version(version.pk)
    return read.rules.rules, read.accounts.rules


def mark(version: PostingRuleVersion | None) -> str:
    """Another one as soon as anything in the version is different: a page that was shown knows by it that somebody was faster."""
    found, accounts = contents(version)
    switch = version.book_facilitator_tax if version else None
    return hashlib.sha256(repr((version and version.pk, switch, sorted(found), sorted(accounts))).encode()).hexdigest()[:32]


def compared(before: PostingRuleVersion | None, after: PostingRuleVersion) -> list[Difference]:
    """What the later version does otherwise."""
    old, new = contents(before), contents(after)
    found = differences((old[0], new[0]), (old[1], new[1]))
    words = {True: "booked", False: "left out where it cancels out"}
    if before and before.book_facilitator_tax != after.book_facilitator_tax:
        switched = Difference(
            "changed", "Tax that the marketplace pays", words[before.book_facilitator_tax], words[after.book_facilitator_tax]
        )
        return [switched, *found]
    return found


def save_row(draft: PostingRuleVersion, row: PostingRule | AccountRule) -> None:
    """Adds or changes a rule or an account of a draft. Raises RefusedError when it is there already, or the draft is no draft any more."""
    row.version = draft
    try:
        with transaction.atomic():
            _locked(draft)
            row.save()
    except IntegrityError:
        raise RefusedError("There is a row for this already. Change that one, or remove it first.") from None


def remove_row(draft: PostingRuleVersion, row: PostingRule | AccountRule) -> None:
    """Takes a rule or an account out of a draft."""
    with transaction.atomic():
        _locked(draft)
        row.delete()


def base(rule_set: PostingRuleSet) -> PostingRuleVersion | None:
    """What changes begin from: the draft, else what is published."""
    return draft_of(rule_set) or published(rule_set)


def take_over(
    rule_set: PostingRuleSet, *, with_rules: Iterable[Rule], with_accounts: Iterable[Account], expected: str
) -> PostingRuleVersion:
    """Other rules and accounts in the place of the draft's, which is begun where there is none.

    Raises RefusedError when what they were compared with is not the one of `expected` any more.
    """
    with transaction.atomic():
        PostingRuleSet.objects.select_for_update().get(pk=rule_set.pk)
        found = draft_of(rule_set)
        if mark(_locked(found) if found else published(rule_set)) != expected:
            raise RefusedError("Somebody changed the rules meanwhile. Nothing was imported; look at the preview again.")
        draft = begin(rule_set)
        draft.rules.all().delete()
        rules.write_rules(draft, with_rules)
        draft.accounts.all().delete()
        rules.write_accounts(draft, with_accounts)
    return draft


def _locked(draft: PostingRuleVersion) -> PostingRuleVersion:
    found = PostingRuleVersion.objects.select_for_update().filter(pk=draft.pk).first()
    if found is None or found.state != State.DRAFT:
        raise RefusedError("This draft was published or discarded meanwhile. Open the rules again.")
    return found


def switch_tax(draft: PostingRuleVersion, *, on: bool) -> None:
    """Whether tax that the marketplace pays itself is booked at all."""
    with transaction.atomic():
        _locked(draft)
        draft.book_facilitator_tax = on
        draft.save(update_fields=["book_facilitator_tax"])


def discard(draft: PostingRuleVersion) -> None:
    """Throws a draft away; what is published stays."""
    with transaction.atomic():
        _locked(draft).delete()


def publish(draft: PostingRuleVersion, *, comment: str, by: AbstractBaseUser | None, now: datetime, expected: str = "") -> None:
    """As `rules.publish`, once, with a comment. Raises RefusedError when the draft is not the one that was looked at (`expected`)."""
    with transaction.atomic():
        found = _locked(draft)
        if expected and mark(found) != expected:
            raise RefusedError("Somebody changed the draft meanwhile. Nothing was published; look at the changes again.")
        found.note = comment[:200]
        found.save(update_fields=["note"])
        rules.publish(found, now=now, by=by)


def roll_back(version: PostingRuleVersion, *, comment: str, by: AbstractBaseUser | None, now: datetime) -> PostingRuleVersion:
    """Publishes a copy of an earlier version. Raises RefusedError while there is a draft: two cannot be."""
    with transaction.atomic():
        PostingRuleSet.objects.select_for_update().get(pk=version.rule_set_id)
        if draft := draft_of(version.rule_set):
            raise RefusedError(f"Version {draft.number} is being edited. Publish or discard that draft first, then roll back.")
        made = _copy(version, note=comment[:200])
        rules.publish(made, now=now, by=by)
    return made
