"""Settlements as accountants see them: the list, the workbench, its buttons and what they refuse."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from reconciliation.engine import rules
from reconciliation.models import Books, Discrepancy, JournalEntry, OrderMatch, Settlement
from tests import factories
from tests.reconciliation import rows
from tests.reconciliation.conftest import Erp

pytestmark = pytest.mark.django_db(transaction=True)
SALE = (
    ("Order/ItemPrice/Principal", "100.00"),
    ("Order/ItemFees/Commission", "-15.00"),
    ("ServiceFee/Cost of Advertising/TransactionTotalAmount", "-5.00"),
)
LIST = "admin:reconciliation_settlement_changelist"


def client(role: str = "superuser") -> Client:
    made = Client()
    made.force_login(factories.user(role), backend="django.contrib.auth.backends.ModelBackend")
    return made


def seen(by: Client, settlement: Settlement, **query: str) -> str:
    answer = by.get(reverse("admin:reconciliation_settlement_change", args=[settlement.pk]), query)
    assert answer.status_code == 200
    return answer.content.decode()


def pressed(by: Client, settlement: Settlement, act: str, **more: str) -> str:
    answer = by.post(reverse("admin:reconciliation_settlement_act", args=[settlement.pk]), {"act": act, **more}, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def difference(settlement: Settlement, amount: str, **fields: Any) -> Discrepancy:
    values: dict[str, Any] = {
        "level": "order",
        "code": "short_paid",
        "order_id": "112-1",
        "words": "Shipping: 1.00 short.",
        "created_at": rows.NOW,
    }
    return Discrepancy.objects.create(settlement=settlement, amount=Decimal(amount), **{**values, **fields})


@pytest.fixture
def books(erp: Erp) -> Books:
    return rows.books(target=erp.connection, rules=rules.load_starter(now=rows.NOW))


@pytest.fixture
def settlement(books: Books) -> Settlement:
    return rows.matched(*SALE, connection=books.source)


class TestTheList:
    def test_shows_the_payout_and_that_nothing_is_unexplained(self, settlement: Settlement) -> None:
        page = client().get(reverse(LIST)).content.decode()
        assert settlement.settlement_id in page
        assert "80.00 USD" in page
        assert "0.00 USD" in page

    def test_adds_up_what_is_unexplained_whatever_its_sign(self, settlement: Settlement) -> None:
        difference(settlement, "-1.00")
        difference(settlement, "2.50", order_id="112-2")
        difference(settlement, "9.00", order_id="112-3", state="accepted")
        assert "3.50 USD" in client().get(reverse(LIST)).content.decode()

    def test_has_words_for_those_who_have_none_yet(self) -> None:
        assert "Upload a settlement file" in client().get(reverse(LIST)).content.decode()

    def test_asks_as_many_questions_for_many_settlements_as_for_one(self, settlement: Settlement) -> None:
        by = client()
        by.get(reverse(LIST))
        with CaptureQueriesContext(database) as few:
            by.get(reverse(LIST))
        for _ in range(5):
            difference(rows.matched(*SALE, connection=settlement.connection), "1.00")
        with CaptureQueriesContext(database) as many:
            by.get(reverse(LIST))
        assert len(many) == len(few)

    def test_finds_the_settlement_of_an_order(self, settlement: Settlement) -> None:
        other = rows.matched(*SALE, connection=settlement.connection)
        OrderMatch.objects.create(settlement=other, order_id="112-4455667-7788990", total=Decimal(1))
        page = client().get(reverse(LIST), {"q": "112-4455667-7788990"}).content.decode()
        assert other.settlement_id in page
        assert settlement.settlement_id not in page


class TestTheWorkbench:
    def test_tells_where_the_money_went_before_anything_is_prepared(self, settlement: Settlement) -> None:
        page = seen(client(), settlement)
        assert "Cost of Advertising" in page
        assert "100.00" in page

    def test_names_categories_once_journals_are_prepared(self, settlement: Settlement) -> None:
        by = client()
        pressed(by, settlement, "prepare")
        page = seen(by, settlement)
        assert "Commission" in page
        assert "Advertising" in page
        assert "−15.00" in page

    def test_the_way_to_the_payout_goes_by_the_rules_in_force_before_anything_is_prepared(self, settlement: Settlement) -> None:
        page = seen(client(), settlement)
        assert page.index('money-name">Selling fees') < page.index('money-name">Deposit') < page.index("By category")
        assert "Commission</" in page

    def test_without_rules_it_says_that_nothing_is_in_a_journal(self, settlement: Settlement) -> None:
        Books.objects.update(rules=None)
        assert "Not in a journal yet" in seen(client(), settlement)

    def test_shows_journals_that_balance(self, settlement: Settlement) -> None:
        by = client()
        assert "1 journal prepared" in pressed(by, settlement, "prepare")
        page = seen(by, settlement, section="journals")
        assert page.count("100.00") >= 2

    def test_every_section_opens_when_there_is_nothing(self, books: Books) -> None:
        empty = rows.settlement(connection=books.source)
        for section in ("money", "orders", "exceptions", "journals", "history", "<script>"):
            assert "<script>alert" not in seen(client(), empty, section=section)

    def test_orders_are_shown_by_result(self, settlement: Settlement) -> None:
        OrderMatch.objects.create(settlement=settlement, order_id="112-1", total=Decimal("9.00"), result="short_paid", words="1.00 short.")
        OrderMatch.objects.create(settlement=settlement, order_id="112-2", total=Decimal("9.00"), result="matched")
        page = seen(client(), settlement, section="orders", result="short_paid")
        assert "112-1" in page
        assert "112-2" not in page

    def test_a_page_of_orders_leads_to_the_next(self, settlement: Settlement) -> None:
        OrderMatch.objects.bulk_create(
            OrderMatch(settlement=settlement, order_id=f"112-{number:04d}", total=Decimal(1), result="matched") for number in range(60)
        )
        page = seen(client(), settlement, section="orders")
        assert "112-0049" in page
        assert "112-0050" not in page
        assert "112-0050" in seen(client(), settlement, section="orders", after="112-0049")


class TestTheButtons:
    def test_approving_asks_first_and_then_posts(self, settlement: Settlement, erp: Erp) -> None:
        by = client()
        pressed(by, settlement, "prepare")
        assert "can only be reversed" in pressed(by, settlement, "approve")
        assert "on the way" in pressed(by, settlement, "approve", confirmed="1")
        assert JournalEntry.objects.get().approved_by is not None

    def test_what_was_prepared_anew_behind_the_open_page_is_not_approved(self, settlement: Settlement) -> None:
        by = client()
        pressed(by, settlement, "prepare")
        mark = f'name="seen" value="{JournalEntry.objects.get().pk}"'
        assert mark in seen(by, settlement)
        assert mark in pressed(by, settlement, "approve", seen=str(JournalEntry.objects.get().pk))
        pressed(by, settlement, "prepare")
        told = pressed(by, settlement, "approve", seen=mark.split('"')[3], confirmed="1")
        assert "prepared anew since you looked" in told
        assert not JournalEntry.objects.exclude(approved_by=None).exists()

    def test_a_second_click_on_approve_posts_nothing_twice(self, settlement: Settlement) -> None:
        by = client()
        pressed(by, settlement, "prepare")
        pressed(by, settlement, "approve", confirmed="1")
        assert "cannot be done any more" in pressed(by, settlement, "approve", confirmed="1")

    def test_the_same_person_may_not_approve_where_two_are_wanted(self, settlement: Settlement, books: Books) -> None:
        Books.objects.update(second_person=True)
        by = client()
        pressed(by, settlement, "prepare")
        assert "Another one must approve" in pressed(by, settlement, "approve", confirmed="1")

    def test_whoever_only_looks_has_no_buttons_and_no_effect(self, settlement: Settlement) -> None:
        by = client("Auditor")
        assert 'value="prepare"' not in seen(by, settlement)
        pressed(by, settlement, "prepare")
        assert not JournalEntry.objects.exists()

    def test_discarding_wants_a_reason(self, settlement: Settlement) -> None:
        by = client()
        pressed(by, settlement, "prepare")
        assert "Please say why" in pressed(by, settlement, "discard", confirmed="1", reason="")
        pressed(by, settlement, "discard", confirmed="1", reason="wrong month")
        assert JournalEntry.objects.get().state == JournalEntry.State.DISCARDED

    def test_a_kind_of_line_without_a_rule_is_refused_in_words(self, books: Books) -> None:
        strange = rows.matched(("Order/ItemPrice/Principal", "10.00"), ("Brand New/Thing/Never Seen", "-1.00"), connection=books.source)
        page = pressed(client(), strange, "prepare")
        assert "Never Seen" in page
        assert not JournalEntry.objects.exists()


class TestAReportThatWasIssuedAgain:
    @pytest.fixture
    def again(self, settlement: Settlement) -> Settlement:
        same = {"settlement_id": settlement.settlement_id, "revision": 2, "replaces": settlement, "state": "proposed"}
        return rows.settlement("90.00", connection=settlement.connection, **same)

    def test_shows_what_differs_before_anybody_decides(self, again: Settlement) -> None:
        page = seen(client(), again)
        assert "holds otherwise" in page
        assert "100.00" in page
        assert "90.00" in page

    def test_counts_once_somebody_takes_it_over_and_is_matched_by_a_button(self, settlement: Settlement, again: Settlement) -> None:
        by = client()
        pressed(by, again, "take_over", confirmed="1", reason="Amazon corrected it")
        settlement.refresh_from_db()
        again.refresh_from_db()
        assert (settlement.state, again.state) == ("superseded", "parsed")
        assert "compared with what the hub delivered" in pressed(by, again, "match")

    def test_is_turned_down_with_a_reason(self, settlement: Settlement, again: Settlement) -> None:
        by = client()
        assert "Please say why" in pressed(by, again, "turn_down", confirmed="1", reason="")
        pressed(by, again, "turn_down", confirmed="1", reason="not ours")
        again.refresh_from_db()
        assert again.state == "discarded"


class TestExceptions:
    def test_a_difference_is_accepted_with_a_reason(self, settlement: Settlement) -> None:
        row, by = difference(settlement, "-1.00"), client()
        address = reverse("admin:reconciliation_settlement_exception", args=[settlement.pk, row.pk])
        page = by.post(address, {"act": "accept", "confirmed": "1", "reason": "known rounding"}, follow=True).content.decode()
        assert "your reason is kept" in page
        row.refresh_from_db()
        assert (row.state, row.note) == ("accepted", "known rounding")

    def test_two_people_do_not_decide_the_same_difference(self, settlement: Settlement) -> None:
        row, by = difference(settlement, "-1.00", state="gone"), client()
        address = reverse("admin:reconciliation_settlement_exception", args=[settlement.pk, row.pk])
        page = by.post(address, {"act": "accept", "confirmed": "1", "reason": "late"}, follow=True).content.decode()
        assert "decided about this meanwhile" in page

    def test_whoever_only_looks_cannot_accept(self, settlement: Settlement) -> None:
        row = difference(settlement, "-1.00")
        address = reverse("admin:reconciliation_settlement_exception", args=[settlement.pk, row.pk])
        assert client("Auditor").post(address, {"act": "accept", "confirmed": "1", "reason": "x"}).status_code == 403


class TestLines:
    def test_are_filtered_by_kind_and_order_whatever_the_address_says(self, settlement: Settlement) -> None:
        address = reverse("admin:reconciliation_settlement_lines", args=[settlement.pk])
        kind = rows.kind("Order", "ItemFees", "Commission").pk
        page = client().get(address, {"kind": str(kind)}).content.decode()
        assert "Commission" in page
        assert "Cost of Advertising" not in page
        for hostile in ("-1", "9" * 40, "１２", "' OR 1=1"):
            assert client().get(address, {"kind": hostile, "after": hostile, "order": hostile}).status_code == 200

    def test_are_paged_by_their_number(self, books: Books) -> None:
        long = rows.settlement(*(["1.00"] * 150), connection=books.source)
        by, address = client(), reverse("admin:reconciliation_settlement_lines", args=[long.pk])
        assert "?after=102" in by.get(address).content.decode()
        assert by.get(address, {"after": "102"}).content.decode().count('data-label="Line"') == 50

    def test_are_exported(self, settlement: Settlement) -> None:
        answer = client().get(reverse("admin:reconciliation_settlement_lines_csv", args=[settlement.pk]))
        text = b"".join(answer).decode()  # type: ignore[arg-type]
        assert text.count("\n") == 4
        assert "Commission" in text


def test_a_journal_names_the_lines_behind_each_booking(settlement: Settlement) -> None:
    by = client()
    pressed(by, settlement, "prepare")
    journal = JournalEntry.objects.get()
    page = by.get(reverse("admin:reconciliation_journalentry_change", args=[journal.pk])).content.decode()
    assert "Order / ItemFees / Commission" in page
    assert settlement.file.sha256 in page


class TestOrdersThatDiffer:
    def order(self, settlement: Settlement, **fields: Any) -> OrderMatch:
        values: dict[str, Any] = {"order_id": "112-1", "total": Decimal("9.00"), "difference": Decimal("-1.00"), "result": "short_paid"}
        return OrderMatch.objects.create(settlement=settlement, **{**values, **fields})

    def decided(self, by: Client, row: OrderMatch, act: str, reason: str) -> str:
        address = reverse("admin:reconciliation_settlement_order", args=[row.settlement_id, row.pk])
        return by.post(address, {"act": act, "confirmed": "1", "reason": reason}, follow=True).content.decode()

    def test_count_as_unexplained_until_somebody_accepts_them(self, settlement: Settlement) -> None:
        row, by = self.order(settlement), client()
        assert "1.00 USD" in by.get(reverse(LIST)).content.decode()
        assert "1 order: short paid" in seen(by, settlement, section="exceptions")
        assert "your reason is kept" in self.decided(by, row, "accept", "known shortfall")
        assert "1 order: short paid" not in seen(by, settlement, section="exceptions")

    def test_unknown_orders_count_with_all_their_money(self, settlement: Settlement) -> None:
        self.order(settlement, difference=None, result="unmatched_order")
        assert "9.00 USD" in client().get(reverse(LIST)).content.decode()

    def test_an_acceptance_can_be_taken_back_before_posting(self, settlement: Settlement) -> None:
        row, by = self.order(settlement), client()
        self.decided(by, row, "accept", "too early")
        assert "open again" in self.decided(by, row, "reopen", "it was paid later")
        row.refresh_from_db()
        assert row.accepted_at is None

    def test_are_not_accepted_by_those_who_only_look(self, settlement: Settlement) -> None:
        row = self.order(settlement)
        address = reverse("admin:reconciliation_settlement_order", args=[settlement.pk, row.pk])
        assert client("Auditor").post(address, {"act": "accept", "confirmed": "1", "reason": "x"}).status_code == 403
