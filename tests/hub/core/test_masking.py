"""Personal data never gets past the mask, whatever shape a payload has; what a schema does not name counts as personal."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.schema import Field
from hub.core.masking import MASK, Shape, hidden_values, hide, mask, scrub, shape

SHAPE: Shape = {
    "Total": True,
    "Name": False,
    "Buyer": False,
    "Address": {"Name": False, "State": True},
    "Lines": {"Sku": True, "Name": False},
}


def test_a_hidden_group_is_masked_and_its_structure_stays() -> None:
    payload = {"Buyer": {"Name": "Dana Ruiz", "Age": 41, "Mail": "", "Gone": None}, "Total": Decimal("9.90")}
    assert mask(payload, SHAPE) == {"Buyer": {"Name": MASK, "Age": MASK, "Mail": "", "Gone": None}, "Total": Decimal("9.90")}


def test_masking_leaves_the_original_as_it_was() -> None:
    payload = {"Lines": [{"Name": "Dana"}]}
    mask(payload, SHAPE)
    assert payload == {"Lines": [{"Name": "Dana"}]}


def test_what_the_schema_does_not_name_is_hidden() -> None:
    assert mask({"Address": {"State": "WA", "Nickname": "Dana"}}, SHAPE) == {"Address": {"State": "WA", "Nickname": MASK}}


def test_of_an_answer_only_what_the_schema_calls_personal_is_hidden() -> None:
    assert mask({"SalesOrderID": "SO-1", "Name": "Dana"}, SHAPE, unknown=True) == {"SalesOrderID": "SO-1", "Name": MASK}


@pytest.mark.parametrize(
    "payload",
    [
        {"Lines": "a text where lines were promised: Dana"},
        {"Lines": ["Dana"]},
        {"Lines": {"Name": "Dana"}},
        {"Lines": [["Dana"]]},
        {"Address": "Dana"},
        {"Address": [{"Name": "Dana"}]},
        {"Address": {"Name": {"First": ["Dana"]}}},
        "Dana",
        ["Dana"],
    ],
)
def test_a_value_of_another_structure_than_promised_is_masked_all_the_same(payload: Any) -> None:
    assert "Dana" not in json.dumps(mask(payload, SHAPE))


def test_a_shape_follows_the_schema_through_groups_and_lists() -> None:
    fields = (
        Field(path="Total", label="", type="number"),
        Field(path="Buyer", label="", type="group", personal=True),
        Field(path="Buyer.Age", label="", type="number"),
        Field(path="Lines", label="", type="list"),
        Field(path="Lines[].Sku", label="", type="text"),
        Field(path="Lines[].Note", label="", type="text", personal=True),
        Field(path="Tags", label="", type="list"),
        Field(path="Tags[]", label="", type="text"),
    )
    assert shape(fields) == {"Total": True, "Buyer": False, "Lines": {"Sku": True, "Note": False}, "Tags": True}


leaves = st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.just("SECRET")
names = st.sampled_from(("Name", "Buyer", "Address", "State", "Lines", "Sku", "Total", "Other"))
payloads = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4), max_leaves=20)


def _leaves(value: Any, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    """Every leaf with the names above it, lists looked through."""
    if isinstance(value, dict):
        return [found for name, one in value.items() for found in _leaves(one, (*path, name))]
    return [found for one in value for found in _leaves(one, path)] if isinstance(value, list) else [(path, value)]


def _shown(path: tuple[str, ...]) -> bool:
    place: Any = SHAPE
    for name in path:
        place = place if isinstance(place, bool) else place.get(name, False)
    return place is True


@given(payloads)
def test_no_hidden_value_survives_in_any_json(payload: Any) -> None:
    for path, leaf in _leaves(mask(payload, SHAPE)):
        assert _shown(path) or leaf in (None, "", MASK) or isinstance(leaf, bool)


@given(payloads)
def test_masking_twice_changes_nothing_more(payload: Any) -> None:
    once = mask(payload, SHAPE)
    assert mask(once, SHAPE) == once


@given(payloads)
def test_hiding_leaves_nothing_but_the_structure(payload: Any) -> None:
    assert all(leaf in (None, "", MASK) or isinstance(leaf, bool) for _, leaf in _leaves(hide(payload)))


@given(payloads, st.text(max_size=10), st.text(max_size=10))
def test_no_personal_value_survives_in_a_sentence(payload: Any, before: str, after: str) -> None:
    values = hidden_values(payload, SHAPE)
    for value in values:
        words = scrub(f"{before} {value.upper()} {after} {value}", values)
        assert value not in words.replace(MASK, "")


def test_the_longer_name_is_taken_out_whole() -> None:
    assert scrub("Ann-Marie is not Ann.", {"Ann", "Ann-Marie"}) == f"{MASK} is not {MASK}."


def test_signs_with_a_meaning_to_patterns_are_only_signs() -> None:
    assert scrub("a.b (c) costs [1]", {"a.b", "(c)", "[1]"}) == f"{MASK} {MASK} costs {MASK}"


def test_nothing_personal_means_nothing_is_changed() -> None:
    assert scrub("All is well.", ()) == "All is well."


def test_a_state_of_two_letters_is_no_word_to_hide() -> None:
    assert hidden_values({"Buyer": {"State": "WA", "City": "Reno"}}, SHAPE) == {"Reno"}
