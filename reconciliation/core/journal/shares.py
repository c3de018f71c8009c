"""Sums of lines become shares: placed in a part, given a category, and told apart by whether their order is invoiced."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from decimal import Decimal

from reconciliation.core.journal.values import Model, Share
from reconciliation.core.lines import Kind, Sum, normalised
from reconciliation.core.periods import Part
from reconciliation.core.posting.accounts import Accounts
from reconciliation.core.posting.categories import TAXES
from reconciliation.core.posting.rules import RuleSet

PAID_BY_ORDER = frozenset(("sales", "sales_shipping", "sales_giftwrap", "promotions"))
PAID_BACK = frozenset(("refunds", "refunds_shipping", "promotions"))
OF_AN_INVOICE = {"order": PAID_BY_ORDER | TAXES, "refund": PAID_BACK | TAXES}
"""Transaction type → the categories that an order's invoice (or credit memo) holds (settlement reference, 5)."""


class Sorter:
    """Decides for every sum where it belongs. Tax of a marketplace that pays it itself is on no invoice and stays in the journal."""

    def __init__(self, rules: RuleSet, accounts: Accounts, *, model: Model, invoiced: Collection[str]) -> None:
        self.rules, self.accounts = rules, accounts
        self.invoiced = invoiced if model is Model.INVOICE else ()
        self._known: dict[tuple[Kind, str], tuple[str, bool]] = {}

    def category(self, line: Sum) -> str:
        """The category of a sum."""
        return self._look(line.kind, line.marketplace)[0]

    def is_invoiceable(self, kind: Kind, marketplace: str) -> bool:
        """Whether an order's invoice or credit memo would hold it."""
        return self._look(kind, marketplace)[1]

    def is_paid(self, line: Sum) -> bool:
        """Whether the sum is part of the payment of an invoiced order."""
        return bool(self.invoiced) and line.order_id in self.invoiced and self._look(line.kind, line.marketplace)[1]

    def _look(self, kind: Kind, marketplace: str) -> tuple[str, bool]:
        found = self._known.get((kind, marketplace))
        if found is None:
            category = self.rules.decide(kind).category
            invoice = category in OF_AN_INVOICE.get(normalised(kind.transaction_type), ())
            if category in TAXES:
                invoice = invoice and not self.accounts.is_facilitated(marketplace)
            found = self._known[kind, marketplace] = category, invoice
        return found


Key = tuple[int, Kind, str, str, bool]


def shares_of(sums: Iterable[Sum], parts: Iterable[Part], sorter: Sorter) -> list[Share]:
    """Sorted, so that the order of lines in the file changes nothing."""
    part_of = _Calendar(parts)
    amounts: dict[Key, Decimal] = {}
    lines: dict[Key, int] = {}
    for line in sums:
        key = part_of[line.day], line.kind, line.marketplace, line.fulfilment, sorter.is_paid(line)
        amounts[key] = amounts.get(key, Decimal(0)) + line.amount
        lines[key] = lines.get(key, 0) + line.lines
    return [
        Share(
            part=part, kind=kind, category=sorter.rules.decide(kind).category, marketplace=marketplace, fulfilment=fulfilment,
            paid=paid, amount=amounts[key], lines=lines[key],
        )
        for key in sorted(amounts)
        for part, kind, marketplace, fulfilment, paid in (key,)
    ]  # fmt: skip


class _Calendar(dict[date, int]):
    """Day → number of its part."""

    def __init__(self, parts: Iterable[Part]) -> None:
        super().__init__()
        self.parts = tuple(parts)

    def __missing__(self, day: date) -> int:
        self[day] = found = next(part.number for part in self.parts if part.first_day <= day <= part.last_day)
        return found
