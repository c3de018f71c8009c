"""One order of a settlement: its result, for every rule and edge of the settlement reference (6.1, 6.2, 9)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from reconciliation.core.lines import Sum
from reconciliation.core.matching.expected import Expected
from reconciliation.core.matching.orders import matches_of, unsettled
from reconciliation.core.matching.result import Component, Flag, Result
from reconciliation.core.matching.tolerance import Rules, Tolerance, tolerated
from tests.reconciliation.core.matching.make import (
    COMMISSION,
    ORDER,
    PRINCIPAL,
    PROMOTION,
    SHIPPING,
    TAX,
    TODAY,
    item,
    line,
    matched,
    order,
)

OLD = {"shipped_on": date(2026, 9, 1)}
ONE = order(item("20.00", shipping="5.00"))
TWO = order(item("20.00", code="1", sku="MUG"), item("30.00", code="2", sku="CUP"))
TWINS = order(item("20.00", code="1", sku="MUG"), item("30.00", code="2", sku="MUG"))
PAIR = order(item("20.00", quantity=2, shipping="4.00"))
RESULTS: list[tuple[str, Expected | None, list[Sum], Result, str | None]] = [
    ("equal", ONE, [line(PRINCIPAL, "20.00"), line(SHIPPING, "5.00")], Result.MATCHED, "0"),
    ("fees are not compared", ONE, [line(PRINCIPAL, "20.00"), line(SHIPPING, "5.00"), line(COMMISSION, "-3.00")], Result.MATCHED, "0"),
    ("a cent", ONE, [line(PRINCIPAL, "19.99"), line(SHIPPING, "5.00")], Result.WITHIN_TOLERANCE, "-0.01"),
    ("two cents over", ONE, [line(PRINCIPAL, "20.02"), line(SHIPPING, "5.00")], Result.WITHIN_TOLERANCE, "0.02"),
    ("three cents", ONE, [line(PRINCIPAL, "19.97"), line(SHIPPING, "5.00")], Result.SHORT_PAID, "-0.03"),
    ("over", ONE, [line(PRINCIPAL, "21.00"), line(SHIPPING, "5.00")], Result.OVER_PAID, "1.00"),
    ("everything again", ONE, [line(PRINCIPAL, "40.00", lines=2), line(SHIPPING, "10.00", lines=2)], Result.DUPLICATE_PAYMENT, "25.00"),
    ("the price alone again", ONE, [line(PRINCIPAL, "40.00", lines=2), line(SHIPPING, "5.00")], Result.OVER_PAID, "20.00"),
    ("twice the price on one line", ONE, [line(PRINCIPAL, "40.00"), line(SHIPPING, "10.00")], Result.OVER_PAID, "25.00"),
    ("one piece of two again", PAIR, [line(PRINCIPAL, "30.00", lines=3), line(SHIPPING, "6.00", lines=3)],
     Result.DUPLICATE_PAYMENT, "12.00"),
    ("one of two items again", TWO, [line(PRINCIPAL, "40.00", lines=2), line(PRINCIPAL, "30.00", code="2", sku="CUP")],
     Result.DUPLICATE_PAYMENT, "20.00"),
    ("an item is missing", TWO, [line(PRINCIPAL, "20.00")], Result.PARTLY_SETTLED, "-30.00"),
    ("an item is missing for long", replace(TWO, **OLD), [line(PRINCIPAL, "20.00")], Result.SHORT_PAID, "-30.00"),
    ("one of two pieces", PAIR, [line(PRINCIPAL, "10.00"), line(SHIPPING, "2.00")], Result.PARTLY_SETTLED, "-12.00"),
    ("two pieces on one line", PAIR, [line(PRINCIPAL, "20.00"), line(SHIPPING, "4.00")], Result.MATCHED, "0"),
    ("a fee only", ONE, [line(COMMISSION, "-3.00")], Result.PARTLY_SETTLED, "-25.00"),
    ("not shipped as far as the hub knows", replace(TWO, shipped_on=None), [line(PRINCIPAL, "20.00")], Result.PARTLY_SETTLED, "-30.00"),
    ("spread over shipments and days", PAIR,
     [line(PRINCIPAL, "10.00"), line(PRINCIPAL, "10.00", day=date(2026, 11, 16)), line(SHIPPING, "4.00")], Result.MATCHED, "0"),
    ("promotions", order(item("20.00", promotions="2.00")), [line(PRINCIPAL, "20.00"), line(PROMOTION, "-2.00")], Result.MATCHED, "0"),
    ("the item code differs, the SKU tells", TWO, [line(PRINCIPAL, "20.00", code="91"), line(PRINCIPAL, "30.00", code="92", sku="CUP")],
     Result.MATCHED, "0"),
    ("two items with the same SKU", TWINS, [line(PRINCIPAL, "30.00", code="92"), line(PRINCIPAL, "20.00", code="91")], Result.MATCHED, "0"),
    ("a bundle's SKU", order(item("20.00", sku="SET")), [line(PRINCIPAL, "20.00", code="", sku="SET-PART")], Result.MATCHED, "0"),
    ("a line without SKU joins once", TWO, [line(PRINCIPAL, "20.00"), line(PRINCIPAL, "30.00", code="", sku="")], Result.MATCHED, "0"),
    ("by merchant order id", order(item("20.00"), order_id="1-2", merchant_order_id="WEB-1"),
     [line(PRINCIPAL, "20.00", order_id="", merchant_order_id="WEB-1")], Result.MATCHED, "0"),
    ("other currency", replace(ONE, currency="CAD"), [line(PRINCIPAL, "20.00"), line(SHIPPING, "5.00")], Result.CURRENCY_MISMATCH, None),
    ("unknown", None, [line(PRINCIPAL, "20.00")], Result.UNMATCHED_ORDER, None),
    ("a free replacement", order(item("0")), [line(PRINCIPAL, "0.00"), line(COMMISSION, "-1.00")], Result.MATCHED, "0"),
    ("shipping of the order as a whole", order(item("20.00"), item(code="", sku="", shipping="5.00")),
     [line(PRINCIPAL, "20.00"), line(SHIPPING, "5.00")], Result.MATCHED, "0"),
    ("a charge nobody knows", ONE, [line(PRINCIPAL, "20.00"), line(SHIPPING, "5.00"), line(("Order", "ItemPrice", "Crating"), "3.00")],
     Result.OVER_PAID, "3.00"),
]  # fmt: skip


@pytest.mark.parametrize(("expected", "lines", "result", "difference"), [case[1:] for case in RESULTS], ids=[case[0] for case in RESULTS])
def test_an_order_has_the_result_its_lines_give_it(
    expected: Expected | None, lines: list[Sum], result: Result, difference: str | None
) -> None:
    match = matched(expected, *lines)
    assert (match.result, match.difference) == (result, difference if difference is None else Decimal(difference))


def test_an_order_over_two_settlements_is_judged_by_both() -> None:
    earlier, later = line(PRINCIPAL, "20.00", day=date(2026, 10, 30)), line(SHIPPING, "5.00")
    assert matched(ONE, later).result is Result.PARTLY_SETTLED
    assert matched(ONE, earlier, later).result is Result.MATCHED


def test_an_order_paid_twice_with_two_settlements_is_a_duplicate() -> None:
    once = [line(PRINCIPAL, "20.00"), line(SHIPPING, "5.00")]
    again = [replace(one, day=date(2026, 11, 30)) for one in once]
    assert matched(ONE, *once, *again).result is Result.DUPLICATE_PAYMENT


def test_items_that_make_up_for_each_other_match_with_a_note() -> None:
    match = matched(TWO, line(PRINCIPAL, "50.00", lines=2))
    assert match.result is Result.MATCHED
    assert match.flags == (Flag.SHIFTED,)
    assert {(one.sku, one.amount) for one in match.differences} == {("MUG", Decimal(30)), ("CUP", Decimal(-30))}


def test_parts_of_one_item_that_make_up_for_each_other_match_with_a_note() -> None:
    match = matched(ONE, line(PRINCIPAL, "19.00"), line(SHIPPING, "6.00"))
    assert (match.result, match.flags, len(match.differences)) == (Result.MATCHED, (Flag.SHIFTED,), 2)


def test_the_difference_says_which_item_and_which_part() -> None:
    expected = order(item("20.00", shipping="5.00"), item("30.00", code="2", sku="CUP"))
    match = matched(expected, line(PRINCIPAL, "20.00"), line(SHIPPING, "4.00"), line(PRINCIPAL, "30.00", code="2", sku="CUP"))
    assert [(one.sku, one.component, one.amount) for one in match.differences] == [("MUG", Component.SHIPPING, Decimal("-1.00"))]


def test_what_belongs_to_the_order_as_a_whole_is_compared_with_all_its_items() -> None:
    expected = order(item("20.00"), item("30.00", code="2", sku="CUP"), item(code="", sku="", shipping="5.00"))
    sums = [line(PRINCIPAL, "20.00"), line(SHIPPING, "2.00"), line(PRINCIPAL, "30.00", code="2", sku="CUP")]
    assert matched(expected, *sums, line(SHIPPING, "3.00", code="2", sku="CUP")).flags == ()
    match = matched(expected, *sums, line(SHIPPING, "2.00", code="2", sku="CUP"))
    assert [(one.sku, one.component, one.expected, one.settled) for one in match.differences] == [("", Component.SHIPPING, 5, 4)]


def test_a_number_that_two_orders_carry_matches_neither_and_says_so() -> None:
    twice = [ONE, replace(ONE, key="8")]
    [match] = matches_of([line(PRINCIPAL, "20.00")], twice, currency="USD", today=TODAY, rules=Rules())
    assert (match.result, match.key, match.flags) == (Result.UNMATCHED_ORDER, "", (Flag.SEVERAL_ORDERS,))


def test_the_merchant_order_id_decides_between_two_orders_with_one_order_id() -> None:
    twice = [replace(ONE, merchant_order_id="A"), replace(ONE, key="8", merchant_order_id="B")]
    lines = [line(PRINCIPAL, "20.00", merchant_order_id="B"), line(SHIPPING, "5.00", merchant_order_id="B")]
    [match] = matches_of(lines, twice, currency="USD", today=TODAY, rules=Rules())
    assert (match.result, match.key) == (Result.MATCHED, "8")


def test_lines_that_are_told_apart_by_the_merchant_order_id_alone_keep_their_own_number() -> None:
    twice = [replace(ONE, merchant_order_id="A"), replace(ONE, key="8", merchant_order_id="B")]
    lines = [line(PRINCIPAL, "20.00", order_id="", merchant_order_id="A"), line(PRINCIPAL, "20.00", merchant_order_id="")]
    matches = matches_of(lines, twice, currency="USD", today=TODAY, rules=Rules())
    assert [(match.order_id, match.key) for match in matches] == [(ORDER, ""), ("A", "7")]


def test_lines_that_name_an_order_in_different_ways_are_one_order() -> None:
    known = replace(ONE, merchant_order_id="WEB-1")
    lines = [line(PRINCIPAL, "20.00"), line(SHIPPING, "5.00", order_id="", merchant_order_id="WEB-1")]
    [match] = matches_of(lines, [known], currency="USD", today=TODAY, rules=Rules())
    assert (match.result, match.order_id) == (Result.MATCHED, ORDER)


@pytest.mark.parametrize("lines", [
    [line(PRINCIPAL, "0.00", order_id="S01-0036312-1371678", merchant_order_id="WEB-1", marketplace="Non-Amazon CA")],
    [line(COMMISSION, "-3.64", order_id="S01-0036312-1371678", merchant_order_id="WEB-1")],
    [line(COMMISSION, "-3.64", order_id="11-1", merchant_order_id="WEB-1", marketplace="Non-Amazon CA")],
])  # fmt: skip
def test_a_multi_channel_order_finds_the_other_channels_order_and_is_not_compared(lines: list[Sum]) -> None:
    for other in (order(item("20.00"), order_id="WEB-1"), order(item("20.00"), order_id="77", merchant_order_id="WEB-1", currency="EUR")):
        match = matched(other, *lines)
        assert (match.result, match.key, match.difference, match.flags) == (Result.MULTI_CHANNEL, "7", None, ())


def test_money_for_an_order_of_another_channel_is_noted() -> None:
    paid = line(PRINCIPAL, "20.00", order_id="S01-1", merchant_order_id="WEB-1", marketplace="Non-Amazon US")
    assert matched(order(item("20.00"), order_id="WEB-1"), paid).flags == (Flag.PAID_FOR_OTHER_CHANNEL,)


def test_a_multi_channel_order_that_no_channel_knows_is_unmatched() -> None:
    assert matched(None, line(PRINCIPAL, "0.00", order_id="S01-1", merchant_order_id="WEB-1")).result is Result.UNMATCHED_ORDER


def test_removals_postage_and_reimbursements_are_no_orders() -> None:
    kinds = (("other-transaction", "other-transaction", "RemovalComplete"), ("AmazonFees", "FBA Removal Order: Disposal Fee", "Base fee"))
    assert matches_of([line(kind, "-1.00") for kind in kinds], [ONE], currency="USD", today=TODAY, rules=Rules()) == []


@pytest.mark.parametrize(("shipped", "result"), [
    (date(2026, 10, 7), Result.AWAITED), (date(2026, 10, 6), Result.NOT_SETTLED), (None, Result.AWAITED),
])  # fmt: skip
def test_an_order_without_a_line_is_not_settled_once_the_window_is_over(shipped: date | None, result: Result) -> None:
    [match] = unsettled([replace(ONE, shipped_on=shipped)], today=TODAY, rules=Rules())
    assert (match.result, match.difference) == (result, Decimal("-25.00"))


@pytest.mark.parametrize(("marketplace", "result"), [("Amazon.com", Result.WITHIN_TOLERANCE), ("Amazon.ca", Result.SHORT_PAID)])
def test_the_most_specific_tolerance_counts(marketplace: str, result: Result) -> None:
    rules = Rules(tolerances=(Tolerance(currency="USD"), Tolerance(marketplace="amazon.COM", per_order=Decimal("0.50"))))
    lines = [line(PRINCIPAL, "19.60", marketplace=marketplace), line(SHIPPING, "5.00", marketplace=marketplace)]
    assert matched(ONE, *lines, rules=rules).result is result


def test_tolerated_differences_are_added_up_without_sign_and_have_their_own_limit() -> None:
    short = matched(ONE, line(PRINCIPAL, "19.98"), line(SHIPPING, "5.00"))
    over = matched(ONE, line(PRINCIPAL, "20.01"), line(SHIPPING, "5.00"))
    rules = Rules(tolerances=(Tolerance(limit=Decimal("0.04")),))
    passed = tolerated([short, over], rules=rules, currency="USD")
    assert (passed.orders, passed.amount, passed.absolute, passed.exceeded) == (2, Decimal("-0.01"), Decimal("0.03"), False)
    assert tolerated([short, over, short], rules=rules, currency="USD").exceeded


def test_tax_inside_the_principal_is_no_difference() -> None:
    net, gross = order(item("17.88", tax="1.79")), order(item("19.67"), gross=True)
    apart, inside = [line(PRINCIPAL, "17.88"), line(TAX, "1.79")], [line(PRINCIPAL, "19.67")]
    found = [matched(expected, *lines) for expected in (net, gross) for lines in (apart, inside)]
    assert {(one.result, one.flags) for one in found} == {(Result.MATCHED, ())}
