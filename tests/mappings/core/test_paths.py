"""Paths: what is one, what stands there, and writing to it."""

from __future__ import annotations

from typing import Any

import pytest

from mappings.core.paths import PathError, parse, reader, writer
from mappings.core.refusal import RefusedError

RECORD = {"A": {"B": {"C": 1}}, "L": [{"X": 1, "T": "a"}, {"T": "b"}, 5, {"X": 3, "M": [{"Y": 1}, {"Y": 2}]}], "S": ["p", "q"], "N": None}


@pytest.mark.parametrize(
    "wrong", ["", " ", ".", "A.", ".A", "A..B", "A[", "A]", "A[x]", "A[[]]", "A[]B", "A[=x]", "A[k=]", "[]", "x" * 501]
)
def test_what_is_no_path_is_refused_in_words(wrong: str) -> None:
    with pytest.raises(PathError) as refused:
        parse(wrong)
    assert str(refused.value)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("A.B.C", 1),
        ("A.B", {"C": 1}),
        ("A.X.C", None),
        ("N.X", None),
        ("S.X", None),
        ("L[0].X", 1),
        ("L[99].X", None),
        ("L[T=b].T", "b"),
        ("L[T=z].T", None),
        ("L[].X", [1, None, None, 3]),
        ("L[].M[].Y", [1, 2]),
        ("S[]", ["p", "q"]),
        ("A[].X", None),
    ],
)
def test_a_path_reads_what_stands_there_and_nothing_else(path: str, expected: Any) -> None:
    assert reader(parse(path))(RECORD) == expected


@pytest.mark.parametrize("value", [None, 5, "text", [], [1], {"A": 5}, {"A": [5]}, {"L": {"X": 1}}])
def test_reading_an_unexpected_shape_gives_nothing(value: Any) -> None:
    for path in ("A.B", "A.B.C", "L[0].X", "L[T=a].X", "L[].M[].Y"):
        assert reader(parse(path))(value) in (None, [])


def test_writing_makes_groups_and_named_elements_once() -> None:
    made: dict[str, Any] = {}
    for path, value in (("A.B", 1), ("A.C", 2), ("Charges[Type=Shipping].Amount", 4), ("Charges[Type=Shipping].Tax", 1)):
        writer(parse(path))(made, value)
    assert made == {"A": {"B": 1, "C": 2}, "Charges": [{"Type": "Shipping", "Amount": 4, "Tax": 1}]}


def test_a_group_is_laid_over_a_named_element_and_keeps_its_name() -> None:
    made: dict[str, Any] = {}
    writer(parse("Addresses[Type=Billing]"))(made, {"Name": "x", "Type": "other"})
    assert made == {"Addresses": [{"Type": "Billing", "Name": "x"}]}


@pytest.mark.parametrize(("made", "path"), [({"A": 1}, "A.B"), ({"C": 1}, "C[T=x].B"), ({}, "C[T=x]")])
def test_a_place_that_is_taken_is_refused(made: dict[str, Any], path: str) -> None:
    with pytest.raises(RefusedError):
        writer(parse(path))(made, 5)
