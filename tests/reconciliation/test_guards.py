"""The database refuses what would make the books wrong, whoever asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import IntegrityError, transaction

from reconciliation.models import (
    AccountRule,
    JournalEntry,
    JournalLine,
    JournalShare,
    PaymentEntry,
    PostingRule,
    PostingRuleSet,
    PostingRuleVersion,
    Settlement,
    SettlementLine,
)  # fmt: skip
from tests.reconciliation import rows

pytestmark = pytest.mark.django_db
BALANCED = (("1010", "10.00", "0"), ("4000", "0", "10.00"))
AWKWARD = ("0.10", "0.20", "-0.30", "1234567.89", "-0.01", "33.33")


@contextmanager
def refused(words: str | None = None) -> Iterator[None]:
    with pytest.raises(IntegrityError, match=words), transaction.atomic():
        yield


def to(settlement: Settlement, state: str) -> None:
    Settlement.objects.filter(pk=settlement.pk).update(state=state)


def leave_draft(journal: JournalEntry, state: str = "prepared") -> None:
    JournalEntry.objects.filter(pk=journal.pk).update(state=state)


def test_a_settlement_whose_lines_add_up_goes_on() -> None:
    settlement = rows.settlement(*AWKWARD)
    to(settlement, "matched")
    settlement.refresh_from_db()
    assert settlement.state == "matched"


def test_a_settlement_that_is_one_cent_off_goes_nowhere() -> None:
    settlement = rows.settlement(*AWKWARD, total="1234601.22")
    with refused("do not add up"):
        to(settlement, "matched")


def test_a_settlement_that_lacks_a_line_of_zero_goes_nowhere() -> None:
    settlement = rows.settlement("5.00", "0.00")
    SettlementLine.objects.filter(settlement=settlement, number=4).delete()
    with refused("some are missing"):
        to(settlement, "matched")


def test_a_line_that_slips_in_later_stops_the_settlement() -> None:
    settlement = rows.settlement("5.00")
    to(settlement, "matched")
    SettlementLine.objects.bulk_create([rows.line(settlement, 99, "0.00")])
    with refused("add up"):
        to(settlement, "ready")


def test_a_settlement_without_lines_and_of_zero_may_go_on() -> None:
    settlement = rows.settlement()
    to(settlement, "matched")


def test_what_a_matched_settlement_says_never_changes() -> None:
    settlement = rows.settlement("5.00")
    to(settlement, "matched")
    with refused("does not change"):
        Settlement.objects.filter(pk=settlement.pk).update(total="6.00")


def test_a_line_is_never_changed() -> None:
    settlement = rows.settlement("5.00")
    with refused("evidence"):
        SettlementLine.objects.filter(settlement=settlement).update(amount="6.00")


def test_the_lines_of_a_matched_settlement_are_never_removed() -> None:
    settlement = rows.settlement("5.00")
    to(settlement, "matched")
    with refused("never removed"):
        SettlementLine.objects.filter(settlement=settlement).delete()


def test_a_settlement_begins_as_one_that_was_read() -> None:
    with refused("begins as one that was read"):
        rows.settlement("5.00", state="posted")


def test_a_second_live_settlement_of_the_same_id_is_refused() -> None:
    first = rows.settlement("5.00")
    with refused():
        rows.settlement("5.00", connection=first.connection, settlement_id=first.settlement_id, revision=2)


def test_a_reissued_settlement_may_wait_beside_the_live_one() -> None:
    first = rows.settlement("5.00")
    rows.settlement("6.00", connection=first.connection, settlement_id=first.settlement_id, revision=2, state="proposed")
    with refused():
        Settlement.objects.filter(settlement_id=first.settlement_id, revision=2).update(state="parsed")


def test_a_balanced_journal_may_leave_its_draft() -> None:
    journal = rows.journal(rows.settlement("10.00"), *BALANCED)
    leave_draft(journal)
    journal.refresh_from_db()
    assert journal.state == "prepared"


def test_a_journal_whose_sides_differ_stays_a_draft() -> None:
    journal = rows.journal(rows.settlement("10.00"), ("1010", "10.00", "0"), ("4000", "0", "9.99"))
    with refused():
        leave_draft(journal)


def test_a_journal_whose_head_claims_what_its_lines_do_not_hold_stays_a_draft() -> None:
    journal = rows.journal(rows.settlement("10.00"), ("1010", "10.00", "0"), ("4000", "0", "9.99"), debit="10.00", credit="10.00")
    with refused("does not balance"):
        leave_draft(journal)


def test_a_journal_without_lines_stays_a_draft() -> None:
    journal = rows.journal(rows.settlement("10.00"))
    with refused("does not balance"):
        leave_draft(journal)


def test_a_journal_never_begins_as_posted() -> None:
    with refused("begins as a draft"):
        rows.journal(rows.settlement("10.00"), *BALANCED, state="posted")


@pytest.mark.parametrize("change", [{"debit": "11.00"}, {"account": "9990"}])
def test_the_lines_of_a_posted_journal_do_not_change(change: dict[str, str]) -> None:
    journal = rows.journal(rows.settlement("10.00"), *BALANCED)
    leave_draft(journal, "posted")
    with refused("reverse it"):
        JournalLine.objects.filter(journal=journal, number=1).update(**change)


def test_a_posted_journal_loses_and_gains_no_line() -> None:
    journal = rows.journal(rows.settlement("10.00"), *BALANCED)
    leave_draft(journal, "posted")
    with refused("reverse it"):
        JournalLine.objects.filter(journal=journal, number=1).delete()
    with refused("reverse it"):
        JournalLine.objects.create(journal=journal, number=3, account="1010", debit="1.00")


def test_a_posted_journal_never_becomes_a_draft_again() -> None:
    journal = rows.journal(rows.settlement("10.00"), *BALANCED)
    leave_draft(journal, "posted")
    with refused("does not change"):
        JournalEntry.objects.filter(pk=journal.pk).update(state="draft")


def test_a_second_live_journal_of_the_same_part_is_refused() -> None:
    settlement = rows.settlement("10.00")
    rows.journal(settlement, *BALANCED)
    with refused():
        rows.journal(settlement, *BALANCED, revision=2)


def test_a_second_live_journal_for_the_same_lines_is_refused() -> None:
    settlement = rows.settlement("10.00")
    first = rows.journal(settlement, *BALANCED)
    second = rows.journal(settlement, *BALANCED, part=2)
    rows.share(first.lines.get(number=2))
    with refused():
        rows.share(second.lines.get(number=2), part=1)


def test_the_same_lines_may_be_posted_again_after_a_reversal() -> None:
    settlement = rows.settlement("10.00")
    first = rows.journal(settlement, *BALANCED)
    rows.share(first.lines.get(number=2))
    leave_draft(first, "posted")
    leave_draft(first, "reversed")
    JournalShare.objects.update(live=False)
    second = rows.journal(settlement, *BALANCED, revision=2)
    rows.share(second.lines.get(number=2))


def test_what_a_prepared_journal_holds_does_not_change() -> None:
    journal = rows.journal(rows.settlement("10.00"), *BALANCED)
    rows.share(journal.lines.get(number=2))
    leave_draft(journal)
    with refused("does not change"):
        JournalShare.objects.update(amount="11.00")
    with refused("does not change"):
        JournalShare.objects.all().delete()


def test_a_payment_that_was_handed_in_does_not_change() -> None:
    made = PaymentEntry.objects.create(
        settlement=rows.settlement("5.00"), order_id="112-1", external_id="STL-1:112-1", amount="5.00", currency="USD", paid_on="2026-11-15"
    )
    mine = PaymentEntry.objects.filter(pk=made.pk)
    mine.update(amount="6.00")
    mine.update(state="sent")
    for change in ({"amount": "7.00"}, {"order_id": "112-2"}, {"state": "draft"}):
        with refused("does not change once it was handed in"):
            mine.update(**change)
    mine.update(state="posted", target_key="PY-1")


def test_published_posting_rules_never_change() -> None:
    version = PostingRuleVersion.objects.create(rule_set=PostingRuleSet.objects.create(slug="amazon", name="Amazon"), number=1)
    PostingRule.objects.create(version=version, transaction_type="Order", amount_type="ItemPrice", category="sales")
    AccountRule.objects.create(version=version, category="sales", account="4000")
    PostingRuleVersion.objects.update(state="published")
    with refused("never change"):
        PostingRule.objects.update(category="suspense")
    with refused("never change"):
        AccountRule.objects.all().delete()
    with refused("never change"):
        AccountRule.objects.create(version=version, category="refunds", account="4910")
