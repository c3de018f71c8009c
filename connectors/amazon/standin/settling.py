"""Settlements: every fortnight the released transactions of an account are gathered, closed and reported."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from connectors.amazon import times
from connectors.amazon.standin import bookings, documents, ledger, settlement_files
from connectors.amazon.standin.bookings import GROUPS, KIND, account_of
from connectors.amazon.standin.markets import MARKETS, Market
from connectors.sandbox import Row

if TYPE_CHECKING:
    from connectors.amazon.sandbox import AmazonSandbox

TYPE = "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"
FORTNIGHT = 14 * 86400.0
SHORTEST = timedelta(minutes=10)
"""However fast the stand-in lives."""
BANK = 2 * 86400.0
SUBSCRIPTION = Decimal("-39.99")
RESERVED = Decimal("0.1")
DUE = "settlement_due"


def advance(box: AmazonSandbox, now: datetime) -> None:
    """Closes what is due; the first time only notes when that will be."""
    row = box.book.get(DUE, "next")
    if row is None or (times.parsed(row["At"]) or now) <= now:
        box.book.put(DUE, "next", {"At": times.written(now + max(box.delay(FORTNIGHT), SHORTEST))})
        if row is not None:
            settle(box)


def settle(box: AmazonSandbox) -> list[str]:
    """Closes the running settlement of every account that has transactions; answers the ids of the reports."""
    with box.book.transaction():
        bookings.bring_up(box)
        open_ones = [row for row in box.book.rows(GROUPS) if row["Status"] == "Open"]
        return [_closed(box, row) for row in open_ones if box.book.find(KIND, "group", row["Id"])]


def _closed(box: AmazonSandbox, group: Row) -> str:
    market = next(one for one in MARKETS.values() if account_of(one) == group["Account"])
    bookings.book_fee(box, group["Account"], "Subscription Fee", ledger.rounded(SUBSCRIPTION, market))
    number, now = str(box.book.next_number("settlement", 20111222001)), box.now()
    rows = [box.book.get(KIND, key) or {} for key in box.book.find(KIND, "group", group["Id"])]
    earned = _sum(rows)
    before, debt = _carried(box, group)
    held = ledger.rounded(max(earned, ledger.ZERO) * RESERVED, market)
    total = earned + before - held + debt
    closed = {**group, "Status": "Closed", "End": times.written(now), "Total": str(total), "Reserve": str(held), "SettlementId": number}
    box.book.put(GROUPS, group["Id"], {**closed, "Before": str(before), "Parts": _parts(rows, before - held + debt)})
    for row in rows:
        row["Body"]["relatedIdentifiers"] += [_related("FINANCIAL_EVENT_GROUP_ID", group["Id"]), _related("SETTLEMENT_ID", number)]
        box.book.put(KIND, row["Body"]["transactionId"], row)
    bookings.begin_group(box, group["Account"], now)
    return _reported(box, closed, rows, (before, debt), market)


def _reported(box: AmazonSandbox, group: Row, rows: list[Row], carried: tuple[Decimal, Decimal], market: Market) -> str:
    now, start = box.now(), times.parsed(group["Start"]) or box.now()
    lines: list[dict[str, Any]] = []
    for row in rows:
        lines += settlement_files.lines_of(row, MARKETS[_marketplace(row)], times.parsed(row["Body"]["postedDate"]) or now)
    names = ("Previous Reserve Amount Balance", "Payable to Amazon", "Current Reserve Amount")
    balances = zip(names, (*carried, -Decimal(group["Reserve"])), strict=True)
    lines += [settlement_files.account_line(name, amount, now, market) for name, amount in balances if amount]
    deposit, total = now + box.delay(BANK), Decimal(group["Total"])
    content = settlement_files.written(
        number=group["SettlementId"], start=start, end=now, deposit=deposit, total=total, lines=lines, market=market
    )
    report_id, document_id = str(box.book.next_number("report", 51001)), f"amzn1.spdoc.1.4.{market.region.lower()}.s{group['SettlementId']}"
    documents.store(box, document_id, content)
    places = [one.id for one in MARKETS.values() if account_of(one) == group["Account"]]
    about = {
        "reportId": report_id, "reportType": TYPE, "marketplaceIds": places, "createdTime": times.written(now),
        "dataStartTime": group["Start"], "dataEndTime": group["End"], "processingStatus": "DONE",
        "processingStartTime": times.written(now), "processingEndTime": times.written(now), "reportDocumentId": document_id,
    }  # fmt: skip
    box.book.put("reports", report_id, {"Region": market.region, "Body": about, "Step": ""})
    box.announce("REPORT_PROCESSING_FINISHED", about)
    return report_id


def _carried(box: AmazonSandbox, group: Row) -> tuple[Decimal, Decimal]:
    """What the last settlement of this account held back, and what it left the seller owing (negative; taken from the next payout)."""
    earlier = [row for row in box.book.rows(GROUPS) if row["Account"] == group["Account"] and row["Status"] == "Closed"]
    if not earlier:
        return ledger.ZERO, ledger.ZERO
    return Decimal(earlier[-1]["Reserve"]), min(Decimal(earlier[-1]["Total"]), ledger.ZERO)


def _sum(rows: Iterable[Row]) -> Decimal:
    return sum((Decimal(entry["Amount"]) for row in rows for entry in row["Entries"]), ledger.ZERO)


def _parts(rows: Iterable[Row], carried: Decimal) -> dict[str, str]:
    """The sums by kind of amount, for listSummary."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        for entry in row["Entries"]:
            sums[entry["Type"]] += Decimal(entry["Amount"])
    sums["Reserve"] += carried
    return {name: str(amount) for name, amount in sums.items()}


def _marketplace(row: Row) -> str:
    return str(row["Body"]["marketplaceDetails"]["marketplaceId"])


def _related(name: str, value: str) -> dict[str, str]:
    return {"relatedIdentifierName": name, "relatedIdentifierValue": value}
