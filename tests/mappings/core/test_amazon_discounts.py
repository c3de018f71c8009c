"""What Amazon takes off an order, on goods, shipping and taxes: never lost, and never more than there is."""

from __future__ import annotations

import pytest

from tests.mappings.core.test_starter_amazon import USUAL, D, arrives, line, mapped, order, part


@pytest.mark.parametrize("signs", [("", ""), ("-", "-"), ("", "-")])
def test_a_discount_on_shipping_that_is_larger_than_the_shipping_lowers_the_goods(signs: tuple[str, str]) -> None:
    """Lines of 40.00 and 20.00 with shipping of 5.00 in all, of which Amazon takes off 8.00."""
    first = line(
        part("ITEM", "40.00"), part("SHIPPING", "5.00"), part("DISCOUNT", f"{signs[0]}5.00", SHIPPING=f"{signs[0]}5.00"), number="1"
    )
    second = line(part("ITEM", "20.00"), part("DISCOUNT", f"{signs[1]}3.00", SHIPPING=f"{signs[1]}3.00"), number="2")
    payload = arrives(order(first, second, total="57.00"))
    assert [one["DiscountAmount"] for one in payload["LineItems"]] == [D("-2.00"), D("-1.00")]
    assert not payload.get("Charges")


def test_a_discount_on_the_shipping_of_free_goods_stops_where_nothing_is_left_to_lower() -> None:
    free = line(part("ITEM", "0.00"), part("SHIPPING", "1.00"), part("DISCOUNT", "3.00", SHIPPING="3.00"))
    assert mapped(order(free, total="-2.00")).problems


@pytest.mark.parametrize("kind", ["GIFT_WRAP", "COD_FEE", "OTHER"])
def test_a_discount_on_anything_else_lowers_the_goods(kind: str) -> None:
    discounted = line(*USUAL, part("GIFT_WRAP", "3.00"), part("DISCOUNT", "-7.00", ITEM="-4.00", **{kind: "-3.00"}))
    assert arrives(order(discounted, total="44.12"))["LineItems"][0]["DiscountAmount"] == D("-7.00")


def test_a_tax_on_the_discount_that_is_more_than_the_tax_of_the_goods_lowers_that_of_the_shipping() -> None:
    exempt = line(part("ITEM", "40.00"), part("SHIPPING", "5.00"), part("TAX", "0.12", ITEM="0.00", SHIPPING="0.32", DISCOUNT="-0.20"),
                  part("DISCOUNT", "-3.00", SHIPPING="-3.00"))  # fmt: skip
    payload = arrives(order(exempt, total="42.12"))
    assert payload["LineItems"][0]["TaxAmount"] == 0
    assert payload["Charges"] == [{"Type": "Shipping", "Amount": D("2.00"), "TaxAmount": D("0.12")}]


def test_a_tax_on_the_discount_counts_once_where_the_tax_of_the_goods_has_no_detail() -> None:
    taxed = line(part("ITEM", "40.00"), part("TAX", "2.40", DISCOUNT="-0.40"), part("DISCOUNT", "-5.00"))
    assert arrives(order(taxed, total="37.40"))["LineItems"][0]["TaxAmount"] == D("2.40")
