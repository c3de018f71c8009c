"""The accounts of the posting rules beside the ERP's chart: what could not be posted, told before anybody tries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reconciliation.core.posting.accounts import AccountRule, Accounts
from reconciliation.core.posting.categories import BALANCE_SHEET, label

PROFIT_AND_LOSS = ("Revenue", "Expense")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartAccount:
    """A general ledger account of the ERP; `type` is Asset, Liability, Equity, Revenue or Expense (TIMS contract, 9)."""

    code: str
    type: str
    postable: bool = True
    active: bool = True


def chart_problems(accounts: Accounts, chart: Mapping[str, ChartAccount]) -> list[str]:
    """All of them; empty when every account can be posted to."""
    return [problem for rule in accounts.rules for problem in _problems(rule, chart.get(rule.account))]


def _problems(rule: AccountRule, found: ChartAccount | None) -> Iterator[str]:
    what = f"{label(rule.category)}{f', {rule.marketplace}' if rule.marketplace else ''}: account {rule.account}"
    if found is None:
        yield f"{what} does not exist in the ERP. Open it there, or choose another."
    elif not found.active:
        yield f"{what} is inactive in the ERP. Activate it there, or choose another."
    elif not found.postable:
        yield f"{what} cannot be posted to in the ERP. Choose one of the accounts below it."
    elif rule.category in BALANCE_SHEET and found.type in PROFIT_AND_LOSS:
        yield f"{what} is an account of profit and loss, but this money is neither. Choose an asset or a liability."
