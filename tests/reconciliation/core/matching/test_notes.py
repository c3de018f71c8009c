"""What is said beside the result: refunds, returns, commissions, tax; and the sentences."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from reconciliation.core.lines import Kind, Sum
from reconciliation.core.matching.result import Flag, Result
from reconciliation.core.matching.slots import Slot, slot_of
from reconciliation.core.matching.words import explained
from tests.reconciliation.core.matching.make import (
    COMMISSION,
    ORDER,
    PRINCIPAL,
    REFUND,
    REFUND_COMMISSION,
    SHIPPING,
    TAX,
    WITHHELD,
    item,
    line,
    matched,
    order,
)

ONE = order(item("20.00"))
SALE = [line(PRINCIPAL, "20.00"), line(COMMISSION, "-3.00")]
RETAINED = ("Refund", "ItemFees", "RefundCommission")
BACK = [line(REFUND_COMMISSION, "3.00"), line(RETAINED, "-0.60")]


REFUNDS: list[tuple[bool | None, list[Sum], tuple[Flag, ...]]] = [
    (None, [line(REFUND, "-20.00"), *BACK], ()),
    (True, [line(REFUND, "-20.00"), *BACK], ()),
    (False, [line(REFUND, "-20.00"), *BACK], (Flag.REFUND_WITHOUT_RETURN,)),
    (True, [], (Flag.RETURN_WITHOUT_REFUND,)),
    (True, [line(("Chargeback Refund", "ItemPrice", "Principal"), "-20.00")], ()),
    (False, [line(("A-to-z Guarantee Refund", "ItemPrice", "Principal"), "-20.00")], ()),
    (None, [line(REFUND, "-20.00")], (Flag.COMMISSION_NOT_RETURNED,)),
    (None, [line(REFUND, "-12.00"), *BACK], ()),
    (None, [line(REFUND, "-20.00"), line(("Refund", "ItemPrice", "Goodwill"), "-5.00"), *BACK], (Flag.REFUND_EXCEEDS_SALE,)),
    (None, [line(REFUND, "-22.00"), line(("Refund", "ItemPrice", "RestockingFee"), "4.00"), *BACK], ()),
    (False, [line(("Refund", "ItemPrice", "Goodwill"), "-5.00")], ()),
    (None, [line(REFUND, "-20.00", code="", sku=""), *BACK], ()),
    (None, [line(REFUND, "-20.01", code="", sku=""), *BACK], (Flag.REFUND_EXCEEDS_SALE,)),
]  # fmt: skip


@pytest.mark.parametrize(("returned", "lines", "flags"), REFUNDS)
def test_refunds_are_noted_and_change_no_result(returned: bool | None, lines: list[Sum], flags: tuple[Flag, ...]) -> None:
    match = matched(replace(ONE, returned=returned), *lines, *SALE)
    assert (match.result, match.flags) == (Result.MATCHED, flags)


def test_a_refund_above_its_own_items_sale_is_noted_though_the_order_brought_more() -> None:
    two = order(item("20.00"), item("30.00", code="2", sku="CUP"))
    sale = [line(PRINCIPAL, "20.00"), line(PRINCIPAL, "30.00", code="2", sku="CUP")]
    assert matched(two, *sale, line(REFUND, "-25.00"), *BACK).flags == (Flag.REFUND_EXCEEDS_SALE,)


def test_a_refund_of_an_order_from_before_the_hub_is_unmatched() -> None:
    match = matched(None, line(REFUND, "-20.00"), *BACK)
    assert (match.result, match.refunded, match.flags) == (Result.UNMATCHED_ORDER, Decimal("-20.00"), ())


def test_a_retrocharge_months_later_moves_nothing() -> None:
    later = [line(("Order_Retrocharge", *TAX[1:]), "1.60"), line(("Order_Retrocharge", *WITHHELD[1:]), "-1.60")]
    match = matched(order(item("20.00", tax="1.20")), *SALE, line(TAX, "1.20"), line(WITHHELD, "-1.20"), *later)
    assert (match.result, match.flags) == (Result.MATCHED, ())


@pytest.mark.parametrize("known", ["1.60", "0"])
def test_tax_that_the_marketplace_keeps_is_no_difference_whether_the_order_knows_it_or_not(known: str) -> None:
    match = matched(order(item("20.00", tax=known)), *SALE, line(TAX, "1.60"), line(WITHHELD, "-1.60"))
    assert (match.result, match.flags, match.tax_left) == (Result.MATCHED, (), 0)


def test_tax_that_does_not_net_to_zero_is_noted() -> None:
    match = matched(order(item("20.00", tax="1.60")), *SALE, line(TAX, "1.60"), line(WITHHELD, "-1.50"))
    assert (match.result, match.flags, match.tax_left) == (Result.MATCHED, (Flag.TAX_NOT_ZERO,), Decimal("0.10"))


def test_tax_left_to_the_seller_of_an_order_that_knows_none_is_over_paid() -> None:
    assert matched(ONE, *SALE, line(TAX, "1.60"), line(WITHHELD, "-1.50")).result is Result.OVER_PAID


def test_the_sellers_own_tax_is_compared_and_not_held_against_the_marketplace() -> None:
    assert matched(order(item("17.88", tax="1.79")), line(PRINCIPAL, "17.88"), line(TAX, "1.79")).flags == ()
    assert matched(order(item("17.88", tax="1.79")), line(PRINCIPAL, "17.88")).result is Result.SHORT_PAID


def test_tax_withheld_from_the_seller_is_no_facilitator_tax() -> None:
    assert matched(ONE, *SALE, line(("Order", "ItemWithheldTax", "TCS-IGST"), "-0.20")).flags == ()


@pytest.mark.parametrize(("kind", "slot"), [
    (("order", "ITEM PRICE", "principal"), Slot.PRICE), (("Order", "ItemPrice", "Gift Wrap Tax"), Slot.GIFTWRAP_TAX),
    (("Order", "Promotion", "TaxDiscount"), Slot.PROMOTIONS_TAX), (("Order", "Promotion", "Shipping"), Slot.PROMOTIONS),
    (("Order", "ShipmentFees", "Shipping"), Slot.FEES), (("Order", "Points", "Points granted"), Slot.FEES),
    (("Order", "ItemWithheldTax", "LowValueGoodsTax-Shipping"), Slot.WITHHELD), (("Refund", "Promotion", "Principal"), Slot.REFUND_OTHER),
    (("Refund", "ItemPrice", "ShippingTax"), Slot.LATER_TAX), (("Refund_Retrocharge", "ItemPrice", "Tax"), Slot.LATER_TAX),
    (("Refund", "ItemWithheldTax", "MarketplaceFacilitatorVAT-Principal"), Slot.LATER_WITHHELD),
    (("A-to-z Guarantee Refund", "ItemPrice", "Shipping"), Slot.CHARGEBACK), (("ServiceFee", "Cost of Advertising", "Tax"), None),
    (("Liquidations", "ItemPrice", "Principal"), None),
])  # fmt: skip
def test_a_triple_is_one_part_of_an_orders_money(kind: tuple[str, str, str], slot: Slot | None) -> None:
    assert slot_of(Kind(*kind)) is slot


def test_the_sentence_says_where_the_difference_is_and_what_to_do() -> None:
    match = matched(order(item("20.00", shipping="5.00")), line(PRINCIPAL, "20.00"), line(SHIPPING, "4.00"))
    assert explained(match) == (
        f"Shipping of order {ORDER}: expected 5.00, settled 4.00: 1.00 short. Open a case at Amazon or accept the difference with a reason."
    )


def test_the_sentence_names_the_item_of_an_order_with_several() -> None:
    two = order(item("2000"), item("3000", code="2", sku="CUP"), currency="JPY")
    match = matched(two, line(PRINCIPAL, "2000"), line(PRINCIPAL, "2500", code="2", sku="CUP"), currency="JPY")
    assert explained(match).startswith(f"Price of CUP in order {ORDER}: expected 3000, settled 2500: 500 short. Open a case")


def test_an_order_that_simply_matches_needs_no_words() -> None:
    assert explained(matched(ONE, *SALE)) == ""


@pytest.mark.parametrize(("lines", "words"), [
    ([*SALE, line(PRINCIPAL, "20.00")], "was settled again: expected 20.00, settled 40.00. Price of order"),
    ([line(COMMISSION, "-3.00")], "is settled in part: 0.00 of 20.00. Price of order"),
    ([*SALE, line(TAX, "1.60"), line(WITHHELD, "-1.59")], "leaves 0.01 USD. Check whether"),
])  # fmt: skip
def test_every_result_has_its_words(lines: list[Sum], words: str) -> None:
    assert words in explained(matched(ONE, *lines))


def test_an_unknown_order_says_to_fetch_it() -> None:
    assert explained(matched(None, *SALE)).startswith(
        f"Order {ORDER} is not in the hub; the settlement holds 20.00 USD for it. Fetch the order."
    )
