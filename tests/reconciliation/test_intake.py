"""A file comes in once, whole or not at all; what was issued again waits for a person."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections
from django.db.models import Sum

from reconciliation.engine import files, intake, reissued
from reconciliation.engine.states import RefusedError
from reconciliation.models import Books, JournalEntry, LineKind, Settlement, SettlementLine, StatementFile
from tests.reconciliation import rows, statements
from tests.reconciliation.statements import line, report, sale

Take = Callable[..., intake.Taken]
SALES = [*sale("112-1"), *sale("112-2"), *sale("112-2", item="2", sku='A "quoted" one')]
LINES = [*SALES, line("ServiceFee/Cost of Advertising/TransactionTotalAmount", "-7.50")]


@pytest.fixture
def books(db: None) -> Books:
    return rows.books()


@pytest.fixture
def take(books: Books) -> Take:
    def take(content: bytes, **about: Any) -> intake.Taken:
        file = files.keep([content], connection=books.source, name="report.txt", now=rows.NOW)
        return intake.take_in(file, books, now=rows.NOW, **about)

    return take


def test_a_report_becomes_a_settlement_with_every_line_as_it_stands(take: Take) -> None:
    taken = take(report(LINES))
    settlement = Settlement.objects.get()
    assert (taken.outcome, taken.settlement, settlement.state) == (intake.NEW, settlement, "parsed")
    assert (settlement.settlement_id, settlement.total, settlement.line_count) == (statements.ID, Decimal("94.50"), 13)
    assert settlement.lines.aggregate(Sum("amount"))["amount__sum"] == settlement.total == settlement.lines_total
    first = settlement.lines.get(number=3)
    assert (first.order_id, first.sku, first.quantity, str(first.kind)) == ("112-1", "TK-1", 1, "Order / ItemPrice / Principal")
    assert settlement.lines.filter(sku='A "quoted" one').count() == 4
    assert LineKind.objects.count() == 5


def test_the_same_bytes_again_change_nothing(take: Take) -> None:
    take(report(LINES))
    again = take(report(LINES))
    assert (again.outcome, again.settlement) == (intake.ALREADY, Settlement.objects.get())
    assert (SettlementLine.objects.count(), StatementFile.objects.count()) == (13, 1)


def test_the_same_lines_in_another_file_are_no_news(take: Take) -> None:
    take(report(LINES))
    again = take(report(LINES).replace(b"\n", b"\r\n"))
    assert (again.outcome, Settlement.objects.count(), SettlementLine.objects.count()) == (intake.ALREADY, 1, 13)


def test_equal_lines_and_lines_of_zero_survive(take: Take) -> None:
    lost = line("other-transaction/FBA Inventory Reimbursement/WAREHOUSE_LOST", "9.99")
    take(report([lost, lost, line("other-transaction/other-transaction/Storage Fee", "0.00")]))
    assert list(SettlementLine.objects.order_by("number").values_list("number", "amount")) == [
        (3, Decimal("9.99")), (4, Decimal("9.99")), (5, Decimal(0)),
    ]  # fmt: skip


def test_a_file_that_does_not_add_up_leaves_only_its_sentence(take: Take) -> None:
    taken = take(report(LINES, total="94.51"))
    file = StatementFile.objects.get()
    assert (taken.outcome, file.state, file.code) == (intake.QUARANTINED, "quarantined", "total_mismatch")
    assert "a difference of 0.01 USD" in file.problem
    assert not Settlement.objects.exists()
    assert not SettlementLine.objects.exists()


def test_a_file_that_breaks_off_is_quarantined_with_its_line(take: Take) -> None:
    taken = take(report(LINES)[:-30])
    assert (taken.outcome, taken.file.code, taken.file.line) == (intake.QUARANTINED, "truncated", 15)


def test_a_quarantined_file_is_read_again_when_it_comes_again(take: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as other:
        other.setattr(intake, "read", lambda *_, **__: (_ for _ in ()).throw(intake.Quarantined(intake.Problem.UNREADABLE, "No.")))
        assert take(report(LINES)).outcome == intake.QUARANTINED
    assert take(report(LINES)).outcome == intake.NEW


def test_a_crash_in_the_middle_leaves_nothing_and_the_file_is_taken_up_again(take: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as other:
        other.setattr(intake, "_done", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            take(report(LINES))
    assert (Settlement.objects.count(), StatementFile.objects.get().state) == (0, "received")
    assert take(report(LINES)).outcome == intake.NEW


def test_other_content_waits_beside_the_first_and_says_what_differs(take: Take) -> None:
    take(report(LINES))
    taken = take(report([*LINES, line("other-transaction/other-transaction/Storage Fee", "-1.00")]))
    assert (taken.outcome, taken.settlement.state, taken.settlement.revision) == (intake.REISSUED, "proposed", 2)  # type: ignore[union-attr]
    assert "94.50 → 93.50 USD" in taken.words
    assert "Storage Fee: 0.00 → -1.00" in taken.words
    assert Settlement.objects.exclude(state="proposed").get().revision == 1


def test_a_person_takes_the_new_report_over_or_turns_it_down(take: Take) -> None:
    first = take(report(LINES)).settlement
    second = take(report([*LINES, line("other-transaction/other-transaction/Storage Fee", "-1.00")])).settlement
    third = take(report([*LINES, line("other-transaction/other-transaction/Storage Fee", "-2.00")])).settlement
    assert first and second and third  # noqa: PT018
    with pytest.raises(RefusedError, match="Say why"):
        reissued.turn_down(third, by=None, now=rows.NOW, reason="")
    reissued.turn_down(third, by=None, now=rows.NOW, reason="A test file")
    reissued.take_over(second, by=None, now=rows.NOW, reason="")
    assert list(Settlement.objects.order_by("revision").values_list("state", flat=True)) == ["superseded", "parsed", "discarded"]


def test_what_is_posted_is_reversed_before_a_new_report_counts(take: Take) -> None:
    first = take(report(LINES)).settlement
    second = take(report(LINES[:4])).settlement
    assert first and second  # noqa: PT018
    journal = rows.journal(first, ("1010", "94.50", "0"), ("4000", "0", "94.50"))
    with pytest.raises(RefusedError, match="Reverse what is posted"):
        reissued.take_over(second, by=None, now=rows.NOW, reason="")
    JournalEntry.objects.filter(pk=journal.pk).update(state="discarded")
    reissued.take_over(second, by=None, now=rows.NOW, reason="")


@pytest.mark.django_db(transaction=True)
def test_two_that_import_the_same_bytes_at_once_make_one_settlement(transactional_db: None) -> None:
    books, content, outcomes = rows.books(), report(LINES), []
    ready = threading.Barrier(2)

    def bring() -> None:
        try:
            ready.wait()
            file = files.keep([content], connection=books.source, name="report.txt", now=rows.NOW)
            outcomes.append(intake.take_in(file, books, now=rows.NOW).outcome)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=bring) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == [intake.ALREADY, intake.NEW]
    assert (Settlement.objects.count(), SettlementLine.objects.count()) == (1, 13)


@pytest.mark.django_db(transaction=True)
def test_two_files_of_one_settlement_at_once_make_one_settlement(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    books, contents, outcomes = rows.books(), [report(LINES), report(LINES).replace(b"\n", b"\r\n")], []
    looked, inner = threading.Barrier(2), intake._live

    def live(*args: Any) -> Settlement | None:
        found = inner(*args)
        with suppress(threading.BrokenBarrierError):
            looked.wait(1)
        return found

    def bring(content: bytes) -> None:
        try:
            file = files.keep([content], connection=books.source, name="report.txt", now=rows.NOW)
            outcomes.append(intake.take_in(file, books, now=rows.NOW).outcome)
        finally:
            connections.close_all()

    monkeypatch.setattr(intake, "_live", live)
    threads = [threading.Thread(target=bring, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == [intake.ALREADY, intake.NEW]
    assert (Settlement.objects.count(), SettlementLine.objects.count()) == (1, 13)


def test_the_bytes_read_again_give_what_was_imported(take: Take) -> None:
    taken = take(report(LINES))
    with files.opened(taken.file) as source:
        assert source.read() == report(LINES)


def test_progress_is_told_in_bytes(take: Take) -> None:
    seen: list[int] = []
    take(report(LINES), progress=seen.append)
    assert seen[-1] == len(report(LINES))
