"""Published versions never change; publishing, going back and copying."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from simple_history.utils import bulk_create_with_history

from mappings.models import Mapping, MappingRule, MappingVersion, PublishedError
from mappings.versions import InvalidRulesError, VersionError, copy_mapping, discard, draft_of, make_live, publish, roll_back
from tests.mappings.making import add_rules, make_draft
from tests.mappings.making import make_live as live_mapping

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann() -> User:
    return User.objects.create_user("ann")


def test_a_rule_of_a_published_version_cannot_be_changed() -> None:
    rule = live_mapping().live.rules.first()
    rule.source = "TargetKey"
    with pytest.raises(PublishedError):
        rule.save()


def test_a_rule_of_a_published_version_cannot_be_moved_to_a_draft() -> None:
    mapping = live_mapping()
    rule = mapping.live.rules.first()
    rule.version = draft_of(mapping, by=None)
    with pytest.raises(PublishedError):
        rule.save()


def test_a_rule_of_a_published_version_cannot_be_deleted() -> None:
    with pytest.raises(PublishedError):
        live_mapping().live.rules.first().delete()


def test_rules_of_a_published_version_cannot_be_changed_in_bulk() -> None:
    rules = MappingRule.objects.filter(version=live_mapping().live)
    for act in (lambda: rules.update(source="X"), rules.delete):
        with pytest.raises(PublishedError):
            act()


def test_no_rule_can_be_added_to_a_published_version() -> None:
    live = live_mapping().live
    with pytest.raises(PublishedError):
        MappingRule(version=live, target="X").save()
    with pytest.raises(PublishedError):
        bulk_create_with_history([MappingRule(version=live, target="X")], MappingRule)


def test_a_published_version_itself_cannot_be_changed_or_deleted() -> None:
    live = live_mapping().live
    live.comment = "other"
    rows = MappingVersion.objects.filter(pk=live.pk)
    for act in (live.save, live.delete, lambda: rows.update(comment="other"), rows.delete):
        with pytest.raises(PublishedError):
            act()


def test_the_database_refuses_a_published_version_without_its_time() -> None:
    draft = make_draft()
    with pytest.raises(IntegrityError), transaction.atomic():
        MappingVersion.objects.filter(pk=draft.pk).update(state="published")


def test_the_database_refuses_a_second_draft() -> None:
    draft = make_draft()
    with pytest.raises(IntegrityError), transaction.atomic():
        MappingVersion.objects.create(mapping=draft.mapping, number=9)


def test_an_invalid_draft_is_not_published_and_says_why() -> None:
    draft = make_draft(rules=[{"target": "ChannelAdvisorOrderID", "source": "Vanished"}])
    with pytest.raises(InvalidRulesError, match="Vanished"):
        publish(draft, by=None, comment="x")
    assert Mapping.objects.get().live is None


def test_publishing_asks_for_a_comment() -> None:
    with pytest.raises(VersionError, match="what changes"):
        publish(make_draft(), by=None, comment="  ")


def test_a_draft_without_rules_is_not_published() -> None:
    with pytest.raises(VersionError):
        publish(make_draft(rules=[]), by=None, comment="x")


def test_a_version_is_not_published_twice() -> None:
    live = live_mapping().live
    with pytest.raises(VersionError, match="already published"):
        publish(live, by=None, comment="again")


def test_publishing_records_who_and_makes_the_version_live(ann: User) -> None:
    published = publish(make_draft(), by=ann, comment="better")
    mapping = Mapping.objects.get()
    assert (mapping.live_id, published.published_by, published.comment) == (published.pk, ann, "better")
    newest = Mapping.history.first()
    assert (newest.history_user, newest.history_change_reason) == (ann, "version 1 published: better")


def test_a_new_draft_holds_a_copy_of_the_live_rules(ann: User) -> None:
    mapping = live_mapping()
    draft = draft_of(mapping, by=ann)
    assert [rule.target for rule in draft.rules.all()] == [rule.target for rule in mapping.live.rules.all()]
    assert draft.number == 2
    assert draft_of(mapping, by=ann) == draft


def test_rolling_back_is_one_step_and_can_be_undone(ann: User) -> None:
    mapping = live_mapping()
    first = mapping.live
    second = publish(draft_of(mapping, by=ann), by=ann, comment="second")
    mapping.refresh_from_db()
    assert roll_back(mapping, by=ann) == first
    mapping.refresh_from_db()
    assert mapping.live == first
    make_live(second, by=ann)
    mapping.refresh_from_db()
    assert mapping.live == second
    assert [one.history_change_reason for one in Mapping.history.all()[:2]] == ["went back to version 2", "went back to version 1"]


def test_rolling_back_the_only_version_is_refused() -> None:
    with pytest.raises(VersionError, match="no earlier"):
        roll_back(live_mapping(), by=None)


def test_a_draft_cannot_be_made_live_without_publishing() -> None:
    with pytest.raises(VersionError):
        make_live(make_draft(), by=None)


def test_a_draft_after_going_back_starts_from_what_is_live_with_the_next_number() -> None:
    mapping = live_mapping()
    draft = draft_of(mapping, by=None)
    add_rules(draft, [{"target": "Extra", "source": "SourceKey"}])
    draft.rules.filter(target="Extra").delete()
    publish(draft, by=None, comment="second")
    mapping.refresh_from_db()
    roll_back(mapping, by=None)
    mapping.refresh_from_db()
    assert draft_of(mapping, by=None).number == 3


def test_a_copy_has_the_live_rules_as_a_draft_and_nothing_live(ann: User) -> None:
    mapping = live_mapping()
    copied = copy_mapping(mapping, slug="other", name="Other", by=ann)
    assert copied.live is None
    assert copied.target_operation == mapping.target_operation
    assert copied.versions.get().rules.count() == mapping.live.rules.count()


def test_a_copy_needs_a_short_name_of_its_own() -> None:
    mapping = live_mapping()
    with pytest.raises(VersionError, match="exists already"):
        copy_mapping(mapping, slug="ack", name="Other", by=None)


def test_discarding_a_draft_keeps_its_history(ann: User) -> None:
    draft = make_draft()
    pk = draft.pk
    discard(draft, by=ann)
    assert MappingVersion.history.filter(id=pk, history_type="-", history_user=ann).exists()
    assert MappingRule.history.filter(version_id=pk, history_type="-").count() == 2


def test_a_mapping_with_a_published_version_cannot_be_deleted() -> None:
    with pytest.raises(Exception, match="protected"):
        live_mapping().delete()
