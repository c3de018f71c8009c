"""Posting rules for accountants: read, edited as a draft, tried, published, taken back, carried in files."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from hub.models import KnownRecord
from reconciliation.engine import drafts, rules
from reconciliation.models import AccountRule, Books, PostingRule, PostingRuleSet, PostingRuleVersion
from tests import factories
from tests.hub.admin.reading import words
from tests.reconciliation import rows

pytestmark = pytest.mark.django_db
LIST = "admin:reconciliation_postingruleset_changelist"
RULE = {"act": "rule", "transaction_type": "Other", "amount_type": "Space Fee", "amount_description": "", "category": "fee_other"}


def client(role: str = "Accountant") -> Client:
    made = Client()
    made.force_login(factories.user(role), backend="django.contrib.auth.backends.ModelBackend")
    return made


def at(name: str, rule_set: PostingRuleSet, *parts: object) -> str:
    return reverse(f"admin:reconciliation_postingruleset_{name}", args=[rule_set.pk, *parts])


def file(content: bytes, name: str = "rules.json") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def document(**changed: Any) -> dict[str, Any]:
    rule = {"transaction_type": "Order", "amount_type": "ItemPrice", "amount_description": "Principal", "category": "sales"}
    return {"format": 1, "rules": [rule], "accounts": [{"category": "sales", "account": "4000"}], **changed}


@pytest.fixture
def amazon(db: None) -> PostingRuleSet:
    """The rules that ship with the product, published as version 1."""
    return rules.load_starter(now=rows.NOW)


@pytest.fixture
def draft(amazon: PostingRuleSet) -> PostingRuleVersion:
    return drafts.begin(amazon)


class TestRights:
    @pytest.mark.parametrize("name", ["draft", "effect", "publish", "import"])
    @pytest.mark.parametrize("role", ["Operator", "Auditor"])
    def test_who_may_only_look_edits_nothing(self, draft: PostingRuleVersion, name: str, role: str) -> None:
        by = client(role)
        assert by.get(at(name, draft.rule_set)).status_code == 403
        assert by.post(at(name, draft.rule_set), RULE).status_code == 403

    @pytest.mark.parametrize("name", ["begin", "discard", "kinds_add"])
    def test_no_button_works_without_the_right(self, draft: PostingRuleVersion, name: str) -> None:
        assert client("Auditor").post(at(name, draft.rule_set), {"confirmed": "yes"}).status_code == 403
        assert PostingRuleVersion.objects.filter(state="draft").exists()

    def test_an_auditor_reads_every_version_without_a_button(self, amazon: PostingRuleSet) -> None:
        by = client("Auditor")
        page = words(by.get(at("change", amazon)))
        assert "Version 1" in page
        assert "Edit as a draft" not in page
        assert "Marketplace clearing" in words(by.get(at("version", amazon, 1)))

    def test_a_look_at_a_button_changes_nothing(self, amazon: PostingRuleSet) -> None:
        assert client().get(at("begin", amazon)).status_code == 302
        assert not PostingRuleVersion.objects.filter(state="draft").exists()

    def test_nobody_without_a_role_sees_them(self, amazon: PostingRuleSet) -> None:
        assert client("").get(at("change", amazon)).status_code == 403
        assert Client().get(at("version", amazon, 1)).status_code == 302


class TestTheList:
    def test_an_empty_one_offers_the_rules_that_ship_with_the_product(self) -> None:
        by = client()
        assert "Load the rules that ship with the product" in words(by.get(reverse(LIST)))
        by.post(reverse("admin:reconciliation_postingruleset_starter"))
        by.post(reverse("admin:reconciliation_postingruleset_starter"))
        assert PostingRuleVersion.objects.get().state == "published"

    def test_names_the_version_in_force_and_who_uses_it_in_the_same_number_of_queries(self, amazon: PostingRuleSet) -> None:
        rows.books(rules=amazon)
        by = client()
        by.get(reverse(LIST))
        with CaptureQueriesContext(database) as few:
            page = words(by.get(reverse(LIST)))
        assert "Version 1" in page
        assert str(Books.objects.get().source) in page
        for number in range(3):
            other = PostingRuleSet.objects.create(slug=f"s{number}", name=f"Set {number}")
            rows.books(rules=other)
            drafts.begin(other)
        with CaptureQueriesContext(database) as many:
            by.get(reverse(LIST))
        assert len(many) == len(few)

    def test_a_set_of_ones_own_begins_empty(self) -> None:
        by = client("Administrator")
        answer = by.post(reverse("admin:reconciliation_postingruleset_add"), {"name": "eBay", "slug": "ebay"}, follow=True)
        assert "Begin a draft" in words(answer)


class TestAVersion:
    def test_is_searched_by_category_marketplace_and_account(self, amazon: PostingRuleSet) -> None:
        page = words(client().get(at("version", amazon, 1), {"q": "Amazon.de"}))
        assert "2200" in page
        assert "FBAPerUnitFulfillmentFee" not in page
        assert "Nothing fits" in words(client().get(at("version", amazon, 1), {"q": "<script>"}))

    def test_that_is_not_there_leads_back_with_words(self, amazon: PostingRuleSet) -> None:
        assert "has no version 99" in words(client().get(at("version", amazon, 99), follow=True))


class TestTheDraft:
    def test_begun_twice_is_one(self, amazon: PostingRuleSet) -> None:
        by = client()
        for _ in range(2):
            page = words(by.post(at("begin", amazon), follow=True))
        assert "Draft 2 of" in page
        assert PostingRuleVersion.objects.count() == 2
        assert PostingRule.objects.filter(version__number=2).count() == PostingRule.objects.filter(version__number=1).count()

    def test_gets_a_rule_which_is_kept_with_its_author(self, draft: PostingRuleVersion) -> None:
        page = words(client().post(at("draft", draft.rule_set), RULE, follow=True))
        assert "Saved: Other / Space Fee / any" in page
        assert draft.rules.get(amount_type="Space Fee").category == "fee_other"
        assert "Space Fee" in LogEntry.objects.get().get_change_message()

    def test_refuses_the_same_rule_twice(self, draft: PostingRuleVersion) -> None:
        by = client()
        by.post(at("draft", draft.rule_set), RULE)
        answer = by.post(at("draft", draft.rule_set), {**RULE, "category": "sales"})
        assert answer.status_code == 422
        assert "There is a row for this already" in words(answer)

    @pytest.mark.parametrize("changed", [{"category": "loot"}, {"amount_type": ""}, {"amount_type": "x" * 300}, {"amount_type": "a\x00b"}])
    def test_refuses_what_is_no_rule(self, draft: PostingRuleVersion, changed: dict[str, str]) -> None:
        before = draft.rules.count()
        assert client().post(at("draft", draft.rule_set), {**RULE, **changed}).status_code == 422
        assert draft.rules.count() == before

    def test_changes_a_rule_in_place(self, draft: PostingRuleVersion) -> None:
        row = draft.rules.filter(category="fee_storage").first()
        assert row is not None
        given = {"act": "rule", "transaction_type": row.transaction_type, "amount_type": row.amount_type,
                 "amount_description": row.amount_description, "category": "fee_other"}  # fmt: skip
        client().post(f"{at('draft', draft.rule_set)}?rule={row.pk}", given)
        row.refresh_from_db()
        assert row.category == "fee_other"

    def test_never_changes_a_row_of_another_version(self, draft: PostingRuleVersion) -> None:
        live = PostingRule.objects.filter(version__number=1).first()
        assert live is not None
        by = client()
        assert "not there any more" in words(by.post(at("draft", draft.rule_set), {"act": "remove_rule", "row": live.pk}, follow=True))
        by.post(f"{at('draft', draft.rule_set)}?rule={live.pk}", RULE)
        before = live.category
        live.refresh_from_db()
        assert (live.category, live.version.number) == (before, 1)

    @pytest.mark.parametrize("row", ["", "x", "999999999999", "-1", "²"])
    def test_a_row_that_is_none_is_said_to_be_gone(self, draft: PostingRuleVersion, row: str) -> None:
        page = words(client().post(at("draft", draft.rule_set), {"act": "remove_rule", "row": row}, follow=True))
        assert "not there any more" in page

    def test_removed_twice_is_removed_once(self, draft: PostingRuleVersion) -> None:
        row, by, before = draft.rules.first(), client(), draft.rules.count()
        assert row is not None
        for _ in range(2):
            by.post(at("draft", draft.rule_set), {"act": "remove_rule", "row": row.pk})
        assert draft.rules.count() == before - 1

    def test_says_what_keeps_it_from_being_published(self, draft: PostingRuleVersion) -> None:
        draft.accounts.filter(category="sales", marketplace="").delete()
        by = client()
        assert "Sales (sales) has no account for all marketplaces" in words(by.get(at("draft", draft.rule_set)))
        page = words(by.post(at("publish", draft.rule_set), {"comment": "x"}, follow=True))
        assert "has no account" in page
        draft.refresh_from_db()
        assert draft.state == "draft"

    def test_offers_the_accounts_that_the_erp_has_told_and_warns_of_others(self, draft: PostingRuleVersion) -> None:
        books = rows.books(rules=draft.rule_set)
        for code, usable in (("4000", True), ("4711", True), ("6666", False)):
            KnownRecord.objects.create(
                connection=books.target, stream="gl_accounts", key=code, folded=code, label=f"Name {code}", usable=usable, seen_at=rows.NOW
            )
        by = client()
        page = words(by.get(at("draft", draft.rule_set)))
        assert "4711 Name 4711" in page
        assert "6666" not in page
        assert "Not among the active accounts that the ERP has told: 1010, " in page
        given = {"act": "account", "category": "sales", "marketplace": "Amazon.de", "fulfilment": "AFN", "account": "6666"}
        assert by.post(at("draft", draft.rule_set), given).status_code == 422
        by.post(at("draft", draft.rule_set), {**given, "account": "4711"})
        assert AccountRule.objects.get(version=draft, category="sales", marketplace="Amazon.de").account == "4711"

    def test_takes_the_switch_of_the_facilitated_tax(self, draft: PostingRuleVersion) -> None:
        client().post(at("draft", draft.rule_set), {"act": "tax", "on": "no"})
        draft.refresh_from_db()
        assert not draft.book_facilitator_tax

    def test_discarded_is_gone_after_a_question_and_what_is_live_stays(self, draft: PostingRuleVersion) -> None:
        by = client()
        assert "thrown away" in words(by.post(at("discard", draft.rule_set)))
        by.post(at("discard", draft.rule_set), {"confirmed": "yes"})
        assert [one.state for one in PostingRuleVersion.objects.all()] == ["published"]
        assert "There is no draft" in words(by.get(at("draft", draft.rule_set), follow=True))


class TestPublishing:
    def given(self, draft: PostingRuleVersion, **changed: str) -> dict[str, str]:
        return {"comment": "Space fees apart", "mark": drafts.mark(draft), **changed}

    def test_shows_the_difference_first_and_keeps_comment_and_author(self, draft: PostingRuleVersion) -> None:
        by = client()
        by.post(at("draft", draft.rule_set), RULE)
        assert "Space Fee" in words(by.get(at("publish", draft.rule_set)))
        by.post(at("publish", draft.rule_set), self.given(draft))
        draft.refresh_from_db()
        assert (draft.state, draft.note) == ("published", "Space fees apart")
        assert draft.published_by is not None
        page = words(by.get(at("change", draft.rule_set)))
        assert "Space fees apart" in page
        assert draft.published_by.username in page

    def test_twice_is_once(self, draft: PostingRuleVersion) -> None:
        by, given = client(), self.given(draft)
        by.post(at("publish", draft.rule_set), given)
        assert "There is no draft" in words(by.post(at("publish", draft.rule_set), given, follow=True))
        assert PostingRuleVersion.objects.filter(state="published").count() == 1

    def test_is_refused_when_somebody_changed_the_draft_meanwhile(self, draft: PostingRuleVersion) -> None:
        by, given = client(), self.given(draft)
        by.post(at("draft", draft.rule_set), RULE)
        assert "changed the draft meanwhile" in words(by.post(at("publish", draft.rule_set), given, follow=True))
        draft.refresh_from_db()
        assert draft.state == "draft"

    @pytest.mark.parametrize("comment", ["", "  ", "x" * 201])
    def test_wants_a_comment(self, draft: PostingRuleVersion, comment: str) -> None:
        assert client().post(at("publish", draft.rule_set), self.given(draft, comment=comment)).status_code == 422

    def test_goes_back_to_an_earlier_version_in_one_step(self, draft: PostingRuleVersion) -> None:
        by = client()
        draft.rules.filter(category="fee_storage").delete()
        by.post(at("publish", draft.rule_set), self.given(draft))
        assert "published again" in words(by.post(at("roll_back", draft.rule_set, 1)))
        by.post(at("roll_back", draft.rule_set, 1), {"confirmed": "yes", "reason": "Storage was missing"})
        live = PostingRuleVersion.objects.get(state="published")
        assert (live.number, live.note) == (3, "As version 1: Storage was missing")
        assert live.rules.filter(category="fee_storage").exists()

    def test_does_not_go_back_over_somebodys_draft(self, draft: PostingRuleVersion) -> None:
        given = {"confirmed": "yes", "reason": "x"}
        assert "is being edited" in words(client().post(at("roll_back", draft.rule_set, 1), given, follow=True))


class TestTheEffect:
    def test_names_the_lines_that_would_go_elsewhere(self, draft: PostingRuleVersion) -> None:
        books = rows.books(rules=draft.rule_set)
        rows.matched(("Order/ItemPrice/Principal", "100.00"), ("Order/ItemFees/Commission", "-15.00"), connection=books.source)
        draft.accounts.filter(category="fee_commission").update(account="6199")
        page = words(client().get(at("effect", draft.rule_set)))
        assert "Commission (6100)" in page
        assert "Commission (6199)" in page
        assert "−15.00 USD" in page
        assert "100.00" not in page

    def test_needs_no_more_queries_for_more_settlements(self, draft: PostingRuleVersion) -> None:
        books = rows.books(rules=draft.rule_set)
        draft.accounts.update(account="1")
        by = client()
        counts = []
        for _ in range(2):
            rows.matched(("Order/ItemPrice/Principal", "100.00"), connection=books.source)
            by.get(at("effect", draft.rule_set))
            with CaptureQueriesContext(database) as asked:
                by.get(at("effect", draft.rule_set))
            counts.append(len(asked))
        assert counts[0] == counts[1]


class TestKindsWithoutARule:
    def test_are_listed_with_what_they_resemble_and_get_a_rule_in_the_draft(self, amazon: PostingRuleSet) -> None:
        kind = rows.kind("ServiceFee", "FBA Inventory Storage Charge", "Base fee")
        by = client()
        assert "FBA Inventory Storage Charge" in words(by.get(at("kinds", amazon)))
        page = words(by.post(at("kinds_add", amazon), {"kind": kind.pk, "category": "fee_storage"}, follow=True))
        assert "Draft 2 has the rule" in page
        assert "Every kind of line has a rule" in page
        assert PostingRule.objects.get(version__number=2, amount_type="FBA Inventory Storage Charge").category == "fee_storage"

    @pytest.mark.parametrize("given", [{"category": "loot"}, {"kind": "999999"}, {"kind": "x"}, {}])
    def test_nothing_is_added_for_what_is_not_offered(self, amazon: PostingRuleSet, given: dict[str, str]) -> None:
        kind = rows.kind("New", "New", "New")
        page = words(client().post(at("kinds_add", amazon), {"kind": str(kind.pk), **given}, follow=True))
        assert "Nothing was added" in page
        assert not PostingRuleVersion.objects.filter(state="draft").exists()


class TestFiles:
    def test_come_back_as_they_went(self, amazon: PostingRuleSet) -> None:
        by = client()
        raw = b"".join(by.get(at("export", amazon, 1, "json")))
        page = words(by.post(at("import", amazon), {"file": file(raw), "mode": "replace"}))
        assert "0 things would change" in page

    @pytest.mark.parametrize("kind", ["rules.csv", "accounts.csv"])
    def test_come_back_from_csv_as_well(self, amazon: PostingRuleSet, kind: str) -> None:
        by = client()
        raw = words(by.get(at("export", amazon, 1, kind))).encode()
        assert "0 things would change" in words(by.post(at("import", amazon), {"file": file(raw, kind), "mode": "replace"}))

    def test_are_shown_before_they_become_the_draft(self, amazon: PostingRuleSet) -> None:
        by = client()
        raw = json.dumps(document(accounts=[{"category": "sales", "account": "4999"}])).encode()
        answer = by.post(at("import", amazon), {"file": file(raw), "mode": "add"})
        assert "<del>4000</del>" in words(answer)
        assert not PostingRuleVersion.objects.filter(state="draft").exists()
        given = {"content": answer.context_data["content"], "mark": answer.context_data["mark"]}
        assert "Draft 2 holds what the file says" in words(by.post(at("import", amazon), given, follow=True))
        assert AccountRule.objects.get(version__number=2, category="sales", marketplace="").account == "4999"
        assert PostingRule.objects.filter(version__number=2).count() == PostingRule.objects.filter(version__number=1).count()

    def test_are_not_imported_over_what_somebody_changed_meanwhile(self, amazon: PostingRuleSet) -> None:
        by = client()
        answer = by.post(at("import", amazon), {"file": file(json.dumps(document()).encode()), "mode": "replace"})
        drafts.begin(amazon)
        given = {"content": answer.context_data["content"], "mark": answer.context_data["mark"]}
        assert "changed the rules meanwhile" in words(by.post(at("import", amazon), given, follow=True))
        assert PostingRule.objects.filter(version__number=2).count() > 1

    @pytest.mark.parametrize(
        ("content", "name", "told"),
        [
            (b" ", "a.json", "empty"),
            (b"\xff\xd8\xff\xe0", "a.jpg", "must name the columns"),
            (b"{" * 100_000, "a.json", "posting rules"),
            (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, "a.json", "posting rules"),
            (b'{"format": 2, "rules": [], "accounts": []}', "a.json", "posting rules"),
            (json.dumps(document(rules=[{"amount_type": 7, "category": "sales"}])).encode(), "a.json", "rules[0].amount_type"),
            (json.dumps(document(rules=[{"amount_type": "a", "category": "loot"}])).encode(), "a.json", "no category “loot”"),
            (json.dumps(document(rules=[{"amount_type": "a\u0000", "category": "sales"}])).encode(), "a.json", "cannot be printed"),
            (json.dumps(document(rules=[{"amount_type": "a" * 999, "category": "sales"}])).encode(), "a.json", "too long"),
            (json.dumps(document(accounts=[{"category": "sales", "account": one} for one in "12"])).encode(), "a.json", "two accounts"),
            (b"category,account,marketplace,fulfilment\nsales,=1+1,,\n", "a.csv", "formula"),
            (b"category,account,marketplace,fulfilment\n", "a.csv", "no rows"),
            (b"x" * (2 * 1024 * 1024 + 1), "a.csv", "larger than 2 MB"),
            (b"PK\x03\x04 broken", "a.xlsx", "damaged"),
            (b"category,account,marketplace,fulfilment\n" + b"sales,1,m,f\n" * 5001, "a.csv", "more than 5,000 rows"),
        ],
    )  # fmt: skip
    def test_that_are_hostile_or_broken_are_refused_in_words(self, amazon: PostingRuleSet, content: bytes, name: str, told: str) -> None:
        answer = client().post(at("import", amazon), {"file": file(content, name), "mode": "add"})
        assert answer.status_code == 422
        assert told in words(answer)
        assert not PostingRuleVersion.objects.filter(state="draft").exists()

    @pytest.mark.parametrize(
        "content", ['{"format": 1, "rules": 7, "accounts": []}', "category,account,marketplace,fulfilment\nsales,1,,\n", "", "\ud800"]
    )
    def test_a_preview_that_was_tampered_with_is_checked_anew(self, amazon: PostingRuleSet, content: str) -> None:
        given = {"content": content.encode("utf-8", "replace").decode(), "mark": drafts.mark(drafts.published(amazon))}
        assert "Nothing was imported" in words(client().post(at("import", amazon), given, follow=True))
        assert not PostingRuleVersion.objects.filter(state="draft").exists()

    def test_no_cell_runs_as_a_formula(self, draft: PostingRuleVersion) -> None:
        drafts.save_row(draft, PostingRule(amount_type='=HYPERLINK("x")', category="sales"))
        assert "'=HYPERLINK" in words(client().get(at("export", draft.rule_set, draft.number, "rules.csv")))

    def test_of_a_kind_that_is_not_offered_are_not_found(self, amazon: PostingRuleSet) -> None:
        assert client().get(at("export", amazon, 1, "exe")).status_code == 404


def test_what_was_published_is_what_settlements_are_posted_by(draft: PostingRuleVersion) -> None:
    books = rows.books(rules=draft.rule_set)
    drafts.publish(draft, comment="x", by=None, now=timezone.now())
    assert rules.in_force(books).pk == draft.pk
