"""Books for people: what may be chosen, who may change what, and the days that are locked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from reconciliation.models import Books, PeriodLock, ToleranceRule
from tests import factories
from tests.hub.admin.reading import words
from tests.reconciliation import rows

pytestmark = pytest.mark.django_db
LIST = "admin:reconciliation_books_changelist"


def client(role: str = "Accountant") -> Client:
    made = Client()
    made.force_login(factories.user(role), backend="django.contrib.auth.backends.ModelBackend")
    return made


def at(books: Books) -> str:
    return reverse("admin:reconciliation_books_change", args=[books.pk])


def given(books: Books, **changed: Any) -> dict[str, Any]:
    values = {
        "source": books.source_id, "target": books.target_id, "orders": "", "model": books.model, "zone": books.zone, "rules": "",
        "second_person": "on", "window_days": "45", "tolerances-TOTAL_FORMS": "0", "tolerances-INITIAL_FORMS": "0",
    }  # fmt: skip
    return {**values, **changed}


def yesterday() -> str:
    return f"{timezone.localdate() - timedelta(days=1)}"


@pytest.fixture
def books(db: None) -> Books:
    return rows.books(second_person=True)


class TestTheForm:
    def test_takes_a_zone_that_exists_and_no_other(self, books: Books) -> None:
        by = client("Administrator")
        assert "Mars/Olympus is not one of the available choices" in words(by.post(at(books), given(books, zone="Mars/Olympus")))
        by.post(at(books), given(books, zone="Europe/Berlin"))
        books.refresh_from_db()
        assert books.zone == "Europe/Berlin"

    def test_refuses_a_ledger_that_takes_no_journals(self, books: Books) -> None:
        shop = factories.connection("channeladvisor", name="Shop")
        assert "Shop takes no journals" in words(client("Administrator").post(at(books), given(books, target=shop.pk)))

    def test_refuses_orders_of_another_account(self, books: Books) -> None:
        flow = factories.flow()
        page = words(client("Administrator").post(at(books), given(books, orders=flow.pk)))
        assert f"does not read from {books.source}" in page

    def test_never_winds_back_where_fetching_goes_on(self, books: Books) -> None:
        Books.objects.filter(pk=books.pk).update(cursor="2026-11-01")
        original = Books.save

        def meanwhile(self: Books, *args: Any, **kwargs: Any) -> None:
            Books.objects.filter(pk=self.pk).update(cursor="2026-11-20")
            original(self, *args, **kwargs)

        Books.save = meanwhile  # type: ignore[method-assign]
        try:
            client("Administrator").post(at(books), given(books, window_days="30"))
        finally:
            Books.save = original  # type: ignore[method-assign]
        books.refresh_from_db()
        assert (books.window_days, books.cursor) == (30, "2026-11-20")

    def test_an_accountant_sets_tolerances_but_cannot_do_without_the_second_person(self, books: Books) -> None:
        line = {"tolerances-TOTAL_FORMS": "1", "tolerances-0-currency": "EUR", "tolerances-0-marketplace": "", "tolerances-0-id": "",
                "tolerances-0-per_order": "0.05", "tolerances-0-per_settlement": "2.00", "tolerances-0-books": str(books.pk)}  # fmt: skip
        sent = given(books, **line)
        del sent["second_person"]
        client().post(at(books), sent)
        books.refresh_from_db()
        assert books.second_person
        assert str(ToleranceRule.objects.get().per_order) == "0.0500"

    def test_an_account_with_settlements_keeps_its_books(self, books: Books) -> None:
        rows.settlement("10.00", connection=books.source)
        other = factories.connection("amazon")
        by = client("Administrator")
        by.post(at(books), given(books, source=other.pk))
        books.refresh_from_db()
        assert books.source != other
        assert by.post(reverse("admin:reconciliation_books_delete", args=[books.pk]), {"post": "yes"}).status_code == 403

    def test_a_new_model_leaves_the_settlements_that_are_there(self, books: Books) -> None:
        settlement = rows.settlement("10.00", connection=books.source)
        client().post(at(books), given(books, model="invoice"))
        books.refresh_from_db()
        settlement.refresh_from_db()
        assert (books.model, settlement.model) == ("invoice", "summary")

    def test_who_may_only_look_changes_nothing(self, books: Books) -> None:
        by = client("Auditor")
        assert by.get(at(books)).status_code == 200
        assert by.post(at(books), given(books, zone="Europe/Berlin")).status_code == 403

    def test_the_list_takes_the_same_queries_for_any_number(self, books: Books) -> None:
        by = client()
        by.get(reverse(LIST))
        counts = []
        for _ in range(2):
            with CaptureQueriesContext(database) as asked:
                by.get(reverse(LIST))
            counts.append(len(asked))
            rows.books()
        assert counts[0] == counts[1]


class TestLocks:
    def lock(self, by: Client, books: Books, until: str, **more: str) -> str:
        given = {"until": until, "confirmed": "yes", "reason": "October is closed", **more}
        return words(by.post(reverse("admin:reconciliation_books_lock", args=[books.pk]), given, follow=True))

    def test_asks_for_a_reason_and_keeps_it_with_its_author(self, books: Books) -> None:
        by = client()
        first = words(by.post(reverse("admin:reconciliation_books_lock", args=[books.pk]), {"until": yesterday()}))
        assert "Nothing more is posted" in first
        assert "Locked up to and with" in self.lock(by, books, yesterday())
        row = PeriodLock.objects.get()
        assert (str(row.until), row.reason) == (yesterday(), "October is closed")
        assert row.by is not None

    def test_locked_twice_is_locked_once(self, books: Books) -> None:
        by = client()
        self.lock(by, books, yesterday())
        assert "is locked up to" in self.lock(by, books, yesterday())
        assert PeriodLock.objects.count() == 1

    @pytest.mark.parametrize("until", ["", "soon", "2026-02-31", "2999-01-01"])
    def test_refuses_what_is_no_day_or_still_to_come(self, books: Books, until: str) -> None:
        page = self.lock(client(), books, until)
        assert "Enter the last day" in page or "still to come" in page
        assert not PeriodLock.objects.exists()

    def test_is_lifted_once_with_a_reason(self, books: Books) -> None:
        by = client()
        self.lock(by, books, yesterday())
        row = PeriodLock.objects.get()
        lift = reverse("admin:reconciliation_books_lift", args=[books.pk, row.pk])
        assert "Please say why" in words(by.post(lift, {"confirmed": "yes", "reason": " "}))
        by.post(lift, {"confirmed": "yes", "reason": "A late invoice"})
        assert "lifted already" in words(by.post(lift, {"confirmed": "yes", "reason": "Again"}, follow=True))
        row.refresh_from_db()
        assert (row.lifted_because, row.lifted_by is not None) == ("A late invoice", True)

    @pytest.mark.parametrize("role", ["Operator", "Auditor"])
    def test_needs_the_right(self, books: Books, role: str) -> None:
        by = client(role)
        assert by.post(reverse("admin:reconciliation_books_lock", args=[books.pk]), {"until": yesterday()}).status_code == 403
        row = PeriodLock.objects.create(books=books, until="2026-10-31")
        assert by.post(reverse("admin:reconciliation_books_lift", args=[books.pk, row.pk])).status_code == 403

    def test_of_other_books_is_not_found(self, books: Books) -> None:
        row = PeriodLock.objects.create(books=rows.books(), until="2026-10-31")
        assert client().post(reverse("admin:reconciliation_books_lift", args=[books.pk, row.pk])).status_code == 404
