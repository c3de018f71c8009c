"""Amounts: exact numbers, rounding, minor units, shares."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.core.money import apportion, minor_units, number, rounded
from mappings.core.refusal import RefusedError


def dec(*texts: str) -> list[Decimal]:
    return [Decimal(text) for text in texts]


@pytest.mark.parametrize(
    "wrong", ["", "abc", "1,5", "1e5", "0x1F", "٣", "1_000", True, None, [], {}, float("nan"), 10**41, Decimal("1E+400000")]
)
def test_what_is_no_number_is_refused(wrong: object) -> None:
    with pytest.raises(RefusedError):
        number(wrong)


@pytest.mark.parametrize(
    ("given_value", "expected"), [("007", "7"), (" -12.50 ", "-12.50"), (7, "7"), (Decimal("1.10"), "1.10"), (0.1, "0.1")]
)
def test_numbers_keep_their_digits(given_value: object, expected: str) -> None:
    assert str(number(given_value)) == expected


@pytest.mark.parametrize(
    ("value", "scale", "expected"),
    [
        ("9.995", 2, "10.00"),
        ("0.125", 2, "0.13"),
        ("-0.125", 2, "-0.13"),
        ("-0.001", 2, "0.00"),
        ("100.5", 0, "101"),
        ("1.23456", 4, "1.2346"),
        ("1234567890123456789012345678901234.565", 2, "1234567890123456789012345678901234.57"),
    ],
)
def test_rounding_is_half_up_and_never_a_negative_zero(value: str, scale: int, expected: str) -> None:
    assert str(rounded(Decimal(value), scale)) == expected


@pytest.mark.parametrize(("currency", "places"), [("JPY", 0), ("krw", 0), ("KWD", 3), ("BHD", 3), ("OMR", 3), ("USD", 2), (None, 2)])
def test_a_currency_has_its_minor_units(currency: object, places: int) -> None:
    assert minor_units(currency) == places


def test_the_order_discount_of_the_entity_map_is_shared_as_written_there() -> None:
    assert apportion(Decimal("-5.00"), dec("20.00", "10.00", "3.33"), scale=2) == dec("-3.00", "-1.50", "-0.50")


def test_of_equal_remainders_the_first_line_gets_the_cent() -> None:
    assert apportion(Decimal("0.01"), dec("1", "1", "1"), scale=2) == dec("0.01", "0", "0")


def test_a_share_never_exceeds_its_line_and_the_rest_goes_to_the_others() -> None:
    shares = apportion(Decimal("-5.00"), dec("20.00", "10.00", "3.33"), scale=2, limits=dec("1.00", "1.00", "3.33"))
    assert shares == dec("-1.00", "-1.00", "-3.00")


def test_more_than_all_lines_together_is_refused() -> None:
    with pytest.raises(RefusedError, match="larger than the lines"):
        apportion(Decimal("-5.00"), dec("1", "1"), scale=2, limits=dec("1", "1"))


def test_an_amount_without_lines_is_refused() -> None:
    with pytest.raises(RefusedError, match="no line"):
        apportion(Decimal("5"), [], scale=2)


def test_lines_of_zero_value_share_by_quantity() -> None:
    assert apportion(Decimal("3.00"), dec("0", "0"), scale=2, quantities=dec("1", "2")) == dec("1.00", "2.00")


def test_a_free_gift_takes_no_share() -> None:
    assert apportion(Decimal("-2.00"), dec("0.00", "10.00"), scale=2) == dec("0", "-2.00")


AMOUNTS = st.decimals(min_value=-(10**9), max_value=10**9, places=4)
POSITIVE = st.decimals(min_value=0, max_value=10**7, places=4)


@given(amount=AMOUNTS, lines=st.lists(st.tuples(POSITIVE, POSITIVE), min_size=1, max_size=40), scale=st.integers(0, 3))
def test_shares_sum_exactly_to_the_rounded_amount(amount: Decimal, lines: list[tuple[Decimal, Decimal]], scale: int) -> None:
    shares = apportion(amount, [weight for weight, _ in lines], scale=scale, quantities=[quantity for _, quantity in lines])
    assert sum(shares) == rounded(amount, scale)
    assert len(shares) == len(lines)
    assert all(share * amount >= 0 for share in shares)


@given(lines=st.lists(st.tuples(POSITIVE, POSITIVE), min_size=1, max_size=40), part=st.integers(0, 100))
def test_shares_within_limits_sum_and_never_exceed_them(lines: list[tuple[Decimal, Decimal]], part: int) -> None:
    limits = [limit for _, limit in lines]
    whole = sum((limit.quantize(Decimal("0.01"), "ROUND_FLOOR") for limit in limits), Decimal(0))
    amount = -(whole * part / 100)
    shares = apportion(amount, [weight for weight, _ in lines], scale=2, limits=limits)
    assert sum(shares) == rounded(amount, 2)
    assert all(abs(share) <= limit for share, limit in zip(shares, limits, strict=True))
