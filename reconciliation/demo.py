"""The demonstration's fortnights: two settlements an account, the first negative, the second with late refunds, posted to the ledger."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone
from django_q.tasks import async_task

from connectors.amazon.sandbox import AmazonSandbox
from connectors.amazon.standin import bookings, returned, settling
from hub.console import table
from hub.demo.acts import Day
from hub.demo.closing import Closed
from hub.demo.flows import AMAZON_ORDERS
from hub.demo.setup import rates
from hub.demo.standins import StandIns
from hub.models import Connection, Flow
from reconciliation.core.matching.result import SETTLED
from reconciliation.engine import ledger, prepare, rules
from reconciliation.engine.states import RefusedError
from reconciliation.models import Books, JournalShare, OrderMatch, Settlement, StatementFile

US = "NA USD"
OWED = Decimal("62.31")
"""What the first settlement of the American account leaves owing: its advertising costs more than its orders bring."""
AHEAD = timedelta(days=10)
"""After so long deferred orders are paid out, and what was sent back is refunded."""
PATIENCE = 60.0
State = Settlement.State


def fortnights(day: Day) -> Closed:
    """Both fortnights: settled at the marketplace, fetched and matched by the worker, approved by a person, posted, compared."""
    books, box = books_of_the_shop(), day.opened.amazon
    for days in (15, 30):
        rates(timezone.localdate() + timedelta(days=days))
    with day.to.status("Two fortnights are settled …"):
        advertise_too_much(box)
        settled(books, settling.settle(box))
        box.clock.advance(AHEAD.total_seconds())
        send_something_back(box)
        settled(books, settling.settle(box))
    found = list(Settlement.objects.filter(connection=books.source).order_by("ends_at", "currency"))
    entries = {str(row["ExternalEntryID"]): row for row in day.opened.tims.book.rows("gl_entries")}
    return Closed(
        differences=[sentence for one in found for sentence in differences(one, entries)] or nothing_at_all(found), shown=[shown(found)]
    )


def pay_out(opened: StandIns) -> None:
    """While the demonstration stays up: Amazon closes the running fortnight now and then, and the worker fetches its reports."""
    books_of_the_shop()
    if settling.settle(opened.amazon):
        async_task("reconciliation.tasks.fetch")


def books_of_the_shop() -> Books:
    """Amazon's account is booked in TIMS; the hub prepares, a person approves. Safe to repeat."""
    source, target = (Connection.objects.get(slug=slug) for slug in ("amazon", "tims"))
    orders = Flow.objects.get(slug=AMAZON_ORDERS)
    values: dict[str, Any] = {"target": target, "orders": orders, "rules": rules.load_starter(now=timezone.now())}
    return Books.objects.select_related("source", "target").get_or_create(source=source, defaults=values)[0]


def advertise_too_much(box: AmazonSandbox) -> None:
    """An advertising bill above what the fortnight earned."""
    bookings.bring_up(box)
    group = bookings.open_group(box, US)["Id"]
    rows = (box.book.get(bookings.KIND, key) or {} for key in box.book.find(bookings.KIND, "group", group))
    earned = sum((Decimal(entry["Amount"]) for row in rows for entry in row["Entries"]), Decimal())
    bill = -max(earned, Decimal()) - OWED - settling.SUBSCRIPTION
    bookings.book_fee(box, US, "TransactionTotalAmount", bill, amount_type="Cost of Advertising")


def send_something_back(box: AmazonSandbox) -> None:
    """A buyer whose order is settled already sends it back days later."""
    sold = [row for row in box.book.rows(bookings.KIND) if row["Body"]["transactionType"] == "Shipment" and row["Account"] == US]
    settled_ones = [row["OrderId"] for row in sold if row["Entries"]]
    for order_id in settled_ones[:1]:
        returned.ask(box, order_id, at=box.now() - AHEAD / 2)


def settled(books: Books, reports: list[str]) -> None:
    """The worker fetches the reports; then a person approves every journal, and the worker posts it."""
    async_task("reconciliation.tasks.fetch")
    await_states(books, reports, {State.READY, State.BLOCKED})
    accountant, _ = User.objects.get_or_create(username="accountant")
    for settlement in of_reports(books, reports).filter(state=State.READY):
        ledger.approve(settlement, books, by=accountant, now=timezone.now())
    await_states(books, reports, {State.POSTED, State.BLOCKED})


def of_reports(books: Books, reports: list[str]) -> Any:
    """The settlements that these reports hold."""
    return Settlement.objects.filter(connection=books.source, file__report__in=reports)


def await_states(books: Books, reports: list[str], states: set[State]) -> None:
    """Until every report is a settlement in one of these states; longer than `PATIENCE` the comparison tells of it."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        bad = StatementFile.objects.filter(report__in=reports, state=StatementFile.State.QUARANTINED).count()
        if of_reports(books, reports).filter(state__in=states).count() + bad >= len(reports):
            return
        time.sleep(0.3)


def differences(settlement: Settlement, entries: dict[str, Any]) -> Iterator[str]:
    """What is not as it must be: not posted, a cent without a place, a journal that the ledger holds not once or with other sums."""
    if settlement.state != State.POSTED:
        yield f"{settlement} is “{settlement.get_state_display()}” and not posted. {why_not(settlement)}".strip()
    if residual(settlement):
        yield f"{settlement}: {residual(settlement)} {settlement.currency} are in no journal."
    for journal in ledger.live(settlement):
        entry = entries.get(journal.external_id)
        if entry is None or Decimal(str(entry["TotalDebit"])) != journal.debit or entry["Status"] != "Posted":
            yield f"Journal {journal} of {settlement} is not in the ledger as it was approved."


def why_not(settlement: Settlement) -> str:
    """What stops a settlement that is not posted, as the person would be told who presses Prepare."""
    if settlement.state != State.MATCHED:
        return " ".join(settlement.discrepancies.filter(state="open").values_list("words", flat=True)[:3])
    try:
        books = Books.objects.select_related("source", "target", "rules").get(source=settlement.connection)
        prepare.prepare(settlement, books, by=None, now=timezone.now())
    except RefusedError as error:
        return str(error)
    return "Its journals can be prepared, but the hub did not."


def nothing_at_all(found: list[Settlement]) -> list[str]:
    """An empty comparison agrees with everything, so it must not be one."""
    short = len(found) < 2 or not any(one.total < 0 for one in found)
    return ["Fewer than two settlements were made, or none of them is negative."] if short else []


def residual(settlement: Settlement) -> Decimal:
    """The payout less what the live journals hold of its lines."""
    held = JournalShare.objects.filter(settlement=settlement, live=True).values_list("amount", flat=True)
    return settlement.total - sum(held, Decimal())


def shown(found: list[Settlement]) -> Any:
    """The settlements as a table."""
    orders: dict[int, list[str]] = defaultdict(list)
    matches = OrderMatch.objects.filter(settlement__in=[one.pk for one in found])
    for pk, result in matches.values_list("settlement_id", "result"):
        orders[pk].append(result)
    rows = [
        (
            one.settlement_id, f"{one.total:,.2f} {one.currency}", one.line_count,
            f"{sum(result in SETTLED for result in orders[one.pk])} of {len(orders[one.pk])}", len(ledger.live(one)),
            f"{residual(one):.2f}", one.state,
        )
        for one in found
    ]  # fmt: skip
    heads = ("settlement", "payout", "lines", "orders", "journals", "residual", "state")
    return table("Settlements of two fortnights", heads, rows)
