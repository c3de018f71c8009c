"""The pages of mappings, for people with and without the right to change and publish."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mappings import samples
from mappings.models import Mapping, MappingRule, MappingVersion
from mappings.starting import load_starters
from mappings.versions import draft_of, publish
from tests.mappings.making import add_rules, make_draft, make_live
from tests.mappings.test_trial import Known

pytestmark = pytest.mark.django_db
LOOKING = ("change", "compare", "changes", "try")


def at(name: str, mapping: Mapping, *more: Any) -> str:
    return reverse(f"admin:mappings_mapping_{name}", args=[mapping.pk, *more])


def posted(draft: MappingVersion, *, revision: int | None = None, **changes: str) -> dict[str, Any]:
    """What the editor's form sends for the stored rules, with changes such as `rules-0-source`."""
    form: dict[str, Any] = {"revision": draft.revision if revision is None else revision}
    rows = list(draft.rules.all())
    form |= {"rules-TOTAL_FORMS": len(rows), "rules-INITIAL_FORMS": len(rows), "then": ""}
    for place, row in enumerate(rows):
        values = {
            "pk": row.pk,
            "position": place,
            "target": row.target,
            "kind": "source",
            "source": row.source,
            "steps": "",
            "if_empty": "omit",
        }
        form |= {f"rules-{place}-{name}": value for name, value in values.items()}
    return form | changes


@pytest.mark.parametrize("name", LOOKING)
def test_an_auditor_may_look_but_finds_no_buttons_to_change(auditor: Client, name: str) -> None:
    mapping = make_live()
    draft_of(mapping, by=None)
    page = auditor.get(at(name, mapping))
    assert page.status_code == 200
    for words in (b"Edit draft", b"New draft", b"Publish draft", b"Make live", b"Discard"):
        assert words not in page.content


@pytest.mark.parametrize(
    ("name", "more"),
    [("draft", ()), ("draft_new", ()), ("draft_discard", ()), ("publish", ()), ("rollback", ()), ("make_live", (1,)), ("copy", ())],
)
def test_an_auditor_may_not_change_anything(auditor: Client, name: str, more: tuple[int, ...]) -> None:
    mapping = make_live()
    draft_of(mapping, by=None)
    assert auditor.post(at(name, mapping, *more), {"comment": "x"}).status_code == 403
    assert auditor.post(reverse("admin:mappings_mapping_import")).status_code == 403


def test_nobody_sees_anything_without_logging_in(client: Client) -> None:
    answer = client.get(at("draft", make_draft().mapping))
    assert answer.status_code == 302
    assert "login" in answer["Location"]


def test_the_list_shows_what_is_live_and_what_is_edited(mapper: Client) -> None:
    draft_of(make_live(), by=None)
    make_draft("other")
    page = mapper.get(reverse("admin:mappings_mapping_changelist")).content.decode()
    for words in ("version 1", "nothing yet", "being edited", "success of another delivery", "ChannelAdvisor: Mark order as taken"):
        assert words in page


def test_the_list_asks_the_same_number_of_queries_for_any_length(mapper: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            mapper.get(reverse("admin:mappings_mapping_changelist"))
        return len(seen)

    make_live("first")
    queries()
    few = queries()
    for number in range(12):
        make_live(f"m{number}")
    assert queries() == few


def test_the_list_names_the_flows_of_each_mapping_and_keeps_nothing_of_a_request(mapper: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    used = make_live("used")
    make_live("idle")

    class Keeper:
        def flows(self, mapping_ids: list[int]) -> dict[int, list[tuple[str, str]]]:
            return {pk: [("Orders of the shop", "/flow/1/")] for pk in mapping_ids if pk == used.pk}

    monkeypatch.setattr(samples, "_providers", [Keeper()])
    page = mapper.get(reverse("admin:mappings_mapping_changelist")).content.decode()
    assert page.count("Orders of the shop") == 1
    assert "Orders of the shop" not in str(vars(admin.site.get_model_admin(Mapping)))


def test_a_new_mapping_starts_with_a_draft(mapper: Client) -> None:
    form = {"name": "New", "slug": "new", "source": "channeladvisor/orders", "target": "tims/sales_orders"}
    assert mapper.post(reverse("admin:mappings_mapping_add"), form).status_code == 302
    mapping = Mapping.objects.get(slug="new")
    assert (mapping.source_stream, mapping.target_operation, mapping.versions.get().state) == ("orders", "sales_orders", "draft")


def test_the_sides_of_a_live_mapping_stand(mapper: Client) -> None:
    mapping = make_live()
    form = {"name": "Renamed", "slug": "other", "source": "channeladvisor/orders", "target": "tims/customers"}
    assert mapper.post(at("change", mapping), form).status_code == 302
    mapping.refresh_from_db()
    assert (mapping.name, mapping.slug, mapping.source_stream, mapping.target_operation) == ("Renamed", "ack", "", "acknowledge_order")


def test_a_target_that_does_not_exist_is_refused(mapper: Client) -> None:
    form = {"name": "New", "slug": "new", "source": "", "target": "tims/nothing"}
    assert mapper.post(reverse("admin:mappings_mapping_add"), form).status_code == 200
    assert not Mapping.objects.exists()


def test_a_draft_is_started_edited_and_published(mapper: Client) -> None:
    mapping = make_live()
    assert mapper.get(at("draft_new", mapping)).status_code == 302
    assert not mapping.versions.filter(state="draft").exists()
    mapper.post(at("draft_new", mapping))
    draft = mapping.versions.get(state="draft")
    page = mapper.get(at("draft", mapping)).content.decode()
    assert 'value="ChannelAdvisorOrderID"' in page
    assert "trim(50)" in page
    saved = mapper.post(at("draft", mapping), posted(draft, **{"rules-1-steps": "trim(20) | upper"}), follow=True)
    assert b"1 rule saved. The draft can be published." in saved.content
    assert draft.rules.last().steps == [{"name": "trim", "args": {"length": 20}}, {"name": "upper", "args": {}}]
    asked = mapper.get(at("publish", mapping)).content.decode()
    assert "trim(50)" in asked
    assert "trim(20) | upper" in asked
    mapper.post(at("publish", mapping), {"comment": "capitals"})
    mapping.refresh_from_db()
    assert (mapping.live.number, mapping.live.comment, mapping.live.published_by.username) == (2, "capitals", "mapper")


def test_a_rule_that_does_not_work_is_saved_and_marked_but_not_published(mapper: Client) -> None:
    draft = make_draft()
    changes = {"rules-1-source": "Vanished", "rules-0-DELETE": "on"}
    page = mapper.post(at("draft", draft.mapping), posted(draft, **changes), follow=True).content.decode()
    assert "2 things are to be done before publishing" in page
    assert "The source has no field Vanished" in page
    assert 'data-add-target="ChannelAdvisorOrderID"' in page
    answer = mapper.post(at("publish", draft.mapping), {"comment": "x"})
    assert answer.status_code == 422
    assert Mapping.objects.get().live is None


def test_steps_that_are_not_understood_keep_what_was_typed(mapper: Client) -> None:
    draft = make_draft()
    answer = mapper.post(at("draft", draft.mapping), posted(draft, **{"rules-1-steps": "trim(("}))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "trim((" in page
    assert "at character 6" in page
    assert MappingRule.objects.get(target="SellerOrderID").steps == [{"name": "trim", "args": {"length": 50}}]


def test_a_stale_editor_saves_nothing(mapper: Client) -> None:
    draft = make_draft()
    mapper.post(at("draft", draft.mapping), posted(draft, **{"rules-0-note": "first"}))
    page = mapper.post(at("draft", draft.mapping), posted(draft, revision=1, **{"rules-0-note": "second"}), follow=True)
    assert b"mapper changed this draft while you were editing" in page.content
    assert draft.rules.first().note == "first"


@pytest.mark.parametrize(
    "broken", [{"rules-TOTAL_FORMS": "x"}, {"rules-TOTAL_FORMS": "99999"}, {"rules-0-kind": "magic"}, {"rules-0-target": "\x00"}]
)
def test_a_broken_form_is_refused_without_an_error_page(mapper: Client, broken: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for bound in ("max_num", "absolute_max"):
        monkeypatch.setattr(f"mappings.forms._FORMS.{bound}", 20)
    draft = make_draft()
    assert mapper.post(at("draft", draft.mapping), posted(draft, **broken)).status_code == 422
    assert draft.rules.count() == 2


def test_rules_keep_the_order_of_their_positions(mapper: Client) -> None:
    draft = make_draft()
    mapper.post(at("draft", draft.mapping), posted(draft, **{"rules-0-position": "5", "rules-1-position": "1"}))
    assert [rule.target for rule in draft.rules.all()] == ["SellerOrderID", "ChannelAdvisorOrderID"]


def test_a_constant_and_a_formula_replace_the_field(mapper: Client) -> None:
    draft = make_draft()
    changes = {"rules-0-kind": "constant", "rules-0-constant": "7", "rules-1-kind": "formula", "rules-1-formula": "UPPER(TargetKey)"}
    mapper.post(at("draft", draft.mapping), posted(draft, **changes))
    found = [(rule.source, rule.constant, rule.formula) for rule in draft.rules.all()]
    assert found == [("", "7", ""), ("", None, "UPPER(TargetKey)")]


def test_going_back_asks_first_and_acts_once(mapper: Client) -> None:
    mapping = make_live()
    publish(draft_of(mapping, by=None), by=None, comment="second")
    assert b"becomes live at once" in mapper.get(at("rollback", mapping)).content
    mapper.post(at("rollback", mapping), {"live": "2"})
    mapping.refresh_from_db()
    assert mapping.live.number == 1
    again = mapper.post(at("rollback", mapping), {"live": "2"}, follow=True)
    assert b"no earlier published version" in again.content
    mapper.post(at("make_live", mapping, 2), {"live": "1"})
    mapping.refresh_from_db()
    assert mapping.live.number == 2


def test_a_published_version_is_shown_without_any_input(mapper: Client) -> None:
    page = mapper.get(at("version", make_live(), 1)).content.decode()
    assert "never changes" in page
    assert "rules-0-target" not in page


def test_a_version_that_does_not_exist_leads_back_with_words(mapper: Client) -> None:
    mapping = make_live()
    for name in ("version", "export", "make_live"):
        assert b"has no version 9" in mapper.get(at(name, mapping, 9), follow=True).content


def test_a_mapping_is_exported_and_imported(mapper: Client) -> None:
    mapping = make_live()
    file = mapper.get(at("export", mapping, 1))
    assert 'filename="ack-v1.json"' in file["Content-Disposition"]
    changed = json.loads(file.content) | {"slug": "other"}
    upload = SimpleUploadedFile("other.json", json.dumps(changed).encode())
    page = mapper.post(reverse("admin:mappings_mapping_import"), {"file": upload}, follow=True)
    assert b"is new; its 2 rules are a draft" in page.content


@pytest.mark.parametrize("content", [b"", b"{", b"\x00\xff", b'{"rules": []}'])
def test_importing_a_bad_file_says_why(mapper: Client, content: bytes) -> None:
    answer = mapper.post(reverse("admin:mappings_mapping_import"), {"file": SimpleUploadedFile("x.json", content)})
    assert answer.status_code == 422
    assert not Mapping.objects.exists()


def test_a_copy_is_made_under_another_name(mapper: Client) -> None:
    mapping = make_live()
    assert b"exists already" in mapper.post(at("copy", mapping), {"name": "X", "slug": "ack"}).content
    mapper.post(at("copy", mapping), {"name": "X", "slug": "x"})
    assert Mapping.objects.get(slug="x").versions.get().rules.count() == 2


def test_discarding_a_draft_asks_first(mapper: Client) -> None:
    mapping = make_live()
    draft_of(mapping, by=None)
    assert b"thrown away" in mapper.get(at("draft_discard", mapping)).content
    assert mapping.versions.count() == 2
    mapper.post(at("draft_discard", mapping))
    assert mapping.versions.count() == 1


def test_try_shows_a_pasted_record_rule_by_rule(mapper: Client) -> None:
    record = json.dumps({"SourceKey": "x<b>", "TargetKey": "SO-1"})
    page = mapper.post(at("try", make_draft().mapping), {"record": record}).content.decode()
    assert "SO-1" in page
    assert "x&lt;b&gt;" in page
    assert "would not be sent as it is" in page


def test_try_refuses_what_is_not_a_record(mapper: Client) -> None:
    answer = mapper.post(at("try", make_draft().mapping), {"record": "[1"})
    assert answer.status_code == 422
    assert b"This is not JSON" in answer.content


def test_try_runs_a_stored_record_and_says_that_it_is_masked(mapper: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "_providers", [Known()])
    address = at("try", make_draft().mapping)
    page = mapper.get(f"{address}?sample=1").content.decode()
    assert "makes a complete payload of order 7" in page
    assert "masked" in page
    assert b"not stored any more" in mapper.get(f"{address}?sample=2").content


def test_the_largest_starter_opens_in_few_queries(mapper: Client) -> None:
    load_starters()
    mapping = Mapping.objects.get(slug="ca-order-to-tims-sales-order")
    draft_of(mapping, by=None)
    for name in ("draft", "publish", "compare"):
        with CaptureQueriesContext(connection) as seen:
            assert mapper.get(at(name, mapping)).status_code == 200
        assert len(seen) < 30, name


def test_who_changed_what_names_the_person_even_after_a_draft_was_discarded(mapper: Client) -> None:
    mapping = make_live()
    draft = draft_of(mapping, by=None)
    mapper.post(at("draft", mapping), posted(draft, **{"rules-1-steps": "upper"}))
    mapper.post(at("draft_discard", mapping))
    page = mapper.get(at("changes", mapping)).content.decode()
    assert "mapper" in page
    assert "removed" in page


def test_a_mapping_that_was_never_live_can_be_deleted_and_a_live_one_not(mapper: Client) -> None:
    live, unused = make_live(), make_draft("unused").mapping
    assert mapper.post(at("delete", unused), {"post": "yes"}).status_code == 302
    assert mapper.post(at("delete", live), {"post": "yes"}).status_code == 403
    assert list(Mapping.objects.values_list("slug", flat=True)) == ["ack"]


def test_the_history_of_a_mapping_opens(mapper: Client) -> None:
    mapping = make_live()
    add_rules(draft_of(mapping, by=None), [{"target": "X", "source": "Y", "position": 9}])
    page = mapper.get(at("history", mapping), follow=True).content.decode()
    assert "version 1 published: first" in page
