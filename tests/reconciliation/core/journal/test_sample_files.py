"""The sample settlements, from their bytes to journals: balanced, nothing in suspense, the same whichever layout the file has."""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal
from pathlib import Path

import pytest

from reconciliation.core.journal.values import Model, PaymentType, Prepared
from reconciliation.core.statement.reading import Statement
from reconciliation.core.statement.sums import sums
from tests.reconciliation.core.journal.values import balances, months, prepared

SAMPLES = Path(__file__).parents[5] / "shared" / "reference" / "settlements"
FILES = sorted(path.name for path in SAMPLES.glob("v*.txt") if "excerpt" not in path.name)
TWINS = [name for name in FILES if name.startswith("v1-")]
PERIODS = months(*(f"{year}-{number:02d}" for year in (2025, 2026) for number in range(1, 13)))

pytestmark = pytest.mark.skipif(not FILES, reason="the sample settlements are not on this machine")


def read(name: str, model: Model) -> tuple[Decimal, Prepared]:
    with (SAMPLES / name).open("rb") as file:
        statement = Statement(file)
        found = list(sums(statement, UTC))
    invoiced = {one.order_id for one in found if one.order_id}
    return statement.header.total, prepared(*found, about=statement.header, periods=PERIODS, model=model, invoiced=invoiced)


@pytest.mark.parametrize("name", FILES)
def test_every_sample_pays_out_its_total_with_nothing_in_suspense(name: str) -> None:
    total, found = read(name, Model.SUMMARY)
    assert [line.debit - line.credit for journal in found.journals for line in journal.lines if line.category == "clearing"] == [total]
    assert found.discrepancies == ()
    assert "9990" not in balances(*found.journals)


@pytest.mark.parametrize("name", FILES)
def test_when_every_order_is_invoiced_payments_close_marketplace_clearing(name: str) -> None:
    _, found = read(name, Model.INVOICE)
    paid = sum((one.amount if one.type is PaymentType.RECEIPT else -one.amount for one in found.payments), Decimal(0))
    assert balances(*found.journals).get("1105", Decimal(0)) == -paid
    assert not {"4000", "4010", "4900"} & set(balances(*found.journals))


@pytest.mark.parametrize("name", TWINS)
def test_an_old_file_and_its_rewriting_give_the_same_books(name: str) -> None:
    old, new = (read(one, Model.SUMMARY)[1].journals for one in (name, name.replace("v1-", "v2-derived-")))
    assert [(one.external_id, balances(one)) for one in old] == [(one.external_id, balances(one)) for one in new]
