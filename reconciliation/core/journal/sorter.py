"""Whether the invoice of an order holds a line, so that the line is part of its payment."""

from __future__ import annotations

from collections.abc import Collection

from reconciliation.core.journal.values import Model
from reconciliation.core.lines import Kind, Sum, normalised
from reconciliation.core.posting.accounts import Accounts
from reconciliation.core.posting.categories import TAXES
from reconciliation.core.posting.rules import RuleSet

PAID_BY_ORDER = frozenset(("sales", "sales_shipping", "sales_giftwrap", "promotions"))
PAID_BACK = frozenset(("refunds", "refunds_shipping", "promotions"))
OF_AN_INVOICE = {"order": PAID_BY_ORDER | TAXES, "refund": PAID_BACK | TAXES}
"""Transaction type → the categories that an order's invoice (or credit memo) holds (settlement reference, 5)."""


class Sorter:
    """Decides for every sum. Tax of a marketplace that pays it itself is on no invoice and stays in the journal."""

    def __init__(self, rules: RuleSet, accounts: Accounts, *, model: Model, invoiced: Collection[str]) -> None:
        self.rules, self.accounts = rules, accounts
        self.invoiced = frozenset(invoiced if model is Model.INVOICE else ())
        self._known: dict[tuple[Kind, str], bool] = {}

    def is_paid(self, line: Sum) -> bool:
        """Whether the sum is part of the payment of an invoiced order."""
        return bool(self.invoiced) and line.order_id in self.invoiced and self.is_invoiceable(line.kind, line.marketplace)

    def is_invoiceable(self, kind: Kind, marketplace: str) -> bool:
        """Whether an order's invoice or credit memo would hold it."""
        found = self._known.get((kind, marketplace))
        if found is None:
            category = self.rules.decide(kind).category
            invoice = category in OF_AN_INVOICE.get(normalised(kind.transaction_type), ())
            if category in TAXES:
                invoice = invoice and not self.accounts.is_facilitated(marketplace)
            found = self._known[kind, marketplace] = invoice
        return found
