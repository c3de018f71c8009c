"""The settlement reports of the reference give what was computed for them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC
from decimal import Decimal

import pytest

from reconciliation.core.lines import Header
from reconciliation.core.statement import Problem, Quarantined, Statement, read
from reconciliation.core.statement.sums import totals
from tests.reconciliation.core.statement.samples import expected, sample
from tests.reconciliation.core.statement.writing import END, START

EXPECTED = expected()
TAX_BESIDE_FEE = {"v1-ca-50018020314.txt": 1, "v1-ca-50034020328.txt": 3, "v1-ca-50044020356.txt": 2}
"""Advertising lines of V1 hold fee and tax: two amounts, one line."""
EXPORT = "eu-lines-oct2025-a.csv"


def _sums(statement: Statement) -> dict[str, dict[str, object]]:
    amounts, lines = Counter[str](), Counter[str]()
    for one in totals(statement, UTC):
        amounts["|".join(one.kind)] += one.amount  # type: ignore[assignment]
        lines["|".join(one.kind)] += one.lines
    return {kind: {"amount": str(amounts[kind]), "lines": lines[kind]} for kind in lines}


@pytest.mark.parametrize("name", [name for name, one in EXPECTED.items() if one["balanced"]] or [""])
def test_a_balanced_report_of_the_reference_gives_what_was_computed_for_it(name: str) -> None:
    facts = EXPECTED.get(name, {})
    with sample(name).open("rb") as source:
        statement = read(source)
        found = _sums(statement)
    assert statement.sha256 == facts["sha256"]
    assert (statement.header.settlement_id, statement.header.currency) == (facts["settlement_id"], facts["currency"])
    assert str(statement.header.total) == facts["total_amount"]
    assert str(statement.lines_total) == facts["sum"]
    assert statement.lines == facts.get("lines", facts.get("amounts", 0) - TAX_BESIDE_FEE.get(name, 0))
    assert found == facts.get("by_type", found)
    assert statement.warnings == []


def test_the_excerpt_of_a_real_report_does_not_add_up_and_says_by_how_much() -> None:
    with sample("v2-au-real-excerpt.txt").open("rb") as source, pytest.raises(Quarantined) as refused:
        totals(read(source), UTC)
    assert refused.value.code is Problem.TOTAL_MISMATCH
    assert all(figure in refused.value.words for figure in ("421.50 AUD", "212118.95 AUD", "211697.45 AUD"))


def test_the_same_money_in_v1_and_in_v2_gives_the_same_sums() -> None:
    for name in ("50011020300", "50018020314", "50034020328", "50044020356"):
        with sample(f"v1-ca-{name}.txt").open("rb") as old, sample(f"v2-derived-ca-{name}.txt").open("rb") as new:
            assert _sums(read(old)) == _sums(read(new))


def test_an_export_of_twelve_settlements_is_quarantined() -> None:
    with sample(EXPORT).open("rb") as source, pytest.raises(Quarantined) as refused:
        read(source)
    assert refused.value.code is Problem.SEVERAL_SETTLEMENTS


@pytest.mark.parametrize("name", [name for name in EXPECTED if "derived-eu" in name] or [""])
def test_lines_of_an_export_give_the_report_of_the_settlement_that_a_person_states(name: str) -> None:
    facts = EXPECTED.get(name, {})
    with sample(EXPORT).open("rb") as source:
        declared = Header(
            settlement_id=facts["settlement_id"], start=START, end=END, deposit=None, total=Decimal(facts["sum"]), currency="EUR"
        )
        statement = read(source, declared=declared)
        assert _sums(statement) == facts["by_type"]
    assert statement.lines == facts["lines"]
