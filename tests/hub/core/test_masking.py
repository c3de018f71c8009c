"""Personal data never gets past the mask, whatever shape a payload has."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core.masking import MASK, hide, mask, personal_values, scrub

NAMES = ("Name", "Buyer", "Address", "Phones", "Lines")
PATHS = ("Name", "Buyer", "Address.Name", "Address", "Phones[]", "Lines[].Name", "Lines[].Buyer.Name", "Buyer.Address.Phones[].Name")


def test_a_value_under_a_personal_path_is_masked_and_the_shape_stays() -> None:
    payload = {"Buyer": {"Name": "Dana Ruiz", "Age": 41, "Mail": "", "Gone": None}, "Total": Decimal("9.90")}
    assert mask(payload, ["Buyer"]) == {"Buyer": {"Name": MASK, "Age": MASK, "Mail": "", "Gone": None}, "Total": Decimal("9.90")}


def test_masking_leaves_the_original_as_it_was() -> None:
    payload = {"Lines": [{"Name": "Dana"}]}
    mask(payload, ["Lines[].Name"])
    assert payload == {"Lines": [{"Name": "Dana"}]}


@pytest.mark.parametrize(
    ("payload", "path"),
    [
        ({"Lines": "a text where lines were promised: Dana"}, "Lines[].Name"),
        ({"Lines": ["Dana"]}, "Lines[].Name"),
        ({"Lines": {"Name": "Dana"}}, "Lines[].Name"),
        ({"Buyer": "Dana"}, "Buyer.Name"),
        ({"Buyer": ["Dana"]}, "Buyer.Name"),
        ({"Buyer": [{"Name": "Dana"}]}, "Buyer.Name"),
        ({"Buyer": {"Name": {"First": ["Dana"]}}}, "Buyer.Name"),
        ("Dana", "Buyer.Name"),
        (["Dana"], "[].Name"),
    ],
)
def test_a_value_of_another_shape_than_promised_is_masked_all_the_same(payload: Any, path: str) -> None:
    assert "Dana" not in json.dumps(mask(payload, [path]))


leaves = st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.just("SECRET")


def _grown(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(children, max_size=3) | st.dictionaries(st.sampled_from(NAMES), children, max_size=4)


payloads = st.recursive(leaves, _grown, max_leaves=20)


def _at(value: Any, parts: list[str]) -> list[Any]:
    """Everything that stands at a path, lists looked through."""
    if not parts:
        return [value]
    if isinstance(value, list):
        return [found for one in value for found in _at(one, parts[1:] if parts[0] == "[]" else parts)]
    return _at(value[parts[0]], parts[1:]) if isinstance(value, dict) and parts[0] in value else []


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for one in value.values() for leaf in _leaves(one)]
    return [leaf for one in value for leaf in _leaves(one)] if isinstance(value, list) else [value]


@given(payloads, st.sets(st.sampled_from(PATHS), min_size=1))
def test_no_value_at_a_personal_path_survives_in_any_json(payload: Any, paths: set[str]) -> None:
    masked = mask(payload, paths)
    for path in paths:
        for leaf in (leaf for found in _at(masked, path.replace("[]", ".[]").split(".")) for leaf in _leaves(found)):
            assert leaf in (None, "", MASK) or isinstance(leaf, bool)


@given(payloads, st.sets(st.sampled_from(PATHS)))
def test_masking_twice_changes_nothing_more(payload: Any, paths: set[str]) -> None:
    once = mask(payload, paths)
    assert mask(once, paths) == once


@given(payloads)
def test_hiding_leaves_nothing_but_the_shape(payload: Any) -> None:
    assert all(leaf in (None, "", MASK) or isinstance(leaf, bool) for leaf in _leaves(hide(payload)))


@given(payloads, st.sets(st.sampled_from(PATHS), min_size=1), st.text(max_size=10), st.text(max_size=10))
def test_no_personal_value_survives_in_a_sentence(payload: Any, paths: set[str], before: str, after: str) -> None:
    values = personal_values(payload, paths)
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
    assert personal_values({"Address": {"State": "WA", "City": "Reno"}}, ["Address"]) == {"Reno"}
