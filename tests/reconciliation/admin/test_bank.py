"""Bank lines for people: uploaded by columns, suggested, matched to the cent, taken back."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from reconciliation.models import BankLine, Books, Settlement, Transition
from tests import factories
from tests.hub.admin.reading import words
from tests.reconciliation import rows

pytestmark = pytest.mark.django_db
LIST, UPLOAD, CLEAR = (f"admin:reconciliation_bankline_{name}" for name in ("changelist", "upload", "clear"))
CSV = (
    b"Booking date;Amount;Currency;Description\n"
    b"2026-11-17;80,00;USD;AMAZON PAYOUT\n"
    b"2026-11-18;-9,00;USD;Rent\n"
    b"2026-11-18;1.234,50;USD;Salary\n"
)
COLUMNS = {"currency_code": "usd", "date": "Booking date", "amount": "Amount", "currency": "Currency", "text": ["Description"]}


def client(role: str = "Accountant") -> Client:
    made = Client()
    made.force_login(factories.user(role), backend="django.contrib.auth.backends.ModelBackend")
    return made


def posted(books: Books, total: str, **fields: Any) -> Settlement:
    """A posted settlement that waits for its deposit on 17 November."""
    made = rows.settlement(total, connection=books.source, deposit_at=datetime(2026, 11, 17, tzinfo=UTC), **fields)
    Settlement.objects.filter(pk=made.pk).update(state="matched")
    Settlement.objects.filter(pk=made.pk).update(state="posted")
    made.refresh_from_db()
    return made


def line(books: Books, amount: str, **fields: Any) -> BankLine:
    values: dict[str, Any] = {"reference": f"r{BankLine.objects.count()}", "booked_on": date(2026, 11, 18), "currency": "USD"}
    return BankLine.objects.create(books=books, amount=Decimal(amount), created_at=rows.NOW, **{**values, **fields})


def act(by: Client, row: BankLine, what: str, *settlements: Settlement, **more: str) -> str:
    given = {"act": what, "settlement": [one.pk for one in settlements], "confirmed": "yes", **more}
    return words(by.post(reverse("admin:reconciliation_bankline_act", args=[row.pk]), given, follow=True))


def state(settlement: Settlement) -> str:
    settlement.refresh_from_db()
    return settlement.state


@pytest.fixture
def books(db: None) -> Books:
    return rows.books()


class TestUpload:
    def step(self, by: Client, books: Books, step: str, content: bytes = CSV, **changed: Any) -> str:
        given = {"books": books.pk, "content": base64.b64encode(content).decode(), "step": step, **COLUMNS, **changed}
        return words(by.post(reverse(UPLOAD), given, follow=True))

    def test_offers_the_headings_with_a_guess(self, books: Books) -> None:
        page = words(client().post(reverse(UPLOAD), {"books": books.pk, "file": SimpleUploadedFile("bank.csv", CSV)}))
        assert '<option value="Booking date" selected>' in page
        assert '<option value="Amount" selected>' in page

    def test_shows_what_was_read_before_anything_is_kept(self, books: Books) -> None:
        page = self.step(client(), books, "preview", only="amazon")
        assert "AMAZON PAYOUT" in page
        assert "80.00 USD" in page
        assert "Salary" not in page
        assert "decimal mark is a comma" in page
        assert not BankLine.objects.exists()

    def test_tells_how_many_of_the_open_lines_fit(self, books: Books) -> None:
        posted(books, "80.00")
        assert "1 open line fits in one way only" in self.step(client(), books, "import")

    def test_keeps_money_that_came_in_and_twice_is_once(self, books: Books) -> None:
        by = client()
        assert "2 bank lines imported." in self.step(by, books, "import")
        assert "0 bank lines imported; 2 were there already." in self.step(by, books, "import")
        assert sorted(BankLine.objects.values_list("amount", flat=True)) == [Decimal(80), Decimal("1234.5")]

    @pytest.mark.parametrize(
        "content",
        [b"", b"hello", b"\x00\x01\x02", b"a;b;c\n1;2;3\n", b'a;b;"c\n1;2;3', b"\xff\xfe\x00", b"x" * (3 * 1024 * 1024 + 1)],
    )
    def test_of_what_is_no_statement_is_refused_in_words(self, books: Books, content: bytes) -> None:
        by = client()
        answer = by.post(reverse(UPLOAD), {"books": books.pk, "file": SimpleUploadedFile("bank.csv", content)})
        assert answer.status_code in (200, 422)
        self.step(by, books, "import", content=content[:1000])
        assert not BankLine.objects.exists()

    @pytest.mark.parametrize("changed", [{"date": "Nonsense"}, {"date": ""}, {"currency_code": "dollars"}, {"amount": ""}, {"text": ["x"]}])
    def test_of_columns_that_are_not_there_keeps_nothing(self, books: Books, changed: dict[str, Any]) -> None:
        self.step(client(), books, "import", **changed)
        assert not BankLine.objects.exists()

    def test_that_does_not_come_back_whole_is_asked_for_again(self, books: Books) -> None:
        given = {"books": books.pk, "content": "%%%", "step": "import", **COLUMNS}
        assert "Upload it again" in words(client().post(reverse(UPLOAD), given))

    def test_takes_no_sum_that_cannot_be(self, books: Books) -> None:
        content = b"Booking date,Amount,Currency,Description\n2026-11-17,99999999999999999999.00,USD,x\n2026-11-17,5.00,DOLLARS,y\n"
        self.step(client(), books, "import", content=content)
        assert not BankLine.objects.exists()

    @pytest.mark.parametrize("role", ["Operator", "Auditor"])
    def test_needs_the_right(self, books: Books, role: str) -> None:
        assert client(role).get(reverse(UPLOAD)).status_code == 403
        assert client(role).post(reverse(UPLOAD), {"books": books.pk}).status_code == 403


class TestMatching:
    def test_what_fits_in_one_way_is_matched_after_a_question(self, books: Books) -> None:
        settlement, other = posted(books, "80.00"), posted(books, "12.00")
        line(books, "80.00")
        by = client()
        assert "1 bank line fit" in words(by.post(reverse(CLEAR)))
        assert state(settlement) == "posted"
        by.post(reverse(CLEAR), {"confirmed": "yes"})
        assert (state(settlement), state(other)) == ("deposited", "posted")
        assert "one way only" in words(by.post(reverse(CLEAR), {"confirmed": "yes"}, follow=True))
        made = Transition.objects.get(after="deposited")
        assert made.by is not None

    def test_several_settlements_that_one_transfer_paid_are_suggested_and_matched(self, books: Books) -> None:
        some = [posted(books, "80.00"), posted(books, "20.00")]
        row, by = line(books, "100.00"), client()
        page = words(by.get(reverse("admin:reconciliation_bankline_change", args=[row.pk])))
        assert all(one.settlement_id in page for one in some)
        assert "Matched with" in act(by, row, "match", *some)
        assert {state(one) for one in some} == {"deposited"}

    def test_two_ways_to_read_a_line_are_shown_and_none_is_chosen(self, books: Books) -> None:
        posted(books, "80.00"), posted(books, "80.00")
        row, by = line(books, "80.00"), client()
        by.post(reverse(CLEAR), {"confirmed": "yes"})
        assert not row.matches.exists()
        assert words(by.get(reverse("admin:reconciliation_bankline_change", args=[row.pk]))).count("May have paid") == 2

    def test_a_cent_too_little_is_refused(self, books: Books) -> None:
        settlement, row = posted(books, "80.00"), line(books, "79.99")
        assert "A match must be exact" in act(client(), row, "match", settlement)
        assert state(settlement) == "posted"

    def test_only_a_posted_settlement_of_the_same_account_and_currency_fits(self, books: Books) -> None:
        by = client()
        unposted = rows.settlement("80.00", connection=books.source)
        foreign, euro = posted(rows.books(), "80.00"), posted(books, "80.00", currency="EUR")
        row = line(books, "80.00")
        assert "only a posted one" in act(by, row, "match", unposted)
        assert "of another account" in act(by, row, "match", foreign)
        assert "is in EUR" in act(by, row, "match", euro)
        assert "Choose the settlements" in act(by, row, "match")
        assert not row.matches.exists()

    def test_matched_twice_is_matched_once(self, books: Books) -> None:
        settlement, row, by = posted(books, "80.00"), line(books, "80.00"), client()
        act(by, row, "match", settlement)
        assert "matched already" in act(by, row, "match", settlement)
        assert row.matches.count() == 1

    def test_is_taken_back_with_a_reason_and_once(self, books: Books) -> None:
        settlement, row, by = posted(books, "80.00"), line(books, "80.00"), client()
        act(by, row, "match", settlement)
        assert "Please say why" in act(by, row, "unmatch", reason="")
        assert "taken back" in act(by, row, "unmatch", reason="Wrong month")
        assert "matched with nothing" in act(by, row, "unmatch", reason="Wrong month")
        assert state(settlement) == "posted"
        assert Transition.objects.filter(reason="Wrong month").count() == 1

    def test_of_a_closed_settlement_stays(self, books: Books) -> None:
        settlement, row, by = posted(books, "80.00"), line(books, "80.00"), client()
        act(by, row, "match", settlement)
        Settlement.objects.filter(pk=settlement.pk).update(state="closed")
        assert "its match stays" in act(by, row, "unmatch", reason="x")
        assert row.matches.exists()

    @pytest.mark.parametrize("role", ["Operator", "Auditor"])
    def test_needs_the_right(self, books: Books, role: str) -> None:
        settlement, row, by = posted(books, "80.00"), line(books, "80.00"), client(role)
        given = {"act": "match", "settlement": settlement.pk, "confirmed": "yes"}
        assert by.post(reverse("admin:reconciliation_bankline_act", args=[row.pk]), given).status_code == 403
        assert by.post(reverse(CLEAR), {"confirmed": "yes"}).status_code == 403
        assert state(settlement) == "posted"

    @pytest.mark.parametrize("given", [{"act": "steal"}, {}, {"act": "match", "settlement": "² -1 x"}])
    def test_what_no_button_sends_changes_nothing(self, books: Books, given: dict[str, str]) -> None:
        row = line(books, "80.00")
        answer = client().post(reverse("admin:reconciliation_bankline_act", args=[row.pk]), {**given, "confirmed": "yes"}, follow=True)
        assert answer.status_code in (200, 403)
        assert not row.matches.exists()


class TestTheList:
    def test_finds_by_amount_and_text_and_filters_what_is_open(self, books: Books) -> None:
        settlement = posted(books, "80.00")
        row, by = line(books, "80.00", words="AMAZON EU"), client()
        line(books, "7.00", words="AMAZON US")
        act(by, row, "match", settlement)
        assert "AMAZON US" not in words(by.get(reverse(LIST), {"q": "80.00"}))
        assert "AMAZON EU" not in words(by.get(reverse(LIST), {"q": "amazon us"}))
        assert "AMAZON EU" not in words(by.get(reverse(LIST), {"matched": "no"}))
        assert "AMAZON EU" in words(by.get(reverse(LIST), {"matched": "yes"}))

    def test_takes_the_same_queries_for_any_number(self, books: Books) -> None:
        by, counts = client(), []
        for number in range(2):
            settlement = posted(books, f"{80 + number}.00")
            act(by, line(books, f"{80 + number}.00"), "match", settlement)
            by.get(reverse(LIST))
            with CaptureQueriesContext(database) as asked:
                by.get(reverse(LIST))
            counts.append(len(asked))
        assert counts[0] == counts[1]
