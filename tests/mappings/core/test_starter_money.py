"""The money of awkward orders through the shipped map: discounts, taxes, currencies, cancelled units."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.mappings.core.samples import arrives, lines, mapped, plain_order

D = Decimal


def test_a_partly_cancelled_line_keeps_its_part_of_every_amount() -> None:
    line = {"UnitPrice": D("10.00"), "Quantity": 3, "QuantityCancelled": 1, "TaxAmount": D("2.50"), "DiscountAmount": D("-1.00")}
    found = mapped(plain_order(line))
    assert lines(found, "Quantity", "ExtendedAmount", "TaxAmount", "DiscountAmount") == [(2, D("20.00"), D("1.67"), D("-0.67"))]
    assert arrives(found)["TotalAmount"] == D("21.00")


def test_shipping_tax_that_is_only_on_the_order_goes_to_the_shipping_charge() -> None:
    totals = {"Shipping": D("5.00"), "ShippingTax": D("0.45"), "Grand": D("15.45")}
    assert arrives(mapped(plain_order({"UnitPrice": D(10)}, Totals=totals)))["Charges"] == [
        {"Type": "Shipping", "Amount": D("5.00"), "TaxAmount": D("0.45")}
    ]


def test_an_order_discount_larger_than_one_line_goes_to_the_others() -> None:
    discounts = [{"Code": "NOV10", "Amount": D("-12.00"), "Scope": "Order"}]
    found = mapped(plain_order({"UnitPrice": D("2.00"), "DiscountAmount": D("-1.90")}, {"UnitPrice": D("20.00")}, Discounts=discounts))
    assert lines(found, "DiscountAmount", "DiscountCode") == [(D("-2.00"), None), (D("-11.90"), None)]
    payload = arrives(found)
    assert payload["TotalAmount"] == D("8.10")
    assert payload["Discounts"] == [{"DiscountCode": "CA-PROMO", "Amount": D("-12.00"), "AppliesTo": "Order", "Apportioned": True}]


def test_a_shipping_discount_lowers_the_charge_and_the_rest_goes_to_the_lines() -> None:
    totals = {"Shipping": D("3.00"), "Discount": D("-5.00"), "Grand": D("8.00")}
    found = mapped(plain_order({"UnitPrice": D("10.00"), "ShippingDiscountAmount": D("-5.00")}, Totals=totals))
    assert lines(found, "DiscountAmount") == [(D("-2.00"),)]
    assert "Charges" not in arrives(found)


@pytest.mark.parametrize(("additional", "charges", "discount"), [("2.00", [("Other", D("2.00"))], D(0)), ("-2.00", [], D("-2.00"))])
def test_additional_costs_are_a_charge_and_reductions_a_discount(additional: str, charges: list[Any], discount: Decimal) -> None:
    found = mapped(plain_order({"UnitPrice": D("10.00")}, Totals={"Additional": D(additional), "Grand": D("10.00") + D(additional)}))
    assert [(one["Type"], one["Amount"]) for one in arrives(found).get("Charges", ())] == charges
    assert lines(found, "DiscountAmount") == [(discount,)]


def test_inclusive_prices_stay_gross_with_the_tax_that_they_contain() -> None:
    line = {"UnitPrice": D("19.99"), "Quantity": 3, "TaxAmount": D("9.995")}
    found = mapped(plain_order(line, currency="GBP", TaxMode="Inclusive"))
    payload = arrives(found)
    assert lines(found, "ExtendedAmount", "TaxAmount") == [(D("59.97"), D("10.00"))]
    assert (payload["PricesIncludeTax"], payload["TotalAmount"], payload["ExchangeRate"]) == (True, D("59.97"), D("1.2700"))


@pytest.mark.parametrize(
    ("currency", "price", "tax", "expected"),
    [
        ("JPY", "1980.4", "180.5", (D("1980"), D("181"))),
        ("KWD", "1.2345", "0.1235", (D("1.235"), D("0.124"))),
        ("USD", "1.005", "0.125", (D("1.01"), D("0.13"))),
    ],
)
def test_amounts_have_the_decimals_of_their_currency(currency: str, price: str, tax: str, expected: tuple[Decimal, Decimal]) -> None:
    changed = plain_order({"UnitPrice": D(price), "TaxAmount": D(tax)}, currency=currency)
    found = mapped(changed, tables={"rates": {"JPY|2026-11-19": "0.0065", "KWD|2026-11-19": "3.25"}})
    assert lines(found, "ExtendedAmount", "TaxAmount") == [expected]


def test_a_foreign_currency_without_rate_waits_a_day_for_that_currency_and_day() -> None:
    found = mapped(plain_order({"UnitPrice": D(1)}, currency="SEK"))
    assert [(problem.cause, problem.wait) for problem in found.problems] == [("lookup:rates:SEK|2026-11-19", 24)]


def test_the_companys_own_currency_needs_no_rate() -> None:
    found = mapped(plain_order({"UnitPrice": D(1)}, currency="SEK"), settings={"time_zone": "UTC", "company_currency": "SEK"})
    assert "ExchangeRate" not in arrives(found)


def test_a_free_gift_line_takes_no_part_of_the_discount() -> None:
    discounts = [{"Code": "X", "Amount": D("-1.00"), "Scope": "Order"}]
    found = mapped(plain_order({"UnitPrice": D("0.00")}, {"UnitPrice": D("10.00")}, Discounts=discounts))
    assert lines(found, "Price", "DiscountAmount") == [(0, 0), (10, D("-1.00"))]
    arrives(found)


def test_a_price_with_four_decimals_is_multiplied_before_it_is_rounded() -> None:
    found = mapped(plain_order({"UnitPrice": D("0.3333"), "Quantity": 300}))
    assert lines(found, "Price", "ExtendedAmount") == [(D("0.3333"), D("99.99"))]
    arrives(found)
