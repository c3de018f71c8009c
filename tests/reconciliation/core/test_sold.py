"""The money of a delivered order, as settlements name it."""

from __future__ import annotations

from decimal import Decimal

from reconciliation.core.sold import Sold, sold

LINE = {
    "ExternalLineID": "4711",
    "SKU": "TK-1",
    "Quantity": 2,
    "Price": Decimal("10.005"),
    "ExtendedAmount": Decimal("20.01"),
    "DiscountAmount": Decimal("-1.00"),
    "TaxAmount": Decimal("1.60"),
}


def test_a_line_keeps_its_names_and_amounts() -> None:
    assert sold({"LineItems": [LINE]}) == [
        Sold(item_code="4711", sku="TK-1", quantity=Decimal(2), price=Decimal("20.01"), promotions=Decimal("1.00"), tax=Decimal("1.60"))
    ]


def test_without_an_extended_amount_it_is_quantity_times_price() -> None:
    (one,) = sold({"LineItems": [{**LINE, "ExtendedAmount": None}]})
    assert one.price == Decimal("20.010")


def test_charges_belong_to_the_order_as_a_whole() -> None:
    charges = [
        {"Type": "Shipping", "Amount": Decimal("5.00"), "TaxAmount": Decimal("0.40")},
        {"Type": "GiftWrap", "Amount": 3},
        {"Type": "Tip", "Amount": Decimal("2.00")},
    ]
    assert sold({"Charges": charges}) == [Sold(shipping=Decimal("5.00"), giftwrap=Decimal(3), price=Decimal("2.00"), tax=Decimal("0.40"))]


def test_the_same_item_on_two_lines_is_added_up() -> None:
    (one,) = sold({"LineItems": [LINE, LINE]})
    assert (one.quantity, one.price, one.tax) == (Decimal(4), Decimal("40.02"), Decimal("3.20"))


def test_a_multipack_is_settled_in_packs() -> None:
    (one,) = sold({"LineItems": [{**LINE, "ExternalLineID": "4711*6", "Quantity": 12, "ExtendedAmount": Decimal("20.01")}]})
    assert (one.item_code, one.quantity, one.price) == ("4711", Decimal(2), Decimal("20.01"))


def test_a_component_of_a_bundle_keeps_its_name() -> None:
    (one,) = sold({"LineItems": [{**LINE, "ExternalLineID": "4711-2*3"}]})
    assert (one.item_code, one.quantity) == ("4711-2*3", Decimal(2))


def test_an_order_without_lines_brings_nothing() -> None:
    assert sold({}) == sold({"LineItems": None, "Charges": None}) == []
