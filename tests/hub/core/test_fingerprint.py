"""What makes two versions of a record the same."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core.fingerprint import fingerprint, split, without

payloads = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.decimals(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


def _turned(value: Any) -> Any:
    """The same with every object's members in the opposite order."""
    if isinstance(value, dict):
        return {name: _turned(one) for name, one in reversed(value.items())}
    return [_turned(one) for one in value] if isinstance(value, list) else value


@given(payloads)
def test_the_order_of_members_does_not_matter(payload: Any) -> None:
    assert fingerprint(payload) == fingerprint(_turned(payload))


@given(payloads, st.text(max_size=8))
def test_an_ignored_field_does_not_matter(payload: Any, seen: str) -> None:
    wrapped = {"Kept": payload, "Lines": [{"Seen": "", "Kept": 1}]}
    other = {"Kept": payload, "Seen": seen, "Lines": [{"Seen": seen, "Kept": 1}]}
    ignore = (("Seen",), ("Lines", "[]", "Seen"))
    assert fingerprint(wrapped, ignore=ignore) == fingerprint(other, ignore=ignore)


@given(payloads, payloads)
def test_every_other_difference_does(one: Any, other: Any) -> None:
    same = repr(_sorted(one)) == repr(_sorted(other))
    assert same or fingerprint({"A": one, "B": 1}) != fingerprint({"A": one, "B": 2})
    if fingerprint(one) != fingerprint(other):
        assert not same


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return [_sorted(one) for one in value] if isinstance(value, list) else value


def test_the_order_of_lines_matters() -> None:
    assert fingerprint([1, 2]) != fingerprint([2, 1])


def test_money_is_compared_to_the_last_digit() -> None:
    assert fingerprint({"A": Decimal("0.1000000000000000000000000001")}) != fingerprint({"A": Decimal("0.1")})


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("A", ("A",)),
        ("A.B", ("A", "B")),
        ("Lines[].SKU", ("Lines", "[]", "SKU")),
        ("Lines[].Parts[].SKU", ("Lines", "[]", "Parts", "[]", "SKU")),
    ],
)
def test_paths_are_split_at_dots_and_lists(path: str, parts: tuple[str, ...]) -> None:
    assert split(path) == parts


@given(payloads, st.lists(st.text(max_size=5), min_size=1, max_size=3))
def test_leaving_out_what_is_not_there_changes_nothing(payload: Any, path: list[str]) -> None:
    before = repr(payload)
    without(payload, tuple(path))
    assert repr(payload) == before
