"""From the order at the marketplace to the journal in the ledger, through the real engine and the stand-ins, in this process."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from connectors.amazon.standin import settling
from hub.engine.read import carry_out
from hub.models import SyncRun
from reconciliation import tasks
from reconciliation.engine import setup
from reconciliation.models import Books, JournalEntry, LedgerPeriod, OrderMatch, Settlement, StatementFile
from tests.hub.test_amazon_road import Shop, shop  # noqa: F401 - a fixture
from tests.reconciliation import rows
from tests.reconciliation.statements import ID, line, report, sale

pytestmark = pytest.mark.django_db(transaction=True)
FORTNIGHT = 20 * 86400


@pytest.fixture
def books(shop: Shop) -> Iterator[Books]:  # noqa: F811
    made = setup.begin(shop.made["amazon"], shop.made["tims"], now=rows.NOW)
    Books.objects.update(second_person=False)
    made.refresh_from_db()
    return made


def settled(shop: Shop, *orders: dict[str, Any]) -> None:  # noqa: F811
    """The orders are placed, and a fortnight later Amazon settles them."""
    shop.amazon.place_many(list(orders), backdated=True)
    shop.amazon.clock.advance(FORTNIGHT)
    settling.settle(shop.amazon)


def reconcile(*args: str) -> int:
    """The command's exit code."""
    try:
        call_command("reconcile", *args)
    except SystemExit as end:
        return int(str(end.code))
    return 0


def test_an_order_is_followed_from_the_marketplace_to_the_ledger(shop: Shop, books: Books, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    order = shop.order("fba")
    shop.amazon.place_many([order], backdated=True)
    shop.read("amazon-orders")
    shop.send()
    settled(shop)
    assert reconcile("fetch", "--approve") == 0
    shop.send()
    settlement = Settlement.objects.get()
    assert settlement.state == "posted"
    assert dict(OrderMatch.objects.values_list("order_id", "result")) == {order["orderId"]: "matched"}
    entries = {one["ExternalEntryID"]: one for one in shop.opened.tims.book.rows("gl_entries")}
    assert {one.external_id: one.target_key for one in JournalEntry.objects.all()} == {
        name: one["EntryID"] for name, one in entries.items()
    }
    assert all(one["TotalDebit"] == one["TotalCredit"] for one in entries.values())
    assert "1 of 1" in capsys.readouterr().out
    for what in (order["orderId"], f"{settlement.settlement_id}:3", *entries):
        call_command("trace", what)
        told = capsys.readouterr().out
        assert any(one["EntryID"] in told for one in entries.values())
        assert what in told or settlement.file.sha256 in "".join(told.split())


def test_fetching_again_finds_nothing_and_posts_nothing(shop: Shop, books: Books) -> None:  # noqa: F811
    settled(shop, shop.order("fba"))
    for _ in range(2):
        reconcile("fetch", "--approve")
        shop.send()
    entries = [one["ExternalEntryID"] for one in shop.opened.tims.book.rows("gl_entries")]
    assert sorted(entries) == sorted(JournalEntry.objects.values_list("external_id", flat=True))
    assert (Settlement.objects.count(), StatementFile.objects.count()) == (1, 1)


def test_unknown_orders_are_fetched_and_matched_when_they_have_arrived(shop: Shop, books: Books) -> None:  # noqa: F811
    order = shop.order("fba")
    settled(shop, order)
    reconcile("fetch")
    found = OrderMatch.objects.get()
    assert (found.result, found.asked_at is not None) == ("unmatched_order", True)
    carry_out(SyncRun.objects.get(keys=[order["orderId"]]).pk)
    shop.send()
    tasks.match()
    found.refresh_from_db()
    assert found.result == "matched"


def test_the_task_fetches_every_accounts_reports_and_takes_up_what_a_crash_left(
    shop: Shop,  # noqa: F811
    books: Books,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settled(shop, shop.order("fba"))
    with monkeypatch.context() as crash:
        crash.setattr(tasks, "bring", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            tasks.fetch()
    assert (StatementFile.objects.get().state, Settlement.objects.count()) == ("received", 0)
    tasks.fetch()
    assert (StatementFile.objects.get().state, Settlement.objects.get().state) == ("imported", "ready")
    assert LedgerPeriod.objects.filter(is_open=True).exists()


def test_a_marketplace_that_is_down_is_said_in_words(shop: Shop, books: Books) -> None:  # noqa: F811
    shop.amazon.faults.add("503", "*/reports*")
    with pytest.raises(CommandError, match="Amazon"):
        call_command("reconcile", "fetch")
    tasks.fetch()
    assert not StatementFile.objects.exists()


@pytest.fixture
def upload(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Books without any running system, and a file."""
    monkeypatch.setattr("reconciliation.engine.periods.refresh", lambda *_, **__: False)
    from tests import factories

    setup.begin(factories.connection("amazon"), factories.connection("tims"), now=rows.NOW)
    path = tmp_path / "report.txt"

    def put(*lines: dict[str, str], **about: Any) -> str:
        path.write_bytes(report(lines, **about))
        return str(path)

    return put


def test_an_uploaded_file_is_prepared_and_a_second_time_is_no_news(upload: Any, capsys: pytest.CaptureFixture[str]) -> None:
    path = upload(line("other-transaction/other-transaction/Subscription Fee", "-39.99"))
    assert (reconcile(path), reconcile(path)) == (0, 0)
    told = capsys.readouterr().out
    assert ("Journals prepared" in told, "already imported" in told, JournalEntry.objects.get().state) == (True, True, "prepared")
    assert Settlement.objects.get().settlement_id == ID


def test_a_quarantined_file_ends_with_one_and_its_sentence(upload: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert reconcile(upload(*sale("112-1"), total="1.00")) == 1
    assert "ask the marketplace" in " ".join(capsys.readouterr().out.split())


def test_a_dry_run_shows_the_journals_and_stores_nothing(upload: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert reconcile(upload(*sale("112-1")), "--dry-run") == 0
    told = capsys.readouterr().out
    assert "Journal STL-" in told
    assert "Nothing was stored" in told
    assert (StatementFile.objects.count(), Settlement.objects.count()) == (0, 0)


def test_what_needs_another_person_is_not_approved_by_the_command(upload: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert reconcile(upload(line("other-transaction/other-transaction/Subscription Fee", "-39.99")), "--approve") == 1
    assert "approved by a person" in " ".join(capsys.readouterr().out.split())
    assert JournalEntry.objects.get().state == "prepared"


def test_an_unknown_name_is_said_to_be_unknown(upload: Any) -> None:
    with pytest.raises(CommandError, match="no order, line or journal"):
        call_command("trace", "nothing", stdout=StringIO())


def test_without_books_the_command_says_what_to_do(db: None) -> None:
    with pytest.raises(CommandError, match="--ledger"):
        call_command("reconcile", "fetch")
