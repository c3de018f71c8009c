"""From any number to everything behind it and back (invariant 14): whatever a person types."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from hub.models import CrossReference, Delivery, RecordAlias
from reconciliation.engine import rules
from reconciliation.engine.prepare import prepare
from reconciliation.engine.states import RefusedError
from reconciliation.engine.trace import trace
from reconciliation.models import BankLine, BankMatch, Books, JournalEntry, OrderMatch, PaymentEntry, Settlement, SettlementLine
from tests import factories
from tests.reconciliation import rows

pytestmark = pytest.mark.django_db
ORDER = "112-4455667-7788990"


@pytest.fixture(autouse=True)
def no_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciliation.engine.periods.refresh", lambda *_, **__: False)


@pytest.fixture
def books() -> Books:
    return rows.books(rules=rules.load_starter(now=rows.NOW))


@pytest.fixture
def settlement(books: Books) -> Settlement:
    """A sale of an order and a storage fee, prepared; the ledger has the journal as GL-000123."""
    made = rows.settlement(connection=books.source, total=Decimal("30.00"), lines_total=Decimal("30.00"), line_count=3)
    about = {"marketplace": "Amazon.com", "fulfilment": "MFN", "order_id": ORDER}
    fees = ("Order", "ItemFees", "Commission"), ("other-transaction", "other-transaction", "Storage Fee")
    SettlementLine.objects.bulk_create(
        [
            rows.line(made, 3, "40.00", **about),
            SettlementLine(settlement=made, number=4, amount=Decimal(-6), kind=rows.kind(*fees[0]), posted_at=made.starts_at, **about),
            SettlementLine(settlement=made, number=5, amount=Decimal(-4), kind=rows.kind(*fees[1]), posted_at=made.starts_at),
        ]
    )
    Settlement.objects.filter(pk=made.pk).update(state="matched")
    made.refresh_from_db()
    prepare(made, books, by=None, now=rows.NOW)
    boss = factories.user(name="boss")
    JournalEntry.objects.update(state="posted", target_key="GL-000123", approved_by=boss, approved_at=rows.NOW)
    return made


@pytest.fixture
def delivery(books: Books, settlement: Settlement) -> Delivery:
    """The order as another channel's record 9001 brought it, TIMS knows it as SO-77."""
    flow = factories.flow(source=books.source, target=books.target, operation="sales_orders", stream="orders")
    made = factories.delivery(flow, key="9001", state="delivered")
    Delivery.objects.filter(pk=made.pk).update(target_key="SO-77")
    RecordAlias.objects.create(target=books.target, operation="sales_orders", alias=f"Amazon US:{ORDER}", flow=flow, key="9001")
    CrossReference.objects.create(
        source=books.source, stream="orders", source_key="9001", target=books.target, operation="sales_orders", target_key="SO-77",
        created_at=rows.NOW, changed_at=rows.NOW,
    )  # fmt: skip
    OrderMatch.objects.create(settlement=settlement, order_id=ORDER, total=Decimal(34), result="matched", delivery=made)
    return made


def told(what: str) -> str:
    return "\n".join(one.words for one in trace(what))


@pytest.mark.parametrize("what", ["", " ", "\x00", "nothing", ":", "1:2", f"1:{'9' * 40}", "x:-1", "٣:٣", "' OR 1=1 --", "%", "x" * 5000])
def test_what_is_no_number_of_ours_is_refused_in_words(settlement: Settlement, what: str) -> None:
    with pytest.raises(RefusedError, match="Write an order number"):
        trace(what)


def test_an_order_leads_to_its_lines_journal_account_approver_and_number_in_the_erp(settlement: Settlement, delivery: Delivery) -> None:
    words = told(ORDER)
    name = settlement.journals.get().external_id
    for part in ("SO-77", "Line 3", "Line 4", settlement.file.sha256, f"in journal {name}", "GL-000123", "approved by boss", "matched"):
        assert part in words
    assert "Storage Fee" not in words


def test_the_numbers_of_the_erp_and_of_the_source_lead_to_the_order(delivery: Delivery) -> None:
    assert "Line 3" in told("SO-77")
    assert "Line 3" in told("9001")


@pytest.mark.parametrize("name", ["external_id", "target_key"])
def test_a_journal_leads_to_the_lines_that_it_holds(settlement: Settlement, name: str) -> None:
    words = told(getattr(settlement.journals.get(), name))
    assert "1 lines Order / ItemFees / Commission: -6.00" in words
    assert settlement.file.sha256 in words


def test_a_line_is_found_by_its_settlement_and_by_its_file(settlement: Settlement) -> None:
    for holder in (settlement.settlement_id, settlement.file.name):
        words = told(f" {holder}:5 ")
        assert "Storage Fee" in words
        assert "GL-000123" in words


def test_every_line_leads_to_its_journal_and_every_booking_back_to_lines(settlement: Settlement) -> None:
    journal = settlement.journals.get()
    for number in (3, 4, 5):
        assert f"in journal {journal}" in told(f"{settlement.settlement_id}:{number}")
    back = [one for one in trace(journal.external_id) if one.model == "kind"]
    assert len(back) == 3


def test_a_line_that_is_not_posted_says_why(books: Books) -> None:
    made = rows.settlement("10.00", connection=books.source)
    assert "not posted: the settlement's journals are not prepared" in told(f"{made.settlement_id}:3")
    tax = "Order/ItemPrice/Tax", "Order/ItemWithheldTax/MarketplaceFacilitatorTax-Principal"
    silent = rows.matched((tax[0], "3.12"), (tax[1], "-3.12"), ("Order/ItemPrice/Principal", "0.00"), connection=books.source)
    prepare(silent, books, by=None, now=rows.NOW)
    assert "not posted, because: The amounts of this category cancel out" in told(f"{silent.settlement_id}:5")


def test_a_turned_down_report_is_not_shown_as_evidence(settlement: Settlement) -> None:
    Settlement.objects.update(state="superseded")
    assert "Line" not in told(ORDER)
    with pytest.raises(RefusedError):
        trace(f"{settlement.settlement_id}:3")


def test_a_bank_reference_leads_to_what_it_paid_and_back(books: Books, settlement: Settlement) -> None:
    line = BankLine.objects.create(
        books=books, reference="AMZN-77", booked_on=date(2026, 11, 18), amount=Decimal(30), currency="USD", created_at=rows.NOW
    )
    assert "matched to no settlement" in told("AMZN-77")
    BankMatch.objects.create(settlement=settlement, bank_line=line, amount=Decimal(30), at=rows.NOW)
    assert "GL-000123" in told("AMZN-77")
    assert "reference AMZN-77" in told(ORDER)
    assert "reference AMZN-77" in told(settlement.settlement_id)


def test_a_payment_leads_to_its_order(settlement: Settlement) -> None:
    name = f"STL-{settlement.settlement_id}:{ORDER}"
    PaymentEntry.objects.create(
        settlement=settlement, order_id=ORDER, external_id=name, amount=Decimal(34), currency="USD", paid_on=rows.NOW, target_key="PAY-5"
    )
    for what in (name, "PAY-5"):
        assert f"Payment {name}: 34.00 USD, draft, PAY-5" in told(what)


def test_nothing_of_a_customer_is_told(delivery: Delivery) -> None:
    Delivery.objects.update(title="Maria Beispiel, Hauptstr. 5", masked='{"Name": "Maria Beispiel"}')
    assert "Maria" not in told(ORDER) + told("SO-77")


def test_questions_do_not_grow_with_the_lines(books: Books, settlement: Settlement, delivery: Delivery) -> None:
    def asked() -> int:
        told(ORDER)
        with CaptureQueriesContext(database) as found:
            told(ORDER)
        return len(found)

    few = asked()
    extra = [rows.line(settlement, number, "0.00", order_id=ORDER, marketplace="Amazon.com", fulfilment="MFN") for number in range(6, 30)]
    SettlementLine.objects.bulk_create(extra)
    assert asked() == few
