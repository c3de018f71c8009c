"""What keeps a mapping from being published."""

from __future__ import annotations

import pytest

from connectors.schema import Field
from mappings.core.checks import check_rules
from mappings.core.values import Rule
from tests.mappings.core.samples import rule


def field(path: str, kind: str = "text", **more: object) -> Field:
    return Field(path=path, label=path, type=kind, **more)  # type: ignore[arg-type]


SOURCE = [field("ID", "whole number"), field("Name"), field("Lines", "list"), field("Lines[].SKU"), field("Lines[].Quantity", "number")]
TARGET = [
    field("Key", required=True),
    field("Kind", choices=("A", "B"), max_length=5),
    field("Stamp", read_only=True),
    field("Items", "list", required=True),
    field("Items[].SKU", required=True),
    field("Items[].Count", "number"),
    field("Charges", "list"),
    field("Charges[].Type", required=True),
    field("Charges[].Amount", "number", required=True),
    field("Ship", "group"),
    field("Ship.Name", required=True),
    field("Ship.Phone"),
]
GOOD = [
    rule("Key", "ID"),
    rule("Items[].SKU", "Lines[].SKU"),
    rule("Items[]", condition="Quantity > 0"),
    rule("Items[].Count", formula="Quantity * 2"),
]


def codes(*more: Rule) -> list[tuple[str, str]]:
    found = check_rules([*GOOD, *more], source_fields=SOURCE, target_fields=TARGET, tables=["t"])
    return [(problem.path, problem.code) for problem in found]


def test_a_mapping_that_fits_has_no_problem() -> None:
    more = [rule("Charges[Type=Ship].Amount", constant="1"), rule("Charges[]", condition="Amount > 0"), rule("Ship", "Lines[0]")]
    assert codes(*more, rule("Ship.Phone", formula="$target.Key & $settings.x & $source.Name"), rule("Kind", constant="A")) == []


@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        (rule("Gone", "ID"), ("Gone", "unknown_target")),
        (rule("Stamp", "ID"), ("Stamp", "read_only_target")),
        (rule("Kind", "Gone"), ("Kind", "unknown_source")),
        (rule("Kind", formula="Gone & 1"), ("Kind", "unknown_source")),
        (rule("Kind", "ID", condition="Gone = 1"), ("Kind", "unknown_source")),
        (rule("Kind", "ID", ("coalesce", {"paths": ["Gone"]})), ("Kind", "unknown_source")),
        (rule("Kind", formula="$target.Gone"), ("Kind", "unknown_source")),
        (rule("Kind", constant="C"), ("Kind", "bad_constant")),
        (rule("Kind", "ID", if_empty="default", default="C"), ("Kind", "bad_constant")),
        (rule("Key", "Name"), ("Key", "doubled_target")),
        (rule("Kind", "ID", ("lookup", {"table": "gone"})), ("Kind", "bad_rule")),
        (rule("Kind", formula='LOOKUP("gone", ID)'), ("Kind", "bad_rule")),
        (rule("Kind", "ID", ("nope", {})), ("Kind", "bad_rule")),
        (rule("Items[].Count", constant="many", condition="FALSE"), ("Items[].Count", "bad_rule")),
        (rule("Ship.Phone", "Name"), ("Ship.Name", "required_target")),
        (rule("Charges[Type=Ship].Tax", "ID"), ("Charges[].Amount", "required_target")),
    ],
)
def test_what_does_not_fit_is_named(bad: Rule, expected: tuple[str, str]) -> None:
    assert expected in codes(bad)


def test_missing_required_fields_are_named_all_at_once() -> None:
    found = check_rules([rule("Kind", "Name")], source_fields=SOURCE, target_fields=TARGET, tables=[])
    assert [(problem.path, problem.code) for problem in found] == [("Key", "required_target"), ("Items", "required_target")]


def test_a_second_rule_with_a_condition_is_no_double() -> None:
    assert codes(rule("Key", "Name", condition="ISBLANK(ID)")) == []


def test_an_unknown_schema_checks_only_the_rules_themselves() -> None:
    assert check_rules([rule("Any", "Thing")], source_fields=(), target_fields=(), tables=[]) == []
