"""Accounts that the ERP would refuse are told before anybody posts."""

from __future__ import annotations

import pytest

from reconciliation.core.posting import starter
from reconciliation.core.posting.accounts import AccountRule, Accounts
from reconciliation.core.posting.chart import ChartAccount, chart_problems

TYPES = {"1": "Asset", "2": "Liability", "4": "Revenue", "5": "Expense", "6": "Expense", "7": "Revenue", "9": "Asset"}


def test_the_starter_fits_the_chart_of_the_entity_map() -> None:
    known = "1010 1100 1105 1115 1200 2200 2210 4000 4010 4020 4900 4910 5000 6100 6110 6120 6130 6140 6150 6190 6900 7100 9990"
    codes = known.split()
    chart = {code: ChartAccount(code=code, type=TYPES[code[0]]) for code in codes}
    assert chart_problems(Accounts(starter.accounts()), chart) == []


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (None, "Reserve, Amazon.de: account 1115 does not exist in the ERP"),
        (ChartAccount(code="1115", type="Asset", active=False), "is inactive"),
        (ChartAccount(code="1115", type="Asset", postable=False), "cannot be posted to"),
        (ChartAccount(code="1115", type="Expense"), "is an account of profit and loss"),
    ],
)
def test_an_account_that_does_not_serve_is_named_with_its_reason(found: ChartAccount | None, words: str) -> None:
    (problem,) = chart_problems(Accounts([AccountRule("reserve", "1115", "Amazon.de")]), {"1115": found} if found else {})
    assert words in problem
