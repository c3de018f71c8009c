"""Multipacks as single units: quantities multiplied, prices divided, and no cent lost."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.parts import part_of
from connectors.schema import validate
from mappings.core.engine import apply
from mappings.core.values import Facts, Outcome
from tests.mappings.core.samples import SETTINGS, Everything, compiled_starter, outcome, rule, tables
from tests.mappings.core.test_starter_amazon import line, money, order, part

D = Decimal


def mapped(source: dict[str, Any], slug: str = "amazon-order-to-tims-sales-order", **packs: str) -> Outcome:
    rows = {key.replace("_", "-"): row for key, row in packs.items()}
    facts = Facts(tables=tables() | {"sku_pack": rows}, settings=SETTINGS, answers=Everything())
    return apply(compiled_starter(slug, "connectors.tims", "sales_order"), source, facts)


def packed(source: dict[str, Any], **packs: str) -> dict[str, Any]:
    found = mapped(source, **packs)
    assert found.problems == ()
    assert validate("connectors.tims", "sales_order", found.payload) == []
    return found.payload


def test_a_pack_becomes_its_units_and_the_line_costs_the_same() -> None:
    bought = line(part("ITEM", "10.00"), part("TAX", "0.80", ITEM="0.80"), number="900", quantity=1)
    [made] = packed(order(bought, total="10.80"), TK_1001="TK-2000|3")["LineItems"]
    assert (made["ExternalLineID"], made["SKU"], made["Quantity"]) == ("900*3", "TK-2000", 3)
    assert (made["Price"], made["ExtendedAmount"], made["TaxAmount"]) == (D("3.3333"), D("10.00"), D("0.80"))


def test_a_sku_without_a_row_is_no_pack() -> None:
    [made] = packed(order(), TK_1002="TK-2000|3")["LineItems"]
    assert (made["ExternalLineID"], made["SKU"], made["Quantity"]) == ("90123456789012", "TK-1001", 2)


def test_a_row_for_all_skus_makes_no_packs() -> None:
    found = apply(
        compiled_starter("amazon-order-to-tims-sales-order", "connectors.tims", "sales_order"), order(),
        Facts(tables=tables() | {"sku_pack": {"*": "TK-2000|3"}}, settings=SETTINGS, answers=Everything()),
    )  # fmt: skip
    assert found.payload["LineItems"][0]["Quantity"] == 2


def test_a_pack_without_amounts_of_its_own_is_counted_by_its_price() -> None:
    bought = line(quantity=3) | {"product": {"sellerSku": "TK-1001", "price": {"unitPrice": money("10.00")}}}
    [made] = packed(order(bought, total="30.00"), TK_1001="TK-2000|7")["LineItems"]
    assert (made["Quantity"], made["Price"], made["ExtendedAmount"]) == (21, D("1.4286"), D("30.00"))


def test_the_units_sku_may_have_another_name_in_tims() -> None:
    facts = Facts(
        tables=tables() | {"sku_pack": {"TK-1001": "MUG|2"}, "sku_alias": {"MUG": "TK-7"}}, settings=SETTINGS, answers=Everything()
    )
    found = apply(compiled_starter("amazon-order-to-tims-sales-order", "connectors.tims", "sales_order"), order(), facts)
    assert found.payload["LineItems"][0]["SKU"] == "TK-7"


@pytest.mark.parametrize(
    "row", ["", "TK-2000", "TK-2000|", "TK-2000|0", "TK-2000|-2", "TK-2000|1.5", "|6", "TK-2000|six", "TK-2000|9999999"]
)
def test_a_row_that_says_no_number_stops_the_order_and_names_the_table(row: str) -> None:
    problems = mapped(order(), TK_1001=row).problems
    assert {problem.cause for problem in problems} >= {"lookup:sku_pack:TK-1001"}
    assert "such as TK-1001|6" in " ".join(problem.message for problem in problems)


def test_spaces_in_a_row_do_no_harm() -> None:
    assert packed(order(), TK_1001=" TK 2000 | 6 ")["LineItems"][0]["SKU"] == "TK 2000"


def test_the_record_itself_stays_as_it_was() -> None:
    source = order()
    packed(source, TK_1001="TK-2000|6")
    assert source == order()


def test_a_cancelled_order_of_packs_has_no_more_units_than_one() -> None:
    gone = order(line(quantity=0), total="0.00")
    gone["fulfillment"]["fulfillmentStatus"] = "CANCELLED"
    assert mapped(gone, TK_1001="TK-2000|6").payload["LineItems"][0]["Quantity"] == 1


def test_a_days_sales_of_packs_are_units_too() -> None:
    sold = {"sku": "TK-1001", "quantity": 4, "principal": D("10.00"), "tax": D("0"), "shipping": D("0"), "discount": D("0")}
    day = {
        "marketplaceId": "ATVPDKIKX0DER", "day": "2026-11-18", "currency": "USD", "lines": [sold, sold | {"sku": "TK-2000"}],
        "orders": 3, "total": D("20.00"),
    }  # fmt: skip
    found = mapped(day, "amazon-fba-day-to-tims-sales-order", TK_1001="TK-2000|3")
    assert found.problems == ()
    made = [(one["ExternalLineID"], one["SKU"], one["Quantity"], one["ExtendedAmount"]) for one in found.payload["LineItems"]]
    assert made == [("TK-1001", "TK-2000", 12, D("10.00")), ("TK-2000", "TK-2000", 4, D("10.00"))]


@pytest.mark.parametrize("elements", [None, [], [5], [None, "x"], [{}], [{"product": 7}], [{"product": {"sellerSku": ["TK-1001"]}}]])
def test_whatever_stands_where_lines_are_expected_no_mapping_breaks(elements: Any) -> None:
    mapped(order() | {"orderItems": elements}, TK_1001="TK-2000|6")


JSON = st.recursive(st.none() | st.booleans() | st.integers(-3, 9) | st.text("*-/7", max_size=6), lambda inner: st.lists(inner, max_size=2))
LINE = st.dictionaries(st.sampled_from(["LineNumber", "ExternalLineID", "KitParentLineNumber", "Quantity", "QuantityCancelled"]), JSON)


@settings(max_examples=100, deadline=None)
@given(st.lists(LINE | JSON, max_size=6))
def test_whatever_the_lines_are_they_become_lines_of_the_channel_or_a_problem(given_lines: list[Any]) -> None:
    rules = [rule("Lines[]", "LineItems[]", ("wholes", {})), rule("Lines[].id", "LineItems[].ExternalLineID")]
    outcome(rules, {"LineItems": given_lines})


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(1, 400), st.integers(0, 10**7))
def test_whatever_the_pack_the_line_costs_the_same_to_the_cent_and_fits_tims(quantity: int, units: int, cents: int) -> None:
    amount = D(cents) / 100
    bought = line(part("ITEM", f"{amount:.2f}"), quantity=quantity)
    [made] = packed(order(bought, total=f"{amount:.2f}"), TK_1001=f"TK-2000|{units}")["LineItems"]
    assert (made["ExtendedAmount"], made["Quantity"]) == (amount, quantity * units)
    assert abs(made["Quantity"] * made["Price"] - amount) < D("0.01") * made["Quantity"]
    meant = part_of(made["ExternalLineID"])
    assert meant
    assert Fraction(made["Quantity"]) / meant.need == quantity


def test_the_fields_of_a_pack_may_have_other_names() -> None:
    step = ("packs", {"table": "p", "sku": "sku", "line": "id", "quantity": "n", "price": "p"})
    rules = [rule("Lines[]", "In[]", step), rule("Lines[].id", "In[].id")]
    found = outcome(rules, {"In": [{"sku": "A", "id": 7, "n": 2}]}, tables={"p": {"A": "B|5"}})
    assert found.payload == {"Lines": [{"id": "7*5"}]}
