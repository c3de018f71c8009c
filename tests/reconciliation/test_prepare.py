"""A matched settlement becomes balanced journals that name the lines they hold."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import Sum

from hub.models import ErrorRecord
from reconciliation.core.posting.rules import Rule
from reconciliation.engine import discrepancies, ledger, periods, prepare, reverse, rules
from reconciliation.engine.states import RefusedError
from reconciliation.models import (
    AccountRule,
    Books,
    Discrepancy,
    JournalEntry,
    JournalShare,
    LedgerPeriod,
    PeriodLock,
    PostingRuleVersion,
    Settlement,
)  # fmt: skip
from tests.reconciliation import rows
from tests.reconciliation.conftest import Erp

pytestmark = pytest.mark.django_db(transaction=True)
SALE = (
    ("Order/ItemPrice/Principal", "100.00"),
    ("Order/ItemPrice/Shipping", "5.00"),
    ("Order/ItemPrice/Tax", "8.66"),
    ("Order/ItemWithheldTax/MarketplaceFacilitatorTax-Principal", "-8.66"),
    ("Order/Promotion/Principal", "-10.00"),
    ("Order/ItemFees/Commission", "-14.25"),
    ("Order/ItemFees/FBAPerUnitFulfillmentFee", "-3.50"),
)


@pytest.fixture
def books(erp: Erp) -> Books:
    return rows.books(target=erp.connection, rules=rules.load_starter(now=rows.NOW))


def prepared(settlement: Settlement, books: Books, **about: Any) -> list[JournalEntry]:
    return prepare.prepare(settlement, books, by=about.get("by"), now=rows.NOW)


def booked(journal: JournalEntry) -> dict[str, Decimal]:
    """Account → debit less credit."""
    found: dict[str, Decimal] = {}
    for account, debit, credit in journal.lines.values_list("account", "debit", "credit"):
        found[account] = found.get(account, Decimal()) + debit - credit
    return found


def test_the_example_of_the_entity_map_is_booked_and_posted(erp: Erp, books: Books) -> None:
    settlement = rows.matched(*SALE, connection=books.source)
    (journal,) = prepared(settlement, books)
    assert booked(journal)["1010"] == Decimal("77.25")
    assert (sum(booked(journal).values()), booked(journal)["2210"]) == (0, 0)
    settlement.refresh_from_db()
    assert (settlement.state, journal.state, journal.debit) == ("ready", "prepared", journal.credit)
    ledger.approve(settlement, books, by=None, now=rows.NOW)
    erp.send()
    settlement.refresh_from_db()
    assert (settlement.state, erp.entries[0]["ExternalEntryID"]) == ("posted", f"STL-{settlement.settlement_id}")


def test_every_line_is_in_exactly_one_share_or_left_out_with_a_reason(books: Books) -> None:
    settlement = rows.matched(*SALE, connection=books.source)
    prepared(settlement, books)
    shares = JournalShare.objects.filter(settlement=settlement, live=True)
    assert shares.aggregate(amount=Sum("amount"), lines=Sum("lines")) == {"amount": settlement.total, "lines": len(SALE)}
    for share in shares:
        assert (share.journal_line is None) is bool(share.reason)


def test_preparing_again_replaces_what_was_not_approved(books: Books) -> None:
    settlement = rows.matched(*SALE, connection=books.source)
    prepared(settlement, books)
    settlement.refresh_from_db()
    (journal,) = prepared(settlement, books)
    assert journal.external_id == f"STL-{settlement.settlement_id}"
    assert sorted(settlement.journals.values_list("state", flat=True)) == ["discarded", "prepared"]
    settlement.refresh_from_db()
    assert settlement.state == "ready"


def test_after_a_reversal_it_is_posted_anew_under_another_name(erp: Erp, books: Books) -> None:
    settlement = rows.matched(*SALE, connection=books.source)
    prepared(settlement, books)
    ledger.approve(settlement, books, by=None, now=rows.NOW)
    erp.send()
    reverse.reverse(settlement, books, by=None, now=rows.NOW, day=date(2026, 11, 20), reason="Wrong account")
    erp.send()
    settlement.refresh_from_db()
    (journal,) = prepared(settlement, books)
    assert (journal.revision, journal.external_id) == (2, f"STL-{settlement.settlement_id}-R2")
    ledger.approve(settlement, books, by=None, now=rows.NOW)
    erp.send()
    settlement.refresh_from_db()
    assert (settlement.state, [one["Status"] for one in erp.entries]) == ("posted", ["Reversed", "Posted", "Posted"])


def test_over_the_end_of_a_period_what_is_carried_forward_comes_back(books: Books) -> None:
    lines = (("Order/ItemPrice/Principal@2026-10-31T12:00", "60.00"), ("Order/ItemPrice/Principal@2026-11-02T12:00", "40.00"))
    october = datetime(2026, 10, 25, tzinfo=UTC)
    settlement = rows.matched(*lines, connection=books.source, starts_at=october, ends_at=datetime(2026, 11, 8, tzinfo=UTC))
    first, second = prepared(settlement, books)
    assert (booked(first)["1105"], booked(second)["1105"], booked(second)["1010"]) == (60, -60, 100)
    assert (first.entry_date, first.external_id[-8:], second.part) == (date(2026, 10, 31), "-2026-10", 2)


def test_the_ledgers_time_zone_decides_the_month(books: Books) -> None:
    lines = (("Order/ItemPrice/Principal@2026-11-01T03:00", "60.00"), ("Order/ItemPrice/Principal@2026-11-02T12:00", "40.00"))
    october = datetime(2026, 10, 25, tzinfo=UTC)
    about: dict[str, Any] = {"connection": books.source, "starts_at": october, "ends_at": datetime(2026, 11, 8, tzinfo=UTC)}
    first, _ = prepared(rows.matched(*lines, zone="America/Denver", **about), books)
    assert booked(first)["1105"] == 60


def test_a_period_that_was_locked_here_is_passed_over(books: Books) -> None:
    PeriodLock.objects.create(books=books, until=date(2026, 11, 30))
    (journal,) = prepared(rows.matched(*SALE, connection=books.source), books)
    assert journal.entry_date == date(2026, 12, 1)


def test_a_period_closed_in_the_erp_is_known_here(erp: Erp, books: Books) -> None:
    periods.refresh(books.target, now=rows.NOW)
    LedgerPeriod.objects.filter(name="2026-11").update(is_open=False)
    assert [one.name for one in periods.periods(books, rows.settlement()) if not one.is_open] == ["2026-11"]


def test_an_erp_that_does_not_answer_is_taken_as_it_was_known(erp: Erp, books: Books) -> None:
    erp.box.faults.add("503", "/api/v1/fiscal_periods*")
    assert not periods.refresh(books.target, now=rows.NOW)
    assert prepared(rows.matched(*SALE, connection=books.source), books)


def test_a_kind_without_a_rule_stops_the_posting_with_a_suggestion_and_an_error_record(books: Books) -> None:
    settlement = rows.matched(*SALE, ("other-transaction/other-transaction/Storage Fee 2.0", "-1.00"), connection=books.source)
    with pytest.raises(RefusedError, match="No posting rule fits"):
        prepared(settlement, books)
    assert not JournalEntry.objects.exists()
    assert "Storage" in ErrorRecord.objects.get().advice
    with pytest.raises(RefusedError):
        prepared(settlement, books)
    assert ErrorRecord.objects.count() == 1


def test_the_error_record_is_healed_once_there_is_a_rule(books: Books) -> None:
    settlement = rows.matched(*SALE, ("Never/seen/before", "-1.00"), connection=books.source)
    with pytest.raises(RefusedError):
        prepared(settlement, books)
    published = rules.asked(rules.in_force(books))
    more = (*published.rules.rules, Rule("Never", "seen", "before", "fee_other"))
    rules.publish(rules.new_version(books.rules, more, published.accounts.rules), now=rows.NOW)
    assert prepared(settlement, books)
    assert ErrorRecord.objects.get().state == "healed"
    assert Discrepancy.objects.get(code="unmapped_kind").state == "gone"


def test_it_goes_to_suspense_where_the_books_allow_it(books: Books) -> None:
    Books.objects.update(post_suspense=True)
    books.refresh_from_db()
    (journal,) = prepared(rows.matched(*SALE, ("Never/seen/before", "-1.00"), connection=books.source), books)
    assert booked(journal)["9990"] == 1


def test_what_a_person_accepted_no_longer_stops_the_posting(books: Books) -> None:
    settlement = rows.matched(*SALE, ("Never/seen/before", "-1.00"), connection=books.source)
    with pytest.raises(RefusedError):
        prepared(settlement, books)
    found = Discrepancy.objects.get(code="unmapped_kind")
    with pytest.raises(RefusedError, match="Say why"):
        discrepancies.accept(found, reason=" ", by=None, now=rows.NOW)
    discrepancies.accept(found, reason="One dollar", by=User.objects.create(username="anna"), now=rows.NOW)
    assert prepared(settlement, books)


def test_a_missing_account_is_named_and_gone_once_it_is_there(books: Books) -> None:
    published = rules.asked(rules.in_force(books))
    some = [one for one in published.accounts.rules if one.category != "fee_subscription"]
    PostingRuleVersion.objects.update(state="retired")
    without = rules.new_version(books.rules, published.rules.rules, some)
    PostingRuleVersion.objects.filter(pk=without.pk).update(state="published")
    settlement = rows.matched(*SALE, ("other-transaction/other-transaction/Subscription Fee", "-39.99"), connection=books.source)
    with pytest.raises(RefusedError, match="has no account"):
        prepared(settlement, books)
    draft = rules.new_version(books.rules, published.rules.rules, published.accounts.rules)
    rules.publish(draft, now=rows.NOW)
    assert prepared(settlement, books)
    assert Discrepancy.objects.get(code="account_missing").state == "gone"


def test_a_set_of_rules_with_faults_is_not_published(books: Books) -> None:
    draft = rules.new_version(books.rules, rules.asked(rules.in_force(books)).rules.rules, [])
    with pytest.raises(RefusedError, match="has no account"):
        rules.publish(draft, now=rows.NOW)


def test_new_rules_never_change_what_was_prepared(books: Books) -> None:
    settlement = rows.matched(*SALE, connection=books.source)
    (journal,) = prepared(settlement, books)
    published = rules.asked(rules.in_force(books))
    before = booked(journal)
    draft = rules.new_version(books.rules, published.rules.rules, published.accounts.rules)
    AccountRule.objects.filter(version=draft, category="sales", marketplace="").update(account="7100")
    rules.publish(draft, now=rows.NOW)
    assert booked(JournalEntry.objects.get()) == before
    (again,) = prepared(Settlement.objects.get(), books)
    assert (again.rules, booked(again)["7100"]) == (draft, -100)


def test_the_starter_is_loaded_once(books: Books) -> None:
    assert rules.load_starter(now=rows.NOW) == books.rules
    assert PostingRuleVersion.objects.count() == 1


def test_a_settlement_that_was_not_matched_is_not_prepared(books: Books) -> None:
    with pytest.raises(RefusedError, match="only a matched one"):
        prepared(rows.settlement("5.00", connection=books.source), books)
