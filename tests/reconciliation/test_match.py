"""Orders of a settlement beside what the hub delivered, through the database."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.wire import encode
from hub.models import Attempt, Delivery, Flow, RecordAlias
from reconciliation.engine import files, intake, match
from reconciliation.engine.sold import ORDERS, learn
from reconciliation.engine.states import RefusedError
from reconciliation.engine.tally import tally_of
from reconciliation.engine.wanted import wanted
from reconciliation.models import Books, Discrepancy, OrderMatch, Settlement, SettlementLine, SoldItem, ToleranceRule
from tests import factories
from tests.reconciliation import rows
from tests.reconciliation.statements import line, report, sale

pytestmark = pytest.mark.django_db


@pytest.fixture
def books() -> Books:
    return rows.books()


@pytest.fixture
def flow(books: Books) -> Flow:
    """By which the account's orders reach the ERP."""
    return Flow.objects.create(
        slug="amazon-orders", name="Orders", source=books.source, stream="orders", target=books.target, operation=ORDERS
    )


def take(books: Books, *lines: dict[str, str], **about: Any) -> Settlement:
    file = files.keep([report(lines, **about)], connection=books.source, name="report.txt", now=rows.NOW)
    taken = intake.take_in(file, books, now=rows.NOW)
    assert taken.settlement, taken.words
    return taken.settlement


def deliver(flow: Flow, order: str, *, price: str = "40.00", state: str = "delivered", **about: Any) -> Delivery:
    """The order as the ERP took it."""
    made = Delivery.objects.create(
        flow=flow, key=order, state=state, fingerprint="", due_at=rows.NOW, created_at=rows.NOW, changed_at=rows.NOW
    )
    RecordAlias.objects.get_or_create(target=flow.target, operation=ORDERS, alias=f"Amazon US:{order}", flow=flow, key=order)
    item = {"ExternalLineID": "1", "SKU": "TK-1", "Quantity": 1, "ExtendedAmount": Decimal(price), "TaxAmount": Decimal("3.12")}
    payload = {"Currency": "USD", "LineItems": [item], **about}
    Attempt.objects.create(
        delivery=made, number=1, started_at=rows.NOW, finished_at=rows.NOW, outcome="created", request=encode(payload).decode()
    )
    return made


def learned(settlement: Settlement, books: Books) -> int:
    with wanted(tally_of(settlement).totals()["order_id"]):
        return learn(books)


def results(settlement: Settlement) -> dict[str, str]:
    return dict(settlement.matches.values_list("order_id", "result"))


def test_every_order_has_one_result_and_the_settlement_goes_on(books: Books, flow: Flow) -> None:
    for order, price in (("112-1", "40.00"), ("112-2", "41.00"), ("112-3", "40.01")):
        deliver(flow, order, price=price)
    settlement = take(books, *sale("112-1"), *sale("112-2"), *sale("112-3"), *sale("112-4"))
    found = match.match(settlement, books, now=rows.NOW)
    assert results(settlement) == {"112-1": "matched", "112-2": "short_paid", "112-3": "within_tolerance", "112-4": "unmatched_order"}
    assert found == {"matched": 1, "short_paid": 1, "within_tolerance": 1, "unmatched_order": 1}
    settlement.refresh_from_db()
    assert (settlement.state, match.unexplained(settlement)) == ("matched", 2)


def test_an_order_that_came_by_another_channel_is_found_by_its_number_there(books: Books) -> None:
    other = Flow.objects.create(
        slug="ca-orders",
        name="Orders",
        source=factories.connection("channeladvisor"),
        stream="orders",
        target=books.target,
        operation=ORDERS,
    )
    delivery = deliver(other, "112-1")
    Delivery.objects.filter(pk=delivery.pk).update(key="19918546")
    RecordAlias.objects.update(key="19918546")
    settlement = take(books, *sale("112-1"))
    match.match(settlement, books, now=rows.NOW)
    assert results(settlement) == {"112-1": "matched"}


def test_what_each_order_got_is_added_up_and_an_order_with_fees_alone_has_no_result(books: Books, flow: Flow) -> None:
    lost = line("other-transaction/FBA Inventory Reimbursement/WAREHOUSE_LOST", "9.99", "112-9")
    settlement = take(books, *sale("112-1"), *sale("112-2"), *sale("112-2", item="2"), lost)
    match.match(settlement, books, now=rows.NOW)
    found = settlement.matches.values_list("order_id", "total", "result")
    assert sorted(found) == [
        ("112-1", Decimal(34), "unmatched_order"), ("112-2", Decimal(68), "unmatched_order"), ("112-9", Decimal("9.99"), ""),
    ]  # fmt: skip


def test_a_second_matching_keeps_what_was_asked_and_accepted(books: Books, flow: Flow) -> None:
    settlement = take(books, *sale("112-1"))
    match.match(settlement, books, now=rows.NOW)
    OrderMatch.objects.update(asked_at=rows.NOW, note="Known")
    match.match(settlement, books, now=rows.NOW)
    assert OrderMatch.objects.get().note == "Known"


def test_a_result_says_what_was_expected_what_came_and_why_it_differs(books: Books, flow: Flow) -> None:
    deliver(flow, "112-2", price="41.00")
    settlement = take(books, *sale("112-2"))
    match.match(settlement, books, now=rows.NOW)
    found = settlement.matches.get()
    assert (found.settled, found.expected, found.difference, found.total) == (
        Decimal("43.12"), Decimal("44.12"), Decimal(-1), Decimal("34.00"),
    )  # fmt: skip
    assert "expected 41.00, settled 40.00: 1.00 short" in found.words


def test_the_same_order_in_an_earlier_settlement_counts_too(books: Books, flow: Flow) -> None:
    deliver(flow, "112-1", LineItems=[
        {"ExternalLineID": "1", "SKU": "TK-1", "Quantity": 1, "ExtendedAmount": Decimal(40), "TaxAmount": Decimal("3.12")},
        {"ExternalLineID": "2", "SKU": "TK-2", "Quantity": 1, "ExtendedAmount": Decimal(40), "TaxAmount": Decimal("3.12")},
    ])  # fmt: skip
    first = take(books, *sale("112-1"), settlement="1")
    match.match(first, books, now=rows.NOW)
    assert results(first) == {"112-1": "partly_settled"}
    second = take(books, *sale("112-1", item="2", sku="TK-2"), settlement="2", start="2026-11-15", end="2026-11-25")
    match.match(second, books, now=rows.NOW)
    assert results(second) == {"112-1": "matched"}


def test_a_proposed_report_does_not_count_before_it_was_taken_over(books: Books, flow: Flow) -> None:
    deliver(flow, "112-1")
    first = take(books, *sale("112-1"))
    take(books, *sale("112-1"), *sale("112-1"))
    match.match(first, books, now=rows.NOW)
    assert results(first) == {"112-1": "matched"}


def test_a_matched_order_names_the_delivery_that_it_was_compared_with(books: Books, flow: Flow) -> None:
    delivery = deliver(flow, "112-1")
    settlement = take(books, *sale("112-1"), *sale("112-2"))
    match.match(settlement, books, now=rows.NOW)
    assert dict(settlement.matches.values_list("order_id", "delivery")) == {"112-1": delivery.pk, "112-2": None}


def test_lines_without_an_order_are_no_orders(books: Books, flow: Flow) -> None:
    settlement = take(books, *sale("112-1"), line("ServiceFee/Cost of Advertising/TransactionTotalAmount", "-7.50"))
    match.match(settlement, books, now=rows.NOW)
    assert list(results(settlement)) == ["112-1"]


def test_matching_again_finds_an_order_that_has_arrived_meanwhile(books: Books, flow: Flow) -> None:
    settlement = take(books, *sale("112-1"))
    match.match(settlement, books, now=rows.NOW)
    assert results(settlement) == {"112-1": "unmatched_order"}
    deliver(flow, "112-1")
    match.match(settlement, books, now=rows.NOW)
    assert results(settlement) == {"112-1": "matched"}


def test_an_order_delivered_anew_is_learned_anew_and_others_are_not_read_again(books: Books, flow: Flow) -> None:
    settlement = take(books, *sale("112-1"), *sale("112-2"))
    deliver(flow, "112-1", price="39.00")
    deliver(flow, "112-2")
    assert learned(settlement, books) == 2
    deliver(flow, "112-1")
    assert learned(settlement, books) == 1
    assert list(SoldItem.objects.filter(order_id="112-1").values_list("price", flat=True)) == [Decimal(40)]


def test_an_order_that_never_reached_the_erp_is_not_expected(books: Books, flow: Flow) -> None:
    deliver(flow, "112-1", state="failed")
    assert learned(take(books, *sale("112-1")), books) == 0


def test_tolerated_differences_have_a_limit_of_their_own(books: Books, flow: Flow) -> None:
    ToleranceRule.objects.create(books=books, per_order="0.05", per_settlement="0.08")
    for order in ("112-1", "112-2"):
        deliver(flow, order, price="40.05")
    settlement = take(books, *sale("112-1"), *sale("112-2"))
    match.match(settlement, books, now=rows.NOW)
    found = Discrepancy.objects.get()
    assert (found.code, found.blocking, found.amount) == ("tolerance_exceeded", True, Decimal("-0.10"))
    ToleranceRule.objects.update(per_settlement="1.00")
    match.match(settlement, books, now=rows.NOW)
    found.refresh_from_db()
    assert found.state == "gone"


def test_lines_that_were_changed_in_number_stop_the_settlement(books: Books) -> None:
    settlement = take(books, *sale("112-1"))
    SettlementLine.objects.filter(settlement=settlement, number=3).delete()
    with pytest.raises(Exception, match="add up"):
        match.match(settlement, books, now=rows.NOW)


def test_what_was_replaced_is_not_matched(books: Books) -> None:
    settlement = take(books, *sale("112-1"))
    Settlement.objects.update(state="superseded")
    with pytest.raises(RefusedError):
        match.match(settlement, books, now=rows.NOW + timedelta(days=1))


def test_many_orders_are_matched_by_columns(books: Books, flow: Flow) -> None:
    orders = [f"112-{number}" for number in range(700)]
    delivery = deliver(flow, "112-0")
    SoldItem.objects.bulk_create(
        SoldItem(
            source=books.source, order_id=order, item_code="1", sku="TK-1", currency="USD", price="40.00", tax="3.12", delivery=delivery
        )
        for order in orders[:600]
    )
    settlement = take(books, *(one for order in orders for one in sale(order)))
    assert match.match(settlement, books, now=rows.NOW) == {"matched": 600, "unmatched_order": 100}
    assert OrderMatch.objects.filter(result="unmatched_order", words__contains="Fetch the order").count() == 100
