"""Statement files for people: uploaded once, quarantined in words, downloaded on record."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from connectors.errors import TransientError
from reconciliation import tasks
from reconciliation.admin import upload
from reconciliation.engine import rules
from reconciliation.models import Books, Settlement, StatementFile
from reconciliation.models.statement_file import statements
from tests import factories
from tests.hub.admin.reading import words
from tests.reconciliation import rows
from tests.reconciliation.statements import ID, report, sale

pytestmark = pytest.mark.django_db
LIST, UPLOAD, FETCH = (f"admin:reconciliation_statementfile_{name}" for name in ("changelist", "upload", "fetch"))
GOOD = report(sale("112-1"))


def client(role: str = "Accountant") -> Client:
    made = Client()
    made.force_login(factories.user(role), backend="django.contrib.auth.backends.ModelBackend")
    return made


def uploaded(by: Client, books: Books, *contents: bytes, name: str = "report.txt") -> str:
    chosen = [SimpleUploadedFile(name, one) for one in contents]
    return words(by.post(reverse(UPLOAD), {"books": books.pk, "chosen": chosen}))


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What a worker was asked for."""
    calls: list[Any] = []
    for place in ("upload", "files"):
        monkeypatch.setattr(f"reconciliation.admin.{place}.async_task", lambda *args, **_: calls.append(args))
    return calls


@pytest.fixture
def books(db: None, monkeypatch: pytest.MonkeyPatch) -> Books:
    """Books whose ERP is not asked for its periods."""
    monkeypatch.setattr("reconciliation.engine.periods.refresh", lambda target, *, now: False)
    return rows.books(rules=rules.load_starter(now=rows.NOW))


class TestUpload:
    def test_brings_a_settlement_and_names_it(self, books: Books) -> None:
        by = client()
        page = uploaded(by, books, GOOD)
        assert "Imported" in page
        assert Settlement.objects.get().settlement_id == ID
        assert StatementFile.objects.get().by is not None
        assert "Uploaded" in LogEntry.objects.get().get_change_message()

    def test_of_the_same_bytes_again_changes_nothing(self, books: Books) -> None:
        by = client()
        uploaded(by, books, GOOD)
        assert "Already imported" in uploaded(by, books, GOOD, name="copy.txt")
        assert "Already imported" in uploaded(by, books, GOOD, GOOD)
        assert (Settlement.objects.count(), StatementFile.objects.count()) == (1, 1)

    def test_of_several_files_tells_of_each(self, books: Books) -> None:
        page = uploaded(client(), books, GOOD, report(sale("112-2"), settlement="26123456790"), b"hello")
        assert page.count("Imported") == 2
        assert "Quarantined" in page
        assert Settlement.objects.count() == 2

    def test_of_a_file_that_does_not_add_up_quarantines_it_with_its_reason(self, books: Books) -> None:
        by = client()
        assert "Quarantined" in uploaded(by, books, report(sale("112-1"), total="999.99"))
        row = StatementFile.objects.get()
        page = words(by.get(reverse("admin:reconciliation_statementfile_change", args=[row.pk])))
        assert row.problem[:30] in page
        assert "Nothing of this file is posted" in page
        assert not Settlement.objects.exists()

    @pytest.mark.parametrize("content", [b"\x00" * 5000, b"\xff\xfe\x00", b"<html></html>", b"\x1f\x8bnot gzip", b"\x1f\x8b"])
    def test_of_hostile_bytes_is_refused_in_words(self, books: Books, content: bytes) -> None:
        page = uploaded(client(), books, content, name="<script>alert(1)</script>.txt")
        assert "<script>alert" not in page
        assert "Quarantined" in page or "Refused" in page
        assert not Settlement.objects.exists()

    def test_takes_gzipped_reports(self, books: Books) -> None:
        uploaded(client(), books, gzip.compress(GOOD))
        assert Settlement.objects.get().settlement_id == ID

    def test_that_unpacks_to_more_than_any_report_keeps_nothing(self, books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(upload, "MOST_BYTES", 100_000)
        assert "unpacks to more" in uploaded(client(), books, gzip.compress(b"0" * 3_000_000))
        assert not StatementFile.objects.exists()

    def test_for_another_account_is_not_taken_twice(self, books: Books) -> None:
        by = client()
        uploaded(by, books, GOOD)
        assert "A report belongs to one account" in uploaded(by, rows.books(), GOOD)

    def test_that_is_large_is_read_by_a_worker(self, books: Books, queued: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(upload, "AT_ONCE", 10)
        assert "a worker reads it now" in uploaded(client(), books, GOOD)
        assert queued == [("reconciliation.tasks.read_files", books.pk)]
        for _ in range(2):
            tasks.read_files(books.pk)
        assert Settlement.objects.get().settlement_id == ID

    def test_is_read_even_while_nothing_can_be_fetched(self, books: Books, queued: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(upload, "AT_ONCE", 10)
        uploaded(client(), books, GOOD)

        def down(books: Books, **_: Any) -> Any:
            raise TransientError("Amazon does not answer.")

        monkeypatch.setattr("reconciliation.engine.fetch.fetch", down)
        tasks.fetch()
        assert Settlement.objects.get().settlement_id == ID

    def test_without_a_file_or_with_too_many_says_so(self, books: Books) -> None:
        by = client()
        assert by.post(reverse(UPLOAD), {"books": books.pk}).status_code == 422
        many = [SimpleUploadedFile(f"{number}.txt", b"x") for number in range(31)]
        assert "At most 30 files" in words(by.post(reverse(UPLOAD), {"books": books.pk, "chosen": many}))

    def test_without_books_leads_to_them(self) -> None:
        assert "No books yet" in words(client().get(reverse(UPLOAD)))


class TestRights:
    @pytest.mark.parametrize("role", ["Operator", "Auditor"])
    def test_who_may_only_look_brings_nothing(self, books: Books, role: str) -> None:
        by = client(role)
        assert by.get(reverse(UPLOAD)).status_code == 403
        assert by.post(reverse(FETCH)).status_code == 403
        assert ">Fetch now<" not in words(by.get(reverse(LIST)))

    def test_who_may_not_download_gets_nothing(self, books: Books) -> None:
        uploaded(client(), books, GOOD)
        address = reverse("admin:reconciliation_statementfile_download", args=[StatementFile.objects.get().pk])
        assert client("Operator").post(address).status_code == 403
        assert client().get(address).status_code == 403


class TestDownload:
    def test_gives_the_bytes_as_they_came_and_is_recorded(self, books: Books) -> None:
        uploaded(client(), books, GOOD)
        row = StatementFile.objects.get()
        answer = client("Auditor").post(reverse("admin:reconciliation_statementfile_download", args=[row.pk]))
        assert b"".join(answer) == GOOD
        assert "attachment" in answer["Content-Disposition"]
        assert LogEntry.objects.filter(change_message__contains="downloaded").count() == 1

    def test_of_bytes_that_are_gone_says_so(self, books: Books) -> None:
        by = client()
        uploaded(by, books, b"gone soon")
        row = StatementFile.objects.get()
        statements().delete(str(row.stored.name))
        for name in ("download", "again"):
            answer = by.post(reverse(f"admin:reconciliation_statementfile_{name}", args=[row.pk]), follow=True)
            assert "restore them from the backup" in words(answer)


class TestTheList:
    def test_is_filled_by_the_fetch_button_through_a_worker(self, books: Books, queued: list[Any]) -> None:
        page = words(client().post(reverse(FETCH), follow=True))
        assert "being looked for" in page
        assert queued == [("reconciliation.tasks.fetch",)]

    def test_says_that_nothing_can_be_fetched_without_books(self, queued: list[Any]) -> None:
        assert "has books yet" in words(client().post(reverse(FETCH), follow=True))
        assert queued == []

    def test_takes_the_same_queries_for_any_number(self, books: Books) -> None:
        by = client()
        counts = []
        for _ in range(2):
            rows.settlement("1.00", file=rows.statement(connection=books.source))
            by.get(reverse(LIST))
            with CaptureQueriesContext(database) as asked:
                by.get(reverse(LIST))
            counts.append(len(asked))
        assert counts[0] == counts[1]


def test_a_quarantined_file_is_read_again_on_request(books: Books) -> None:
    by = client()
    uploaded(by, books, b"hello")
    row = StatementFile.objects.get()
    page = words(by.post(reverse("admin:reconciliation_statementfile_again", args=[row.pk]), follow=True))
    assert row.problem[:30] in page
    assert "Read again" in LogEntry.objects.latest("pk").get_change_message()
