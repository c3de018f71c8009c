"""Saving drafts: exactly what was edited, with its author, and never over somebody else's work."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from mappings.differences import differences
from mappings.drafts import Edited, findings, save_rules
from mappings.models import MappingRule
from mappings.versions import VersionError, draft_of, publish
from tests.mappings.making import make_draft, make_live

pytestmark = pytest.mark.django_db
PLAIN: dict[str, Any] = {
    "position": 0, "target": "SellerOrderID", "source": "TargetKey", "steps": [], "formula": "", "condition": "",
    "constant": None, "default": "", "if_empty": "omit", "wait_hours": 24, "note": "",
}  # fmt: skip


@pytest.fixture
def ann() -> User:
    return User.objects.create_user("ann")


def edited(row: MappingRule, **changes: Any) -> Edited:
    return Edited(pk=row.pk, values={name: getattr(row, name) for name in PLAIN} | changes)


def test_only_changed_rules_are_written_and_removed_ones_go(ann: User) -> None:
    draft = make_draft()
    first, second = draft.rules.all()
    changed = save_rules(draft, [edited(first), Edited(pk=None, values=PLAIN | {"position": 1, "target": "New"})], by=ann, revision=1)
    assert changed == 2
    assert [rule.target for rule in draft.rules.all()] == ["ChannelAdvisorOrderID", "New"]
    marked = MappingRule.history.filter(history_user=ann).values_list("target", "history_type")
    assert sorted(marked) == [("New", "+"), (second.target, "-")]


def test_saving_without_a_change_writes_nothing(ann: User) -> None:
    draft = make_draft()
    assert save_rules(draft, [edited(row) for row in draft.rules.all()], by=ann, revision=1) == 0
    draft.refresh_from_db()
    assert draft.revision == 1


def test_a_draft_that_somebody_else_saved_is_not_overwritten(ann: User) -> None:
    draft = make_draft()
    first, second = draft.rules.all()
    save_rules(draft, [edited(first, note="mine"), edited(second)], by=ann, revision=1)
    with pytest.raises(VersionError, match="ann changed this draft"):
        save_rules(draft, [edited(first, note="yours"), edited(second)], by=None, revision=1)
    assert draft.rules.first().note == "mine"


def test_a_draft_that_was_published_meanwhile_is_not_changed() -> None:
    draft = make_draft()
    rows = [edited(row) for row in draft.rules.all()]
    publish(draft, by=None, comment="x")
    with pytest.raises(VersionError, match="published or discarded"):
        save_rules(draft, rows[:1], by=None, revision=1)


def test_a_rule_of_another_version_cannot_be_taken_over() -> None:
    live = make_live()
    foreign = live.live.rules.first()
    draft = draft_of(live, by=None)
    save_rules(draft, [Edited(pk=foreign.pk, values=PLAIN)], by=None, revision=1)
    foreign.refresh_from_db()
    assert foreign.version == live.live
    assert draft.rules.get().pk != foreign.pk


def test_problems_stand_at_their_rule_and_missing_fields_are_listed() -> None:
    draft = make_draft(rules=[{"target": "SellerOrderID", "source": "Vanished"}, {"target": "Nowhere", "formula": "1 +"}])
    found = findings(draft)
    assert {index: len(problems) for index, problems in found.by_rule.items()} == {0: 1, 1: 2}
    assert [field.path for field in found.missing] == ["ChannelAdvisorOrderID"]
    assert found.count == 4


def test_a_good_draft_has_nothing_to_be_done() -> None:
    assert findings(make_draft()).count == 0


def test_added_removed_changed_and_moved_rules_are_told_apart() -> None:
    mapping = make_live()
    draft = draft_of(mapping, by=None)
    first, second = draft.rules.all()
    added = Edited(pk=None, values=PLAIN | {"position": 2, "target": "Extra", "source": "SourceKey"})
    save_rules(draft, [edited(second, position=0, steps=[]), added], by=None, revision=1)
    found = {one.target: one for one in differences(mapping.live, draft)}
    assert {target: one.kind for target, one in found.items()} == {"SellerOrderID": "changed", "Extra": "added", first.target: "removed"}
    assert [(one.label, one.before, one.after) for one in found["SellerOrderID"].changes] == [("Steps", "trim(50)", "")]


def test_swapped_rules_are_moved() -> None:
    mapping = make_live()
    draft = draft_of(mapping, by=None)
    first, second = draft.rules.all()
    save_rules(draft, [edited(second, position=0), edited(first, position=1)], by=None, revision=1)
    assert {one.kind for one in differences(mapping.live, draft)} == {"moved"}


def test_equal_versions_do_not_differ() -> None:
    mapping = make_live()
    assert differences(mapping.live, draft_of(mapping, by=None)) == []
