"""What the engine makes of single values: types, blanks, conditions, shares."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.mappings.core.samples import outcome, rule

D = Decimal


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"if_empty": "omit"}, {}),
        ({"if_empty": "null"}, {"A": None}),
        ({"if_empty": "default", "default": "7", "type": "whole number"}, {"A": 7}),
    ],
)
def test_an_empty_value_does_what_the_rule_says(more: dict[str, Any], expected: Any) -> None:
    for blank in (None, "", "  "):
        assert outcome([rule("A", "In", **more)], {"In": blank}).payload == expected


def test_a_condition_decides_whether_the_rule_applies() -> None:
    made = rule("A", "In", condition='Kind = "x"', if_empty="error")
    assert outcome([made], {"Kind": "y"}).problems == ()
    assert [problem.code for problem in outcome([made], {"Kind": "x"}).problems] == ["required"]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("text", 19918546, "19918546"),
        ("text", D("1.50"), "1.50"),
        ("text", True, "true"),
        ("text", "007", "007"),
        ("number", "12.50", D("12.50")),
        ("number", 3, 3),
        ("whole number", D("3.00"), 3),
        ("whole number", "42", 42),
        ("yes/no", "No", False),
        ("yes/no", 1, True),
        ("date", "2026-11-19", "2026-11-19"),
        ("time", "2026-11-20T01:00:00+02:00", "2026-11-19T23:00:00Z"),
        ("", "as is", "as is"),
    ],
)
def test_a_value_takes_the_type_of_its_target_without_loss(kind: str, value: Any, expected: Any) -> None:
    found = outcome([rule("A", "In", type=kind)], {"In": value})
    assert found.payload == {"A": expected}
    assert type(found.payload["A"]) is type(expected)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("number", "x"),
        ("whole number", D("1.5")),
        ("yes/no", "maybe"),
        ("date", "2026-11-20T04:30:00Z"),
        ("time", "2026-11-20"),
        ("text", {"a": 1}),
        ("text", [1]),
        ("number", {}),
        ("whole number", True),
        ("date", 5),
    ],
)
def test_what_cannot_take_the_type_is_a_problem(kind: str, value: Any) -> None:
    found = outcome([rule("A", "In", type=kind)], {"In": value})
    assert {problem.code for problem in found.problems} <= {"type_mismatch", "bad_date"}
    assert (len(found.problems), found.payload) == (1, {})


def test_constants_and_formulas_take_the_type_of_the_target() -> None:
    rules = [
        rule("A", constant="5", type="number"), rule("B", constant="true", type="yes/no"), rule("C", constant="05"),
        rule("D", formula="1 + 1", type="whole number"), rule("E", formula="7", type="text"), rule("F", formula="0.50 + 0"),
    ]  # fmt: skip
    assert outcome(rules, {}).payload == {"A": D(5), "B": True, "C": "05", "D": 2, "E": "7", "F": D("0.50")}


def test_two_rules_of_one_target_apply_in_order() -> None:
    rules = [rule("A", "X"), rule("A", "Y", condition="NOT ISBLANK(Y)")]
    assert [outcome(rules, {"X": 1, "Y": y}).payload["A"] for y in (None, 2)] == [1, 2]


def test_a_value_where_fields_should_go_is_a_problem_and_no_crash() -> None:
    found = outcome([rule("A", "X"), rule("A.B", "X")], {"X": 1})
    assert [problem.path for problem in found.problems] == ["A.B"]


def test_amounts_are_shared_over_the_lines_that_stay() -> None:
    share = ("apportion", {"amount": "0 - Less", "weight": "P", "limit": "P"})
    rules = [rule("T[]", "L[]", condition="P > 0"), rule("T[].D", "L[].D", ("negative", {}), share)]
    found = outcome(rules, {"Less": D("5.00"), "L": [{"P": 20}, {"P": 0, "D": 9}, {"P": 10, "D": 1}, {"P": D("3.33")}]})
    assert [line["D"] for line in found.payload["T"]] == [D("-3.00"), D("-2.50"), D("-0.50")]


def test_a_shared_amount_that_no_line_can_take_is_one_problem_of_the_record() -> None:
    share = ("apportion", {"amount": "9", "weight": "P", "limit": "P"})
    found = outcome([rule("T[].D", "L[].D", share)], {"L": [{"P": 1}, {"P": 2}]})
    assert [(problem.path, problem.code) for problem in found.problems] == [("T[].D", "apportion")]
