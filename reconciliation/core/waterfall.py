"""From sales to deposit: the categories of a settlement in a few groups, as a chart shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from reconciliation.core.posting.categories import CATEGORIES

ZERO = Decimal(0)
OTHER = "Other"
GROUPS: dict[str, tuple[str, ...]] = {
    "Sales": ("sales", "sales_shipping", "sales_giftwrap", "sales_liquidation"),
    "Promotions": ("promotions",),
    "Refunds and chargebacks": ("refunds", "refunds_shipping", "chargebacks"),
    "Tax": ("tax_collected", "tax_withheld_by_marketplace", "tax_other"),
    "Selling fees": ("fee_commission", "fee_refund_administration", "fee_subscription", "fee_other"),
    "Fulfilment": ("fee_fulfilment", "fee_fulfilment_other", "fee_storage", "fee_inbound_freight", "fee_postage"),
    "Advertising": ("fee_advertising",),
    "Reimbursements": ("reimbursements",),
    "Reserve and carried balances": ("reserve", "carried_balance", "loan", "bank_adjustment"),
    "Not mapped": ("suspense",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A bar of the chart from `start` to `end`; `categories` are those of its group that have an amount."""

    label: str
    amount: Decimal
    start: Decimal
    end: Decimal
    categories: tuple[str, ...] = ()


def waterfall(amounts: Mapping[str, Decimal], *, deposit: Decimal) -> list[Step]:
    """One step per group that holds something, by category → amount as in the file (credit positive), and the deposit at last.

    What the categories do not explain of the deposit is a step of its own, so that the chart always ends at it.
    """
    group_of = {category: group for group, categories in GROUPS.items() for category in categories}
    known = [*CATEGORIES, *sorted(set(amounts) - set(CATEGORIES))]
    steps: list[Step] = []
    level = ZERO
    for group in (*GROUPS, OTHER):
        mine = tuple(one for one in known if group_of.get(one, OTHER) == group and amounts.get(one))
        if mine:
            steps.append(_step(group, sum((amounts[one] for one in mine), ZERO), level, mine))
            level = steps[-1].end
    if level != deposit:
        steps.append(_step("Unexplained", deposit - level, level, ()))
    return [*steps, Step(label="Deposit", amount=deposit, start=ZERO, end=deposit)]


def _step(label: str, amount: Decimal, level: Decimal, categories: tuple[str, ...]) -> Step:
    return Step(label=label, amount=amount, start=level, end=level + amount, categories=categories)
