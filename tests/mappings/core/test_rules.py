"""Rules in their portable form, and what they read."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.schema import Field
from mappings.core.reads import paths_read
from mappings.core.rules import rule_as, rule_from, schema_path, with_types
from tests.mappings.core.samples import rule, shipped


@pytest.mark.parametrize(
    "row",
    [{}, {"target": 5}, {"target": "A", "colour": "red"}, {"target": "A", "source": 5}, {"target": "A", "constant": 5},
     {"target": "A", "steps": [5]}, {"target": "A", "steps": [{"args": {}}]}, {"target": "A", "steps": [{"name": "x", "args": 5}]}],
)  # fmt: skip
def test_what_is_no_rule_is_refused_in_words(row: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"[Rr]ule|text|step"):
        rule_from(row)


def test_every_shipped_rule_goes_there_and_back() -> None:
    for one in shipped().values():
        for row in one.get("rules", ()):
            assert rule_as(rule_from(row)) == row | ({"steps": [{"args": {}} | step for step in row["steps"]]} if row.get("steps") else {})


def test_a_rule_names_everything_it_reads_once() -> None:
    steps = (
        ("coalesce", {"paths": "B, C"}),
        ("phone", {"country": "D"}),
        ("stop", {"when": "E > A", "message": "x"}),
        ("nope", {"paths": "F"}),
    )
    assert paths_read(rule("T", "A", *steps, condition="G = 1 OR A = 2")) == ["A", "G", "B", "C", "D", "E"]
    assert paths_read(rule("T", formula="broken (")) == []


def test_types_come_from_the_schema_also_for_named_elements() -> None:
    fields = [Field(path="C[].Amount", label="", type="number"), Field(path="G", label="", type="group")]
    typed = with_types([rule("C[Type=X].Amount", "A"), rule("G", "B"), rule("Z", "C")], fields)
    assert [one.type for one in typed] == ["number", "", ""]
    assert schema_path("bad[") == ""
