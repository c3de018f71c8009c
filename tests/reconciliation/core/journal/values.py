"""Settlements in one call: a header and sums, with the shipped rules and accounts."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from reconciliation.core.journal.build import prepare
from reconciliation.core.journal.values import Journal, Model, Prepared
from reconciliation.core.lines import Header, Kind, Sum
from reconciliation.core.periods import Period
from reconciliation.core.posting import starter
from reconciliation.core.posting.accounts import Accounts
from reconciliation.core.posting.rules import RuleSet

RULES = RuleSet(starter.rules())
ACCOUNTS = Accounts(starter.accounts())
DAY = date(2026, 11, 10)
ORDER = "112-4455667-7788990"

PRINCIPAL = Kind("Order", "ItemPrice", "Principal")
SHIPPING = Kind("Order", "ItemPrice", "Shipping")
TAX = Kind("Order", "ItemPrice", "Tax")
WITHHELD = Kind("Order", "ItemWithheldTax", "MarketplaceFacilitatorTax-Principal")
PROMOTION = Kind("Order", "Promotion", "Principal")
COMMISSION = Kind("Order", "ItemFees", "Commission")
FBA = Kind("Order", "ItemFees", "FBAPerUnitFulfillmentFee")
REFUND = Kind("Refund", "ItemPrice", "Principal")
STORAGE = Kind("other-transaction", "other-transaction", "Storage Fee")
PAYABLE = Kind("other-transaction", "other-transaction", "Payable to Amazon")
CHARGE = Kind("other-transaction", "other-transaction", "Successful charge")
CURRENT_RESERVE = Kind("other-transaction", "other-transaction", "Current Reserve Amount")
PREVIOUS_RESERVE = Kind("other-transaction", "other-transaction", "Previous Reserve Amount Balance")
UNKNOWN = Kind("other-transaction", "other-transaction", "Storrage Feee")

EXAMPLE = ((PRINCIPAL, "100.00"), (SHIPPING, "5.00"), (TAX, "8.66"), (WITHHELD, "-8.66"), (PROMOTION, "-10.00"), (COMMISSION, "-14.25"))
"""The order of the entity map's example, 12; with the FBA fee of 3.50 the payout is 77.25."""


def months(*names: str, closed: tuple[str, ...] = ()) -> tuple[Period, ...]:
    """Fiscal periods that are months."""
    return tuple(month(name, is_open=name not in closed) for name in names)


def month(name: str, *, is_open: bool = True) -> Period:
    year, number = map(int, name.split("-"))
    return Period(name=name, start=date(year, number, 1), end=date(year, number, monthrange(year, number)[1]), is_open=is_open)


YEAR = months(*(f"{year}-{number:02d}" for year in (2026, 2027) for number in range(1, 13)))


def a_sum(kind: Kind, amount: str, **fields: Any) -> Sum:
    """One line of the Amazon.com order of the example, unless told otherwise."""
    values: dict[str, Any] = {"day": DAY, "order_id": ORDER, "marketplace": "Amazon.com", "fulfilment": "AFN"}
    return Sum(kind=kind, amount=Decimal(amount), **{**values, **fields})


def on_account(kind: Kind, amount: str, **fields: Any) -> Sum:
    """One line that belongs to no order."""
    return a_sum(kind, amount, **{"order_id": "", "marketplace": "", "fulfilment": "", **fields})


def header(*sums: Sum, **fields: Any) -> Header:
    """A fortnight in November whose total is what these sums come to."""
    values: dict[str, Any] = {
        "settlement_id": "19283746501", "start": datetime(2026, 11, 1, 7, tzinfo=UTC), "end": datetime(2026, 11, 15, 7, tzinfo=UTC),
        "deposit": datetime(2026, 11, 17, 7, tzinfo=UTC), "total": sum((one.amount for one in sums), Decimal(0)), "currency": "USD",
    }  # fmt: skip
    return Header(**{**values, **fields})


def prepared(*sums: Sum, about: Header | None = None, **fields: Any) -> Prepared:
    """Everything that these sums become, in the summary model."""
    values: dict[str, Any] = {"model": Model.SUMMARY, "periods": YEAR, "rules": RULES, "accounts": ACCOUNTS} | fields
    return prepare(about or header(*sums), sums, values.pop("rules"), values.pop("accounts"), **values)


def booked(journal: Journal) -> dict[tuple[str, str], Decimal]:
    """(account, category) → what is debited, credits negative."""
    found: dict[tuple[str, str], Decimal] = {}
    for line in journal.lines:
        key = line.account, line.category
        found[key] = found.get(key, Decimal(0)) + line.debit - line.credit
    return found


def balances(*journals: Journal) -> dict[str, Decimal]:
    """Account → what is debited, credits negative; accounts that come to zero are missing."""
    found: dict[str, Decimal] = {}
    for journal in journals:
        for line in journal.lines:
            found[line.account] = found.get(line.account, Decimal(0)) + line.debit - line.credit
    return {account: amount for account, amount in found.items() if amount}
