"""The way from sales to deposit."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from reconciliation.core.posting.categories import CATEGORIES
from reconciliation.core.waterfall import GROUPS, waterfall


def test_every_category_is_in_exactly_one_group() -> None:
    assert sorted(one for group in GROUPS.values() for one in group) == sorted(CATEGORIES)


def test_steps_lead_from_sales_to_the_deposit() -> None:
    amounts = {"fee_commission": "-15", "sales": "100", "sales_shipping": "5", "tax_collected": "8", "tax_withheld_by_marketplace": "-8"}
    steps = waterfall({name: Decimal(amount) for name, amount in amounts.items()}, deposit=Decimal(90))
    assert [(step.label, step.amount, step.start, step.end) for step in steps] == [
        ("Sales", 105, 0, 105), ("Tax", 0, 105, 105), ("Selling fees", -15, 105, 90), ("Deposit", 90, 0, 90),
    ]  # fmt: skip
    assert steps[0].categories == ("sales", "sales_shipping")


def test_what_is_not_explained_is_a_step_of_its_own() -> None:
    steps = waterfall({"sales": Decimal(100), "brand new": Decimal(1)}, deposit=Decimal(99))
    assert [(step.label, step.amount) for step in steps] == [("Sales", 100), ("Other", 1), ("Unexplained", -2), ("Deposit", 99)]


@given(st.dictionaries(st.sampled_from([*CATEGORIES, "brand new"]), st.integers(-9999, 9999).map(lambda cents: Decimal(cents) / 100)))
def test_the_steps_always_end_at_the_deposit(amounts: dict[str, Decimal]) -> None:
    *steps, last = waterfall(amounts, deposit=sum(amounts.values(), Decimal(0)))
    assert sum(step.amount for step in steps) == last.amount == (steps[-1].end if steps else 0)
    assert "Unexplained" not in [step.label for step in steps]
