"""What other posting rules would do: which lines of the latest settlements would be booked elsewhere, and which have no rule at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Count, Sum

from reconciliation.core.lines import Kind
from reconciliation.core.posting.categories import SUSPENSE, label
from reconciliation.core.posting.rules import RuleSet
from reconciliation.engine.drafts import published
from reconciliation.engine.rules import Published, read_version
from reconciliation.models import Books, JournalShare, LineKind, PostingRuleSet, PostingRuleVersion, Settlement, SettlementLine

LATEST = 6
FIELDS = ("settlement__currency", "kind", "marketplace", "fulfilment")
NO_ACCOUNT = "no account"


class Place(NamedTuple):
    """Where a line is booked."""

    category: str
    account: str

    def __str__(self) -> str:
        return f"{label(self.category)} ({self.account})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """Lines of one kind that would go from one place to another."""

    kind: Kind
    currency: str
    before: Place
    after: Place
    lines: int
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Unruled:
    """A kind of line that no rule fits, and what stands in suspense for it now."""

    id: int
    kind: Kind
    lines: int
    sums: tuple[tuple[str, Decimal], ...]


def latest(rule_set: PostingRuleSet) -> list[Settlement]:
    """The settlements that an effect is shown on: the last ones of the accounts that use these rules."""
    accounts = Books.objects.filter(rules=rule_set).values("source")
    return list(Settlement.objects.filter(connection__in=accounts).exclude(state__in=Settlement.PAST).order_by("-ends_at", "-pk")[:LATEST])


def effect(draft: PostingRuleVersion, settlements: list[Settlement]) -> list[Moved]:
    """What would be booked elsewhere than by the version in force, the largest amounts first. Three queries besides the rules."""
    before = published(draft.rule_set)
    if before is None:
        return []
    old, new = read_version(before.pk), read_version(draft.pk)
    added: dict[tuple[Kind, str, Place, Place], list[Any]] = defaultdict(lambda: [0, Decimal(0)])
    for kind, currency, marketplace, fulfilment, lines, amount in _sums(settlements):
        places = _place(old, kind, marketplace, fulfilment), _place(new, kind, marketplace, fulfilment)
        if places[0] != places[1]:
            found = added[kind, currency, *places]
            found[0], found[1] = found[0] + lines, found[1] + amount
    moved = [Moved(kind=key[0], currency=key[1], before=key[2], after=key[3], lines=n, amount=sum_) for key, (n, sum_) in added.items()]
    return sorted(moved, key=lambda one: (-abs(one.amount), one.kind))


def _place(version: Published, kind: Kind, marketplace: str, fulfilment: str) -> Place:
    category = version.rules.decide(kind).category
    return Place(category, version.accounts.account(category, marketplace, fulfilment) or NO_ACCOUNT)


def _sums(settlements: list[Settlement]) -> Iterator[tuple[Kind, str, str, str, int, Decimal]]:
    """From the journals where there are some, which is quicker than from the lines."""
    ids = {one.pk for one in settlements}
    shares = JournalShare.objects.filter(settlement__in=ids, live=True)
    booked = set(Settlement.objects.filter(pk__in=shares.values("settlement")).values_list("pk", flat=True))
    rows = list(shares.filter(settlement__in=booked).order_by().values_list(*FIELDS).annotate(n=Sum("lines"), sum=Sum("amount")))
    lines = SettlementLine.objects.filter(settlement__in=ids - booked).order_by()
    rows += lines.values_list(*FIELDS).annotate(n=Count("number"), sum=Sum("amount"))
    kinds = _kinds()
    for currency, kind, marketplace, fulfilment, count, amount in rows:
        yield kinds[kind], currency, marketplace, fulfilment, count, amount


def _kinds() -> dict[int, Kind]:
    return {pk: Kind(*words) for pk, *words in LineKind.objects.values_list("pk", "transaction_type", "amount_type", "amount_description")}


def unruled(rules: RuleSet) -> list[Unruled]:
    """All kinds that ever came in a file and that no rule fits, those with money in suspense first. Two queries."""
    found = {pk: kind for pk, kind in _kinds().items() if rules.decide(kind).rule is None}
    held: dict[int, list[tuple[str, Decimal, int]]] = defaultdict(list)
    shares = JournalShare.objects.filter(kind__in=found, live=True, category=SUSPENSE).order_by()
    for kind, currency, amount, lines in shares.values_list("kind", "settlement__currency").annotate(Sum("amount"), Sum("lines")):
        held[kind].append((currency, amount, lines))
    rows = [
        Unruled(
            id=pk, kind=kind, lines=sum(lines for *_, lines in held[pk]),
            sums=tuple(sorted((currency, amount) for currency, amount, _ in held[pk])),
        )
        for pk, kind in found.items()
    ]  # fmt: skip
    return sorted(rows, key=lambda one: (-one.lines, one.kind))
