"""Steps as text and back."""

from __future__ import annotations

import contextlib
from importlib.resources import files

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.steps_text import StepsError, read, written


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("trim(", 6), ("trim(30", 8), ("trim 30", 6), ("| trim", 1), ("trim |", 7), ("trim(30,)", 9), ("lookup(a, table=b)", 11),
        ("upper(x)", 7), ("map({a})", 7), ("map({a: b)", 10), ('trim("a', 6), ("trim(a=1, a=2)", 11), ('map("\\q")', 5), ("30", 1),
        ("concat(paths=[a b])", 17),
    ],
)  # fmt: skip
def test_a_mistake_names_its_place(text: str, place: int) -> None:
    with pytest.raises(StepsError, match=f"at character {place}:"):
        read(text)


@pytest.mark.parametrize("text", ["trim(" + "[" * 50, "trim | " * 30 + "trim", "x" * 5_000])
def test_what_is_too_long_or_too_deep_is_refused(text: str) -> None:
    with pytest.raises(StepsError):
        read(text)


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("", []),
        ("upper", [{"name": "upper", "args": {}}]),
        ("trim(30, cut=yes)", [{"name": "trim", "args": {"length": 30, "cut": True}}]),
        ("lookup(007)", [{"name": "lookup", "args": {"table": "007"}}]),
        ("coalesce([A.B, C[Type=X].D])", [{"name": "coalesce", "args": {"paths": ["A.B", "C[Type=X].D"]}}]),
        ("map({Seller: S, \"a b\": 'it'})", [{"name": "map", "args": {"values": {"Seller": "S", "a b": "it"}}}]),
        ("not_a_transform(x=1)", [{"name": "not_a_transform", "args": {"x": 1}}]),
    ],
)
def test_text_is_read(text: str, steps: list[dict[str, object]]) -> None:
    assert read(text) == steps


def test_the_steps_of_every_starter_survive_a_round_trip() -> None:
    for one in (files("mappings") / "starters").iterdir():
        for rule in msgspec.json.decode(one.read_bytes()).get("rules", []):
            steps = [{"name": step["name"], "args": step.get("args", {})} for step in rule.get("steps", [])]
            assert read(written(steps)) == steps


SCALARS = st.text(max_size=30) | st.booleans() | st.integers(-(10**15), 10**15)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=5
)
NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True)


@given(
    st.lists(
        st.fixed_dictionaries({"name": NAMES.map(lambda name: f"x_{name}"), "args": st.dictionaries(NAMES, VALUES, max_size=3)}), max_size=3
    )
)
def test_whatever_is_written_reads_back_the_same(steps: list[dict[str, object]]) -> None:
    text = written(steps)
    if len(text) <= 4_000:
        assert read(text) == steps


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    with contextlib.suppress(StepsError):
        assert isinstance(read(text), list)
