"""A journal reaches the ledger once, whatever happens on the way, and can be taken back."""

from __future__ import annotations

from datetime import date
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User

from hub.engine import triage
from hub.models import Delivery, ErrorRecord
from reconciliation.engine import flows, ledger, reverse
from reconciliation.engine.states import RefusedError
from reconciliation.models import Books, JournalEntry, JournalShare, PeriodLock, Settlement, Transition
from tests.reconciliation import rows
from tests.reconciliation.conftest import Erp

BALANCED = (("1010", "77.25", "0"), ("6100", "14.25", "0"), ("6110", "3.50", "0"), ("1105", "0", "95.00"))
DAY = date(2026, 11, 20)


@pytest.fixture
def books(erp: Erp) -> Books:
    return rows.books(target=erp.connection)


@pytest.fixture
def settlement(books: Books) -> Settlement:
    """Matched, with one prepared journal."""
    made = rows.settlement("95.00", "-14.25", "-3.50", connection=books.source)
    journal = rows.journal(made, *BALANCED, target=books.target, entry_date=DAY)
    rows.share(journal.lines.get(account="1105"))
    JournalEntry.objects.update(state="prepared")
    for state in ("matched", "ready"):
        Settlement.objects.filter(pk=made.pk).update(state=state)
    return Settlement.objects.get(pk=made.pk)


def approve(settlement: Settlement, books: Books, by: User | None = None) -> None:
    ledger.approve(settlement, books, by=by, now=rows.NOW)


def states(settlement: Settlement) -> tuple[str, list[str]]:
    """Of the settlement and of its journals."""
    settlement.refresh_from_db()
    return settlement.state, list(settlement.journals.order_by("pk").values_list("state", flat=True))


def test_an_approved_journal_is_posted_with_the_number_that_the_erp_gave_it(erp: Erp, books: Books, settlement: Settlement) -> None:
    approve(settlement, books)
    assert states(settlement) == ("posting", ["sent"])
    erp.send()
    assert states(settlement) == ("posted", ["posted"])
    (entry,) = erp.entries
    journal = settlement.journals.get()
    assert (entry["ExternalEntryID"], entry["EntryID"], entry["Status"]) == (journal.external_id, journal.target_key, "Posted")
    assert (entry["TotalDebit"], len(entry["Lines"])) == (95, 4)


def test_approving_twice_posts_once(erp: Erp, books: Books, settlement: Settlement) -> None:
    approve(settlement, books)
    with pytest.raises(RefusedError, match="no journal that waits"):
        approve(settlement, books)
    erp.send()
    erp.send()
    assert len(erp.entries) == 1


def test_a_lost_answer_leaves_one_journal_in_the_ledger(erp: Erp, books: Books, settlement: Settlement) -> None:
    erp.box.faults.add("drop_after", "/api/v1/gl_entries", method="POST")
    approve(settlement, books)
    erp.send()
    assert states(settlement)[1] == ["sent"]
    erp.later()
    assert states(settlement) == ("posted", ["posted"])
    assert len(erp.entries) == 1


def test_a_crash_between_approval_and_commit_hands_nothing_in(books: Books, settlement: Settlement) -> None:
    with patch.object(flows, "accept", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        approve(settlement, books)
    assert states(settlement) == ("ready", ["prepared"])
    assert not Delivery.objects.exists()


def test_what_the_erp_refuses_blocks_until_a_retry_succeeds(erp: Erp, books: Books, settlement: Settlement) -> None:
    erp.box.faults.add("422", "/api/v1/gl_entries", method="POST", count=1)
    approve(settlement, books)
    erp.send()
    assert states(settlement) == ("blocked", ["blocked"])
    assert ErrorRecord.objects.filter(state="open").count() == 1
    triage.retry(Delivery.objects.all(), by=None)
    assert states(settlement) == ("posting", ["sent"])
    erp.send()
    assert states(settlement) == ("posted", ["posted"])


def test_where_another_must_approve_the_one_who_prepared_cannot(erp: Erp, books: Books, settlement: Settlement) -> None:
    anna, ben = User.objects.create(username="anna"), User.objects.create(username="ben")
    Books.objects.update(second_person=True)
    JournalEntry.objects.update(prepared_by=anna)
    books.refresh_from_db()
    for nobody, words in ((anna, "Another one must approve"), (None, "approved by a person")):
        with pytest.raises(RefusedError, match=words):
            approve(settlement, books, by=nobody)
    approve(settlement, books, by=ben)
    journal = settlement.journals.get()
    assert (journal.prepared_by, journal.approved_by) == (anna, ben)


def test_a_locked_period_takes_no_journal(books: Books, settlement: Settlement) -> None:
    PeriodLock.objects.create(books=books, until=DAY)
    with pytest.raises(RefusedError, match="locked up to 2026-11-20"):
        approve(settlement, books)
    assert states(settlement) == ("ready", ["prepared"])


def test_a_reversal_frees_the_lines_and_both_journals_stay(erp: Erp, books: Books, settlement: Settlement) -> None:
    approve(settlement, books)
    erp.send()
    reverse.reverse(settlement, books, by=None, now=rows.NOW, day=DAY, reason="Wrong account")
    assert states(settlement) == ("posting", ["posted", "sent"])
    erp.send()
    assert states(settlement) == ("reversed", ["reversed", "posted"])
    assert not JournalShare.objects.filter(live=True).exists()
    assert [entry["Status"] for entry in erp.entries] == ["Reversed", "Posted"]
    mirrored = settlement.journals.get(reversal_of__isnull=False)
    assert mirrored.lines.get(account="1105").debit == 95


def test_a_reversal_is_asked_for_once(erp: Erp, books: Books, settlement: Settlement) -> None:
    approve(settlement, books)
    erp.send()
    for _ in range(2):
        reverse.reverse(settlement, books, by=None, now=rows.NOW, day=DAY, reason="Wrong account")
    erp.send()
    assert len(erp.entries) == 2


def test_only_what_is_posted_is_reversed(books: Books, settlement: Settlement) -> None:
    with pytest.raises(RefusedError, match="Only what is posted"):
        reverse.reverse(settlement, books, by=None, now=rows.NOW, day=DAY, reason="")


def test_a_discarded_journal_is_never_sent(erp: Erp, books: Books, settlement: Settlement) -> None:
    erp.box.faults.add("422", "/api/v1/gl_entries", method="POST", count=1)
    approve(settlement, books)
    erp.send()
    assert reverse.discard(settlement, by=None, now=rows.NOW, reason="Wrong account") == 1
    assert states(settlement) == ("matched", ["discarded"])
    triage.retry(Delivery.objects.all(), by=None)
    erp.send()
    assert erp.entries == []


def test_a_journal_that_the_erp_may_have_is_not_discarded(erp: Erp, books: Books, settlement: Settlement) -> None:
    approve(settlement, books)
    JournalEntry.objects.update(state="blocked")
    Delivery.objects.update(state="failed", unknown=True)
    with pytest.raises(RefusedError, match="it asks there"):
        reverse.discard(settlement, by=None, now=rows.NOW, reason="")


def test_every_step_is_kept_with_who_took_it(erp: Erp, books: Books, settlement: Settlement) -> None:
    ben = User.objects.create(username="ben")
    approve(settlement, books, by=ben)
    erp.send()
    steps = Transition.objects.values_list("journal", "before", "after", "by__username")
    assert [(journal is None, *rest) for journal, *rest in steps] == [
        (False, "prepared", "sent", "ben"),
        (True, "ready", "posting", "ben"),
        (False, "sent", "posted", None),
        (True, "posting", "posted", None),
    ]
