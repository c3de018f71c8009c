"""The engine: bad rules first, then lists, named elements, conditions, empty values, and all problems together."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from mappings.core.engine import apply, compile_rules
from mappings.core.values import Facts, Rule
from tests.mappings.core.samples import outcome, rule

D = Decimal
LINES = {"L": [{"S": "a", "Q": 1}, {"S": "b", "Q": 0}, {"S": "c", "Q": 3}], "Cur": "USD"}


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (Rule(target=""), "empty"),
        (Rule(target="A[", source="x"), "not closed"),
        (Rule(target="A[0].B", source="x"), "by a number"),
        (Rule(target="$target.A", source="x"), "begins with a field"),
        (Rule(target="A", source="x["), "not closed"),
        (Rule(target="A"), "no source, formula or constant"),
        (Rule(target="A", source="x", formula="1"), "not both"),
        (rule("A", "", ("upper", {}), formula="1"), "takes no steps"),
        (Rule(target="A", formula="1 +"), "character 4"),
        (Rule(target="A", source="x", condition="1 +"), "character 4"),
        (Rule(target="A", source="x", if_empty="cry"), "omit, null, default, error"),
        (Rule(target="A", source="x", type="colour"), "not a type"),
        (Rule(target="A", constant="x", type="number"), "not a number"),
        (Rule(target="A", source="x", if_empty="default", default="x", type="date"), "not a date"),
        (Rule(target="A[].B", source="x"), "which source list"),
        (Rule(target="A[]", source="x[]", formula="1"), "not both"),
        (rule("A", "x", ("nope", {})), "no step"),
    ],
)
def test_a_bad_rule_is_named_and_the_others_still_work(bad: Rule, words: str) -> None:
    compiled = compile_rules([rule("First", "In"), bad, rule("Last", "In")])
    assert [index for index, _ in compiled.problems] == [1]
    assert words in compiled.problems[0][1].message
    assert apply(compiled, {"In": 1}, Facts()).payload == {"First": 1, "Last": 1}


def test_a_rule_with_another_list_than_its_neighbours_is_a_bad_rule() -> None:
    compiled = compile_rules([rule("T[].A", "L[].A"), rule("T[].B", "M[].B")])
    assert "already walks L[]" in compiled.problems[0][1].message


@pytest.mark.parametrize("record", [None, 5, "text", [], [{}], True])
def test_a_record_that_is_no_group_is_a_problem(record: Any) -> None:
    assert [problem.code for problem in outcome([rule("A", "B")], record).problems] == ["type_mismatch"]


def test_all_problems_of_a_record_come_together_with_their_places() -> None:
    rules = [
        rule("N", "N", type="number"),
        rule("T[].S", "L[].S", ("lookup", {"table": "t"})),
        rule("T[].Q", "L[].Q", if_empty="error"),
        rule("Z", "Nope", if_empty="error"),
    ]
    found = outcome(rules, {"N": "x", "L": [{"S": "a", "Q": 1}, {"S": "b"}, {"S": "c", "Q": 2}]}, tables={"t": {"a": "A"}})
    assert [problem.path for problem in found.problems] == ["N", "T[1].S", "T[2].S", "T[1].Q", "Z"]
    assert [problem.cause for problem in found.problems][1:3] == ["lookup:t:b", "lookup:t:c"]
    assert found.problems[3].cause == "required:T[].Q"
    assert found.payload == {"T": [{"S": "A", "Q": 1}, {}, {"Q": 2}]}


def test_lists_keep_their_order_and_length() -> None:
    found = outcome([rule("T[].S", "L[].S"), rule("T[].Twice", formula="Q * 2"), rule("T[].Cur", "Cur")], LINES)
    assert found.payload == {"T": [{"S": s, "Twice": q * 2, "Cur": "USD"} for s, q in (("a", 1), ("b", 0), ("c", 3))]}


def test_a_line_is_dropped_only_by_the_rule_of_its_list_and_places_are_those_of_the_target() -> None:
    rules = [
        rule("T[].S", "L[].S", ("trim", {"length": 0})),
        rule("T[]", condition="Q > 0"),
        rule("T[].Must", "L[].Must", if_empty="error"),
    ]
    found = outcome(rules, LINES)
    assert [line["S"] for line in found.payload["T"]] == ["a", "c"]
    assert [problem.path for problem in found.problems] == ["T[0].Must", "T[1].Must"]


def test_a_line_that_cannot_be_judged_stays_with_its_problem() -> None:
    found = outcome([rule("T[].S", "L[].S"), rule("T[]", condition="Q > 0")], {"L": [{"S": "a", "Q": "many"}, {"S": "b", "Q": 1}]})
    assert found.payload == {"T": [{"S": "a"}, {"S": "b"}]}
    assert [problem.path for problem in found.problems] == ["T[0]"]


def test_no_line_left_is_a_problem_when_the_list_must_not_be_empty() -> None:
    rules = [rule("T[].S", "L[].S"), rule("T[]", condition="Q > 9", if_empty="error")]
    assert [problem.code for problem in outcome(rules, LINES).problems] == ["required"]


@pytest.mark.parametrize(("value", "expected"), [(None, {}), ([], {"T": []})])
def test_no_list_is_no_list_and_an_empty_list_is_empty(value: Any, expected: Any) -> None:
    assert outcome([rule("T[].S", "L[].S")], {"L": value}).payload == expected


@pytest.mark.parametrize(("value", "path"), [("text", "T[]"), ({"S": 1}, "T[]"), ([1], "T[0]"), ([{"S": 1}, None], "T[1]")])
def test_what_is_no_list_of_groups_is_a_problem(value: Any, path: str) -> None:
    assert [problem.path for problem in outcome([rule("T[].S", "L[].S")], {"L": value}).problems] == [path]


def test_lists_inside_lists_stay_inside() -> None:
    source = {"L": [{"M": [{"X": 1}, {"X": 2}], "S": "a"}, {"S": "b"}, {"M": [], "S": "c"}]}
    rules = [
        rule("T[].S", "L[].S"),
        rule("T[].U[].X", "L[].M[].X"),
        rule("T[].U[].Of", "L[].S"),
        rule("T[].U[].Must", "L[].M[].Must", if_empty="error"),
    ]
    found = outcome(rules, source)
    assert found.payload == {"T": [{"S": "a", "U": [{"X": 1, "Of": "a"}, {"X": 2, "Of": "a"}]}, {"S": "b"}, {"S": "c", "U": []}]}
    assert [problem.path for problem in found.problems] == ["T[0].U[0].Must", "T[0].U[1].Must"]


def test_a_list_of_values_is_copied_in_order() -> None:
    found = outcome([rule("Tags[]", "Labels[]"), rule("Big[]", "L[]", condition="Q > 0")], {"Labels": ["x", None, "y"], **LINES})
    assert found.payload == {"Tags": ["x", None, "y"], "Big": [LINES["L"][0], LINES["L"][2]]}


def test_the_payload_never_shares_groups_with_the_source() -> None:
    source = {"G": {"A": [1]}}
    outcome([rule("T", "G")], source).payload["T"]["A"].append(2)
    assert source == {"G": {"A": [1]}}


def test_named_elements_are_made_once_and_go_when_they_hold_nothing_else() -> None:
    rules = [
        rule("C[Type=Ship].Amount", "Ship"),
        rule("C[Type=Ship].Tax", "ShipTax"),
        rule("C[Type=Gift].Amount", "Gift", if_empty="null"),
        rule("D[Type=None].Amount", "Gift", if_empty="null"),
    ]
    found = outcome(rules, {"Ship": 4, "ShipTax": D("0.40"), "Gift": None})
    assert found.payload == {"C": [{"Type": "Ship", "Amount": 4, "Tax": D("0.40")}]}


def test_the_rule_of_a_built_list_filters_its_elements_at_the_end() -> None:
    rules = [rule("C[]", condition="Amount <> 0"), rule("C[Type=A].Amount", "A"), rule("C[Type=B].Amount", "B")]
    assert outcome(rules, {"A": 0, "B": 2}).payload == {"C": [{"Type": "B", "Amount": 2}]}
    assert outcome(rules, {"A": 0, "B": 0}).payload == {}


def test_later_rules_read_what_has_been_built() -> None:
    rules = [rule("A", "In"), rule("B", formula="$target.A & 1"), rule("T[].X", "L[].Q"), rule("T[].Y", formula="$target.T[].X + 1")]
    assert outcome(rules, {"In": "x", "L": [{"Q": 1}, {"Q": 5}]}).payload == {
        "A": "x",
        "B": "x1",
        "T": [{"X": 1, "Y": 2}, {"X": 5, "Y": 6}],
    }


def test_inside_a_list_a_formula_means_the_line_first_and_the_record_where_the_line_has_no_such_field() -> None:
    rules = [
        rule("T[].A", "L[].S"),
        rule("T[].C", formula="Cur"),
        rule("T[].Q", formula="Q"),
        rule("T[].All", formula="SUM($source.L[].Q)"),
    ]
    found = outcome(rules, {**LINES, "Q": 99})
    assert found.payload["T"][1] == {"A": "b", "C": "USD", "Q": 0, "All": 4}


def test_the_trace_tells_for_each_rule_what_was_found_and_made() -> None:
    rules = [
        rule("A", "X", ("upper", {})),
        rule("T[].Q", "L[].Q", type="number"),
        rule("B", "X", condition="FALSE"),
        rule("Z", "Y", if_empty="error"),
    ]
    traced = outcome(rules, {"X": "a", "L": [{"Q": 1}, {"Q": "x"}]}, trace=True)
    plain = outcome(rules, {"X": "a", "L": [{"Q": 1}, {"Q": "x"}]})
    rows = [(one.index, one.path, one.source, one.result, one.applied, len(one.problems)) for one in traced.trace]
    assert rows == [
        (0, "A", "a", "A", True, 0),
        (1, "T[0].Q", 1, 1, True, 0),
        (1, "T[1].Q", "x", None, False, 1),
        (2, "B", None, None, False, 0),
        (3, "Z", None, None, False, 1),
    ]
    assert (traced.payload, traced.problems) == (plain.payload, plain.problems)
    assert plain.trace == ()


def test_one_compiled_mapping_serves_many_records_without_remembering() -> None:
    compiled = compile_rules([rule("T[].S", "L[].S"), rule("C[Type=A].X", "X")])
    first, second = (apply(compiled, source, Facts()) for source in (LINES | {"X": 1}, {"L": [{"S": "z"}]}))
    assert first.payload == {"T": [{"S": "a"}, {"S": "b"}, {"S": "c"}], "C": [{"Type": "A", "X": 1}]}
    assert second.payload == {"T": [{"S": "z"}]}
