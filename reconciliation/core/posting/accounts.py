"""Category and role → the ERP's account, the most exact rule first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from reconciliation.core.lines import normalised
from reconciliation.core.posting.categories import FACILITATOR_TAX, TAX_COLLECTED
from reconciliation.core.posting.rules import ANY


class AccountRule(NamedTuple):
    """A category (or role) → account code. An empty marketplace or fulfilment fits every one; a marketplace may end in `*`."""

    category: str
    account: str
    marketplace: str = ""
    fulfilment: str = ""


def _word(text: str) -> str:
    return "" if text in ANY else normalised(text)


class Accounts:
    """Account rules made ready to be asked. `book_facilitator_tax` off: tax that cancels out is not booked at all."""

    def __init__(self, rules: Iterable[AccountRule], *, book_facilitator_tax: bool = True) -> None:
        self.rules = tuple(rules)
        self.book_facilitator_tax = book_facilitator_tax
        self._exact: dict[tuple[str, str, str], str] = {}
        self._prefixes: list[tuple[str, str, str, str]] = []
        self._found: dict[tuple[str, str, str], str | None] = {}
        for rule in self.rules:
            self._add(rule)
        self._prefixes.sort(key=lambda one: -len(one[1]))

    def _add(self, rule: AccountRule) -> None:
        marketplace, fulfilment = _word(rule.marketplace), _word(rule.fulfilment)
        if marketplace and rule.marketplace.strip().endswith("*"):
            self._prefixes.append((rule.category, marketplace, fulfilment, rule.account))
        else:
            self._exact.setdefault((rule.category, marketplace, fulfilment), rule.account)

    def account(self, category: str, marketplace: str = "", fulfilment: str = "") -> str | None:
        """Marketplace and fulfilment, then marketplace, then fulfilment, then the category's own; None when there is none."""
        key = (category, marketplace, fulfilment)
        if key not in self._found:
            self._found[key] = self._account(category, _word(marketplace), _word(fulfilment))
        return self._found[key]

    def _account(self, category: str, marketplace: str, fulfilment: str) -> str | None:
        for channel in (fulfilment, "") if fulfilment else ("",):
            found = self._exact.get((category, marketplace, channel)) if marketplace else None
            found = found or self._by_prefix(category, marketplace, channel)
            if found:
                return found
        return self._exact.get((category, "", fulfilment)) or self._exact.get((category, "", ""))

    def _by_prefix(self, category: str, marketplace: str, fulfilment: str) -> str | None:
        for rule_category, prefix, channel, account in self._prefixes:
            if (rule_category, channel) == (category, fulfilment) and marketplace.startswith(prefix):
                return account
        return None

    def is_facilitated(self, marketplace: str) -> bool:
        """Whether the marketplace pays the tax itself: its tax goes to the facilitator's account, where both legs cancel out."""
        clearing = self.account(FACILITATOR_TAX)
        return clearing is not None and self.account(TAX_COLLECTED, marketplace) == clearing
