"""The policy "wait": what the rules say, and that editor, files and comparison keep it."""

from __future__ import annotations

from typing import Any

import pytest

from mappings.core.engine import compile_rules
from mappings.core.values import Rule, Step
from mappings.differences import aspects
from mappings.documents import DocumentError, MappingDocument, as_json, read_document
from mappings.forms import initial, rule_forms
from mappings.live import rule_value
from mappings.models import MappingRule
from mappings.portable import import_document, mapping_document
from tests.mappings.core.samples import outcome, rule, stepped
from tests.mappings.making import make_draft

LOOKUP = {"name": "lookup", "args": {"table": "rates", "miss": "wait", "hours": 12}}
WAITING: list[dict[str, Any]] = [
    {"target": "ChannelAdvisorOrderID", "source": "SourceKey", "steps": [LOOKUP]},
    {"target": "SellerOrderID", "source": "TargetKey", "if_empty": "wait", "wait_hours": 6},
]


def test_a_row_that_may_still_come_is_a_problem_with_its_hours() -> None:
    found = stepped("EUR", ("lookup", LOOKUP["args"]), tables={"rates": {}})
    assert [(one.wait, one.cause) for one in found.problems] == [(12, "lookup:rates:EUR")]


def test_a_lookup_that_waits_takes_the_row_when_it_is_there() -> None:
    assert stepped("EUR", ("lookup", LOOKUP["args"]), tables={"rates": {"EUR": "1.1"}}).payload == {"Out": "1.1"}


def test_a_missing_row_without_the_policy_is_not_waited_for() -> None:
    found = stepped("EUR", ("lookup", {"table": "rates", "miss": "error", "hours": 12}), tables={"rates": {}})
    assert found.problems[0].wait == 0


def test_a_required_field_can_wait_too() -> None:
    found = outcome([rule("Out", "In", if_empty="wait", wait_hours=6)], {})
    assert [(one.wait, one.code) for one in found.problems] == [(6, "required")]


def test_a_list_without_a_line_can_wait_too() -> None:
    rules = [rule("Lines[]", "Items[]", if_empty="wait", wait_hours=3), rule("Lines[].Sku", "Items[].Sku")]
    assert [one.wait for one in outcome(rules, {"Items": []}).problems] == [3]


@pytest.mark.parametrize("hours", [0, -1, 721, "soon"])
def test_senseless_hours_are_refused_with_words(hours: Any) -> None:
    step = Step(name="lookup", args={"table": "rates", "miss": "wait", "hours": hours})
    assert "hours must be" in compile_rules([Rule(target="Out", source="In", steps=(step,))]).problems[0][1].message


@pytest.mark.parametrize("hours", [0, 721])
def test_a_rule_with_senseless_hours_cannot_be_published(hours: int) -> None:
    found = compile_rules([rule("Out", "In", if_empty="wait", wait_hours=hours)]).problems
    assert "between 1 and 720 hours" in found[0][1].message


@pytest.mark.django_db
def test_a_file_carries_the_policy_there_and_back() -> None:
    draft = make_draft("there", WAITING)
    file = as_json(mapping_document(draft)).replace('"there"', '"back"')
    document = read_document(file.encode())
    assert isinstance(document, MappingDocument)
    import_document(document, by=None)
    row = MappingRule.objects.get(version__mapping__slug="back", target="SellerOrderID")
    assert (rule_value(row).if_empty, rule_value(row).wait_hours) == ("wait", 6)


@pytest.mark.django_db
def test_a_file_with_senseless_hours_is_refused() -> None:
    file = as_json(mapping_document(make_draft("there", WAITING))).replace('"wait_hours": 6', '"wait_hours": 1000')
    with pytest.raises(DocumentError, match="wait_hours"):
        read_document(file.encode())


@pytest.mark.django_db
def test_the_comparison_names_the_hours_only_of_a_rule_that_waits() -> None:
    looking, waiting = make_draft("there", WAITING).rules.order_by("position")
    assert aspects(waiting)["Hours to wait"] == "6"
    assert "Hours to wait" not in aspects(looking)


@pytest.mark.django_db
def test_the_editor_shows_and_saves_the_hours() -> None:
    row = make_draft("there", WAITING).rules.get(target="SellerOrderID")
    shown = initial(row, 0)
    posted = {f"rules-0-{name}": value for name, value in shown.items()} | {"rules-0-wait_hours": "48"}
    forms = rule_forms({**posted, "rules-TOTAL_FORMS": "1", "rules-INITIAL_FORMS": "0"})
    assert forms.is_valid(), forms.errors
    assert shown["wait_hours"] == 6
    assert (forms.edited()[0].values["if_empty"], forms.edited()[0].values["wait_hours"]) == ("wait", 48)
