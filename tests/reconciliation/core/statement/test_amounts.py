"""Amounts become whole numbers of minor units, exactly, in the one way that a file writes them."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciliation.core.statement.amounts import LARGEST, Decimals, decimals, digits_of, marks, minor, money

POINT, COMMA, YEN, DINAR = Decimals(".", 2), Decimals(",", 2), Decimals(".", 0), Decimals(".", 3)


@pytest.mark.parametrize(
    ("written", "way", "amount"),
    [
        ("62.31    ", POINT, 6231),
        ("1,234.56", POINT, 123456),
        ("1,234,567.8", POINT, 123456780),
        ("-0.00", POINT, 0),
        ("5", POINT, 500),
        ("-.5", POINT, -50),
        ("(55.00)", POINT, -5500),
        ("(1,055.00)", POINT, -105500),
        ("12.500", POINT, 1250),
        ("95,00", COMMA, 9500),
        ("-12,5", COMMA, -1250),
        ("1.234,56", COMMA, 123456),
        ("-1.234.567,00", COMMA, -123456700),
        ("1.234", COMMA, 123400),
        ("(55,00)", COMMA, -5500),
        ("1234", YEN, 1234),
        ("1,234", YEN, 1234),
        ("-45.00", YEN, -45),
        ("1.234", DINAR, 1234),
    ],
)
def test_an_amount_is_read_in_its_files_way(written: str, way: Decimals, amount: int) -> None:
    assert way.one(written) == amount
    assert way.many(pa.array([written])).to_pylist() == [amount]


@pytest.mark.parametrize(
    ("written", "way"),
    [
        ("95,00", POINT),
        ("12.50", COMMA),
        ("1.234,56", POINT),
        ("1,234.56", COMMA),
        ("12,34.56", POINT),
        ("1,2345", POINT),
        ("1.2345", COMMA),
        ("12.345", POINT),
        ("4.5", YEN),
        ("1.234", YEN),
        ("", POINT),
        (" ", POINT),
        ("-", POINT),
        (".", POINT),
        ("5.", POINT),
        ("--5.00", POINT),
        ("5.00-", POINT),
        ("(-5.00)", POINT),
        ("(5.00", POINT),
        ("1..23", POINT),
        ("1 234.56", POINT),
        ("$5.00", POINT),
        ("1.2E+03", POINT),
        ("0x1.23", POINT),
        ("0X1.23", POINT),
        ("0x10", YEN),
        ("NaN", POINT),
        ("inf", YEN),
        ("١٢.٣٤", POINT),
        ("100000000000.00", POINT),
    ],
)
def test_an_amount_that_is_written_otherwise_is_never_guessed(written: str, way: Decimals) -> None:
    assert way.one(written) is None
    assert way.many(pa.array([written, written])).to_pylist() == [None, None]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text("0123456789.,-()xXeE+ \u00a0", max_size=9), max_size=12))
def test_a_column_is_read_as_each_of_its_amounts_is(texts: list[str]) -> None:
    for way in (POINT, COMMA, YEN, DINAR):
        assert way.many(pa.array(texts, pa.string())).to_pylist() == [way.one(text) for text in texts]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1 - LARGEST, LARGEST - 1), min_size=1), st.sampled_from([POINT, COMMA, YEN, DINAR]))
def test_no_amount_loses_or_gains_anything(amounts: list[int], way: Decimals) -> None:
    texts = [f"{money(one, way.digits):f}".replace(".", way.mark) for one in amounts]
    assert way.many(pa.array(texts)).to_pylist() == amounts
    assert [minor(money(one, way.digits), way.digits) for one in amounts] == amounts
    assert decimals(pa.array(amounts), way.digits).to_pylist() == [money(one, way.digits) for one in amounts]


def test_an_amount_finer_than_its_currency_has_no_minor_units() -> None:
    with pytest.raises(ValueError, match="more than 2 decimals"):
        minor(Decimal("0.005"), 2)


@pytest.mark.parametrize(("currency", "digits"), [("EUR", 2), ("JPY", 0), ("KWD", 3)])
def test_a_currency_has_its_own_number_of_decimals(currency: str, digits: int) -> None:
    assert digits_of(currency) == digits


@pytest.mark.parametrize(
    ("samples", "found"),
    [
        (["95,00", "1.234,56"], {","}),
        (["-12,5"], {","}),
        (["1,234.56", "(5.00)", "7.10   "], {"."}),
        (["5", "1,234", "1.234"], set()),
        (["5.00", "95,00"], {".", ","}),
    ],
)
def test_only_one_or_two_last_digits_tell_the_decimal_separator(samples: list[str], found: set[str]) -> None:
    assert marks(samples) == found
