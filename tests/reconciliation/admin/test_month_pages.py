"""The pages of a month: sold and not settled, clearing, the close packet; and the passport."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from reconciliation.admin import month_pages
from reconciliation.engine import rules, transactions
from reconciliation.engine.prepare import prepare
from reconciliation.models import BankLine, Books, Discrepancy, JournalEntry, Settlement
from tests import factories
from tests.reconciliation import rows
from tests.reconciliation.test_unsettled import booked

pytestmark = pytest.mark.django_db
PAGES = ("unsettled", "clearing", "packet", "passport")
FILES = (("packet_file", "csv"), ("packet_file", "xlsx"), ("unsettled_csv",))
NOVEMBER = {"month": "2026-11"}
HOSTILE = "=HYPERLINK(1)\x07"


@pytest.fixture(autouse=True)
def no_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciliation.engine.periods.refresh", lambda *_, **__: False)


@pytest.fixture
def books() -> Books:
    return rows.books(rules=rules.load_starter(now=rows.NOW))


@pytest.fixture
def settlement(books: Books) -> Settlement:
    """Prepared, with its journal in the ledger as GL-000123."""
    made = rows.matched(("Order/ItemPrice/Principal", "100.00"), ("Order/ItemFees/Commission", "-15.00"), connection=books.source)
    prepare(made, books, by=None, now=rows.NOW)
    JournalEntry.objects.update(state="posted", target_key="GL-000123")
    Settlement.objects.filter(pk=made.pk).update(state="posted")
    return made


def client(role: str = "superuser") -> Client:
    made = Client()
    made.force_login(factories.user(role), backend="django.contrib.auth.backends.ModelBackend")
    return made


def address(name: str, *args: str) -> str:
    return reverse(f"admin:reconciliation_{name}", args=args)


def seen(name: str, *args: str, by: Client | None = None, **query: str) -> Any:
    answer = (by or client()).get(address(name, *args), {**NOVEMBER, **query})
    assert answer.status_code == 200
    return b"".join(answer) if answer.streaming else answer.content.decode()  # type: ignore[arg-type]


@pytest.mark.parametrize("page", [*((name,) for name in PAGES), *FILES])
class TestWhoMayLook:
    def test_nobody_without_the_right(self, page: tuple[str, ...]) -> None:
        assert client("").get(address(*page)).status_code == 403
        assert Client().get(address(*page)).status_code == 302

    def test_an_auditor(self, page: tuple[str, ...], settlement: Settlement) -> None:
        assert seen(*page, by=client("Auditor"))

    def test_before_there_are_any_books(self, page: tuple[str, ...]) -> None:
        assert seen(*page)

    @pytest.mark.parametrize("value", ["0000-00", "9999-99", "' OR 1=1", "<script>alert(1)</script>", "\x00", "x" * 3000])
    def test_whatever_the_address_says(self, page: tuple[str, ...], value: str, books: Books) -> None:
        answer = client().get(address(*page), {"month": value, "account": value, "q": value})
        assert answer.status_code == 200
        assert b"<script>alert" not in (b"".join(answer) if answer.streaming else answer.content)  # type: ignore[arg-type]


def test_another_kind_of_file_is_not_there(books: Books) -> None:
    assert client().get(address("packet_file", "exe")).status_code == 404


class TestSoldNotSettled:
    def test_rolls_forward_and_lists_the_oldest_with_their_reason(self, books: Books) -> None:
        transactions.keep(books, [booked("a", -2, "3.00"), booked("b", 4, "7.25", matures=9)], now=rows.NOW)
        page = seen("unsettled")
        for words in ("3.00 USD", "7.25 USD", "10.25 USD", "1-a", "Seven days after delivery"):
            assert words in page
        assert "10.25 USD" not in seen("unsettled", month="2026-10")

    def test_is_exported_whole_and_harmless(self, books: Books) -> None:
        transactions.keep(books, [booked(f"{number:03d}", 4) for number in range(30)], now=rows.NOW)
        transactions.keep(books, [booked("=1+1", 4)], now=rows.NOW)
        lines = list(csv.reader(io.StringIO(seen("unsettled_csv").decode("utf-8-sig"))))
        assert len(lines) == 32
        assert ["'=1+1"] in [line[:1] for line in lines]

    def test_a_transaction_of_the_list_leads_to_those_of_its_order(self, books: Books) -> None:
        transactions.keep(books, [booked("a", 4)], now=rows.NOW)
        page = client().get(address("financetransaction_changelist"), {"q": "1-a"})
        assert "Held back" in page.content.decode()


def test_clearing_tells_why_a_settlement_is_open(settlement: Settlement) -> None:
    page = seen("clearing")
    assert "85.00 USD" in page
    assert "should have reached the bank" in page
    assert 'class="hub-error"' not in page


class TestTheClosePacket:
    @pytest.fixture
    def filled(self, books: Books, settlement: Settlement) -> Settlement:
        Discrepancy.objects.create(
            settlement=settlement, level="order", code="short_paid", order_id=HOSTILE, words=HOSTILE, amount=Decimal("-1.00"),
            created_at=rows.NOW, state="accepted", note="Known rounding", by=factories.user(name="anna"),
        )  # fmt: skip
        BankLine.objects.create(
            books=books, reference="-2+3", booked_on=date(2026, 11, 18), amount=Decimal(85), currency="USD", created_at=rows.NOW
        )
        return settlement

    def test_holds_totals_journals_deposits_exceptions_and_fingerprints(self, filled: Settlement) -> None:
        page = seen("packet")
        parts = (filled.settlement_id, "85.00", "GL-000123", "-2+3", "Known rounding", "anna", filled.file.sha256, "UTC", "the hub")
        for words in parts:
            assert words in page
        assert "GL-000123" not in seen("packet", month="2026-10")

    def test_as_csv_holds_every_section_and_no_formula(self, filled: Settlement) -> None:
        lines = list(csv.reader(io.StringIO(seen("packet_file", "csv").decode("utf-8-sig"))))
        assert {"Settlements", "Journals", "Accounts", "Deposits", "Clearing", "Exceptions", "Files"} <= {line[0] for line in lines}
        assert not [cell for line in lines for cell in line if cell.startswith(("=", "+", "@")) or cell == "-2+3"]
        [journal] = [line for line in lines if line[0] == "Journals" and "GL-000123" in line]
        assert journal[6:8] == ["100.00", "100.00"]

    def test_as_workbook_has_a_sheet_per_section_with_numbers_as_numbers(self, filled: Settlement) -> None:
        book = load_workbook(io.BytesIO(seen("packet_file", "xlsx")))
        assert book["Settlements"]["H2"].value == 85
        cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
        assert not [cell for cell in cells if cell.data_type == "f"]
        assert "'=HYPERLINK(1)" in [cell.value for cell in cells]

    def test_a_long_section_is_cut_on_the_page_and_whole_in_the_files(self, filled: Settlement, monkeypatch: pytest.MonkeyPatch) -> None:
        Discrepancy.objects.bulk_create(
            Discrepancy(settlement=filled, level="order", code="short_paid", order_id=f"o-{number}", words="short", created_at=rows.NOW)
            for number in range(10)
        )
        monkeypatch.setattr(month_pages, "PRINTED", 5)
        assert "The first 5 are shown" in seen("packet")
        assert seen("packet_file", "csv").count(b"o-") == 10

    def test_amounts_have_the_decimals_of_their_currency(self, books: Books) -> None:
        rows.settlement("500", connection=books.source, currency="JPY")
        lines = list(csv.reader(io.StringIO(seen("packet_file", "csv").decode("utf-8-sig"))))
        [line] = [line for line in lines if "JPY" in line and line[0] == "Settlements"]
        assert line[8:11] == ["500", "500", "0"]

    def test_asks_as_many_questions_for_many_settlements_as_for_one(self, books: Books, settlement: Settlement) -> None:
        by = client()

        def asked() -> int:
            seen("packet", by=by)
            with CaptureQueriesContext(database) as found:
                seen("packet", by=by)
            return len(found)

        few = asked()
        for _ in range(4):
            made = rows.matched(("Order/ItemPrice/Principal", "1.00"), connection=books.source)
            prepare(made, books, by=None, now=rows.NOW)
        assert asked() == few


class TestThePassport:
    def test_links_to_the_pages_of_what_it_names(self, settlement: Settlement) -> None:
        journal = settlement.journals.get()
        page = seen("passport", q="GL-000123")
        for target in (address("journalentry_change", str(journal.pk)), address("settlement_change", str(settlement.pk))):
            assert target in page
        assert f"{address('settlement_lines', str(settlement.pk))}?kind=" in page
        line = seen("passport", q=f"{settlement.settlement_id}:4")
        assert f"{address('journalentry_change', str(journal.pk))}#line-" in line
        assert f"{address('settlement_lines', str(settlement.pk))}?after=3" in line

    def test_says_so_when_nothing_is_known(self, books: Books) -> None:
        page = seen("passport", q="<b>none</b>")
        assert "Nothing is known by this name" in page
        assert "<b>none" not in page
