"""The total of a document against what its parts add up to."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from mappings.core.balance import computed_total
from tests.mappings.core.samples import mapped, order

D = Decimal


def off_by(amount: str, **more: Any) -> Any:
    changed = order()
    changed["Totals"]["Grand"] += D(amount)
    return mapped(changed | more)


@pytest.mark.parametrize("amount", ["0.03", "-0.03", "7", "-100"])
def test_a_larger_difference_holds_the_order_and_says_both_sums(amount: str) -> None:
    found = off_by(amount)
    assert (found.hold, [problem.code for problem in found.problems]) == ("TOTALS", ["totals"])
    assert "156.27" in found.problems[0].message
    assert found.problems[0].cause == "totals"


@pytest.mark.parametrize("amount", ["0.01", "0.02", "-0.02"])
def test_a_difference_of_cents_becomes_a_rounding_charge(amount: str) -> None:
    found = off_by(amount)
    assert (found.hold, found.problems) == ("", ())
    assert found.payload["Charges"][-1] == {"Type": "Other", "Amount": D(amount), "Description": "rounding"}
    assert computed_total(found.payload, 2) == found.payload["TotalAmount"]


def test_a_line_with_its_own_problem_does_not_make_the_total_wrong_a_second_time() -> None:
    changed = order()
    changed["OrderItem"][0]["UnitPrice"] = "a lot"
    codes = [problem.code for problem in mapped(changed).problems]
    assert "totals" not in codes
    assert "type_mismatch" in codes


def test_only_what_counts_is_added() -> None:
    document: dict[str, Any] = {
        "LineItems": [
            {"Quantity": 3, "Price": D("1.115"), "TaxAmount": D("0.30")},
            {"ExtendedAmount": D("2"), "DiscountAmount": D("-0.50")},
        ],
        "Charges": [{"Amount": 4, "TaxAmount": D("0.40")}],
        "Discounts": [{"Amount": D("-1.00")}, {"Amount": D("-9.00"), "Apportioned": True}],
    }
    assert computed_total(document, 2) == D("8.55")
    assert computed_total(document | {"PricesIncludeTax": True}, 2) == D("7.85")
    assert computed_total({}, 2) == 0
