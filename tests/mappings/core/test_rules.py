"""What rules read, and the types of their targets."""

from __future__ import annotations

from connectors.schema import Field
from mappings.core.reads import paths_read
from mappings.core.rules import schema_path, with_types
from tests.mappings.core.samples import rule


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
