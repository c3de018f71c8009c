"""What must not be posted is not posted, whoever asks and whatever happened since it was looked at."""

from __future__ import annotations

import threading
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections, transaction

from hub.models import Delivery
from reconciliation import tasks
from reconciliation.core.journal import values
from reconciliation.engine import discrepancies, fetch, files, intake, ledger, prepare, reissued, reverse, road, rules
from reconciliation.engine.states import RefusedError
from reconciliation.models import Books, JournalEntry, JournalShare, OrderMatch, PeriodLock, Settlement, StatementFile
from tests import factories
from tests.reconciliation import rows
from tests.reconciliation.conftest import Erp
from tests.reconciliation.statements import line, report, sale

pytestmark = pytest.mark.django_db(transaction=True)
SALE = (("Order/ItemPrice/Principal", "100.00"), ("Order/ItemFees/Commission", "-15.00"))
OVER_THE_MONTH = (("Order/ItemPrice/Principal@2026-10-31T12:00", "60.00"), ("Order/ItemPrice/Principal@2026-11-02T12:00", "40.00"))
DAY = date(2026, 11, 20)


@pytest.fixture
def books(erp: Erp) -> Books:
    return rows.books(target=erp.connection, rules=rules.load_starter(now=rows.NOW))


def prepared(settlement: Settlement, books: Books) -> list[JournalEntry]:
    return prepare.prepare(settlement, books, by=None, now=rows.NOW)


def approve(settlement: Settlement, books: Books, **about: Any) -> None:
    ledger.approve(settlement, books, by=None, now=rows.NOW, **about)
    settlement.refresh_from_db()


def reverse_all(settlement: Settlement, books: Books) -> None:
    reverse.reverse(settlement, books, by=None, now=rows.NOW, day=DAY, reason="Wrong account")
    settlement.refresh_from_db()


def over_the_month(books: Books) -> Settlement:
    october = datetime(2026, 10, 25, tzinfo=UTC)
    return rows.matched(*OVER_THE_MONTH, connection=books.source, starts_at=october, ends_at=datetime(2026, 11, 8, tzinfo=UTC))


def found(amount: str) -> values.Discrepancy:
    return values.Discrepancy(level="order", code="tolerance_exceeded", words="They differ.", amount=Decimal(amount), blocking=True)


def test_a_difference_opened_again_after_preparing_stops_the_approval(books: Books) -> None:
    settlement = rows.matched(*SALE, connection=books.source)
    prepared(settlement, books)
    discrepancies.note(settlement, [found("9.00")], among=["tolerance_exceeded"], now=rows.NOW)
    with pytest.raises(RefusedError, match="They differ"):
        approve(settlement, books)
    discrepancies.accept(settlement.discrepancies.get(), reason="Known", by=None, now=rows.NOW)
    approve(settlement, books)


def test_an_accepted_difference_that_has_grown_waits_for_a_person_again(db: None) -> None:
    settlement = rows.matched(*SALE)
    discrepancies.note(settlement, [found("5.10")], among=["tolerance_exceeded"], now=rows.NOW)
    discrepancies.accept(settlement.discrepancies.get(), reason="Known", by=None, now=rows.NOW)
    discrepancies.note(settlement, [found("5.10")], among=["tolerance_exceeded"], now=rows.NOW)
    assert settlement.discrepancies.get().state == "accepted"
    discrepancies.note(settlement, [found("500.00")], among=["tolerance_exceeded"], now=rows.NOW)
    assert settlement.discrepancies.get().state == "open"


def test_where_orders_stop_the_posting_the_button_does_not_get_past_them(books: Books) -> None:
    Books.objects.update(orders_block=True)
    books.refresh_from_db()
    settlement = rows.matched(*SALE, connection=books.source)
    order = OrderMatch.objects.create(settlement=settlement, order_id="112-1", result="short_paid", total=Decimal(100))
    with pytest.raises(RefusedError, match="1 orders of"):
        prepared(settlement, books)
    order.accepted_at = rows.NOW
    order.save()
    prepared(settlement, books)


def test_only_the_journals_that_were_looked_at_are_approved(books: Books) -> None:
    settlement = rows.matched(*SALE, connection=books.source)
    seen = ledger.shown(prepared(settlement, books))
    settlement.refresh_from_db()
    prepared(settlement, books)
    with pytest.raises(RefusedError, match="prepared anew since you looked"):
        approve(settlement, books, seen=seen)
    approve(settlement, books, seen=ledger.shown(ledger.live(settlement)))


def test_a_settlement_is_never_posted_by_the_books_of_another_account(books: Books) -> None:
    other = rows.books(source=factories.connection("amazon"), target=books.target, rules=books.rules)
    settlement = rows.matched(*SALE, connection=books.source)
    with pytest.raises(RefusedError, match="Post it by the books of its account"):
        prepared(settlement, other)


def test_a_file_of_one_account_that_is_uploaded_for_another_does_nothing(books: Books) -> None:
    other = rows.books(source=factories.connection("amazon"), target=books.target, rules=books.rules)
    file = files.keep([report(sale("112-1"))], connection=books.source, name="a.txt", now=rows.NOW)
    intake.take_in(file, books, now=rows.NOW)
    brought = road.bring(file, other, now=rows.NOW, wake_up=False)
    assert "was imported for" in brought.stops[0]
    assert (Settlement.objects.get().state, JournalEntry.objects.count()) == ("parsed", 0)


def test_journals_go_to_the_ledger_they_were_prepared_for(erp: Erp, books: Books) -> None:
    settlement = rows.matched(*SALE, connection=books.source)
    prepared(settlement, books)
    elsewhere = factories.connection("tims")
    books.target = elsewhere
    with pytest.raises(RefusedError, match="Prepare it anew"):
        approve(settlement, books)
    books.target = erp.connection
    approve(settlement, books)
    erp.send()
    books.target = elsewhere
    reverse_all(settlement, books)
    assert Delivery.objects.get(flow__operation="reverse_gl_entry").flow.target == erp.connection


def test_a_reversal_is_never_dated_before_what_it_reverses(erp: Erp, books: Books) -> None:
    settlement = rows.matched(*SALE, connection=books.source, deposit_at=datetime(2026, 11, 25, tzinfo=UTC))
    prepared(settlement, books)
    approve(settlement, books)
    erp.send()
    reverse_all(settlement, books)
    assert JournalEntry.objects.get(reversal_of__isnull=False).entry_date == date(2026, 11, 25)


def test_a_journal_that_is_being_sent_is_not_discarded(books: Books) -> None:
    settlement = rows.matched(*SALE, connection=books.source)
    prepared(settlement, books)
    approve(settlement, books)
    JournalEntry.objects.update(state="blocked")
    Delivery.objects.update(state="sending", lease="one")
    with pytest.raises(RefusedError, match="at this moment"):
        reverse.discard(settlement, by=None, now=rows.NOW, reason="Wrong account")
    assert JournalEntry.objects.get().state == "blocked"
    assert JournalShare.objects.filter(live=True).exists()


def test_a_reissued_report_is_posted_under_a_name_of_its_own_after_the_first_was_reversed(erp: Erp, books: Books) -> None:
    first, second = ([*sale("112-1"), line("ServiceFee/Cost of Advertising/TransactionTotalAmount", fee)] for fee in ("-1.00", "-2.00"))
    taken = [
        intake.take_in(files.keep([report(one)], connection=books.source, name="a.txt", now=rows.NOW), books, now=rows.NOW)
        for one in (first, second)
    ]
    before, after = (one.settlement for one in taken)
    assert before and after  # noqa: PT018
    Settlement.objects.filter(pk=before.pk).update(state="matched")
    before.refresh_from_db()
    prepared(before, books)
    approve(before, books)
    erp.send()
    reverse_all(before, books)
    erp.send()
    reissued.take_over(after, by=None, now=rows.NOW, reason="Corrected")
    Settlement.objects.filter(pk=after.pk).update(state="matched")
    after.refresh_from_db()
    (journal,) = prepared(after, books)
    assert journal.external_id == f"STL-{after.settlement_id}-R2"
    approve(after, books)
    erp.send()
    after.refresh_from_db()
    assert (after.state, [one["Status"] for one in erp.entries]) == ("posted", ["Reversed", "Posted", "Posted"])


def test_a_name_is_not_used_again_when_the_hub_has_swept_its_old_deliveries(erp: Erp, books: Books) -> None:
    settlement = rows.matched(*SALE, connection=books.source)
    prepared(settlement, books)
    approve(settlement, books)
    erp.send()
    reverse_all(settlement, books)
    erp.send()
    JournalEntry.objects.update(delivery=None)
    settlement.refresh_from_db()
    assert [one.revision for one in prepared(settlement, books)] == [2]


def test_of_two_issues_only_one_counts(books: Books) -> None:
    contents = [sale("112-1"), sale("112-1", price="41.00"), sale("112-1", price="42.00")]
    _, second, third = (
        intake.take_in(files.keep([report(one)], connection=books.source, name="a.txt", now=rows.NOW), books, now=rows.NOW).settlement
        for one in contents
    )
    assert second and third  # noqa: PT018
    reissued.take_over(second, by=None, now=rows.NOW, reason="Corrected")
    reissued.take_over(third, by=None, now=rows.NOW, reason="Corrected again")
    assert list(Settlement.objects.order_by("revision").values_list("state", flat=True)) == ["superseded", "superseded", "parsed"]
    with pytest.raises(RefusedError, match="decided about this report"):
        reissued.turn_down(Settlement(pk=third.pk, state="proposed"), by=None, now=rows.NOW, reason="Too late")


def test_parts_that_are_posted_at_the_same_moment_leave_the_settlement_posted(books: Books) -> None:
    settlement = over_the_month(books)
    prepared(settlement, books)
    approve(settlement, books)
    first, second = Delivery.objects.order_by("pk")
    told = threading.Event()

    def post(delivery: Delivery, *, first: bool) -> None:
        try:
            if not first:
                told.wait(5)
            with transaction.atomic():
                Delivery.objects.filter(pk=delivery.pk).update(state="delivered", target_key="JE", delivered_at=rows.NOW)
                ledger.follow([delivery.pk], now=rows.NOW)
                told.set()
                time.sleep(0.2 if first else 0)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=post, args=(one,), kwargs={"first": one == first}) for one in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    settlement.refresh_from_db()
    assert settlement.state == "posted"


def test_parts_of_a_foreign_settlement_are_posted_at_one_rate(books: Books) -> None:
    october = datetime(2026, 10, 25, tzinfo=UTC)
    settlement = rows.matched(
        *OVER_THE_MONTH, connection=books.source, starts_at=october, ends_at=datetime(2026, 11, 8, tzinfo=UTC), currency="EUR"
    )
    factories.lookup_table("rates", **{"EUR|2026-10-31": "1.10", "EUR|2026-11-07": "1.20", "EUR|2026-11-08": "1.30"})
    journals = prepared(settlement, books)
    assert {str(ledger._record(one, settlement).payload["ExchangeRate"]) for one in journals} == {"1.20"}


def test_in_a_month_locked_by_half_the_journal_is_dated_after_the_lock(books: Books) -> None:
    PeriodLock.objects.create(books=books, until=date(2026, 11, 18))
    settlement = rows.matched(*SALE, connection=books.source)
    (journal,) = prepared(settlement, books)
    assert journal.entry_date == date(2026, 11, 19)
    approve(settlement, books)


def test_an_order_number_longer_than_any_quarantines_its_file(books: Books) -> None:
    file = files.keep([report(sale("1" * 201))], connection=books.source, name="a.txt", now=rows.NOW)
    assert road.bring(file, books, now=rows.NOW, wake_up=False).taken.outcome == intake.QUARANTINED


def test_a_file_that_cannot_be_read_at_all_keeps_no_other_waiting(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "fetch", lambda *_, **__: iter(()))
    rows.statement(connection=books.source, stored="gone.gz")
    files.keep([report(sale("112-1"))], connection=books.source, name="a.txt", now=rows.NOW)
    tasks.fetch()
    assert list(StatementFile.objects.order_by("pk").values_list("state", flat=True)) == ["received", "imported"]


def test_what_the_bank_has_paid_is_not_reversed(erp: Erp, books: Books) -> None:
    settlement = rows.matched(*SALE, connection=books.source)
    prepared(settlement, books)
    approve(settlement, books)
    erp.send()
    Settlement.objects.update(state="deposited")
    with pytest.raises(RefusedError, match="Take that match back"):
        reverse_all(settlement, books)


def test_a_line_that_cancels_out_in_one_part_is_not_mistaken_for_one_of_another(books: Books) -> None:
    lines = (*(("Order/ItemPrice/Principal@2026-10-31T12:00", amount) for amount in ("5.00", "-5.00")), *OVER_THE_MONTH[1:])
    october = datetime(2026, 10, 25, tzinfo=UTC)
    settlement = rows.matched(*lines, connection=books.source, starts_at=october, ends_at=datetime(2026, 11, 8, tzinfo=UTC))
    prepared(settlement, books)
    found = JournalShare.objects.filter(settlement=settlement, live=True).order_by("part")
    assert [(one.part, one.journal_line is None, one.last_day.month) for one in found] == [(1, True, 10), (2, False, 11)]
